"""What a page was asked for in its query, read; what cannot be read is a sentence."""

from datetime import date

from bylaw.console.visit import Visit
from bylaw.errors import UsageError


def number(visit: Visit, name: str) -> int | None:
    """A whole number, or None without it."""
    text = visit.query(name)
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise UsageError(f"{name} is a whole number, not {text[:40]!r}")
    return int(text)


def one_of(visit: Visit, name: str, among: tuple[str, ...]) -> str:
    """One of these, the first of them without it."""
    text = visit.query(name, among[0])
    if text not in among:
        raise UsageError(f"{name} is one of {', '.join(among)}, not {text[:40]!r}")
    return text


def day(text: str) -> date:
    """A day such as 2026-06-12."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"a day is given as 2026-06-12, not {text[:40]!r}") from None
