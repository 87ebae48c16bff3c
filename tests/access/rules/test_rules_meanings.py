"""Every predicate is in the table, and the table is in docs/access.md."""

from pathlib import Path

from bylaw.access.rules.document import KINDS, parse
from bylaw.access.rules.meanings import PREDICATES
from bylaw.access.rules.predicates import Predicate

PAGE = (Path(__file__).parents[3] / "docs" / "access.md").read_text(encoding="utf-8")


def test_the_table_is_whole() -> None:
    assert {row.type for row in PREDICATES.values()} == set(Predicate.__args__)  # type: ignore[attr-defined]


def test_the_page_shows_the_table() -> None:
    for row in PREDICATES.values():
        assert f"| `{row.name}` | {row.meaning} | {row.citation or '–'} |" in PAGE


def test_the_page_s_document_reads() -> None:
    text = PAGE.partition("```toml\n")[2].partition("```")[0]
    assert parse(text, "docs/access.md").id == "order-7"
    assert all(f"| `{kind}` |" in PAGE for kind in KINDS)
