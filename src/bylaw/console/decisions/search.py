"""Decisions by what was asked and what was answered, the newest first, a page at a time."""

from collections.abc import Sequence

import msgspec

from bylaw.console.decisions.summary import Brief, Summary

PAGE = 50
FIELDS = ("outcome", "model", "country", "organization", "rule")


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Only decisions of which all of this is so; empty: whatever it is. ``rule`` is a deciding one, ``id@version``.

    ``country`` is where the request came from, ``-`` where nobody knows.
    """

    outcome: str = ""
    model: str = ""
    country: str = ""
    organization: str = ""
    rule: str = ""

    @property
    def is_everything(self) -> bool:
        """Whether nothing is left out."""
        return self == Wanted()

    def holds(self, brief: Brief) -> bool:
        """Whether a decision is one of them."""
        return (
            self.outcome in ("", brief.outcome)
            and self.model in ("", brief.model)
            and self.country in ("", brief.country or "-")
            and self.organization in ("", brief.organization)
            and (not self.rule or any(self.rule in (rule, rule.partition("@")[0]) for rule in brief.rules))
        )


def search(summary: Summary, wanted: Wanted, before: int | None = None, most: int = PAGE) -> list[int]:
    """Numbers of the archive, the greatest first, below ``before``."""
    tables, where, values = "decisions", ["number < ?"], [before or 1 << 62]
    with summary.open() as base:
        for field in ("outcome", "model", "country", "organization"):
            if text := getattr(wanted, field):
                text = "" if (field, text) == ("country", "-") else text
                word = base.execute("SELECT id FROM words WHERE text = ?", (text,)).fetchone()
                where.append(f"{field} = ?")
                values.append(word[0] if word else -1)
        if wanted.rule:
            query = "SELECT id FROM words WHERE text = ? OR (text > ? AND text < ?)"
            rules = [id for (id,) in base.execute(query, (wanted.rule, f"{wanted.rule}@", f"{wanted.rule}A"))]
            if len(rules) == 1:
                tables = "ruled JOIN decisions USING (number)"
                where.append("rule = ?")
                values += rules
            else:
                marks = ", ".join("?" * len(rules))
                where.append(f"number IN (SELECT number FROM ruled WHERE rule IN ({marks}))")
                values += rules
        rows = base.execute(
            f"SELECT number FROM {tables} WHERE {' AND '.join(where)} ORDER BY number DESC LIMIT ?", (*values, most)
        )
        return [number for (number,) in rows]


def choices(summary: Summary) -> dict[str, list[str]]:
    """What there is to choose from: models, countries (``-``: unknown) and rules that decisions have."""
    queries = {
        "model": "SELECT DISTINCT text FROM days JOIN words ON id = model ORDER BY text",
        "country": "SELECT DISTINCT text FROM days JOIN words ON id = country ORDER BY text",
        "rule": "SELECT text FROM words WHERE EXISTS (SELECT 1 FROM ruled WHERE rule = id) ORDER BY text",
    }
    with summary.open() as base:
        found = {field: [text for (text,) in base.execute(query)] for field, query in queries.items()}
    return {**found, "country": [text or "-" for text in found["country"]]}


def organizations(summary: Summary, numbers: Sequence[int]) -> dict[int, str]:
    """Under which organisation each was counted."""
    marks = ", ".join("?" * len(numbers))
    query = f"SELECT number, text FROM decisions JOIN words ON id = organization WHERE number IN ({marks})"
    with summary.open() as base:
        return dict(base.execute(query, numbers).fetchall())
