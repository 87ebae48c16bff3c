"""What a roster says of a subject: values in cells, cells in rows that share who says so."""

from collections.abc import Mapping
from typing import Any, NamedTuple


class Value(NamedTuple):
    """One value; empty parts are left out. Days are in ISO form."""

    text: str
    since: str = ""
    until: str = ""
    detail: str = ""
    share: str = ""

    @property
    def cell(self) -> str:
        """``text[@since[/until]][!detail][=share]``."""
        text, since, until, detail, share = self
        if since or until:
            text += f"@{since}/{until}" if until else f"@{since}"
        if detail:
            text += f"!{detail}"
        return f"{text}={share}" if share else text

    @property
    def object(self) -> dict[str, str]:
        """The same as an object of JSON."""
        return {name: part for name, part in zip(self._fields, self, strict=True) if part}


Said = tuple[Value, ...] | None
"""Values; () is known to be none, None known to be unknown. A name without a cell says nothing."""
Cells = dict[str, Said]

NONE: Said = ()
UNKNOWN: Said = None


class Row(NamedTuple):
    """Cells that one source saw on one day."""

    cells: Mapping[str, Said]
    source: str
    grade: str
    as_of: str
    expires: str = ""
    evidence: str = ""

    @property
    def tail(self) -> tuple[str, ...]:
        """What stands behind the cells of a row."""
        return self[1:]

    def facts(self) -> list[dict[str, Any]]:
        """Each cell as an object of JSON with everything around it."""
        around = {name: part for name, part in zip(self._fields[1:], self.tail, strict=True) if part}
        return [
            {"name": name, "values": None if said is None else [value.object for value in said], **around}
            for name, said in self.cells.items()
        ]


def cell(said: Said) -> str:
    """The text of a cell."""
    if said is None:
        return "unknown"
    if len(said) == 1:
        return said[0].cell
    return ";".join([value.cell for value in said]) or "none"


def one(text: str, since: str = "", until: str = "", detail: str = "") -> Said:
    """A single value."""
    return (Value(text, since, until, detail),)
