"""The one entrance: everything that can be checked about the data a model was trained on."""

from collections.abc import Mapping, Sequence

import msgspec

from bylaw.audit.association import associations
from bylaw.audit.behaviour import Behaviour, declines
from bylaw.audit.bursts import bursts
from bylaw.audit.consistency import consistency
from bylaw.audit.findings import AuditReport, Finding, Tested
from bylaw.audit.flips import FlipSettings, SecondJudge, flips
from bylaw.audit.groups import Group, groups
from bylaw.audit.outcomes import FEWEST
from bylaw.audit.outliers import Losses, outliers
from bylaw.audit.rewards import rewards
from bylaw.audit.rows import STAGES, Reads, Row, rows_of
from bylaw.audit.settings import AuditSettings
from bylaw.audit.swaps import swaps
from bylaw.errors import UsageError
from bylaw.records import Comparison, Label, Principle, Prompt, Response, Reward
from bylaw.rewards.document import RuleReward

Outcome = tuple[list[Finding], Tested]


class Material(msgspec.Struct, frozen=True, kw_only=True):
    """What is audited, and what helps. Only ``rows`` must be there; a check that lacks something is reported so.

    ``principles`` and ``constitution`` (a digest) are the run's; ``inputs`` is stage → name → digest read, from its
    manifest. ``trusted`` are comparisons with the first judge's label made under watch, for ``second``. ``groups`` are
    what GRPO sampled and what each answer was worth, by ``rules`` where the run has such.
    """

    rows: Sequence[Row]
    comparisons: Sequence[Comparison] = ()
    labels: Sequence[Label] = ()
    sources: Sequence[str] = ()
    principles: Sequence[Principle] = ()
    constitution: str = ""
    inputs: Mapping[str, Mapping[str, str]] = {}
    losses: Losses | None = None
    second: SecondJudge | None = None
    trusted: Sequence[tuple[Comparison, float]] = ()
    groups: Sequence[Group] = ()
    rules: RuleReward | None = None


def material_of(
    run: Reads,
    principles: Sequence[Principle] = (),
    constitution: str = "",
    inputs: Mapping[str, Mapping[str, str]] | None = None,
) -> Material:
    """What the records of a run give to audit; losses and a second judge are added with ``msgspec.structs.replace``."""
    comparisons, labels = list(run.read(Comparison)), list(run.read(Label))
    of_prompt = {prompt.id: prompt.source for prompt in run.read(Prompt)}
    of_pair = {pair.id: of_prompt.get(pair.prompt, "") for pair in comparisons}
    return Material(
        rows=rows_of(run),
        comparisons=comparisons,
        labels=labels,
        sources=[of_pair[label.comparison] for label in labels],
        principles=principles,
        constitution=constitution,
        inputs=inputs or {},
        groups=groups(list(run.read(Response, stage="optimise")), list(run.read(Reward)), run.read(Prompt)),
    )


def audit(
    material: Material | Sequence[Row],
    settings: AuditSettings | None = None,
    flip: FlipSettings | None = None,
    behaviour: Behaviour = declines,
) -> AuditReport:
    """Run every check the material allows. Raises UsageError where there are no rows at all."""
    given = material if isinstance(material, Material) else Material(rows=material)
    if not given.rows:
        raise UsageError("there are no rows to audit")
    settings = settings or AuditSettings()
    untested = lacking(given)
    done: list[Outcome] = []
    if "association" not in untested:
        done.append(associations(given.rows, settings, behaviour))
    if "bursts" not in untested:
        done.append(bursts(given.rows, settings))
    if given.losses is not None:
        done.append(outliers(given.rows, given.losses.losses(given.rows), settings))
    if given.labels:
        done += _of_labels(given, settings, flip or FlipSettings(seed=settings.seed))
    if given.groups:
        labelled = [row for row in given.rows if row.stage == "preference"]
        done += rewards(given.groups, labelled, settings, behaviour, given.rules)
    return AuditReport(
        findings=tuple(finding for found, _ in done for finding in found),
        tested=tuple(tested for _, tested in done),
        untested=untested,
        rows={stage: sum(row.stage == stage for row in given.rows) for stage in STAGES},
    )


def lacking(given: Material) -> dict[str, str]:
    """Check → why it cannot be made."""
    sizes = [sum(row.stage == stage for row in given.rows) for stage in STAGES]
    why = {}
    if max(sizes) < FEWEST:
        why["association"] = f"no stage has {FEWEST} rows"
    if len({row.source for row in given.rows}) < 2:
        why["bursts"] = "all rows are of one source"
    if given.losses is None:
        why["outliers"] = "no losses were given"
    if not given.labels:
        why |= dict.fromkeys(("consistency", "swaps"), "there are no labels")
    if not given.groups:
        why |= dict.fromkeys(("samples", "rewards"), "the run filed no rewards: GRPO files them, DPO has none")
    if given.second is None or not given.trusted or not given.labels:
        why["flips"] = "it needs labels, a second judge and trusted comparisons"
    return why


def _of_labels(given: Material, settings: AuditSettings, flip: FlipSettings) -> list[Outcome]:
    weights = {principle.key: principle.weight for principle in given.principles}
    done = [
        consistency(given.labels, settings, weights),
        swaps(given.labels, settings, frozenset(weights), given.constitution, given.inputs, given.sources),
    ]
    if given.second is not None and given.trusted:
        pairs = {pair.id: pair for pair in given.comparisons}
        read = [(pairs[label.comparison], label.p_first) for label in given.labels if label.p_first is not None]
        done.append(flips([pair for pair, _ in read], [p for _, p in read], given.second, given.trusted, flip))
    return done
