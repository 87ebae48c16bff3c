"""Listed parties are found again, and unlisted ones mostly not."""

import csv
import random

import pytest
from list_files import everybody

from bylaw.access.screening.index import Index
from bylaw.access.screening.pairs import score_pairs
from bylaw.access.screening.parties import Name, Party, Query
from bylaw.access.screening.queries import query_of
from bylaw.access.screening.screening import newly_hit, screen_all
from bylaw.errors import DocumentError, UsageError
from inputs import real


@pytest.fixture(scope="module")
def index() -> Index:
    return Index(everybody())


def small(*names: str) -> Index:
    return Index([Party(list="t", id=str(at), kind="person", names=(Name(name),)) for at, name in enumerate(names)])


def test_listed_names_are_found_as_they_are_written(index: Index) -> None:
    draw = random.Random(1)
    people = [party for party in index.parties if party.kind == "person"]
    for party in draw.sample(people, 200):
        name = draw.choice(party.names).text
        found = index.screen(Query(name=name, kind="person"))
        assert (party.list, party.id) in {(match.list, match.party) for match in found}, name


def test_a_match_says_why(index: Index) -> None:
    match = index.screen(Query(name="Saleh Aroury", kind="person", born="1966"))[0]
    assert match.list == "ofac-sdn" and match.party == "18530"
    assert any("aroury" in reason for reason in match.why) and any("born 1966" in reason for reason in match.why)


def test_a_birth_year_far_off_clears_and_an_unknown_one_does_not(index: Index) -> None:
    def hit(born: str) -> bool:
        found = index.screen(Query(name="AL-ARURI, Salih", kind="person", born=born))
        return any(match.party == "18530" for match in found)

    assert hit("") and hit("1966") and hit("1967-01-01") and not hit("1990")


def test_kinds_that_cannot_be_one_party_are_not_compared() -> None:
    ship = Index([Party(list="t", id="1", kind="vessel", names=(Name("Ivan Petrov"),))])
    assert not ship.screen(Query(name="Ivan Petrov", kind="person"))
    assert ship.screen(Query(name="Ivan Petrov", kind="vessel")) and ship.screen(Query(name="Ivan Petrov"))


def test_words_run_together_or_split_are_found() -> None:
    assert small("PUTIN, Vladimir").screen(Query(name="VladimirPutin", kind="person"))
    assert small("Alisher Usmanov").screen(Query(name="AlisherUsmanov", kind="person"))


def test_an_empty_index_finds_nobody() -> None:
    assert Index([]).screen(Query(name="Ivan Petrov")) == ()


def test_who_an_update_newly_hits() -> None:
    subjects = [Query(name="Ivan Petrov", id="s1"), Query(name="Olga Smirnova", id="s2")]
    new = newly_hit(small("Ivan Petrov"), small("Ivan Petrov", "Smirnova Olga"), subjects)
    assert [(match.subject, match.party) for match in new] == [("s2", "1")]
    assert len(screen_all(small("Ivan Petrov"), subjects)[0]) == 1


@pytest.mark.parametrize(
    "wrong", [{"born": "12/3/61"}, {"countries": ["zz"]}, {"kind": "robot"}, {"name": "\u200b\u202e"}, {"name": ""}]
)
def test_what_a_subject_cannot_be_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        query_of(**{"name": "Ivan", **wrong})  # type: ignore[arg-type]


def test_labelled_pairs_reach_the_bound() -> None:
    scored = score_pairs(real("screening", "name-pairs-dev.csv").read_bytes())
    assert scored.pairs == 382 and scored.f1 >= 0.87


@pytest.mark.parametrize(
    "text", ["a,b\n1,2\n", "name1,name2,schema,is_match\nA,B,Person,maybe\n", "name1,name2,schema\n"]
)
def test_pairs_that_do_not_read_are_refused(text: str) -> None:
    with pytest.raises(DocumentError):
        score_pairs(text.encode())


def test_unlisted_people_with_their_dates_rarely_alarm(index: Index) -> None:
    rows = list(csv.DictReader(real("screening", "negatives-global.csv").read_text().splitlines()))[::250]
    alarms = [row for row in rows if index.screen(
        Query(name=row["full_name"], kind="person", born=row["date_of_birth"]))]  # fmt: skip
    assert len(alarms) <= 0.02 * len(rows)
