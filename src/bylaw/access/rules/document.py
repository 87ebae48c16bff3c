"""Rules as documents: directives, licenses and base rules, each a TOML text of its own.

A document is read into one of three frozen structs by its ``kind``; an unknown key, a wrong type or a date without a
zone is an error with file and line. Nothing in a document is followed: it names no file, no code and no template.
"""

import unicodedata
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal, get_args

import msgspec
from msgspec import Meta

from bylaw.access.decision import Surface
from bylaw.access.rules.predicates import Annex, Name, Predicate, Texts, walk
from bylaw.canonical import digest
from bylaw.errors import SettingsError
from bylaw.settings import load
from bylaw.toml import key_lines, nearest, parsed

Instant = Annotated[datetime, Meta(tz=True)]
Effect = Literal["refuse", "hold", "allow-list", "report", "preserve"]
Unknown = Literal["hold", "refuse", "unsafe_allow"]
Text = Annotated[str, Meta(min_length=1)]
Reference = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,63}(@[1-9][0-9]{0,5})?\Z")]
"""A document: ``id``, all its versions, or ``id@version``."""
Listed = Annotated[str, Meta(pattern=r"^(?!annex:)[^\s/\\]{1,200}\Z|^annex:[a-z0-9][a-z0-9-]{0,63}\Z")]
"""A subject's id, or ``annex:NAME`` for everybody in that annex."""
PATTERNS = {
    r"^[a-z]{2}\Z": "the two small letters of a country, such as 'ir'",
    r"^[a-z0-9][a-z0-9-]{0,63}\Z": "small letters, digits and hyphens, 64 at most, such as 'order-7'",
    r"^[a-z0-9][a-z0-9-]{0,63}(@[1-9][0-9]{0,5})?\Z": "a document as 'order-7' or 'order-7@2'",
    r"^(?!annex:)[^\s/\\]{1,200}\Z|^annex:[a-z0-9][a-z0-9-]{0,63}\Z": "a subject's id, or 'annex:NAME'",
}
"""Patterns of the keys, in words."""
YEARS = range(1900, 3000)
"""In which a document begins and ends: another year is a slip, and at the ends of the calendar no instant in UTC."""
EVERY = "*"
"""In place of models: every model there is and will be."""


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every document says of itself. It is in force from ``effective_from`` until just before ``effective_until``,
    and puts those that it ``supersedes`` out of force as long.

    ``programme`` is the regime within the authority that a license must name to lift a prohibition of it. ``source``
    and ``as_of`` say where the text was taken from and when; ``note`` what a reader must know, such as what is not
    verified.
    """

    id: Name
    version: Annotated[int, Meta(ge=1, le=999_999)] = 1
    title: Text
    authority: Text
    programme: Name
    citation: Text
    models: Texts
    surfaces: Annotated[tuple[Surface, ...], Meta(min_length=1)] = get_args(Surface)
    effective_from: Instant
    effective_until: Instant | None = None
    supersedes: tuple[Reference, ...] = ()
    annexes: dict[Name, tuple[Text, ...]] = {}
    addressee: str = ""
    source: str = ""
    as_of: str = ""
    note: str = ""

    @property
    def name(self) -> str:
        """``id@version``."""
        return f"{self.id}@{self.version}"

    @property
    def digest(self) -> str:
        """Of all it says, however it is written."""
        return digest(self)

    def in_force(self, at: datetime) -> bool:
        """By its own dates alone."""
        return self.effective_from <= at and (self.effective_until is None or at < self.effective_until)

    def covers(self, model: str, surface: Surface) -> bool:
        """Whether it is about that model on that surface."""
        return surface in self.surfaces and (model in self.models or EVERY in self.models)


class Directive(Rule, frozen=True, kw_only=True):
    """A prohibition, a duty, or the end of another directive.

    ``effect`` follows for whom ``who`` is true; with ``allow-list``, *refuse* for all others. ``unknown`` says what
    follows where nobody knows. ``duties`` come on top. A directive that only ends others has ``rescinds`` and no
    ``who``.
    """

    kind: Literal["directive"]
    who: Predicate | None = None
    effect: Effect | None = None
    unknown: Unknown = "hold"
    duties: tuple[Literal["report", "preserve"], ...] = ()
    cut_streams: bool = False
    rescinds: tuple[Reference, ...] = ()

    def __post_init__(self) -> None:
        if (self.who is None) != (self.effect is None):
            raise ValueError("`who` and `effect` belong together")
        if self.who is None and not self.rescinds:
            raise ValueError("it needs `who` and `effect`, or `rescinds`")
        if self.effect == "hold" and self.unknown == "refuse":
            raise ValueError("what is unknown cannot be refused where what is known is held")


class Lift(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The prohibitions that a license lifts: those of this authority under this programme."""

    authority: Text
    programme: Name


