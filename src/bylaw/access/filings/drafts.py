"""Drafts of the reports that 31 CFR 501.603 and 501.604 ask for, filled from what is known.

Every field is one that a report needs. One that nobody has filled stands under ``open`` with what is asked for, and
``ready`` is false while any is. Nothing is sent: the operator files the report, and says so.
"""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Literal

import msgspec

from bylaw.access.filings import calendar
from bylaw.access.filings.terms import term

Kind = Literal[
    "rejected-transaction", "blocked-property", "unblocked-property", "annual-blocked-property", "corrected-property"
]

_FILER = {
    "contact": "name, telephone number and e-mail address of somebody to ask",
}
_VALUE = "the actual value in US dollars, or an estimate that says so"
ASKED: Mapping[Kind, Mapping[str, str]] = {
    "rejected-transaction": {
        "filer": "name and address of the person that rejected the transaction",
        **_FILER,
        "transaction": "what was rejected: the service or goods asked for, with references",
        "participants": "the participants and where they are",
        "target": "the sanctions target that is involved, if any",
        "rejected_on": "the date on which it was rejected",
        "value": _VALUE,
        "authority": "the legal authority under which it was rejected",
        "documents": "copies of related payment or transfer instructions",
    },
    "blocked-property": {
        "filer": "name and address of the holder of the property",
        **_FILER,
        "property": "what is blocked, with account and reference numbers",
        "where": "where it is in relation to the holder",
        "transaction": "the transaction by which it came to be blocked and who took part in it, or that there was none",
        "owner": "the owner, or what is known of the interest of the target",
        "target": "the sanctions target whose property is blocked",
        "blocked_on": "the date on which it was blocked",
        "value": _VALUE,
        "authority": "the legal authority under which it was blocked",
        "documents": "copies of documents on the property and on how it was blocked",
    },
    "unblocked-property": {
        "filer": "name and address of the one who released or transferred the property",
        **_FILER,
        "property": "what was released, with account and reference numbers",
        "owner": "the owner, or whoever it was transferred to",
        "target": "the sanctions target whose property it was",
        "released_on": "the date on which it was unblocked or transferred",
        "value": _VALUE,
        "authority": "the legal authority under which it had been blocked",
        "ground": "the order or other ground on which it was unblocked or transferred",
        "first_report": "the earlier report of the blocking, with its reference",
        "documents": "a copy of that order or ground",
    },
    "annual-blocked-property": {
        "filer": "name and address of the holder of the property",
        **_FILER,
        "held_on": "the day whose holdings are reported",
        "count": "how many properties are listed",
        "property": "each property: owner, since when, what and where, its value on that day, under which authority",
        "value": "the total value in US dollars",
    },
    "corrected-property": {
        "filer": "name and address of the one who filed the reports",
        **_FILER,
        "reports": "the reports that were filed, with their references",
        "property": "which property they are about, as it was reported",
        "correction": "what was reported and what is right",
        "reason": "how it came to be reported otherwise",
        "documents": "copies of documents that show what is right",
    },
}
"""The fields of each report, in their order. That these are owed, and when, was checked against the sources that
terms.toml names; the fields were put together from 31 CFR 501.603 and 501.604 as amended in 2019 and summaries of the
amendments of 2024, and NOT VERIFIED against the present text word by word: check with counsel, and with the form."""

LEAST = ("filer", "contact", "rejected_on", "authority", "documents")
"""What every report of a rejected transaction must have; the rest as far as it is at hand (OFAC FAQ 820)."""


class Draft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A report as far as it can be filled. ``about`` is the id of a decision, the number of a property, or a year."""

    kind: Kind
    about: str
    event: date
    due: date
    fields: dict[str, str]
    open: dict[str, str]

    @property
    def report(self) -> str:
        """What the report is called here, also when it was filed."""
        return f"{self.kind}/{self.about}"

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
            f"Report {self.report}",
            f"Due {self.due}, {clock}; {rule.how}",
            "",
        ]
        rows += [_row(name, said) for name, said in self.fields.items()]
        rows += [_row(name, f"[OPEN: {asked}]") for name, asked in self.open.items()]
        return "\n".join([*rows, "", "Check with counsel before this is filed."])


def _row(name: str, said: str) -> str:
    """A field; what has several lines goes on below itself."""
    return f"{name.replace('_', ' '):<14} " + said.replace("\n", f"\n{'':<15}")


def draft(
    kind: Kind,
    about: str,
    event: date,
    known: Mapping[str, str],
    closed: Collection[date] = (),
    *,
    by: date | None = None,
) -> Draft:
    """A draft with what is known; empty texts count as unknown. It is due ``by`` a day, or by the term of its kind.

    Raises ``KeyError`` for a field the report has not.
    """
    asked = ASKED[kind]
    filled = {name: known[name] for name in asked if known.get(name)}
    for name in known:
        asked[name]
    last = by or term(kind).due(event, closed)
    assert last is not None, f"terms.toml gives {kind} no term"
    return Draft(
        kind=kind,
        about=about,
        event=event,
        due=last,
        fields=filled,
        open={name: what for name, what in asked.items() if name not in filled},
    )
