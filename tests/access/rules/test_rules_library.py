"""The documents that ship: each reads, says where it comes from, and asks for counsel."""

from datetime import UTC, datetime

import pytest

from bylaw.access.ownership.rule import rules as ownership
from bylaw.access.rules.bring import texts
from bylaw.access.rules.check import check
from bylaw.access.rules.library import library
from bylaw.access.screening.formats import FORMATS
from bylaw.access.subjects import FACTS

NEEDED = {
    *("ordinary-access", "june-2026-letter-1", "june-2026-letter-2", "june-2026-letter-3", "foreign-adversaries"),
    *("ofac-comprehensive", "ofac-blocked-persons", "ear-country-groups", "bis-entity-list", "bis-affiliates"),
    *("unsupported-regions", "counter-law-1324b"),
}


def test_what_ships() -> None:
    assert set(library()) >= NEEDED


@pytest.mark.parametrize("id", library())
def test_every_document_says_where_it_comes_from(id: str) -> None:
    document = library()[id].document
    assert document.source
    assert document.as_of in ("2026-11-23", "2026-11-28")
    assert "Check with counsel" in document.note
    assert library()[id].text.startswith("# ")


def test_nothing_in_it_is_wrong() -> None:
    documents = [each.document for each in library().values()]
    found = check(documents, ("fable-5", "mythos-5"), datetime(2026, 6, 1, tzinfo=UTC), FORMATS, ownership())
    assert not [str(each) for each in found if each.severity == "error"]


def test_a_list_taken_from_memory_says_so() -> None:
    for id in ("ofac-comprehensive", "ear-country-groups", "bis-headquarters", "counter-law-1324b"):
        assert "NOT VERIFIED" in library()[id].document.source


def test_every_fact_that_is_read_says_how_to_bring_it() -> None:
    assert set(texts()) >= set(FACTS) - {"name", "born"}