class Condition(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A condition of a license, shown with every decision that relies on it; checked where ``requires`` says how."""

    text: Text
    requires: Predicate | None = None


class License(Rule, frozen=True, kw_only=True):
    """An exception to prohibitions, for subjects by id or annex and for *employees* of organisations.

    A contractor is no employee. ``who`` narrows it: only those of whom it is true.
    """

    kind: Literal["license"]
    lifts: Annotated[tuple[Lift, ...], Meta(min_length=1)]
    organizations: tuple[Listed, ...] = ()
    employees_of: tuple[Listed, ...] = ()
    subjects: tuple[Listed, ...] = ()
    who: Predicate | None = None
    conditions: tuple[Condition, ...] = ()

    def __post_init__(self) -> None:
        if not (self.organizations or self.employees_of or self.subjects):
            raise ValueError("it names nobody: give organizations, employees_of or subjects")


class Base(Rule, frozen=True, kw_only=True):
    """Ordinary access: who may use a model where nothing forbids it."""

    kind: Literal["base"]
    who: Predicate


Document = Directive | License | Base
KINDS: dict[str, type[Directive] | type[License] | type[Base]] = {
    "directive": Directive,
    "license": License,
    "base": Base,
}
LIMIT = 4 << 20
"""Bytes of the largest document: an annex of some hundred thousand ids."""


def parse(text: str, where: str = "") -> Document:
    """The document in a TOML text. Raises ``SettingsError`` with file and line."""
    if len(text) > LIMIT:
        raise SettingsError(f"has {len(text)} characters; {LIMIT} are allowed", where)
    try:
        document = load(_type(text, where), text, where=where)
    except SettingsError as error:
        raise SettingsError(_said(str(error).removeprefix(f"{error.where}: ")), error.where) from error
    _require_years(document, text, where)
    _require_seen(document, text, where)
    _require_annexes(document, text, where)
    return document


def _said(sentence: str) -> str:
    """What was expected, for a person: words in place of a pattern."""
    for pattern, words in PATTERNS.items():
        sentence = sentence.replace(f"Expected `str` matching regex {pattern!r}", f"expected {words}")
    return sentence


def _require_years(document: Document, text: str, where: str) -> None:
    for field in ("effective_from", "effective_until"):
        at: datetime | None = getattr(document, field)
        if at is not None and at.year not in YEARS:
            place = f"{where}:{key_lines(text).get((field,), 1)}: {field}"
            raise SettingsError(f"{at.isoformat()} is in no year from {YEARS[0]} to {YEARS[-1]}", place)


def _require_seen(document: Document, text: str, where: str) -> None:
    """Refuse characters that are not seen or turn the direction of writing, also as escapes: those who sign read it."""
    said = text + msgspec.json.encode(document).decode()
    hidden = next((each for each in said if unicodedata.category(each) in ("Cf", "Zl", "Zp", "Co", "Cs")), "")
    if hidden:
        lines = text.partition(hidden)[0].count("\n") + 1 if hidden in text else 1
        name = f"U+{ord(hidden):04X} {unicodedata.name(hidden, '').lower()}".strip()
        raise SettingsError(
            f"has a character that is not seen ({name}); those who sign could not read it", f"{where}:{lines}"
        )


def decode(content: bytes, where: str = "") -> Document:
    """The document in a file's bytes. Raises ``SettingsError``."""
    try:
        return parse(content.decode("utf-8-sig"), where)
    except UnicodeDecodeError as error:
        raise SettingsError("is not UTF-8 text", where) from error


def read(path: Path) -> Document:
    """The document in a file. Raises ``SettingsError``."""
    try:
        return decode(path.read_bytes(), str(path))
    except OSError as error:
        raise SettingsError(f"cannot be read: {error.strerror}", str(path)) from error


def predicates(document: Document) -> tuple[Predicate, ...]:
    """Every predicate in a document, with all inside it."""
    roots = [document.who] if document.who else []
    if isinstance(document, License):
        roots += [condition.requires for condition in document.conditions if condition.requires]
    return tuple(each for root in roots for each in walk(root))


def _type(text: str, where: str) -> type[Directive] | type[License] | type[Base]:
    kind = parsed(text, where).get("kind")
    found = KINDS.get(kind) if isinstance(kind, str) else None
    if found is None:
        line = key_lines(text).get(("kind",), 1)
        raise SettingsError(f"`kind` is one of {', '.join(KINDS)}, not {kind!r}", f"{where}:{line}: kind")
    return found


def _require_annexes(document: Document, text: str, where: str) -> None:
    """Every annex that is spoken of is in the document."""
    lines = key_lines(text)
    named = [("who", each.name) for each in predicates(document) if isinstance(each, Annex)]
    if isinstance(document, License):
        for field in ("organizations", "employees_of", "subjects"):
            named += [(field, each[6:]) for each in getattr(document, field) if each.startswith("annex:")]
    for field, name in named:
        if name not in document.annexes:
            line = nearest(lines, (field,)) or 1
            raise SettingsError(f"speaks of the annex {name!r}, which it does not have", f"{where}:{line}: {field}")
