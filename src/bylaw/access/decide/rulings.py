"""What the rules in force say of a profile and a request: findings, and one outcome by one order of precedence.

1. Every directive, license and base rule that covers the model and surface is asked; none is passed over.
2. A directive gives what its effect says where ``who`` is true, nothing where it is not, and where that is unknown what
   it says of unknown: hold, refuse, or, spelled ``unsafe_allow``, nothing.
3. It is lifted by a license in force that names its authority and programme, and surely applies. Where that is unknown,
   what the directive says of unknown follows, but never *allow*.
4. Base rules: one that surely applies gives *allow*; without one it is *hold*.
5. Of all these outcomes the strictest counts: refuse, hold, allow.
6. Whatever cannot be relied on (a stale or missing list, an error in a rule) never allows.

A rescission and ``supersedes`` come before: what they end is not in force at all (``prepared``).
"""

from collections.abc import Iterable, Sequence

import msgspec

from bylaw.access.decide.evaluate import evaluate
from bylaw.access.decide.logic import NO, Missing, Slot, Verdict, any_of, negated
from bylaw.access.decide.prepared import Prepared
from bylaw.access.decide.scene import Scene
from bylaw.access.decision import STRICTNESS, Finding, Outcome
from bylaw.access.rules.document import Base, Directive, License
from bylaw.access.rules.relations import lifts


class Reason(msgspec.Struct, frozen=True):
    """A finding about everybody of a profile: all but whose facts they are."""

    finding: Finding
    used: tuple[Slot, ...] = ()
    missing: tuple[Missing, ...] = ()


class Ruling(msgspec.Struct, frozen=True):
    """A decision about everybody of a profile."""

    outcome: Outcome
    reasons: tuple[Reason, ...]
    duties: tuple[tuple[str, str], ...] = ()


NO_BASE = Reason(
    Finding(rule="", kind="base", clause="no base rule covers the request", concerns="unknown", outcome="hold")
)


def rule_on(rules: Sequence[Prepared], scene: Scene) -> Ruling:
    """The ruling on a profile and a request."""
    covering = [each for each in rules if each.document.covers(scene.request.model, scene.request.surface)]
    verdicts = [(each, _asked(each, scene)) for each in covering]
    licenses = [(each, found) for each, found in verdicts if isinstance(each.document, License)]
    bases = [_base(each, found) for each, found in verdicts if isinstance(each.document, Base)] or [NO_BASE]
    directives = [
        _directive(each.document, found, _lifting(each.document, licenses))
        for each, found in verdicts
        if isinstance(each.document, Directive) and each.who is not None
    ]
    base = min((reason.finding.outcome for reason in bases), key=STRICTNESS.__getitem__)
    forbidden = [reason.finding.outcome for reason, _ in directives]
    reasons = (*bases, *(reason for reason, _ in directives), *(_license(each, found) for each, found in licenses))
    return Ruling(strictest([base, *forbidden]), reasons, tuple(duty for _, duties in directives for duty in duties))


def strictest(outcomes: Iterable[Outcome]) -> Outcome:
    """The strictest of several."""
    return max(outcomes, key=STRICTNESS.__getitem__)


def _lifting(directive: Directive, licenses: Sequence[tuple[Prepared, Verdict]]) -> list[tuple[Prepared, Verdict]]:
    """The licenses that name the directive's authority and programme."""
    return [
        (rule, found)
        for rule, found in licenses
        if isinstance(rule.document, License) and lifts(rule.document, directive)
    ]


def _asked(rule: Prepared, scene: Scene) -> Verdict:
    """Whom a rule concerns. An error in its evaluation is a fault: it never allows."""
    if rule.who is None:
        return NO
    try:
        return max((evaluate(rule.who, each) for each in _readings(rule, scene)), key=_against)
    except Exception as error:  # noqa: BLE001  whatever it is, the rule was not evaluated and must not allow
        return Verdict(answer="unknown", faults=(f"it could not be evaluated: {error!r}",))


