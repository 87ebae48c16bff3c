"""What may not be kept and what must be: erasure, holds, eligibility instead of nationality, retention."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from stores import DAY, TOLD, fact, noon, person, record, store

from bylaw.access.filings.calendar import years_after
from bylaw.access.store.errors import UnderHold
from bylaw.access.store.minimise import Minimised
from bylaw.access.store.records import Said
from bylaw.access.store.retention import Retention, default
from bylaw.access.store.store import Store
from bylaw.access.subjects import FACTS, Value
from bylaw.errors import SettingsError, UsageError

__all__ = ["store"]

SECRET = "Zanzibarnachname"


def bytes_of(store: Store) -> bytes:
    return b"".join(path.read_bytes() for path in Path(store.directory).iterdir())


def test_what_is_erased_lies_in_no_file(store: Store) -> None:
    record(store, person("p-1", fact("name", SECRET), fact("residence", "us")), person("p-2", fact("residence", "us")))
    assert SECRET.encode() in bytes_of(store)
    done = store.erase("p-1", **TOLD)
    assert done.facts == 2
    assert SECRET.encode() not in bytes_of(store)
    assert b"p-1" not in bytes_of(store)
    assert list(store.register(DAY)) == ["p-2"]
    assert store.erasures() == (done,)


def test_a_subject_that_was_erased_can_come_again_as_somebody_new(store: Store) -> None:
    record(store, person("p-1", fact("residence", "us")))
    store.erase("p-1", **TOLD)
    record(store, person("p-1", fact("residence", "cn")))
    assert [entry.recorded_by for entry in store.history("p-1", **TOLD)] == [2]
    assert store.register(DAY, 1) == {}


def test_an_erasure_says_who_still_names_the_subject(store: Store) -> None:
    record(
        store,
        Said("org-1", "organization", (fact("owner", "p-1"),)),
        Said("svc", "service", (fact("responsible", "p-1"),)),
        person("p-1", fact("residence", "us")),
        person("p-11", fact("name", "p-1x")),
    )
    assert store.erase("p-1", **TOLD).mentions == ("org-1", "svc")


def test_a_hold_beats_erasure_until_it_is_lifted(store: Store) -> None:
    record(store, person("p-1", fact("residence", "us")), person("p-2"))
    hold = store.hold("p-1", by="law", why="subpoena 9")
    with pytest.raises(UnderHold, match=r"p-1 \(hold 1, by law: subpoena 9"):
        store.erase("p-1", **TOLD)
    store.erase("p-2", **TOLD)
    store.lift(hold, by="law", why="case closed")
    store.erase("p-1", **TOLD)
    assert [(one.subject, one.by, one.lifted is not None) for one in store.holds()] == [(None, "law", True)]
    with pytest.raises(UsageError, match="no hold 1"):
        store.lift(hold, **TOLD)


def test_a_hold_on_everybody_holds_everybody(store: Store) -> None:
    record(store, person("p-1", fact("residence", "us")))
    store.hold(None, by="law", why="freeze")
    with pytest.raises(UnderHold, match="freeze"):
        store.erase("p-1", **TOLD)
    assert store.retire(DAY + timedelta(days=9999), **TOLD).erasure.facts == 0


def test_what_nobody_knows_cannot_be_held_or_erased(store: Store) -> None:
    for refused in (store.hold, store.erase):
        with pytest.raises(UsageError, match="nothing is known"):
            refused("p-1", **TOLD)
    assert store.erasures() == ()


def minimised(eligibility: dict[str, str], directive: str = "june") -> Minimised:
    return Minimised(directive=directive, eligibility=eligibility, on=DAY, evidence="batch 7")  # type: ignore[arg-type]


def test_nationality_becomes_eligibility(store: Store) -> None:
    expires = DAY + timedelta(days=90)
    record(
        store,
        person("p-1", fact("citizenship", "ir", grade="document", expires=expires), fact("residence", "us")),
        person("p-2", fact("permanent_residency", "us", grade="declared")),
        person("p-3"),
    )
    done, erased = store.minimise(minimised({"p-1": "no", "p-2": "yes", "p-3": "unknown"}), **TOLD)
    assert (done.facts, erased.facts) == (3, 2)
    register = store.register(DAY)
    assert {id: sorted(subject.known) for id, subject in register.items()} == {
        "p-1": ["eligible", "residence"],
        "p-2": ["eligible"],
        "p-3": ["eligible"],
    }
    said = {id: subject.known["eligible"].fact for id, subject in register.items()}
    assert {id: (one.values or ())[0].detail for id, one in said.items()} == {"p-1": "no", "p-2": "yes", "p-3": ""}
    assert (said["p-1"].grade, said["p-1"].expires, said["p-1"].evidence) == ("document", expires, "batch 7")
    assert said["p-2"].grade == said["p-3"].grade == "declared"
    entries = store.history("p-1", **TOLD)
    assert [(entry.name, entry.fact is None, entry.erasure) for entry in entries] == [
        ("citizenship", True, erased.id),
        ("residence", False, None),
        ("eligible", False, None),
    ]


def test_eligibility_under_other_directives_is_carried_over_and_not_disputed(store: Store) -> None:
    record(store, person("p-1", fact("citizenship", "fr", grade="verified")))
    store.minimise(minimised({"p-1": "yes"}, "one"), **TOLD)
    record(store, person("p-1", fact("citizenship", "fr", grade="declared")))
    store.minimise(minimised({"p-1": "no"}, "two"), **TOLD)
    store.minimise(minimised({"p-1": "no"}, "one"), **TOLD)
    subject = store.register(DAY)["p-1"]
    assert subject.values("eligible") == (Value(text="two", detail="no"), Value(text="one", detail="no"))
    assert subject.known["eligible"].fact.grade == "declared", "no better than the weakest of what it rests on"


def test_minimising_is_all_or_nothing(store: Store) -> None:
    record(store, person("p-1", fact("citizenship", "ir")), person("p-2", fact("citizenship", "us")))
    store.hold("p-2", by="law", why="subpoena")
    before = store.register(DAY)
    with pytest.raises(UnderHold, match="p-2"):
        store.minimise(minimised({"p-1": "no", "p-2": "yes"}), **TOLD)
    with pytest.raises(UsageError, match="'p-9'"):
        store.minimise(minimised({"p-1": "no", "p-9": "yes"}), **TOLD)
    assert store.register(DAY) == before
    assert (len(store.imports()), store.erasures()) == (1, ())


def test_facts_are_kept_for_years_after_they_stopped_counting(store: Store) -> None:
    begun = date(2010, 1, 1)
    old, new = fact("protected", "cn", as_of=begun), fact("protected", "us", as_of=date(2012, 1, 1))
    name = fact("name", "Anna", as_of=begun)
    record(store, person("p-1", old, name), person("p-2", old), at=noon(begun))
    record(store, person("p-1", new), person("p-2", new), at=noon(date(2012, 1, 1)))
    store.hold("p-2", by="law", why="subpoena")
    assert store.retire(date(2016, 12, 31), **TOLD).erasure.facts == 0
    done = store.retire(date(2017, 1, 1), **TOLD)
    assert (done.erasure.facts, list(done.held)) == (1, ["p-2"])
    assert [entry.fact for entry in store.history("p-1", **TOLD)] == [None, name, new], "what stands is in use"
    assert [entry.fact for entry in store.history("p-2", **TOLD)] == [old, new]


def test_what_expired_counts_from_its_expiry_and_what_never_stood_from_its_recording(store: Store) -> None:
    begun = date(2010, 1, 1)
    expired = fact("protected", "cn", as_of=begun, expires=date(2011, 1, 1))
    record(store, person("p-1", expired), at=noon(begun))
    assert store.retire(date(2015, 12, 31), **TOLD).erasure.facts == 0
    assert store.retire(date(2016, 1, 1), **TOLD).erasure.facts == 1


def test_a_fact_that_stands_is_kept_in_every_copy(store: Store) -> None:
    begun = date(2010, 1, 1)
    same = fact("protected", "cn", as_of=begun)
    record(store, person("p-1", same), at=noon(begun))
    record(store, person("p-1", same), at=noon(date(2011, 1, 1)))
    assert store.retire(date(2040, 1, 1), **TOLD).erasure.facts == 0


def test_every_fact_has_its_years() -> None:
    assert set(default().years) == set(FACTS)
    assert set(default().years.values()) == {5, 10}
    with pytest.raises(SettingsError, match="not said: name, born"):
        Retention(years={"citizenship": 5})
    assert years_after(date(2024, 2, 29), 5) == date(2029, 3, 1)
