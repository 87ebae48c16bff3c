"""Settings: one TOML text, read into frozen structs, and written back with every default spelled out.

Each table is a small ``msgspec.Struct`` beside the stage that owns it, with ``frozen=True`` and
``forbid_unknown_fields=True``; this file knows none of them. A field that may be None must have None as its
default, since TOML cannot say None: it is left out of the text and mentioned in a comment.
"""

import difflib
import re
import tomllib
from collections.abc import Iterator, Sequence
from inspect import isclass
from pathlib import Path
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin

import msgspec

from bylaw.errors import SettingsError
from bylaw.storage import split_path
from bylaw.toml import Key, key_lines, nearest, parsed, table

S = TypeVar("S", bound=msgspec.Struct)


def load(type: type[S], source: str | Path, overrides: Sequence[str] = (), where: str = "") -> S:
    """Settings of ``type`` from a TOML text, or from the file at a ``Path``; ``overrides`` are ``a.b=value``.

    ``where`` names the text in errors (a path's own name by default). Raises ``SettingsError``: all unknown
    keys with line and nearest known key, or the first value of a wrong type, what was expected and found.
    """
    if isinstance(source, Path):
        where = where or str(source)
    text = _text(source)
    data = parsed(text, where)
    lines = {key: f"{where}:{line}" for key, line in key_lines(text).items()}
    _check_known(type, data, lines, where)
    for override in overrides:
        key = _override(type, data, override)
        lines = {at: place for at, place in lines.items() if at[: len(key)] != key}
        lines[key] = f"--set {override}"
    try:
        return msgspec.convert(data, type)
    except msgspec.ValidationError as error:
        sentence, path = split_path(str(error))
        key = tuple(re.findall(r"[^.\[\]]+", path))
        sentence, place = _with_choices(sentence, type, key), nearest(lines, key) or where
        raise SettingsError(sentence, ": ".join(filter(None, (place, path)))) from error


def dumps(settings: msgspec.Struct) -> str:
    """The TOML text that ``load`` turns into equal settings, every default spelled out."""
    return "\n".join(table(settings)).strip() + "\n"


def known_keys(type: type[msgspec.Struct]) -> list[str]:
    """Every key of the settings, dotted, in order: what ``--set`` accepts and a test can freeze."""
    return [".".join(key) for key in _keys(type)]


def _text(source: str | Path) -> str:
    if isinstance(source, str):
        return source
    try:
        return source.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise SettingsError(f"cannot be read: {error.strerror}", str(source)) from error
    except UnicodeDecodeError as error:
        raise SettingsError("is not UTF-8 text", str(source)) from error


def _check_known(type: type[msgspec.Struct], data: dict[str, Any], lines: dict[Key, str], where: str) -> None:
    unknown = list(_unknown(type, data))
    if unknown:
        first, *rest = [(nearest(lines, key) or where, _nearest(type, key)) for key in unknown]
        raise SettingsError("\n".join([first[1], *(f"{place}: {text}" for place, text in rest)]), first[0])


def _unknown(type: Any, value: Any, key: Key = ()) -> Iterator[Key]:
    """Keys of ``value`` that ``type`` lacks. A value where a table belongs is left to the type check."""
    fields = _fields(type)
    if isinstance(value, dict) and fields is not None:
        for name, inner in value.items():
            if name not in fields:
                yield (*key, name)
            else:
                yield from _unknown(fields[name], inner, (*key, name))
    elif isinstance(value, list) or (isinstance(value, dict) and get_origin(type) is dict):
        for name, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _unknown(_within(type), inner, (*key, str(name)))


def _fields(type: Any) -> dict[str, Any] | None:
    """Key → type of a struct, or of the one struct in ``Struct | None``; None for everything else."""
    members = [type] if get_origin(type) is None else get_args(type)
    structs = [each for each in members if isclass(each) and issubclass(each, msgspec.Struct)]
    if len(structs) != 1 or get_origin(type) not in (None, Union, UnionType):
        return None
    return {field.encode_name: field.type for field in msgspec.structs.fields(structs[0])}


