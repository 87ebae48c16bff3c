"""Values in a cell of a table: ``cn@1985-02-01;us@2019-06-30``, ``org-17@2024-01-15!employee``, ``org-3=25-50``.

Values are separated by ``;``. Each is a text, then since when (``@since``, ``@since/until``, ``@/until``), a detail
(``!employee``), a share (``=25-50``), each of them or none, in this order. ``unknown`` alone is known to be unknown,
``none`` alone is known to be none, an empty cell says nothing. A backslash takes the next character as it is. An ``@``
begins a date only before four digits or ``/``, so that an id may be a mail address. In names only ``;`` and the
backslash mean anything.
"""

import re
from datetime import date

from bylaw.access.subjects import FACTS, FactName, Value
from bylaw.errors import UsageError

_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_PARTS = re.compile(r"(?:\\.|[^;\\])+", re.DOTALL)
_SPECIAL = re.compile(r"[;@!=\\]")
_USUAL = re.compile(
    r"(?P<text>[^;@!=\\/]*[^;@!=\\/\s])(?:@(?P<since>\d{4}-\d{2}-\d{2}))?(?:!(?P<detail>[a-z]+))?", re.ASCII
)
"""One value as nearly all are, which reads four times as fast."""
_VALUE = re.compile(
    r"(?P<text>(?:\\.|(?!@\d{4}(?!\d)|@/)[^\\!=])+?)\s*"
    r"(?:@(?=\d{4}(?!\d)|/)(?P<since>[^/!=]*)(?:/(?P<until>[^!=]*))?)?(?:!(?P<detail>[^=]*))?(?:=(?P<share>.*))?",
    re.DOTALL | re.ASCII,
)


def values(name: FactName, cell: str) -> tuple[Value, ...] | None:
    """What a cell that is not empty says. Raises ``UsageError`` for what cannot be read."""
    plain = cell.strip()
    if plain in ("unknown", "none"):
        return None if plain == "unknown" else ()
    if plain and not _SPECIAL.search(plain):
        return (Value(text=plain),)
    if FACTS[name].values != "text" and (usual := _USUAL.fullmatch(plain)):
        text, since, detail = usual.groups()
        return (Value(text=text, since=day(since) if since else None, detail=detail or ""),)
    parts = [part for part in map(str.strip, _PARTS.findall(plain)) if part]
    if not parts or (len(plain) - len(plain.rstrip("\\"))) % 2:
        raise UsageError(f"{cell!r} holds no value; leave the cell empty, or write 'none' or 'unknown'")
    if FACTS[name].values == "text":
        return tuple(Value(text=_plain(part)) for part in parts)
    return tuple(_value(part) for part in parts)


def day(text: str) -> date:
    """A day as 2019-06-30. Raises ``UsageError``."""
    if len(text) != 10 or text[4] != "-":
        raise UsageError(f"{text!r} is no date; give it as 2019-06-30")
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{text!r} is no date: {error}") from error


def _value(part: str) -> Value:
    found = _VALUE.fullmatch(part)
    if found is None:
        raise UsageError(f"{part!r} does not read; write text@since/until!detail=share")
    since, until = found["since"], found["until"]
    if (since == "" and not until) or found["text"].endswith("@"):
        raise UsageError(f"{part!r} gives no date after '@'")
    return Value(
        text=_plain(found["text"]),
        since=day(since.strip()) if since and since.strip() else None,
        until=day(until.strip()) if until and until.strip() else None,
        detail=_plain(found["detail"] or "").strip(),
        share=(found["share"] or "").strip().removesuffix("%").strip(),
    )


def _plain(text: str) -> str:
    return _ESCAPED.sub(r"\1", text) if "\\" in text else text