def _readings(rule: Prepared, scene: Scene) -> list[Scene]:
    """How lists that cannot be relied on are read: their hits forbid still, and permit nothing.

    So a directive is asked both ways, and the answer that is more against the subject counts.
    """
    forbids = isinstance(rule.document, Directive) and rule.document.effect != "allow-list"
    if not forbids or not any(source.fault for source in scene.sources.values()):
        return [scene]
    return [scene, msgspec.structs.replace(scene, stale_hits=True)]


def _against(found: Verdict) -> tuple[int, bool]:
    return ("no", "unknown", "yes").index(found.answer), bool(found.faults)


def _base(rule: Prepared, found: Verdict) -> Reason:
    allowed = found.answer == "yes" and not rule.doubtful
    return _reason(rule, found, "allow" if allowed else "hold")


def _license(rule: Prepared, found: Verdict) -> Reason:
    """A license refuses nobody: alone, nothing follows from it."""
    reason = _reason(rule, found, "allow")
    document = rule.document
    if not isinstance(document, License) or found.answer == "no":
        return reason
    shown = tuple(condition.text for condition in document.conditions)
    return msgspec.structs.replace(reason, finding=msgspec.structs.replace(reason.finding, conditions=shown))


def _directive(
    directive: Directive, found: Verdict, licenses: Sequence[tuple[Prepared, Verdict]]
) -> tuple[Reason, tuple[tuple[str, str], ...]]:
    """Its reason, and the duties that come of it."""
    if directive.effect == "allow-list":
        found = negated(found)
    relied = [(rule.document.name, verdict) for rule, verdict in licenses if not rule.doubtful]
    lifted = any_of([verdict for _, verdict in relied]) if found.answer != "no" else NO
    outcome, unsafe = _outcome(directive, found, lifted)
    by = ", ".join(name for name, verdict in relied if verdict.answer == "yes") if lifted.answer == "yes" else ""
    both = any_of([found, lifted]) if lifted.answer == "unknown" else found
    reason = _reason(Prepared(directive, None), found, outcome)
    finding = msgspec.structs.replace(reason.finding, lifted_by=by, unsafe=unsafe)
    missing = (*found.missing, *lifted.missing) if outcome != "refuse" and not by else found.missing
    reason = Reason(finding, both.used, tuple(dict.fromkeys(missing)))
    concerned = found.answer != "no" and not by
    return reason, _duties(directive, outcome) if concerned else ()


def _outcome(directive: Directive, found: Verdict, lifted: Verdict) -> tuple[Outcome, bool]:
    """What follows, and whether an unknown was let pass on purpose."""
    if found.answer == "no" or lifted.answer == "yes" or directive.effect in ("report", "preserve"):
        return "allow", False
    if found.answer == "yes" and lifted.answer == "no":
        return ("hold" if directive.effect == "hold" else "refuse"), False
    if directive.unknown == "unsafe_allow" and found.answer == "unknown" and not found.faults:
        return "allow", True
    return ("refuse" if directive.unknown == "refuse" else "hold"), False


def _duties(directive: Directive, outcome: Outcome) -> tuple[tuple[str, str], ...]:
    effects = [directive.effect] if directive.effect in ("report", "preserve") else []
    cut = ["cut-streams"] if directive.cut_streams and outcome != "allow" else []
    return tuple((duty, directive.name) for duty in dict.fromkeys([*effects, *directive.duties, *cut]) if duty)


def _reason(rule: Prepared, found: Verdict, outcome: Outcome) -> Reason:
    document = rule.document
    fault = "; ".join((*found.faults, *(["another document in force has its id"] if rule.doubtful else [])))
    finding = Finding(
        rule=document.name,
        kind=document.kind,
        clause="; ".join(found.clauses) or document.citation,
        concerns=found.answer,
        outcome=outcome,
        lists=found.lists,
        fault=fault,
    )
    return Reason(finding, found.used, found.missing)
