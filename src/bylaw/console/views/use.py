"""What a subject may use now, why not, and which fact would settle it: decided anew, and not recorded."""

import msgspec

from bylaw.access.decision import Decision, Request
from bylaw.access.office.words import explain
from bylaw.console.desk import Desk


class Use(msgspec.Struct, frozen=True, kw_only=True):
    """One model. ``settles``: the facts that would settle an unknown, each with how to bring it."""

    model: str
    outcome: str
    rules: tuple[str, ...]
    settles: tuple[tuple[str, str], ...]
    text: str


def uses(desk: Desk, id: str, by: str, why: str) -> tuple[Use, ...]:
    """For every model of the office, on the API. Whose facts are read for it is entered. Raises ``UsageError``."""
    office = desk.office()
    at = desk.instant()
    policy, basis = office.present(at)
    with (
        office.store() as store,
        store.looking(at.date(), basis.facts, by=by, why=f"what it may use: {why}") as register,
    ):
        made = policy.over(register)
        return tuple(_use(made.decide(id, Request(model=model))) for model in office.settings.models)


def _use(said: Decision) -> Use:
    deciding = said.deciding
    return Use(
        model=said.request.model,
        outcome=said.outcome,
        rules=tuple(dict.fromkeys(finding.rule for finding in deciding if finding.rule)),
        settles=tuple(dict.fromkeys(each for finding in deciding for each in finding.settles)),
        text=explain(said),
    )
