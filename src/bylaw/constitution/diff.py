"""What changed between two constitutions, principle by principle, for people."""

import difflib
import re
from typing import Literal

from msgspec import Struct

from bylaw.constitution.document import PRINCIPLE_FIELDS, TEXTS, Constitution
from bylaw.records import Principle


class FieldChange(Struct, frozen=True):
    """One field's value before and after, as text."""

    field: str
    old: str
    new: str


class Change(Struct, frozen=True):
    """What happened to one principle; ``principle`` is its key, empty for the constitution's own fields.

    ``moved`` matters to a run: principles are drawn by their place in the list.
    """

    kind: Literal["added", "removed", "changed", "moved"]
    principle: str
    fields: tuple[FieldChange, ...] = ()


def diff(old: Constitution, new: Constitution) -> list[Change]:
    """All changes: the head first, then the principles in their new order, then those that are gone.

    A principle of which only the id is new is *changed*, not removed and added.
    """
    head = _fields(old, new, ("name", "title", "version"))
    changes = [Change("changed", "", head)] if head else []
    origin = _origin(old, new)
    moved = _moved([at for at in origin if at is not None])
    for principle, at in zip(new.principles, origin, strict=True):
        if at is None:
            changes.append(Change("added", principle.key, _fields(None, principle, PRINCIPLE_FIELDS)))
            continue
        if fields := _fields(old.principles[at], principle, PRINCIPLE_FIELDS):
            changes.append(Change("changed", principle.key, fields))
        if at in moved:
            changes.append(Change("moved", principle.key))
    gone = [one for at, one in enumerate(old.principles) if at not in origin]
    return changes + [Change("removed", one.key, _fields(one, None, PRINCIPLE_FIELDS)) for one in gone]


def render(changes: list[Change]) -> str:
    """The changes as text for a terminal; empty if there are none."""
    return "\n".join(line for change in changes for line in _lines(change))


def marked(old: str, new: str) -> str:
    """Both texts in one, word by word: ``[-what went-]`` and ``{+what came+}``, as ``git --word-diff``."""
    left, right = re.findall(r"\S+|\s+", old), re.findall(r"\S+|\s+", new)
    parts = []
    for tag, a, b, c, d in difflib.SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        gone, came = "".join(left[a:b]), "".join(right[c:d])
        parts.append(gone if tag == "equal" else f"[-{gone}-]" * bool(gone) + f"{{+{came}+}}" * bool(came))
    return "".join(parts)


def _lines(change: Change) -> list[str]:
    name = f"principle {change.principle}" if change.principle else "constitution"
    rows = [f"{name}: {change.kind}"]
    for field in change.fields:
        rows.append(f"    {field.field}: {marked(field.old, field.new)}")
    return rows


def _origin(old: Constitution, new: Constitution) -> list[int | None]:
    """For each new principle its place in the old list: by the same key, else by the same three texts."""
    by_key = {principle.key: at for at, principle in enumerate(old.principles)}
    keys = {principle.key for principle in new.principles}
    by_texts = {_said(one): at for at, one in enumerate(old.principles) if one.key not in keys}
    return [by_key[one.key] if one.key in by_key else by_texts.pop(_said(one), None) for one in new.principles]


def _said(principle: Principle) -> tuple[str, ...]:
    return tuple(getattr(principle, field) for field in TEXTS)


def _moved(places: list[int]) -> set[int]:
    """The fewest of these places (of the old list, in new order) without which the others stand in order."""
    chains: list[list[int]] = []  # for each place, the longest rising chain that ends with it
    for place in places:
        longest: list[int] = []
        for chain in chains:
            longest = chain if chain[-1] < place and len(chain) > len(longest) else longest
        chains.append([*longest, place])
    kept = max(chains, key=len) if chains else []
    return set(places) - set(kept)


def _fields(old: Struct | None, new: Struct | None, names: tuple[str, ...]) -> tuple[FieldChange, ...]:
    pairs = ((name, _shown(old, name), _shown(new, name)) for name in names)
    return tuple(FieldChange(*pair) for pair in pairs if pair[1] != pair[2])


def _shown(record: Struct | None, name: str) -> str:
    """A field as a person reads it; nothing for an absent record."""
    value = "" if record is None else getattr(record, "key" if name == "id" else name)
    return ", ".join(value) if isinstance(value, tuple) else f"{value:g}" if isinstance(value, float) else value
