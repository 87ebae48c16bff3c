"""A CSV file that somebody made, with a header: read whole or not at all, and every error names file and line."""

import csv
import io
from collections.abc import Collection, Iterator

from bylaw.access.screening.table import text_of
from bylaw.errors import DocumentError


def records(
    content: bytes, where: str, needed: Collection[str], known: Collection[str] | None = None
) -> Iterator[tuple[str, dict[str, str]]]:
    """(``file:line``, fields by column) of every row; ``where`` is the file. Empty lines are passed over.

    Raises ``DocumentError`` for what is not CSV in UTF-8, a header that lacks a needed column, has one twice or one
    that is not ``known`` (None: any), and a row with more or fewer fields than the header.
    """
    lines = _lines(content, where)
    at, header = next(lines, (f"{where}:1", []))
    _check(header, at, needed, known)
    for at, fields in lines:
        if len(fields) != len(header):
            raise DocumentError(f"the row has {len(fields)} fields, and the header {len(header)}", at)
        yield at, dict(zip(header, fields, strict=True))


def _lines(content: bytes, where: str) -> Iterator[tuple[str, list[str]]]:
    lines = csv.reader(io.StringIO(text_of(content, where), newline=""), strict=True)
    while True:
        at = f"{where}:{lines.line_num + 1}"
        try:
            fields = next(lines, None)
        except csv.Error as error:
            raise DocumentError(f"the row does not parse ({error})", at) from error
        if fields is None:
            return
        if fields:
            yield at, fields


def _check(header: list[str], at: str, needed: Collection[str], known: Collection[str] | None) -> None:
    if lacking := [column for column in needed if column not in header]:
        raise DocumentError(f"the header lacks {', '.join(lacking)}", at)
    if twice := [column for column in dict.fromkeys(header) if header.count(column) > 1]:
        raise DocumentError(f"the header has {', '.join(twice)} twice", at)
    if known is not None and (strange := [column for column in header if column not in known]):
        raise DocumentError(f"unknown column {strange[0]!r}; known are {', '.join(known)}", at)
