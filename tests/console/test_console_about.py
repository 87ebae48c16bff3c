"""Whom a document is about, in sentences: every predicate that ships or can be written is said."""

from collections.abc import Iterator

import pytest

from bylaw.access.rules.document import parse
from bylaw.access.rules.library import library
from bylaw.access.rules.predicates import walk
from bylaw.console.views.about import Clause, about
from offices import LETTER


def all_of(clause: Clause) -> Iterator[Clause]:
    yield clause
    for inner in clause.of:
        yield from all_of(inner)


@pytest.mark.parametrize("name", sorted(library()))
def test_every_text_that_ships_is_said_whole(name: str) -> None:
    document = library()[name].document
    tree = about(document)
    if document.who is None:
        assert tree is None
        return
    assert tree is not None
    said = list(all_of(tree))
    assert len(said) == len(walk(document.who))
    assert all(each.text and "``" not in each.meaning for each in said)


def test_the_letter_in_words() -> None:
    tree = about(library()["june-2026-letter-1"].document)
    assert tree is not None
    assert [(each.text, each.on) for each in tree.of] == [("clause “status”", True), ("clause “destination”", False)]
    texts = [each.text for each in all_of(tree)]
    assert "eligible: directive june-2026-letter-1" in texts


def test_a_condition_of_work_is_said_with_its_role() -> None:
    who = 'who = { is = "employer", role = "employee", who = { is = "subject", ids = ["org-1", "org-2"] } }'
    tree = about(parse(LETTER.replace('who = { is = "foreign_person" }', who)))
    assert tree is not None
    assert (tree.text, tree.of[0].text) == ("employer: role employee", "subject: ids org-1, org-2")
