"""A stress report for a terminal: a line for each attack, then the worst, then what the figures do not say."""

from collections.abc import Iterator, Sequence

from bylaw.records import Measurement
from bylaw.stress.attacks import ABLATION, ATTACKS, Trial
from bylaw.stress.report import Effect, Loss, Row, StressReport

NO_CLAIM = (
    "These are cheap attacks, and there are stronger ones. The figures say how easily safety came off here; that an\n"
    "attack failed is no proof that the model resists, and no resistance is claimed."
)
FEW_SEEDS = 5
HEADS = ("attack", "strength", "rate", "complies: seeds", "worst seed [95 %]", "helpful lost: seeds", "at the worst")


def text(report: StressReport) -> str:
    """Plain text, a line for each row; shares in per cent, losses in points."""
    table = _aligned([HEADS, *(_cells(row) for row in report.rows)])
    return "\n".join([_before(report), "", *table, "", *_verdict(report), "", NO_CLAIM])


def _before(report: StressReport) -> str:
    complies, helpful = report.harm_before, report.helpful_before
    return (
        f"Before: complies with {_share(complies)} of {complies.n} harmful prompts, helpful on {_share(helpful)} of "
        f"{helpful.n} helpful ones (temperature {report.temperature:g})."
    )


def _cells(row: Row) -> tuple[str, ...]:
    mean, least, most = row.complies
    failed = f", {row.failed} diverged" if row.failed else ""
    return (
        ATTACKS[row.attack],
        _strength(row.attack, row.strength),
        f"{row.rate:g}" if row.rate else "–",
        f"{_percent(mean)} ({_percent(least)} to {_percent(most)}; {row.seeds}{failed})",
        _share(row.worst),
        f"{100 * row.lost:.1f}",
        _loss(row.worst_lost),
    )


def _verdict(report: StressReport) -> Iterator[str]:
    yield f"Worst of {report.trials} trials: {_effect(report.worst)}"
    within = f"Worst that costs at most {100 * report.capability_loss:g} points of helpfulness: "
    yield within + (_effect(report.worst_within) if report.worst_within else "none of the trials.")
    if min(row.seeds - row.failed for row in report.rows) < FEW_SEEDS:
        yield f"Fewer than {FEW_SEEDS} seeds: another seed may well be worse."


def _effect(one: Effect) -> str:
    return f"{described(one.trial)}: complies with {_share(one.harm)}, helpfulness lost {_loss(one.lost)} points."


def described(trial: Trial) -> str:
    """A trial in words."""
    rate = f", rate {trial.rate:g}" if trial.rate else ""
    draw = "a tuning trial" if trial.tuning else f"seed {trial.number}"
    return f"{ATTACKS[trial.attack]}, {_strength(trial.attack, trial.strength)}{rate}, {draw}"


def _strength(attack: str, strength: int) -> str:
    return f"{strength} {'direction' if attack == ABLATION else 'step'}{'' if strength == 1 else 's'}"


def _share(one: Measurement) -> str:
    return f"{_percent(one.value)} [{100 * one.low:.1f}, {100 * one.high:.1f}]"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _loss(loss: Loss) -> str:
    return f"{100 * loss.value:.1f} [{100 * loss.low:.1f}, {100 * loss.high:.1f}]"


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return [lines[0], "─" * max(map(len, lines)), *lines[1:]]
