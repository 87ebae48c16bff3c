"""The nouns of a decision: what was asked, what is answered, and every reason."""

from datetime import datetime
from typing import Literal

import msgspec

from bylaw.access.subjects import FactName, Standing

Surface = Literal["api", "batch", "weights", "fine-tune", "employee-tools"]
Outcome = Literal["allow", "hold", "refuse"]
STRICTNESS: dict[Outcome, int] = {"allow": 0, "hold": 1, "refuse": 2}
Answer = Literal["yes", "no", "unknown"]


class Request(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """What is wanted: a model, on a surface.

    ``location`` is the country the request comes from, ``channel`` the id of the channel; empty: unknown.
    """

    model: str
    surface: Surface = "api"
    location: str = ""
    channel: str = ""


class Used(msgspec.Struct, frozen=True, gc=False):
    """A fact that a finding rests on: whose, and with what evidence. ``said`` is None where nothing is known."""

    subject: str
    name: FactName
    said: Standing | None


class Finding(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What one rule says of the request.

    ``rule`` is the id and version of a directive, license or base rule (``id@version``), ``clause`` the citation of the
    part that applied, ``concerns`` whether it is about this subject, ``outcome`` what follows from it alone.
    ``lifted_by`` names the license that lifts it, ``unsafe`` that an unknown was let pass on purpose. ``used`` are all
    facts looked at, ``lists`` the list versions, ``settles`` the facts that would settle an *unknown*, with how to
    bring each. ``conditions`` are those of a license that applies. ``fault`` says why the rule itself could not be
    relied on: a list that is stale or missing, an error in its evaluation; then it never allows.
    """

    rule: str
    kind: Literal["base", "directive", "license"]
    clause: str
    concerns: Answer
    outcome: Outcome
    lifted_by: str = ""
    unsafe: bool = False
    used: tuple[Used, ...] = ()
    lists: tuple[str, ...] = ()
    settles: tuple[tuple[FactName, str], ...] = ()
    conditions: tuple[str, ...] = ()
    fault: str = ""


class Decision(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """``policy`` is the digest of the rules in force, ``until`` the moment from which it must be made again (None: it
    does not run out): a rule, a fact or a list comes into force or ends.

    ``duties`` are what else the directives ask for (``report``, ``preserve``, ``cut-streams``), each with its rule.
    """

    subject: str
    request: Request
    outcome: Outcome
    findings: tuple[Finding, ...]
    policy: str
    duties: tuple[tuple[str, str], ...] = ()
    until: datetime | None = None

    @property
    def deciding(self) -> list[Finding]:
        """The findings that the outcome rests on: about this subject, or perhaps, and not lifted.

        Base rules hold only where none of them allows; then all of them decide, also those that are about others.
        """
        base_allows = any(each.kind == "base" and each.outcome == "allow" for each in self.findings)
        return [
            finding
            for finding in self.findings
            if finding.outcome == self.outcome
            and not finding.lifted_by
            and (finding.concerns != "no" or finding.kind == "base")
            and (finding.kind != "base" or self.outcome == "allow" or not base_allows)
        ]

    @property
    def rests_on(self) -> tuple[str, ...]:
        """The ids of everybody whose facts it rests on, the subject first."""
        used = (each.subject for finding in self.findings for each in finding.used)
        return tuple(dict.fromkeys([self.subject, *used]))

    @property
    def unsettled(self) -> bool:
        """Whether it is not allowed, and nothing says that a rule is about the subject: over-blocking at the most.

        What is wanting is a fact, or a list or a rule that can be relied on. A base rule that is wanting is neither.
        """
        against = self.deciding if self.outcome != "allow" else []
        return bool(against) and all(
            each.concerns == "unknown" and bool(each.settles or each.fault) for each in against
        )
