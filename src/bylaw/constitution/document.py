"""A constitution: a named, ordered list of principles, kept in a TOML file that a person writes.

::

    title = "House rules"
    version = "3"                      # optional, as is name

    [[principle]]
    id = "privacy"
    title = "Private facts stay private"
    critique_request = "Say whether the response reveals a private fact about a person."
    revision_request = "Rewrite the response without private facts; say why and offer another way."
    comparison = "Which response protects people's privacy better?"
    weight = 1.0                       # optional: how often it is drawn, relative to the others
    tags = ["harm", "privacy"]         # optional

A principle without critique_request and revision_request (both or neither) takes part in judging only.
White space around a text is layout and is dropped. What is written reads back as an equal constitution; what
breaks a rule of the format is refused with file, line and field.
"""

import difflib
import math
import re
import tomllib
from collections.abc import Iterable, Mapping
from importlib import resources
from pathlib import Path
from typing import ClassVar

from bylaw.canonical import digest
from bylaw.constitution.toml import line_of, quoted
from bylaw.errors import ConstitutionError
from bylaw.records import Principle, Record
from bylaw.toml import syntax_fault

TEXTS = ("critique_request", "revision_request", "comparison")
HEAD_FIELDS = ("name", "title", "version", "principle")
PRINCIPLE_FIELDS = ("id", "title", *TEXTS, "weight", "tags")
_REQUIRED = ("id", "comparison")
_KEY = re.compile(r"\w[\w.-]{0,63}")
_WORDS = {str: "a text", bool: "true or false", int: "a number", float: "a number", dict: "a table"}


