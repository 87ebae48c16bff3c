"""Rows together: ids that come twice, references, circles, also through what was known before."""

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from rosters import DAY, OPTIONS, faults, load, notes, remarks, store

from bylaw.access.roster.rows import Row
from bylaw.access.roster.whole import circles
from bylaw.access.store.store import Store
from bylaw.access.subjects import Fact, Value

__all__ = ["store"]

HEAD = "id,kind,employer,ultimate_parent,owner,responsible,operator\n"


def test_an_id_that_comes_twice_is_refused_in_every_row(tmp_path: Path) -> None:
    text = "id,kind,residence\np-1,person,us\np-2,person,us\np-1,person,fr\np-1,person,us\n"
    assert faults(remarks(tmp_path, text)) == [
        "line 2 p-1 id: fault: this id comes again, in line 4, 5; a row says all of a subject",
        "line 4 p-1 id: fault: this id comes again, in line 2, 5; a row says all of a subject",
        "line 5 p-1 id: fault: this id comes again, in line 2, 4; a row says all of a subject",
    ]


def test_who_is_nowhere_is_told_once_with_the_nearest(tmp_path: Path) -> None:
    text = HEAD + "Org-1,organization,,,,,\np-1,person,org-1,,,,\np-2,person,org-1,,,,\np-3,person,org-9,,,,\n"
    assert faults(remarks(tmp_path, text)) == []
    assert notes(remarks(tmp_path, text)) == [
        "line 3 p-1 employer: note: org-1 is nowhere, neither in this file nor known before;"
        " did you mean 'Org-1'? (2 rows name it)",
        "line 5 p-3 employer: note: org-9 is nowhere, neither in this file nor known before",
    ]


def test_a_reference_to_the_wrong_kind_is_a_fault(tmp_path: Path) -> None:
    text = HEAD + "c-1,channel,,,,,p-1\ns-1,service,,,,org-1,\norg-1,organization,,p-1,c-1,,\np-1,person,s-1,,,,\n"
    assert [text.partition(": fault: ")[2] for text in faults(remarks(tmp_path, text))] == [
        "org-1 is of kind organization, and this must be person",
        "p-1 is of kind person, and this must be organization",
        "c-1 is of kind channel, and this must be organization or person",
        "s-1 is of kind service, and this must be organization or person",
    ]


def test_nobody_is_his_own_employer_or_parent_but_may_own_himself(tmp_path: Path) -> None:
    text = HEAD + "org-1,organization,,org-1,org-1=10,,\np-1,person,p-1,,,,\n"
    assert [text.partition(": fault: ")[2] for text in faults(remarks(tmp_path, text))] == [
        "org-1 is its own ultimate parent; if it has none, say none",
        "p-1 is its own employer; if it has none, say none",
    ]


def test_circles_are_told_by_name(tmp_path: Path) -> None:
    parents = {"a": "b", "b": "c", "c": "a", "d": "a", "e": "f", "f": "e"}
    text = "id,kind,ultimate_parent\n" + "".join(f"{id},organization,{to}\n" for id, to in parents.items())
    assert faults(remarks(tmp_path, text)) == [
        *(
            f"line {n} {id} ultimate_parent: fault: comes back to where it began: a → b → c → a"
            for n, id in enumerate("abc", 2)
        ),
        *(
            f"line {n} {id} ultimate_parent: fault: comes back to where it began: e → f → e"
            for n, id in ((6, "e"), (7, "f"))
        ),
    ]


def test_a_circle_that_closes_through_the_store_is_a_fault(store: Store) -> None:
    begun = "id,kind,ultimate_parent\na,organization,b\nb,organization,c\nc,organization,\n"
    assert not load(store, begun).refused
    report = load(store, "id,kind,ultimate_parent\nc,organization,a\n")
    assert faults(list(report.remarks)) == [
        "line 2 c ultimate_parent: fault: comes back to where it began: a → b → c → a"
    ]
    assert report.refused and len(store.imports()) == 1
    assert not load(store, "id,kind,ultimate_parent\nc,organization,none\n").refused
    mended = "id,kind,ultimate_parent\na,organization,none\nc,organization,a\n"
    assert not load(store, mended).refused, "what the file says takes the place of what was known"


def test_rows_left_out_are_told_where_others_name_them(store: Store) -> None:

    text = "id,kind,headquarters,employer\norg-1,organization,Atlantis,\np-1,person,,org-1\n"
    report = load(store, text, options=replace(OPTIONS, skip_faulty=True))
    assert "the row of org-1 is refused, and nothing is known of it before" in notes(list(report.remarks))[0]


@settings(max_examples=200)
@given(st.dictionaries(st.integers(0, 7), st.sets(st.integers(0, 7), max_size=3)))
def test_a_circle_is_found_exactly_where_somebody_can_come_back(edges: dict[int, set[int]]) -> None:
    rows = [
        Row(number, str(number), "person", (employer(str(to) for to in sorted(edges.get(number, ()))),))
        for number in range(8)
    ]
    kinds = dict.fromkeys(map(str, range(8)), "person")
    found = list(circles(rows, kinds, lambda ids: {}, lambda ids: {}, DAY))  # type: ignore[arg-type]
    on_a_circle = {number for number in range(8) if number in reached(edges, edges.get(number, set()))}
    assert {remark.line for remark in found} <= on_a_circle
    assert bool(found) == bool(on_a_circle)


def employer(texts: object) -> Fact:
    values = tuple(Value(text=text) for text in texts)  # type: ignore[attr-defined]
    return Fact(name="employer", values=values, source="hr", grade="attested", as_of=DAY)


def reached(edges: dict[int, set[int]], begun: set[int]) -> set[int]:
    seen: set[int] = set()
    left = list(begun)
    while left:
        at = left.pop()
        if at not in seen:
            seen.add(at)
            left.extend(edges.get(at, ()))
    return seen
