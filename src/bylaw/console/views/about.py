"""Whom a document is about, as a tree of sentences: each predicate with what it means, as docs/access.md has it."""

from collections.abc import Iterator

import msgspec

from bylaw.access.rules.document import Document
from bylaw.access.rules.meanings import PREDICATES
from bylaw.access.rules.predicates import Agree, AllOf, AnyOf, Limb, Not, Predicate, parts
from bylaw.console.frame import country, words

JOINS: dict[type, str] = {
    AllOf: "all of these are true",
    AnyOf: "one of these is true",
    Not: "this is not true",
    Agree: "what these say, unless they contradict each other",
}
INSIDE = ("of", "who")
COUNTRIES = ("country", "countries")


class Clause(msgspec.Struct, frozen=True):
    """A predicate: what it says, what that means, where it is written; ``on`` is False for what is switched off."""

    text: str
    meaning: str = ""
    citation: str = ""
    on: bool = True
    of: tuple["Clause", ...] = ()


def about(document: Document | None) -> Clause | None:
    """The tree of a document's ``who``; None: it has none."""
    return _clause(document.who) if document and document.who else None


def _clause(one: Predicate) -> Clause:
    inside = tuple(map(_clause, parts(one)))
    if isinstance(one, Limb):
        return Clause(f"clause “{words(one.name)}”", "", one.citation, one.on, inside)
    if join := JOINS.get(type(one)):
        return Clause(join, of=inside)
    name = str(one.__struct_config__.tag)
    said = "; ".join(_details(one))
    return Clause(
        f"{words(name)}: {said}" if said else words(name),
        PREDICATES[name].meaning.replace("``", "“", 1).replace("``", "”"),
        of=inside,
    )


def _details(one: Predicate) -> Iterator[str]:
    for field in one.__struct_fields__:
        value = getattr(one, field)
        if field in INSIDE or value is None or value == ():
            continue
        values = [str(each) for each in (value if isinstance(value, tuple) else (value,))]
        shown = ", ".join(country(each) if field in COUNTRIES else each for each in values)
        yield shown if field in COUNTRIES else f"{words(field)} {shown}"
