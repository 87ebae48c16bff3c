"""What changed between two sets of rules, field by field."""

from collections.abc import Iterable
from typing import Any, Literal

import msgspec

from bylaw.access.rules.document import Document


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A document that came or went, or one of its fields; ``before`` and ``after`` are JSON, empty where it is not."""

    id: str
    what: Literal["added", "removed", "changed"]
    field: str = ""
    before: str = ""
    after: str = ""

    def __str__(self) -> str:
        if self.what != "changed":
            return f"{self.id} {self.what}: {self.before or self.after}"
        return f"{self.id} {self.field}: {self.before or '—'} → {self.after or '—'}"


def diff(old: Iterable[Document], new: Iterable[Document]) -> tuple[Change, ...]:
    """Every change, by id. Of several versions of one document each is its own."""
    was, now = _latest(old), _latest(new)
    changes: list[Change] = []
    for name in sorted(was.keys() | now.keys()):
        if name not in now:
            changes.append(Change(id=name, what="removed", before=was[name].title))
        elif name not in was:
            changes.append(Change(id=name, what="added", after=now[name].title))
        else:
            changes += _fields(name, _flat(was[name]), _flat(now[name]))
    return tuple(changes)


def _latest(documents: Iterable[Document]) -> dict[str, Document]:
    """By id; of several versions the latest stands under the id, the others under ``id@version``."""
    found: dict[str, Document] = {}
    for each in sorted(documents, key=lambda one: one.version, reverse=True):
        found[each.name if each.id in found else each.id] = each
    return found


def _flat(document: Document) -> dict[str, str]:
    """Field → JSON, members of annexes each by itself."""
    said: dict[str, Any] = msgspec.to_builtins(document)
    annexes = said.pop("annexes")
    flat = {name: msgspec.json.encode(value).decode() for name, value in said.items()}
    return flat | {f"annexes.{name}.{id}": "true" for name, ids in annexes.items() for id in ids}


def _fields(name: str, was: dict[str, str], now: dict[str, str]) -> list[Change]:
    return [
        Change(id=name, what="changed", field=field, before=was.get(field, ""), after=now.get(field, ""))
        for field in sorted(was.keys() | now.keys())
        if was.get(field) != now.get(field)
    ]
