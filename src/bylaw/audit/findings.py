"""What an audit hands out: findings, and what they were looked for with."""

from typing import Any, Final

import msgspec

UNSEEN: Final = (
    "semantic triggers: a meaning that is never said in the same words",
    "clean-label poison: rows whose answers and labels are all as they should be",
    "a shift of the whole distribution, which leaves no row unlike the others",
    "a trigger made of words of a subject, or used with one or two subjects only: it passes for content",
    "a trigger in more rows than the largest share that is tested",
    "rewards of GRPO that are wrong as the labels are, or in fewer than half of the pairs with no mark to go with it",
    "what the policy does on prompts that GRPO never sampled, or in other groups of a prompt than its last",
)
"""Kinds of tampering that no check of this package is made to find."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One trace of tampering. ``statistic`` is in the check's own unit, ``p`` the chance of it in untouched data, and
    ``q`` the same after all that was tested; None for what is a plain contradiction. ``rows`` are ids.
    """

    check: str
    what: str
    sentence: str
    rows: tuple[str, ...]
    stages: tuple[str, ...] = ()
    statistic: float = 0.0
    p: float | None = None
    q: float | None = None


class Tested(msgspec.Struct, frozen=True, kw_only=True):
    """One check that was made: over how many rows, how many hypotheses, with which thresholds."""

    check: str
    rows: int
    hypotheses: int
    thresholds: dict[str, Any]


class AuditReport(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome. ``untested`` maps a check to what it lacked; ``unseen`` is what none would find."""

    findings: tuple[Finding, ...]
    tested: tuple[Tested, ...]
    untested: dict[str, str]
    rows: dict[str, int]
    unseen: tuple[str, ...] = UNSEEN

    def of(self, check: str) -> list[Finding]:
        """The findings of one check."""
        return [finding for finding in self.findings if finding.check == check]

    def text(self) -> str:
        """The report for a person."""
        head = f"{len(self.findings)} findings in " + ", ".join(f"{n} {stage} rows" for stage, n in self.rows.items())
        lines = [head, *(f"- {finding.check}: {finding.sentence}" for finding in self.findings)]
        lines += ["tested:"]
        lines += [f"- {each.check}: {each.rows} rows, {each.hypotheses} hypotheses" for each in self.tested]
        lines += ["not tested:"] if self.untested else []
        lines += [f"- {check}: {why}" for check, why in self.untested.items()]
        return "\n".join([*lines, "no check here would find:", *(f"- {kind}" for kind in self.unseen)]) + "\n"