def _within(type: Any) -> Any:
    """What a list or a table of names holds."""
    inside = get_args(type)
    return inside[1] if get_origin(type) is dict and len(inside) == 2 else next(iter(inside), None)


def _with_choices(sentence: str, type: Any, key: Key) -> str:
    """The sentence on a word that is none of those a field takes, with the nearest of them, or all."""
    word = re.match(r"Invalid (?:enum )?value '(.*)'", sentence)
    known = sorted(set(_choices(msgspec.inspect.type_info(type), key))) if word else []
    if not word or not known:
        return sentence
    near = difflib.get_close_matches(word[1], known, n=1)
    hint = f"the nearest known one is {near[0]!r}" if near else f"known: {', '.join(known)}"
    return f"{sentence}; {hint}"


def _choices(type: msgspec.inspect.Type, key: Key) -> Iterator[str]:
    """The words that may stand at a key: of a literal, or a union's tags. Every member of a union is followed."""
    match type:
        case msgspec.inspect.UnionType():
            for each in type.types:
                yield from _choices(each, key)
        case msgspec.inspect.StructType() if key:
            if len(key) == 1 and key[0] == type.tag_field:
                yield str(type.tag)
            for field in type.fields:
                if field.encode_name == key[0]:
                    yield from _choices(field.type, key[1:])
        case msgspec.inspect.DictType() if key:
            yield from _choices(type.value_type, key[1:])
        case msgspec.inspect.ListType() | msgspec.inspect.VarTupleType() if key:
            yield from _choices(type.item_type, key[1:])
        case msgspec.inspect.LiteralType() if not key:
            yield from map(str, type.values)
        case msgspec.inspect.Metadata():
            yield from _choices(type.type, key)
        case _:
            pass


def _keys(type: Any, key: Key = ()) -> Iterator[Key]:
    for name, inner in (_fields(type) or {}).items():
        deeper = list(_keys(inner, (*key, name)))
        yield from deeper or [(*key, name)]


def _nearest(type: type[msgspec.Struct], key: Key) -> str:
    """Sentence on an unknown key: a near name beside it, else one anywhere, else all known beside it."""
    inner: Any = type
    for name in key[:-1]:
        fields = _fields(inner)
        inner = fields[name] if fields is not None else _within(inner)
    beside = list(_fields(inner) or {})
    near = difflib.get_close_matches(key[-1], beside, n=1)
    dotted = [".".join(known) for known in _keys(type)]
    by_last = {known.rpartition(".")[2]: known for known in reversed(dotted)}
    elsewhere = difflib.get_close_matches(key[-1], by_last, n=1, cutoff=0.75)
    spelled = difflib.get_close_matches(".".join(key), dotted, n=1)
    found = [*near, *(by_last[name] for name in elsewhere), *spelled]
    hint = f"the nearest known one is {found[0]!r}" if found else f"known here: {', '.join(beside)}"
    return f"unknown key {'.'.join(key)!r}; {hint}"


def _override(type: type[msgspec.Struct], data: dict[str, Any], override: str) -> Key:
    """Put one ``a.b=value`` into ``data``; returns its key."""
    dotted, equals, raw = override.partition("=")
    if not equals or not dotted.strip():
        raise SettingsError("an override reads table.key=value", f"--set {override}")
    key = tuple(part.strip() for part in dotted.split("."))
    inner: Any = type
    for number, name in enumerate(key, start=1):
        fields = _fields(inner)
        if fields is None or name not in fields:
            raise SettingsError(_nearest(type, key[:number]), f"--set {override}")
        inner = fields[name]
    for name in key[:-1]:
        data = data.setdefault(name, {})
        if not isinstance(data, dict):
            raise SettingsError(f"{name!r} is given as a plain value in the settings", f"--set {override}")
    data[key[-1]] = _value(raw.strip(), inner)
    return key


def _value(raw: str, type: Any) -> Any:
    """``raw`` as TOML if it is, as a bare word if not; where a text belongs, only quotes make it TOML."""
    if type is str and raw[:1] not in ("'", '"'):
        return raw
    try:
        return tomllib.loads(f"value = {raw}")["value"]
    except tomllib.TOMLDecodeError:
        return raw
