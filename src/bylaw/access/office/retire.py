"""Decisions that need not be kept any longer: forgotten with their salts, while the ledger's batches still verify.

What is under a legal hold stays: of the subject, of anybody whose facts the decision rests on, or of everybody. What a
directive that is in force asks to preserve stays. What is in no batch of the ledger stays: nothing would show that it
ever was.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

import msgspec

from bylaw.access.filings.calendar import day_of, years_after
from bylaw.access.filings.terms import term
from bylaw.access.office.made import Made
from bylaw.access.office.place import Office, instant
from bylaw.errors import UsageError

RECORD = "access-decision"
"""The term of a decision."""
PRESERVE = "preserve"


class Retirement(msgspec.Struct, frozen=True, kw_only=True):
    """Ids of decisions whose time is over: ``due`` to be forgotten, and those that stay, each with why."""

    due: tuple[str, ...]
    kept: dict[str, str]


def retirement(office: Office, at: datetime) -> Retirement:
    """What could be forgotten at an instant. Nothing is."""
    on = day_of(at)
    held, preserving = _holds(office), {rule.document.name for rule in office.policy(at).rules}
    due, kept = [], {}
    for made in _over(office, on):
        why = _stays(office, made, held, preserving)
        if why:
            kept[made.id] = why
        else:
            due.append(made.id)
    return Retirement(due=tuple(due), kept=kept)


def retire(office: Office, at: datetime, by: str, why: str) -> Retirement:
    """Forget them. Raises ``UsageError`` where nobody, or no reason, is named."""
    if not by.strip() or not why.strip():
        raise UsageError("say who does this, and why: both are kept")
    found = retirement(office, at)
    office.archive.erase(found.due, f"{by}, {day_of(at)}: {why}")
    return found


def _over(office: Office, on: date) -> Iterator[Made]:
    """Decisions whose term is over."""
    last = years_after(on, -term(RECORD).keep_years) + timedelta(days=2)  # each is asked for itself
    return (made for made in office.archive.between("0001", f"{last}T") if over(made.basis.at, on))


def over(at: str, on: date) -> bool:
    """Whether a decision of an instant need not be kept any longer on a day."""
    until = term(RECORD).keep_until(day_of(instant(at)))
    return until is not None and until <= on


def _stays(office: Office, made: Made, held: dict[str | None, str], preserving: set[str]) -> str:
    """Why it is kept all the same; empty: it is not."""
    decision = made.decision
    for one in (None, *decision.rests_on):
        if one in held:
            return held[one]
    for duty, rule in decision.duties:
        if duty == PRESERVE and rule in preserving:
            return f"{rule} is in force and asks to preserve it"
    return "" if office.archive.is_entered(made.id) else "it is in no batch of the ledger: bylaw decisions commit"


def _holds(office: Office) -> dict[str | None, str]:
    """Holds that were not lifted, by subject; under None, one on everybody."""
    with office.store() as store:
        return {each.subject: f"hold {each.id}, by {each.by}: {each.why}" for each in store.holds() if not each.lifted}
