"""Property of blocked persons: what is held on which day, which reports it calls for, and that filed ones are not."""

from datetime import date

import msgspec
import pytest

from bylaw.access.filings.drafts import Draft
from bylaw.access.filings.filed import Filed
from bylaw.access.filings.property import Corrected, Entry, Ground, Holdings, Nothing, Property, Released
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


def corrected(right: Property | None, correction: int = 1, **more: object) -> Corrected:
    return Corrected(by="ben", correction=correction, number=1, on=date(2026, 7, 8), why="a slip", right=right, **more)


def filed(*reports: str) -> dict[str, Filed]:
    said = Filed(reports=reports, event=date(2026, 6, 12), on=date(2026, 6, 15), reference="ORS 1", by="ana")
    return dict.fromkeys(reports, said)


def test_what_is_corrected_before_it_was_filed_is_drafted_as_it_is_right_and_nothing_more_is_owed() -> None:
    right = credit(on=date(2026, 6, 10), value="USD 4,000, actual")
    found = owed(credit(value="USD 400, actual"), corrected(right), today=date(2026, 6, 15))
    assert set(found) == {"blocked-property/1"}
    assert found["blocked-property/1"].fields["value"] == "USD 4,000, actual"
    assert found["blocked-property/1"].due == date(2026, 6, 25), "the clock runs from the day that is right"


def test_what_was_never_so_is_owed_no_report_and_its_number_is_not_given_again() -> None:
    held = Holdings([credit(), released("error"), corrected(None)])
    assert not list(held.owed(date(2026, 7, 8), FILER)) and not held.owners and held.last == 1
    with pytest.raises(UsageError, match="there are none yet"):
        held.require_known(1)


@pytest.mark.parametrize(
    ("right", "unreleased", "reports", "concerned"),
    [
        (credit(value="USD 4"), False, ("blocked-property/1", "blocked-property/11"), {"blocked-property/1"}),
        (credit(value="USD 4"), False, ("unblocked-property/1", "rejected-transaction/1"), {"unblocked-property/1"}),
        (credit(value="USD 4"), False, ("annual-blocked-property/2026",), {"annual-blocked-property/2026"}),
        (credit(value="USD 4"), False, ("annual-blocked-property/2027", "annual-blocked-property/2025"), set()),
        (credit(on=date(2026, 7, 1)), False, ("annual-blocked-property/2026",), {"annual-blocked-property/2026"}),
        (credit(on=date(2025, 6, 1)), False, ("annual-blocked-property/2025",), {"annual-blocked-property/2025"}),
        (
            credit(),
            True,
            ("blocked-property/1", "annual-blocked-property/2026", "unblocked-property/1"),
            {"unblocked-property/1"},
        ),
        (credit(), True, ("annual-blocked-property/2027",), {"annual-blocked-property/2027"}),
        (
            None,
            False,
            ("blocked-property/1", "annual-blocked-property/2026"),
            {"blocked-property/1", "annual-blocked-property/2026"},
        ),
    ],
)
def test_a_correction_concerns_the_filed_reports_that_say_otherwise(
    right: Property | None, unreleased: bool, reports: tuple[str, ...], concerned: set[str]
) -> None:
    held = Holdings([credit(), released("order")])
    made = held.require_correction(corrected(right, unreleased=unreleased), filed(*reports))
    assert set(made.filed) == concerned


def test_a_correction_of_what_was_filed_is_a_report_of_its_own() -> None:
    entries = [credit(value="USD 400"), corrected(credit(value="USD 4,000"), filed={"blocked-property/1": "ORS 1"})]
    made = owed(*entries, today=date(2026, 7, 9))["corrected-property/1"]
    assert made.fields["correction"] == "value: USD 400 → USD 4,000"
    assert made.fields["reports"] == "blocked-property/1, filed as ORS 1" and made.due == date(2026, 7, 22)


def test_what_was_not_released_after_all_is_held_and_a_later_release_has_a_report_of_its_own() -> None:
    back = corrected(credit(), unreleased=True)
    assert Holdings([credit(), released("order"), back]).on(date(2026, 7, 9))
    again = owed(credit(), released("order"), back, released("order", date(2026, 8, 3)), today=date(2026, 8, 4))
    assert "unblocked-property/1-2" in again and "unblocked-property/1" not in again


def test_a_correction_that_cannot_be_is_refused() -> None:
    held = Holdings([credit(), credit(2), released("order")])
    for made, said in (
        (corrected(credit()), "there is nothing to correct"),
        (corrected(credit(on=date(2026, 7, 7))), "was released on 2026-07-06, before 2026-07-07"),
        (msgspec.structs.replace(corrected(credit(2), unreleased=True), number=2), "property 2 was not released"),
        (msgspec.structs.replace(corrected(credit()), number=3), "no property has the number 3"),
    ):
        with pytest.raises(UsageError, match=said):
            held.require_correction(made, {})
