"""Reports: every field the regulation names is there, filled or asked for; terms follow the calendar."""

from datetime import date

import pytest

from bylaw.access.filings.drafts import ASKED, draft
from bylaw.access.filings.terms import term, terms
from bylaw.errors import UsageError

KNOWN = {"transaction": "API access to model mythos-5", "rejected_on": "2026-06-12", "authority": "31 CFR 510.201"}


def test_what_is_not_known_is_asked_for() -> None:
    made = draft("rejected-transaction", "decision-1", date(2026, 6, 12), {**KNOWN, "value": ""})
    assert set(made.fields) == set(KNOWN)
    assert set(made.open) == set(ASKED["rejected-transaction"]) - set(KNOWN)
    assert not made.ready
    text = made.text(date(2026, 6, 15))
    assert "31 CFR 501.604" in text and "[OPEN: name and address of the person" in text and "Check with counsel" in text


def test_a_report_with_every_field_is_ready() -> None:
    assert draft("blocked-property", "d", date(2026, 6, 12), dict.fromkeys(ASKED["blocked-property"], "said")).ready


def test_a_field_that_the_report_has_not_is_refused() -> None:
    with pytest.raises(KeyError):
        draft("rejected-transaction", "d", date(2026, 6, 12), {"blocked_on": "2026-06-12"})


@pytest.mark.parametrize(
    ("today", "said"),
    [("2026-06-12", "10 business days left"), ("2026-06-29", "0 business"), ("2026-07-01", "2 business days late")],
)
def test_the_clock(today: str, said: str) -> None:
    made = draft("rejected-transaction", "d", date(2026, 6, 12), KNOWN)
    assert made.due == date(2026, 6, 29)
    assert said in made.text(date.fromisoformat(today))


def test_how_long_records_are_kept() -> None:
    assert term("rejected-transaction").keep_until(date(2026, 6, 12)) == date(2036, 6, 12)
    assert term("export-record").keep_until(date(2028, 2, 29)) == date(2033, 3, 1)
    assert term("export-record").due(date(2026, 6, 12)) is None
    blocked = term("blocked-property")
    assert blocked.keep_until(date(2026, 6, 12)) is None
    assert blocked.keep_until(date(2026, 6, 12), unblocked=date(2030, 1, 1)) == date(2040, 1, 1)


def test_every_term_has_a_source() -> None:
    assert all(each.source and each.keep_source for each in terms().values())
    with pytest.raises(UsageError, match="export-record"):
        term("nothing")
