"""Property of blocked persons: what is held on which day, which reports it calls for, and that filed ones are not."""

from datetime import date

import pytest

from bylaw.access.filings.drafts import Draft
from bylaw.access.filings.property import Entry, Ground, Holdings, Nothing, Property, Released
from bylaw.errors import UsageError

FILER = {"filer": "The lab, 1 Main Street", "contact": "counsel"}


def credit(number: int = 1, on: date = date(2026, 6, 12), **more: str) -> Property:
    return Property(by="ana", number=number, owner="org-9", on=on, property="prepaid credit, account 9", **more)


def released(ground: Ground, on: date = date(2026, 7, 6)) -> Released:
    return Released(by="ana", number=1, on=on, ground=ground, why="docket 7")


def owed(*entries: Entry, today: date) -> dict[str, Draft]:
    return {each.report: each for each in Holdings(entries).owed(today, FILER)}


def test_what_is_blocked_is_reported_in_ten_business_days_and_every_year() -> None:
    (first,) = owed(credit(value="USD 400, actual"), today=date(2026, 6, 15)).values()
    assert (first.report, first.due) == ("blocked-property/1", date(2026, 6, 29))
    assert first.fields["blocked_on"] == "2026-06-12" and "authority" in first.open and not first.ready
    both = owed(credit(), today=date(2026, 7, 1))
    assert set(both) == {"blocked-property/1", "annual-blocked-property/2026"}
    assert both["annual-blocked-property/2026"].due == date(2026, 9, 30)


def test_an_annual_report_lists_each_property_held_on_30_june() -> None:
    entries = [credit(), credit(2, authority="EO 14024"), credit(3, on=date(2026, 7, 1))]
    made = Holdings(entries).annual(2026, FILER)
    assert made.fields["count"] == "2" and len(made.fields["property"].splitlines()) == 2
    assert "[OPEN: value]" in made.fields["property"] and "EO 14024" in made.fields["property"]
    assert "\n               2. org-9" in made.text(date(2026, 9, 1))
    with pytest.raises(UsageError, match="no annual report is owed for 2025"):
        Holdings(entries).annual(2025, FILER)


@pytest.mark.parametrize(
    ("ground", "reported"), [("order", True), ("error", True), ("license", False), ("delisted", False)]
)
def test_a_release_is_reported_but_for_its_exceptions(ground: Ground, reported: bool) -> None:
    found = owed(credit(), released(ground), today=date(2026, 7, 7))
    assert ("unblocked-property/1" in found) == reported
    if reported:
        assert found["unblocked-property/1"].due == date(2026, 7, 20)


def test_released_before_30_june_is_in_no_annual_report() -> None:
    assert "annual-blocked-property/2026" not in owed(
        credit(), released("order", date(2026, 6, 30)), today=date(2026, 8, 1)
    )


def test_what_cannot_be_released_is_refused() -> None:
    held = Holdings([credit(), credit(2), released("order")])
    for number, on, said in (
        (1, 8, "was released on 2026-07-06"),
        (2, 11, "blocked on 2026-06-12"),
        (7, 12, "there are 1, 2"),
    ):
        with pytest.raises(UsageError, match=said):
            held.require_blocked(number, date(2026, 6, on))


def test_whoever_was_looked_at_is_known() -> None:
    assert Holdings([Nothing(by="ana", owner="p-1", on=date(2026, 6, 12)), credit()]).owners == {"p-1", "org-9"}
