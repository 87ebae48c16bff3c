"""A file of what a model was asked, so that a killed process can go on where it was.

Rows are appended in the order of what is asked. A chunk is always asked whole, since what shares a batch can move the
last digits of a probability: the finished file has the same bytes however often it was interrupted.
"""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple, TypeVar

import msgspec

from bylaw import storage
from bylaw.errors import RunLocked, UsageError
from bylaw.records import Record

A = TypeVar("A", bound=Record)
R = TypeVar("R", bound=msgspec.Struct)

CHUNK = 64
"""Rows asked and kept at a time, where nobody says otherwise."""

Report = Callable[[int, int], None]
"""Called with (rows done, resumed ones among them) after each chunk."""


class Kept(NamedTuple):
    """Where rows are kept, and what they are made from: no others are mixed in."""

    output: Path
    made: msgspec.Struct
    chunk: int


def beside(output: Path) -> Path:
    """The file that says what ``output`` was made from."""
    return output.with_name(f"{output.name}.made.json")


def keep(
    asked: Sequence[A],
    where: Kept,
    type: type[R],
    of: Callable[[R], str],
    ask: Callable[[Sequence[list[A]]], Generator[list[R], None, None]],
    report: Report | None = None,
) -> list[R]:
    """Ask what has no row yet, keep the rows, and return all in order. ``of``: the id of what a row answers.

    ``ask`` yields the rows of one chunk after another.

    Raises ``UsageError`` where the file was made from something else, and ``RunLocked`` while another process writes
    to it.
    """
    with _holding(where.output, where.made):
        known = {of(one): one for one in _known(where.output, type)}
        resumed = len(known)
        missing = [chunk for chunk in _chunks(asked, where.chunk) if any(one.id not in known for one in chunk)]
        with closing(ask(missing)) as answers:
            for rows in answers:
                for row in rows:
                    if of(row) not in known:
                        storage.append_line(where.output, row)
                        known[of(row)] = row
                if report:
                    report(len(known), resumed)
        return [known[one.id] for one in asked]


def _chunks(asked: Sequence[A], size: int) -> Iterator[list[A]]:
    return (list(asked[at : at + size]) for at in range(0, len(asked), size))


def _known(output: Path, type: type[R]) -> list[R]:
    return list(storage.read_records(output, type, torn=True)) if output.exists() else []


@contextmanager
def _holding(output: Path, made: msgspec.Struct) -> Iterator[None]:
    """Be the only writer of ``output``, having checked what it was made from."""
    path = beside(output)
    with storage.explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            if output.exists():
                raise UsageError(f"{output} exists and does not say what it was made from; name another file")
            storage.write_bytes(path, storage.line_of(made))
        with path.open("rb") as file:
            storage.hold(file, RunLocked(f"another process is writing {output}; wait or stop it"))
            storage.require_same(output, next(storage.read_records(path, type(made))), made, "file")
            yield
