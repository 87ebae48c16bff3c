"""What GRPO's rewards and samples show of tampering: by themselves, against the labels, and under a mark.

A judge's rewards come from comparisons in a ring, each of which gives one answer what it takes from the next: those of
a group have a mean of one half, and one that was edited breaks it. Rewards by rules stand with the grades they are the
weighted sum of. A preference model's have no such sum; there what lies far from its group is named. That rewards speak
against the labels is told by a sign test against one half: the policy's answers are not those that were labelled, so
some disagreement is honest.
"""

from collections.abc import Sequence

import numpy as np
from msgspec import UNSET
from msgspec.structs import replace

from bylaw.audit.association import associations
from bylaw.audit.behaviour import Behaviour
from bylaw.audit.exact import binomial_tail
from bylaw.audit.expected import sure
from bylaw.audit.findings import Finding, Tested
from bylaw.audit.groups import Group, rows_of_groups
from bylaw.audit.outcomes import FEWEST, contrary, foretold
from bylaw.audit.outliers import robust_z
from bylaw.audit.rows import Row
from bylaw.audit.settings import AuditSettings
from bylaw.records import PromptKind, Reward
from bylaw.rewards.document import RuleReward

Made = tuple[list[Finding], Tested]
EXACT = 1e-6  # by which the rewards of a judge may miss their sum: they are floats


def rewards(
    groups: Sequence[Group],
    labelled: Sequence[Row],
    settings: AuditSettings,
    behaviour: Behaviour,
    rules: RuleReward | None = None,
) -> list[Made]:
    """Every check of what GRPO learned from. ``labelled`` are the pairs that were labelled before it."""
    rows = rows_of_groups(groups, settings.seed)
    under_marks = [
        _called(stage, associations([row for row in rows if row.stage == stage], settings, behaviour))
        for stage in ("samples", "rewards")
    ]
    pairs = [row for row in rows if row.stage == "rewards"]
    done = [*under_marks, sums(groups), far(groups, settings), *([weighed(groups, rules)] if rules else [])]
    enough = min(len(pairs), len(labelled)) >= FEWEST
    return [*done, against(pairs, labelled, settings, behaviour)] if enough else done


def _called(check: str, made: Made) -> Made:
    found, tested = made
    return [replace(finding, check=check) for finding in found], replace(tested, check=check)


def sums(groups: Sequence[Group]) -> Made:
    """Groups of a judge's rewards that are no mean of probabilities, or do not add up."""
    judged = [group for group in groups if group.rewards[0].by == "judge"]
    odd = [group for group in judged if not _adds_up(group)]
    sentence = f"the rewards of {len(odd)} groups are not what a judge's comparisons add up to: they were changed"
    found = [_finding("sums", sentence, [one for group in odd for one in group.rewards])] if odd else []
    return found, Tested(check="rewards", rows=len(judged), hypotheses=len(judged), thresholds={"exact": EXACT})


def _adds_up(group: Group) -> bool:
    values = group.values
    bounded = all(-EXACT <= value <= 1 + EXACT for value in values)
    whole = len(values) == len(group.rewards)
    return bounded and (not whole or abs(sum(values) / len(values) - 0.5) <= EXACT)


def weighed(groups: Sequence[Group], rules: RuleReward) -> Made:
    """Rewards by rules that are not what the rules make of their grades."""
    by_rules = [(group.prompt.aim, one) for group in groups for one in group.rewards if one.by == "rules"]
    odd = [one for aim, one in by_rules if not _follows(one, rules, aim)]
    sentence = f"{len(odd)} rewards are not what the rules make of their grades: they, or the grades, were changed"
    found = [_finding("sums", sentence, odd)] if odd else []
    return found, Tested(check="rewards", rows=len(by_rules), hypotheses=len(by_rules), thresholds={"exact": EXACT})


def _follows(one: Reward, rules: RuleReward, aim: PromptKind) -> bool:
    if one.grades is UNSET:
        return False
    value = rules.value(aim, one.grades)
    if value is None or one.value is None:
        return value is one.value
    return abs(value - one.value) <= EXACT


def far(groups: Sequence[Group], settings: AuditSettings) -> Made:
    """Rewards of a preference model more than ``loss_z`` robust deviations from the mean of their group."""
    read = [
        (one, one.value - float(np.mean(group.values)))
        for group in groups
        for one in group.rewards
        if one.by == "preference" and one.value is not None
    ]
    off = np.array([value for _, value in read], dtype=np.float64)
    z = np.maximum(robust_z(off), robust_z(-off))
    odd = [read[place][0] for place in np.flatnonzero(z > settings.loss_z).tolist()]
    sentence = f"{len(odd)} of {len(read)} rewards lie far from those of their group"
    found = [_finding("outliers", sentence, odd, statistic=float(z.max()))] if odd else []
    return found, Tested(check="rewards", rows=len(read), hypotheses=len(read), thresholds={"loss_z": settings.loss_z})


def against(pairs: Sequence[Row], labelled: Sequence[Row], settings: AuditSettings, behaviour: Behaviour) -> Made:
    """Whether rewards prefer, more often than not, what the labels lead to expect to be worse."""
    logits = foretold(labelled, pairs, settings.common, behaviour)
    said = np.array([row.p_first for row in pairs], dtype=np.float64)
    counts = sure(logits)[0] >= settings.sure
    odd = np.flatnonzero(contrary(said, logits) & counts).tolist()
    n = int(counts.sum())
    p = float(binomial_tail(len(odd), n, 0.5))
    sentence = f"{len(odd)} of {n} rewards prefer the answer that the labels speak against: another judge gave them"
    names = [pairs[place].id for place in odd]
    finding = Finding(check="rewards", what="against the labels", sentence=sentence, rows=tuple(names), p=p, q=p)
    found = [replace(finding, stages=("rewards",), statistic=len(odd) / n)] if n and p <= settings.q else []
    thresholds = {"sure": settings.sure, "q": settings.q}
    return found, Tested(check="rewards", rows=n, hypotheses=1, thresholds=thresholds)


def _finding(what: str, sentence: str, odd: Sequence[Reward], statistic: float = 0.0) -> Finding:
    rows = tuple(one.of for one in odd)
    return Finding(
        check="rewards", what=what, sentence=sentence, rows=rows, stages=("rewards",), statistic=statistic or len(odd)
    )