class Constitution(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a model must behave. ``name`` is a short word for files and reports, ``version`` the author's own.

    Raises ConstitutionError when built with no principles, with two of one key, or with a value that the file
    format could not hold.
    """

    kind: ClassVar[str] = "constitution"
    name: str
    title: str
    principles: tuple[Principle, ...]
    version: str = ""

    def __post_init__(self) -> None:
        if fault := _head_fault(self.name, self.title, self.version):
            raise ConstitutionError(fault[1], fault[0])
        if not self.principles:
            raise ConstitutionError("a constitution needs at least one principle")
        seen: set[str] = set()
        for principle in self.principles:
            if fault := _fault(principle, seen):
                raise ConstitutionError(fault[1], f"principle {principle.key!r}: {fault[0]}")
            seen.add(principle.key)

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical bytes of all of it: names, texts, weights, tags and their order."""
        return digest(self)


def load(path: Path) -> Constitution:
    """Read a constitution's file; ConstitutionError names file, line and field of what is wrong."""
    return loads(read_text(path), str(path))


def read_text(path: Path) -> str:
    """A file's text, UTF-8 with or without byte order mark. ConstitutionError if it is not one."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise ConstitutionError("there is no such file", str(path)) from None
    except IsADirectoryError:
        raise ConstitutionError("this is a directory; name the constitution's file", str(path)) from None
    except OSError as error:
        raise ConstitutionError(f"cannot be read: {error.strerror}", str(path)) from error
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConstitutionError("not UTF-8 text; save the file as UTF-8", f"{path}:{line}") from None


def loads(text: str, where: str = "constitution") -> Constitution:
    """Parse a constitution's TOML. ``where`` names its origin in errors."""
    return _Reader(text, where).read()


def default() -> Constitution:
    """The constitution that ships with the package: 16 principles for a general assistant."""
    file = resources.files("bylaw.constitution").joinpath("default.toml")
    return loads(file.read_text(encoding="utf-8"), "default.toml")


def dumps(constitution: Constitution) -> str:
    """The constitution as TOML; ``loads`` of it gives an equal one. Default values are left out."""
    head = [f"{field} = {quoted(getattr(constitution, field))}" for field in ("name", "title", "version")]
    if not constitution.version:
        head.pop()
    tables = (_table(principle) for principle in constitution.principles)
    return "\n\n".join(["\n".join(head), *tables]) + "\n"


def _table(principle: Principle) -> str:
    rows = ["[[principle]]", f"id = {quoted(principle.key)}"]
    rows += [f"title = {quoted(principle.title)}"] if principle.title else []
    texts = ((field, getattr(principle, field)) for field in TEXTS)
    rows += [f"{field} = {quoted(text)}" for field, text in texts if text]
    rows += [f"weight = {principle.weight!r}"] if principle.weight != 1.0 else []
    rows += [f"tags = [{', '.join(map(quoted, principle.tags))}]"] if principle.tags else []
    return "\n".join(rows)


def _head_fault(name: str, title: str, version: str) -> tuple[str, str] | None:
    if fault := _text_fault(title):
        return "title", fault
    if not _KEY.fullmatch(name):
        return "name", _key_fault(name)
    return None if version == version.strip() else ("version", "starts or ends with white space")


def _fault(principle: Principle, seen: Iterable[str]) -> tuple[str, str] | None:
    """The first field of a principle that breaks a rule, and how; None if all is well."""
    if not _KEY.fullmatch(principle.key):
        return "id", _key_fault(principle.key)
    if principle.key in seen:
        return "id", f"a principle before this one already has the id {principle.key!r}"
    if principle.title != principle.title.strip():
        return "title", "starts or ends with white space"
    if bool(principle.critique_request) != bool(principle.revision_request):
        missing, given = ("critique_request", "revision_request")[:: 1 if principle.revision_request else -1]
        return missing, f"{given} is given, so {missing} must be too (or neither: a principle for judging only)"
    for field in TEXTS if principle.critique_request else ("comparison",):
        if fault := _text_fault(getattr(principle, field)):
            return field, fault
    if not (math.isfinite(principle.weight) and principle.weight > 0):
        return "weight", f"must be a finite number above 0, not {principle.weight:g}"
    if any(_text_fault(tag) for tag in principle.tags):
        return "tags", "a tag is empty or has white space around it"
    return None


def _key_fault(key: str) -> str:
    return f"{key!r} is not a short name: up to 64 letters, digits and . _ -, starting with a letter or digit"


def _text_fault(text: str) -> str | None:
    if not text.strip():
        return "the text is empty"
    return None if text == text.strip() else "starts or ends with white space"


class _Reader:
    """Takes one text apart; knows the origin, so that every fault gets its place."""

    def __init__(self, text: str, where: str) -> None:
        self.text = text
        self.where = where

    def read(self) -> Constitution:
        head = self._parse()
        self._known(head, HEAD_FIELDS, None)
        title = self._text(head, "title", None)
        name = self._text(head, "name", None) if "name" in head else _slug(title)
        version = self._text(head, "version", None) if "version" in head else ""
        if fault := _head_fault(name, title, version):
            raise self._error(fault[1], None, fault[0])
        return Constitution(name=name, title=title, version=version, principles=self._principles(head))

    def _parse(self) -> dict[str, object]:
        if not self.text.strip():
            message = "the file is empty; a constitution has a title and [[principle]] tables"
            raise ConstitutionError(message, self.where)
        try:
            return tomllib.loads(self.text)
        except tomllib.TOMLDecodeError as error:
            message, line = syntax_fault(error, self.text)
            raise ConstitutionError(f"not valid TOML: {message}", f"{self.where}:{line}") from None
        except (ValueError, RecursionError) as error:  # a number too long, tables nested too deep
            raise ConstitutionError(f"not valid TOML: {error}", self.where) from None

    def _principles(self, head: Mapping[str, object]) -> tuple[Principle, ...]:
        tables = head.get("principle", [])
        if isinstance(tables, dict):
            raise self._error("write [[principle]], in double brackets, above each principle", None, "principle")
        if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
            raise self._error("must be [[principle]] tables", None, "principle")
        if not tables:
            raise ConstitutionError("there are no principles; add a [[principle]] table", self.where)
        principles: list[Principle] = []
        for number, table in enumerate(tables):
            principle = self._principle(table, number)
            if fault := _fault(principle, {other.key for other in principles}):
                raise self._error(fault[1], number, fault[0])
            principles.append(principle)
        return tuple(principles)

    def _principle(self, table: Mapping[str, object], number: int) -> Principle:
        self._known(table, PRINCIPLE_FIELDS, number)
        for field in _REQUIRED:
            if field not in table:
                raise self._error(f"this principle has no {field}", number, field)
        return Principle(
            key=self._text(table, "id", number),
            title=self._text(table, "title", number) if "title" in table else "",
            critique_request=self._optional(table, "critique_request", number),
            revision_request=self._optional(table, "revision_request", number),
            comparison=self._text(table, "comparison", number),
            weight=self._weight(table.get("weight", 1.0), number),
            tags=self._tags(table.get("tags", []), number),
        )

    def _known(self, table: Mapping[str, object], fields: tuple[str, ...], number: int | None) -> None:
        for field in table:
            if field not in fields:
                raise self._error(f"unknown field; {_hint(field, fields)}", number, field)

    def _text(self, table: Mapping[str, object], field: str, number: int | None) -> str:
        if field not in table:
            raise self._error(f"the constitution has no {field}", number, field)
        value = table[field]
        if not isinstance(value, str):
            raise self._error(f"must be a text in quotes, not {_named(value)}", number, field)
        return value.strip()

    def _optional(self, table: Mapping[str, object], field: str, number: int) -> str:
        if field not in table:
            return ""
        text = self._text(table, field, number)
        if fault := _text_fault(text):
            raise self._error(fault, number, field)
        return text

    def _weight(self, value: object, number: int) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self._error(f"must be a number, not {_named(value)}", number, "weight")
        try:
            return float(value)
        except OverflowError:
            raise self._error("is too large a number", number, "weight") from None

    def _tags(self, value: object, number: int) -> tuple[str, ...]:
        if not isinstance(value, list) or not all(isinstance(tag, str) for tag in value):
            message = f'must be a list of texts, such as ["harm"], not {_named(value)}'
            raise self._error(message, number, "tags")
        return tuple(tag.strip() for tag in value)

    def _error(self, message: str, number: int | None, field: str) -> ConstitutionError:
        line = line_of(self.text, number, field)
        place = f"{self.where}:{line}" if line else self.where
        return ConstitutionError(message, f"{place}: {field}")


def _hint(field: str, fields: tuple[str, ...]) -> str:
    if field in HEAD_FIELDS:  # TOML counts every key below a header to that table
        return f"{field} belongs above the first [[principle]]"
    near = difflib.get_close_matches(field, fields, n=1, cutoff=0.5)
    return f"did you mean {near[0]}?" if near else f"known are {', '.join(fields)}"


def _named(value: object) -> str:
    if isinstance(value, list):
        return "a list of other things"
    return _WORDS.get(type(value), "a date or time")


def _slug(title: str) -> str:
    """A name from a title: its words in lower case, joined by hyphens."""
    return "-".join(re.findall(r"\w+", title.lower()))[:64].strip("-_") or "constitution"
