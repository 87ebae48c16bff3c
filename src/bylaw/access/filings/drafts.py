"""Drafts of the reports that 31 CFR 501.603 and 501.604 ask for, filled from what is known.

Every field is one the regulation names. One that nobody has filled stands under ``open`` with what is asked for, and
``ready`` is false while any is. Nothing is sent: the operator files the report, and says so.
"""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Literal

import msgspec

from bylaw.access.filings import calendar
from bylaw.access.filings.terms import term

Kind = Literal["rejected-transaction", "blocked-property"]

ASKED: Mapping[Kind, Mapping[str, str]] = {
    "rejected-transaction": {
        "filer": "name and address of the person that rejected the transaction",
        "contact": "name, telephone number and e-mail address of somebody to ask",
        "transaction": "what was rejected: the service or goods asked for, with references",
        "participants": "the participants and where they are",
        "target": "the sanctions target that is involved, if any",
        "rejected_on": "the date on which it was rejected",
        "value": "the actual or estimated value in US dollars",
        "authority": "the legal authority under which it was rejected",
        "documents": "copies of related payment or transfer instructions",
    },
    "blocked-property": {
        "filer": "name and address of the holder of the property",
        "contact": "name, telephone number and e-mail address of somebody to ask",
        "property": "what is blocked, and where it is",
        "owner": "the owner, or what is known of the interest of the target",
        "target": "the sanctions target whose property is blocked",
        "blocked_on": "the date on which it was blocked",
        "value": "the actual or estimated value in US dollars",
        "authority": "the legal authority under which it was blocked",
        "documents": "copies of documents on the property and on how it was blocked",
    },
}
"""The fields of each report (31 CFR 501.604(b), 501.603(b)(1)(ii)), in their order; check with counsel."""


class Draft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A report as far as it can be filled. ``decision`` is the id of the decision it is about."""

    kind: Kind
    decision: str
    event: date
    due: date
    fields: dict[str, str]
    open: dict[str, str]

    @property
    def ready(self) -> bool:
        """Whether nothing is left to fill in."""
        return not self.open

    def text(self, today: date, closed: Collection[date] = ()) -> str:
        """For a person to read, fill in and file."""
        rule = term(self.kind)
        left = calendar.days_left(today, self.due, closed)
        clock = f"{left} business days left" if left >= 0 else f"{-left} business days late"
        rows = [
            f"DRAFT  {rule.title} ({rule.source})",
            f"Decision {self.decision}",
            f"Due {self.due}, {clock}; {rule.how}",
            "",
        ]
        rows += [f"{name.replace('_', ' '):<14} {said}" for name, said in self.fields.items()]
        rows += [f"{name.replace('_', ' '):<14} [OPEN: {asked}]" for name, asked in self.open.items()]
        return "\n".join([*rows, "", "Check with counsel before this is filed."])


def draft(kind: Kind, decision: str, event: date, known: Mapping[str, str], closed: Collection[date] = ()) -> Draft:
    """A draft with what is known; empty texts count as unknown. Raises ``KeyError`` for a field the report has not."""
    asked = ASKED[kind]
    filled = {name: known[name] for name in asked if known.get(name)}
    for name in known:
        asked[name]
    last = term(kind).due(event, closed)
    assert last is not None, f"terms.toml gives {kind} no term"
    return Draft(
        kind=kind,
        decision=decision,
        event=event,
        due=last,
        fields=filled,
        open={name: what for name, what in asked.items() if name not in filled},
    )
