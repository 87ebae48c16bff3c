"""Everybody as they stood on a day: a mapping that decisions read, over two mapped tables.

Facts are shared: of a million subjects there are far fewer different facts, so a subject's row holds their numbers.
Names and days of birth stay out: no rule reads them, and what is not there cannot leak.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

import msgspec

from bylaw.access.subjects import FACTS, FactName, Standing, Subject, SubjectKind
from bylaw.gateway.snapshot.table import Rows, Table, write_rows, write_table

UNREAD = frozenset(name for name, meaning in FACTS.items() if meaning.values in ("text", "date"))
"""Facts that no rule reads."""
KEEP = 1 << 16
"""Facts that are kept decoded."""
_Row = tuple[SubjectKind, dict[FactName, int]]


def write(register: Mapping[str, Subject], subjects: Path, facts: Path) -> None:
    """The two files of a register."""
    numbers: dict[bytes, int] = {}
    seen: dict[int, int] = {}
    encode = msgspec.json.encode

    def number(standing: Standing) -> int:
        found = seen.get(id(standing))
        if found is None:
            found = seen[id(standing)] = numbers.setdefault(encode(standing), len(numbers))
        return found

    def rows() -> Iterator[tuple[str, _Row]]:
        for key, subject in register.items():
            yield (
                key,
                (subject.kind, {name: number(said) for name, said in subject.known.items() if name not in UNREAD}),
            )

    write_table(subjects, rows())
    write_rows(facts, list(numbers))


class People(Mapping[str, Subject]):
    """The register of a snapshot. A row is decoded when somebody asks; nobody is held in memory for it."""

    def __init__(self, subjects: Path, facts: Path) -> None:
        self._subjects, rows = Table(subjects, _Row), Rows(facts)
        decode = msgspec.json.Decoder(Standing).decode
        self._fact = lru_cache(maxsize=KEEP)(lambda number: decode(rows[number]))

    def __getitem__(self, id: str) -> Subject:
        row = self._subjects.get(id)
        if row is None:
            raise KeyError(id)
        return self._subject(id, row)

    def __contains__(self, id: object) -> bool:
        return isinstance(id, str) and self._subjects.get(id) is not None

    def __iter__(self) -> Iterator[str]:
        return (id for id, _ in self._subjects.items())

    def __len__(self) -> int:
        return len(self._subjects)

    def _subject(self, id: str, row: _Row) -> Subject:
        kind, known = row
        return Subject(id, kind, {name: self._fact(number) for name, number in known.items()})
