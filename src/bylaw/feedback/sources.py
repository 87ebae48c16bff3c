"""Prompts and comparisons from files people have: .jsonl, .jsonl.gz, .csv and .parquet, in any of ``formats.FORMATS``;
a .json is one document, of annotated pairs.

A row that is not as its format says is an error with file and line. A sound row that gives nothing (an empty
answer, a conversation that ends with the assistant) is left out and counted by its reason; so is a repeated
one.
"""

import csv
import gzip
import io
import itertools
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from bylaw.errors import MissingExtra, RecordError
from bylaw.feedback.formats import Format, Row, format_of
from bylaw.feedback.talks import Unusable
from bylaw.records import Comparison, Prompt, PromptKind, Record
from bylaw.storage import split_path

R = TypeVar("R", bound=Record)
T = TypeVar("T")


class _Document(msgspec.Struct):
    metadata: dict[str, Any]
    comparisons: list[dict[str, Any]]


def read_prompts(path: Path, aim: PromptKind, left_out: Counter[str] | None = None) -> list[Prompt]:
    """Every prompt of a file, in its order, as ``aim``; each conversation once.

    ``left_out`` counts sound rows that give no prompt, by reason. Raises ``RecordError``, naming file and
    line, for a row that is not as its format says, and for a file that gives nothing at all.
    """

    def read(row: Row, format: Format) -> Prompt:
        if format.prompt is None:
            raise ValueError(f"{format.name} cannot be read as a prompt")
        return format.prompt(row, aim, path.name)

    return _read(path, read, left_out)


def read_comparisons(path: Path, aim: PromptKind = "harmful", left_out: Counter[str] | None = None) -> list[Comparison]:
    """Every comparison of a file, in its order, each once, with its gold verdict if it has one.

    ``aim`` is what comparisons of others are read as; our own records keep theirs. Errors as in
    ``read_prompts``.
    """

    def read(row: Row, format: Format) -> Comparison:
        if format.comparison is None:
            raise ValueError(f"{format.name} cannot be read as a comparison")
        return format.comparison(row, aim)

    return _read(path, read, left_out)


def _read(path: Path, read: Callable[[Row, Format], R], left_out: Counter[str] | None) -> list[R]:
    found: dict[str, R] = {}
    reasons: Counter[str] = Counter()
    for _, record in each_row(path, lambda row: read(_legible(row), format_of(row)), reasons):
        if found.setdefault(record.id, record) is not record:
            reasons["the same as a row before"] += 1
    if left_out is not None:
        left_out.update(reasons)
    return list(found.values())


def _legible(row: Row) -> Row:
    if row.get("redacted") is True:
        raise Unusable("its texts are redacted")
    return row


def each_row(path: Path, read: Callable[[Row], T], reasons: Counter[str]) -> Iterator[tuple[int, T]]:
    """(line number, what ``read`` makes of the row) of a file; sound rows that give nothing are counted by reason.

    Raises ``RecordError``, naming file and line, for a row that is wrong, and for a file that gives nothing at all.
    """
    usable = 0
    for number, row in rows(path):
        try:
            made = read(row)
        except Unusable as reason:
            reasons[str(reason)] += 1
            continue
        except msgspec.ValidationError as error:
            sentence, field = split_path(str(error))
            raise RecordError(sentence, f"{path}:{number}" + (f": {field}" if field else "")) from error
        except ValueError as error:
            raise RecordError(str(error), f"{path}:{number}") from error
        usable += 1
        yield number, made
    if not usable:
        counted = "; ".join(f"{n} rows: {reason}" for reason, n in reasons.most_common())
        raise RecordError(f"gives nothing to use ({counted or 'it has no rows'})", str(path))


def rows(path: Path) -> Iterator[tuple[int, Row]]:
    """(line number, row) of a file; ``RecordError`` names file and line of what is not a row."""
    if path.suffix == ".parquet":
        yield from _parquet(path)
        return
    try:
        with _opened(path) as text:
            yield from {".csv": _csv, ".json": _annotated}.get(path.suffix, _lines)(text, path)
    except OSError as error:  # gzip's own errors among them
        raise RecordError(f"cannot be read: {error.strerror or error}", str(path)) from error
    except (EOFError, zlib.error) as error:
        raise RecordError(f"is a broken gzip file: {error}", str(path)) from error
    except UnicodeDecodeError as error:
        raise RecordError("is not UTF-8 text", str(path)) from error


def typed(path: Path, type: type[T]) -> Iterator[tuple[int, T]]:
    """(line number, row as ``type``) of a file; ``RecordError`` names file, line and field of what is none."""
    for number, row in rows(path):
        try:
            yield number, msgspec.convert(row, type)
        except msgspec.ValidationError as error:
            sentence, field = split_path(str(error))
            raise RecordError(sentence, f"{path}:{number}: {field}") from error


def _opened(path: Path) -> io.TextIOWrapper:
    stream = gzip.GzipFile(path) if path.suffix == ".gz" else path.open("rb")
    return io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")


def _lines(text: io.TextIOWrapper, path: Path) -> Iterator[tuple[int, Row]]:
    for number, line in enumerate(text, 1):
        if not line.strip():
            continue
        try:
            yield number, msgspec.json.decode(line, type=dict[str, object])
        except msgspec.DecodeError as error:
            raise RecordError(str(error), f"{path}:{number}") from error


def _annotated(text: io.TextIOWrapper, path: Path) -> Iterator[tuple[int, Row]]:
    """The comparisons of annotated pairs (version 2), each with the preference of the default annotator."""
    try:
        document = msgspec.json.decode(text.read(), type=_Document)
    except msgspec.DecodeError as error:
        raise RecordError(f"is no document of annotated pairs, version 2: {error}", str(path)) from error
    default = document.metadata.get("default_annotator")
    for number, row in enumerate(document.comparisons, 1):
        said, about = row.get("annotations", {}).get(default, {}), row.get("metadata") or {}
        found = {"pref": said.get("pref"), "p_a": said.get("p_a"), "redacted": about.get("redacted")}
        yield number, {"prompt": None, **row, **found}


def _parquet(path: Path) -> Iterator[tuple[int, Row]]:
    """What datasets on a hub mostly are."""
    try:
        from pyarrow import ArrowException
        from pyarrow.parquet import ParquetFile
    except ModuleNotFoundError as error:
        raise MissingExtra("pyarrow", "hub") from error
    try:
        with ParquetFile(path) as file:
            batches = (batch.to_pylist() for batch in file.iter_batches())
            yield from enumerate(itertools.chain.from_iterable(batches), 1)
    except (OSError, ArrowException) as error:
        raise RecordError(f"cannot be read: {error}", str(path)) from error


def _csv(text: io.TextIOWrapper, path: Path) -> Iterator[tuple[int, Row]]:
    reader = csv.DictReader(text, strict=True)
    try:
        for row in reader:
            if None in row or None in row.values():
                raise RecordError("has not as many fields as the heading", f"{path}:{reader.line_num}")
            yield reader.line_num, row
    except csv.Error as error:
        raise RecordError(f"not valid CSV: {error}", f"{path}:{reader.line_num}") from error
