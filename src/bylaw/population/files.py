"""Rosters, annex, denied persons and truth, as files: written as they are drawn, in constant memory.

Whoever has one source for everything stands in a CSV roster, whoever has several in a JSONL roster.
"""

import csv
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

import msgspec

from bylaw.errors import RecordError
from bylaw.population.classes import MODELS, PHASES, Class, Kind, Outcome, Place, classes
from bylaw.population.values import Row, cell
from bylaw.population.world import Drawn, World
from bylaw.storage import writing

CELLS: dict[Kind, tuple[str, ...]] = {
    "organization": ("name", "incorporation", "headquarters", "ultimate_parent", "owner"),
    "person": (
        *("name", "born", "citizenship", "permanent_residency", "protected"),
        *("residence", "location", "employer", "eligible"),
    ),
    "service": ("responsible", "location"),
    "channel": ("operator", "channel", "location"),
}
ROSTERS: dict[Kind, str] = {
    "organization": "organizations",
    "person": "people",
    "service": "services",
    "channel": "channels",
}
TAIL = Row._fields[1:]


class Truth(msgspec.Struct, frozen=True, gc=False):
    """What is true of a subject: its class, where it is, and the outcome for each model and phase."""

    id: str
    kind: Kind
    name: str
    place: Place
    outcomes: dict[str, dict[str, Outcome]]


def write(folder: Path, world: World) -> None:
    """Everything of a world, into a folder that is whole or absent.

    ``organizations|people|services|channels.csv`` and ``people|organizations.jsonl`` are rosters; ``annex.csv`` and
    ``denied.csv`` lists of ids; ``truth.csv`` is for judges only. Raises ``RunError`` when the disk is full.
    """
    with writing(folder) as temporary, ExitStack() as stack:
        temporary.mkdir()
        files = _Files(temporary, stack)
        for each in world:
            files.add(each)
        files.list("annex", world.annex)


def sample(folder: Path, subjects: int = 2_000, seed: int = 1) -> None:
    """An operator's population to practise on: a lab, its staff, customers, resellers. Raises ``RunError``."""
    write(folder, World(subjects, seed))


def rosters(folder: Path) -> list[Path]:
    """The rosters that were written, in the order in which they refer to each other."""
    paths = (folder / f"{name}.{format}" for name in ROSTERS.values() for format in ("csv", "jsonl"))
    return [path for path in paths if path.is_file()]


def truths(folder: Path) -> Iterator[Truth]:
    """What ``write`` noted of each subject. Raises ``RecordError`` for a row that is not of that form."""
    path = folder / "truth.csv"
    with path.open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.reader(file), 1):
            if number == 1:
                continue
            try:
                id, kind, name, place, *words = row
                outcomes = {
                    model: dict(zip(PHASES, said.split(), strict=True))
                    for model, said in zip(MODELS, words, strict=True)
                }
                yield msgspec.convert(
                    {"id": id, "kind": kind, "name": name, "place": place, "outcomes": outcomes}, Truth
                )
            except ValueError as error:
                raise RecordError(f"not a row of truth: {error}", f"{path}:{number}") from error


class _Files:
    """The open files of a population."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder, self.stack = folder, stack
        self.rosters = {kind: self._table(name, ("id", "kind", *CELLS[kind], *TAIL)) for kind, name in ROSTERS.items()}
        self.mixed = {kind: self._open(f"{ROSTERS[kind]}.jsonl") for kind in ("organization", "person")}
        self.truth = self._table("truth", ("id", "kind", "class", "place", *MODELS))
        self.denied = self._table("denied", ("id",))
        self.encode = msgspec.json.Encoder().encode
        self.said = {name: _words(each) for name, each in classes().items()}

    def add(self, drawn: Drawn) -> None:
        """The rows of a subject, and what is true of it."""
        if len(drawn.rows) == 1:
            (row,) = drawn.rows
            said = row.cells
            cells = [cell(said[name]) if name in said else "" for name in CELLS[drawn.kind]]
            self.rosters[drawn.kind].writerow([drawn.id, drawn.kind, *cells, *row.tail])
        else:
            facts = [fact for row in drawn.rows for fact in row.facts()]
            line = self.encode({"id": drawn.id, "kind": drawn.kind, "facts": facts})
            self.mixed[drawn.kind].write(line.decode() + "\n")
        self.truth.writerow([drawn.id, drawn.kind, drawn.name, drawn.place, *self.said[drawn.truth]])
        if classes()[drawn.name].denied:
            self.denied.writerow([drawn.id])

    def list(self, name: str, ids: Any) -> None:
        """A file of ids alone."""
        self._table(name, ("id",)).writerows([id] for id in ids)

    def _open(self, name: str) -> IO[str]:
        return self.stack.enter_context((self.folder / name).open("w", encoding="utf-8", newline=""))

    def _table(self, name: str, header: tuple[str, ...]) -> Any:
        table = csv.writer(self._open(f"{name}.csv"), lineterminator="\n")
        table.writerow(header)
        return table


def _words(each: Class) -> tuple[str, ...]:
    return tuple(" ".join(said) for said in (each.mythos, each.fable) if said)
