"""What the standard library's TOML reader lacks: the line each key stands on, and a writer for structs."""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

import msgspec

from bylaw.errors import SettingsError

Key = tuple[str, ...]
T = TypeVar("T")

_PART = re.compile(r"""\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([A-Za-z0-9_-]+))\s*""")
_TOKEN = re.compile(r"""\"{3}|'{3}|"(?:[^"\\]|\\.)*"|'[^']*'|#.*|[\[\]{}]""")
_CLOSES = {'"""': re.compile(r"""(?<!\\)(?:\\\\)*"{3,5}"""), "'''": re.compile(r"'{3,5}")}
_DEEP = re.compile(r"""^[ \t]*\[{0,2}[ \t]*(?:[\w"'-]+[ \t]*\.[ \t]*){32}""", re.MULTILINE)
"""A key of more parts than any table of ours has; Python's reader takes a time that grows with their square."""
_BARE = re.compile(r"[A-Za-z0-9_-]+")


def parsed(text: str, where: str) -> dict[str, Any]:
    """What a TOML text says. Raises ``SettingsError`` with ``where`` and the line."""
    if deep := _DEEP.search(text):
        raise SettingsError("has a key nested too deep", f"{where}:{text.count(chr(10), 0, deep.start()) + 1}")
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        sentence, line = syntax_fault(error, text)
        raise SettingsError(f"not valid TOML: {sentence}", f"{where}:{line}") from error
    except RecursionError as error:
        raise SettingsError("not valid TOML: nested too deep", where) from error


def key_lines(text: str) -> dict[Key, int]:
    """Key path → line number (1-based) of every table and key in a valid TOML text.

    A member of an array of tables has its index in the path: ``("gates", "0", "bound")``. A table that is only named on
    the way to another stands where it is first named. Keys inside an inline table have no line of their own.
    """
    lines: dict[Key, int] = {}
    counts: dict[Key, int] = {}
    inside: Key = ()
    for number, statement in _statements(text):
        key = _dotted(statement.lstrip("["))
        if not statement.startswith("["):
            found = (*inside, *key)
        elif statement.startswith("[["):
            array = (*_indexed(key[:-1], counts), key[-1])
            counts[array] = counts.get(array, -1) + 1
            found = inside = (*array, str(counts[array]))
        else:
            found = inside = _indexed(key, counts)
        lines[found] = number
        for length in range(1, len(found)):
            lines.setdefault(found[:length], number)
    return lines


def nearest(lines: Mapping[Key, T], key: Key) -> T | None:
    """Where the key stands, or the nearest table around it that stands somewhere."""
    while key and key not in lines:
        key = key[:-1]
    return lines.get(key)


def syntax_fault(error: tomllib.TOMLDecodeError, text: str) -> tuple[str, int]:
    """What is wrong with a text, and on which line: at its end, the last line that holds anything."""
    said = str(error)
    place = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)$", said)
    line = place and place[1]
    return said[: place.start()] if place else said, int(line) if line else text.rstrip().count("\n") + 1


def table(value: msgspec.Struct, path: Key = ()) -> Iterator[str]:
    """The lines of a struct as a TOML table: its own values, then its tables, each under its docstring."""
    items = [(field.encode_name, getattr(value, field.name)) for field in msgspec.structs.fields(value)]
    if path:
        yield from ("", *_comment(value), f"[{_join(path)}]")
    else:
        yield from _comment(value)
    for name, item in items:
        if item is None:
            yield f"# {_join((name,))} is not set"
        elif not (isinstance(item, msgspec.Struct) or _is_tables(item) or _is_named(item)):
            yield f"{_join((name,))} = {_value(item)}"
    for name, item in items:
        if isinstance(item, msgspec.Struct):
            yield from table(item, (*path, name))
        elif _is_named(item):
            for key, each in item.items():
                yield from table(each, (*path, name, key))
        elif _is_tables(item):
            for each in item:
                yield from ("", f"[[{_join((*path, name))}]]", *_skip_header(table(each, (*path, name))))


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Each header or key of a valid TOML text, and its first line (1-based), in order.

    A statement is valid TOML by itself, so lines are gathered until no string and no bracket is open and they parse: a
    header inside a multi-line string is never mistaken for one.
    """
    start, gathered, inside, depth = 1, list[str](), "", 0
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), start=1):
        gathered.append(line)
        inside, depth = _after(line, inside, depth)
        if inside or depth:
            continue
        statement = "\n".join(gathered) + "\n"
        try:
            holds = tomllib.loads(statement)
        except tomllib.TOMLDecodeError:
            continue
        if holds:
            yield start, statement.lstrip()
        start, gathered = number + 1, []


def _after(line: str, inside: str, depth: int) -> tuple[str, int]:
    """The quotes of the multi-line string that is open after a line (empty: none), and how many brackets are."""
    at = 0
    while found := (_CLOSES[inside] if inside else _TOKEN).search(line, at):
        at, token = found.end(), found[0]
        if inside:
            inside = ""
        elif token in _CLOSES:
            inside = token
        else:
            depth += (token in "[{") - (token in "]}")
    return inside, depth


def _dotted(text: str) -> Key:
    """A dotted key at the start of ``text``."""
    key: list[str] = []
    while part := _PART.match(text):
        key.append(next(group for group in part.groups() if group is not None))
        text = text[part.end() :]
        if not text.startswith("."):
            break
        text = text[1:]
    return tuple(key)


def _indexed(key: Key, counts: dict[Key, int]) -> Key:
    """``key`` with the current index put after every array of tables in it."""
    found: Key = ()
    for name in key:
        found = (*found, name)
        if found in counts:
            found = (*found, str(counts[found]))
    return found


def _comment(value: msgspec.Struct) -> list[str]:
    doc = (type(value).__doc__ or "").strip().partition("\n")[0]
    return [f"# {doc}"] if doc else []


def _skip_header(lines: Iterator[str]) -> Iterator[str]:
    """A table's lines after its own ``[header]``."""
    for line in lines:
        if line.startswith("["):
            yield from lines


def _is_tables(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and bool(value) and isinstance(value[0], msgspec.Struct)


def _is_named(value: Any) -> bool:
    return isinstance(value, dict) and bool(value) and all(isinstance(each, msgspec.Struct) for each in value.values())


def _join(path: Key) -> str:
    return ".".join(part if _BARE.fullmatch(part) else _string(part) for part in path)


def _value(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case str():
            return _string(value)
        case list() | tuple():
            return f"[{', '.join(map(_value, value))}]"
        case dict():
            inner = ", ".join(f"{_join((str(key),))} = {_value(item)}" for key, item in value.items())
            return f"{{ {inner} }}" if inner else "{}"
    raise TypeError(f"settings cannot hold {type(value).__name__}: TOML has no way to write it here")


def _string(text: str) -> str:
    escaped = [json.dumps(line, ensure_ascii=False).replace("\x7f", "\\u007f") for line in text.split("\n")]
    if len(escaped) == 1 or len(text) < 40:
        return "\\n".join(line[1:-1] for line in escaped).join('""')
    return '"""\n' + "\n".join(line[1:-1] for line in escaped) + '"""'
