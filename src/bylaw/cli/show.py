"""``bylaw show RUN KIND``: read a run's records, measurements and stages."""

import argparse
import difflib
import itertools
import json
import re
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import msgspec

from bylaw.cli.away import run_here, without_weights
from bylaw.errors import UsageError
from bylaw.records import Record
from bylaw.run import Run
from bylaw.run.stage import RECORD_TYPES

KINDS = (*(f"{kind}s" for kind in RECORD_TYPES), "stages")

_ID = re.compile(r"(?P<kind>[a-z]+)-(?P<digest>[0-9a-f]{64})")
_WIDTH = 100
_SHORT = 60

Test = Callable[[dict[str, Any]], bool]


def register(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb to the command line."""
    parser = verbs.add_parser("show", help="read a run's records, measurements and stages")
    parser.add_argument("run_path", metavar="RUN", help="the run's directory or URL")
    parser.add_argument("kind", metavar="KIND", choices=KINDS, help=", ".join(KINDS))
    parser.add_argument(
        "--where",
        metavar="FIELD=VALUE",
        nargs="+",
        action="extend",
        default=[],
        help="only rows with this value in this field, at any depth (principle=privacy); several must all "
        "hold; of an id its beginning is enough (prompt=prompt-3fa9)",
    )
    parser.add_argument("--limit", metavar="N", type=int, help="at most N rows")
    parser.add_argument("--json", action="store_true", help="one JSON object a row")
    parser.set_defaults(run=show)


def show(args: argparse.Namespace) -> int:
    """Print the rows asked for."""
    run = Run.open(run_here(args.run_path, without_weights))
    rows = _stages(run) if args.kind == "stages" else _records(run, args.kind, args.where)
    tests = [_condition(text) for text in args.where]
    found = (row for row in rows if all(test(row) for test in tests))
    for row in itertools.islice(found, args.limit):
        print(json.dumps(row, ensure_ascii=False) if args.json else "\n".join(_readable(row)) + "\n")
    return 0


def _records(run: Run, kinds: str, conditions: Sequence[str]) -> Iterator[dict[str, Any]]:
    type = RECORD_TYPES[kinds.removesuffix("s")]
    known = set(_field_names(type)) | {"id"}
    for field in (text.partition("=")[0] for text in conditions):
        if field not in known:
            near = difflib.get_close_matches(field, known, n=1) or [", ".join(sorted(known))]
            raise UsageError(f"{kinds} have no field {field!r}; known: {near[0]}")
    return ({"id": record.id, **_plain(record)} for record in run.read(type))


def _stages(run: Run) -> Iterator[dict[str, Any]]:
    """One row per stage, in the order in which they first started."""
    finished = run.manifest.finished()
    for name in dict.fromkeys(line.stage for line in run.manifest.lines()):
        line = finished.get(name)
        if line is None:
            yield {"stage": name, "state": "unfinished"}
            continue
        yield {
            "stage": name,
            "state": "finished",
            "at": line.at,
            "seconds": line.seconds,
            **line.figures,
            "peak_mib": round(line.peak_rss / 2**20),
            "seed": line.seed,
            "version": line.version,
            "outputs": [_plain(output) for output in line.outputs],
        }


def _plain(value: msgspec.Struct) -> dict[str, Any]:
    """The struct in JSON's own types, as it stands on disk."""
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(value))
    return plain


def _field_names(type: type[Record]) -> Iterator[str]:
    """Names of a record's fields and of those of the structs inside it."""
    for field in msgspec.structs.fields(type):
        yield field.name
        for inner in getattr(field.type, "__args__", ()):
            if isinstance(inner, msgspec.StructMeta):
                yield from (each.name for each in msgspec.structs.fields(inner))  # type: ignore[arg-type]


def _condition(text: str) -> Test:
    """``field=value`` as a test of a row."""
    field, equals, wanted = text.partition("=")
    if not equals:
        raise UsageError(f"--where reads FIELD=VALUE, not {text!r}")
    return lambda row: any(_matches(value, wanted) for value in _values(row, field))


def _values(row: Any, field: str) -> Iterator[Any]:
    """Every value of ``field``, at any depth."""
    for inner in row if isinstance(row, list) else row.values() if isinstance(row, dict) else ():
        yield from _values(inner, field)
    if isinstance(row, dict) and field in row:
        yield row[field]


def _matches(value: Any, wanted: str) -> bool:
    written = value if isinstance(value, str) else json.dumps(value)
    found = _ID.fullmatch(written)
    return written == wanted or bool(found and wanted.startswith(f"{found['kind']}-") and written.startswith(wanted))


def _readable(row: dict[str, Any]) -> Iterator[str]:
    """Short values on the first lines, long texts and lists below."""
    short = {name: _short(value) for name, value in row.items() if value not in ("", None) and _is_short(value)}
    title = short.pop("id", None) or short.pop("stage")
    facts = "  ".join(f"{name} {value}" for name, value in short.items())
    yield title
    yield from textwrap.wrap(facts, _WIDTH, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False)
    for name, value in row.items():
        if isinstance(value, list):
            yield from itertools.chain.from_iterable(_item(name, item) for item in value)
        elif not _is_short(value):
            yield from _block(name, value)


def _item(name: str, item: Any) -> Iterable[str]:
    """One member of a list: a turn of a conversation, a vote, an output."""
    if not isinstance(item, dict):
        return _block(name, str(item))
    if "role" in item:
        return _block(item["role"], item["content"])
    facts = (f"{key} {_short(value)}" for key, value in item.items() if value not in ("", None) and key != "raw")
    return [f"  {name.removesuffix('s')}: {'  '.join(facts)}", *_block("raw", item.get("raw", ""))]


def _block(name: str, text: str) -> list[str]:
    """A long text under its name, its own line breaks kept."""
    if not text:
        return []
    lines = [part for line in text.splitlines() for part in textwrap.wrap(line, _WIDTH - 4) or [""]]
    return [f"  {name}:", *(f"    {line}".rstrip() for line in lines)]


def _is_short(value: Any) -> bool:
    if isinstance(value, str):
        return bool(_ID.fullmatch(value)) or (len(value) <= _SHORT and "\n" not in value)
    return not isinstance(value, list)


def _short(value: Any) -> str:
    """A value in a few characters: an id keeps its first twelve digits."""
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    found = _ID.fullmatch(str(value))
    return f"{found['kind']}-{found['digest'][:12]}" if found else str(value)
