"""What the commands of ``bylaw screen`` share: where the lists are kept, and who is asked for."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING

from bylaw.cli.office import add_office, by, folder_of, now, office_of
from bylaw.errors import UsageError

if TYPE_CHECKING:
    from bylaw.access.office.place import Office
    from bylaw.access.screening.index import Index
    from bylaw.access.screening.lists import Lists
    from bylaw.access.screening.parties import Query

ALONE = Path("screening")
"""Where lists are kept without an office."""


def add_store(parser: argparse.ArgumentParser) -> None:
    """``--lists``, and the office whose lists they are without it."""
    about = "where the lists are kept, if not in the office (its folder lists; ./screening where there is no office)"
    parser.add_argument("--lists", metavar="DIR", type=Path, help=about)
    add_office(parser)


def office_here(args: argparse.Namespace) -> "Office | None":
    """The office whose lists are meant; None where a folder is named, or there is no office at the usual place.

    Raises ``UsageError`` where one is named that is none.
    """
    named = args.office or args.home or (folder_of(args) / "access.toml").is_file()
    return office_of(args) if named and not args.lists else None


def place_of(args: argparse.Namespace) -> Path:
    """The folder of the lists."""
    if args.lists:
        return Path(args.lists)
    office = office_here(args)
    return office.lists.root if office else ALONE


def lists_of(args: argparse.Namespace, empty: bool = False) -> "Lists":
    """The lists. Raises ``UsageError`` if none is in force, unless they may be ``empty``."""
    from bylaw.access.screening.lists import Lists

    lists = Lists(place_of(args))
    if not empty and not lists.current():
        other = "; there are some in ./screening: --lists screening" if (ALONE / "current.json").exists() else ""
        raise UsageError(
            f"no list is in force in {lists.root}: bring one: bylaw screen lists update, or name --lists{other}"
        )
    return lists


@contextmanager
def changing(args: argparse.Namespace) -> Iterator[None]:
    """Be the only one who changes the lists and clearances, where they are an office's."""
    office = office_here(args)
    if office is None:
        yield
        return
    with office.changing():
        yield


def index_of(lists: "Lists") -> "Index":
    """The lists in force, ready to be asked."""
    from bylaw.access.screening.index import Index

    return Index(lists.parties())


def read(path: Path) -> "list[Query]":
    """Who is asked for, from a CSV file."""
    from bylaw.access.screening.formats import read_file
    from bylaw.access.screening.queries import read_queries

    return read_queries(read_file(path), str(path))


def known_as(args: argparse.Namespace, subject: str, why: str) -> "list[Query]":
    """How the office itself screens a subject; nothing without an office, or if it does not know the subject.

    That somebody looked, and why, is kept.
    """
    from bylaw.access.screening.queries import queries_of

    office = office_here(args)
    if office is None:
        return []
    with office.store() as store, store.looking(now().astimezone(UTC).date(), by=by(), why=why) as register:
        found = register.get(subject)
        return list(queries_of(found)) if found else []
