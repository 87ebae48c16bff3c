"""Attributes of a SCIM resource, by name in any case (RFC 7643, section 2.1), and which of them nobody asked for."""

from collections.abc import Iterator
from typing import Any

from bylaw.errors import UsageError


class Attributes:
    """A complex value. What is unassigned, null or an empty list, is not there (section 2.5)."""

    def __init__(self, value: object, path: str = "") -> None:
        if not isinstance(value, dict):
            raise UsageError(f"{path or 'a user'} is no object with attributes")
        self.path = path
        self._values: dict[str, Any] = {}
        self._names: dict[str, str] = {}
        self._inner: list[Attributes] = []
        for name, each in value.items():
            if name.lower() in self._values:
                raise UsageError(f"{self._at(name)} comes twice")
            self._values[name.lower()], self._names[name.lower()] = each, name

    def take(self, name: str) -> Any:
        """The value, which counts as used; None if it is unassigned."""
        self._names.pop(name.lower(), None)
        value = self._values.get(name.lower())
        return None if value == [] else value

    def text(self, name: str) -> str:
        """A value that is a text, without white space around it; empty if it is unassigned. Raises ``UsageError``."""
        value = self.take(name)
        if value is not None and not isinstance(value, str):
            raise UsageError(f"{self._at(name)} is no text")
        return (value or "").strip()

    def truth(self, name: str) -> bool | None:
        """A value that is true or false, also as a text in any case, as some services write it."""
        value = self.take(name)
        said = {"true": True, "false": False}.get(value.lower()) if isinstance(value, str) else value
        if (said is not None and not isinstance(said, bool)) or (said is None and value):
            raise UsageError(f"{self._at(name)} is neither true nor false")
        return said

    def inner(self, name: str) -> "Attributes":
        """A complex value; one without attributes if it is unassigned."""
        found = Attributes(self.take(name) or {}, self._at(name))
        self._inner.append(found)
        return found

    def several(self, name: str) -> "list[Attributes]":
        """Complex values of an attribute that may have several."""
        values = self.take(name) or []
        found = [Attributes(value, self._at(name)) for value in (values if isinstance(values, list) else [values])]
        self._inner += found
        return found

    def unused(self) -> Iterator[str]:
        """Paths of the attributes that nobody took."""
        yield from (self._at(name) for name in self._names.values())
        for each in self._inner:
            yield from each.unused()

    def _at(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name
