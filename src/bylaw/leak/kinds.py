"""What a kind is: one row of the tables in ``numbers`` and ``tokens``.

A row gives the type that a reader sees (``NATIONAL_ID``), its own name (``pl-pesel``), the pattern, and what makes a
match believable: a validator (a check digit, a calendar day, an issued range), words of which one must stand close
before it, or what must not. Patterns never use an open repeat, so a match is of bounded length and an attempt of
bounded cost; ``tests/leak/test_scan.py`` holds every row to that.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Literal, get_args

Type = Literal["EMAIL", "PHONE", "CARD", "IBAN", "NATIONAL_ID", "IP", "PRIVATE_KEY", "TOKEN"]
TYPES: tuple[Type, ...] = get_args(Type)

END = r"(?![\w]|[-./][0-9])"
"""Behind a number: no letter or digit, nor a hyphen, stop or slash with more of the number."""

NEAR = 56
"""How many characters before a match its words may stand."""

LETTER, SIGN = 0, -1
"""In place of a length: the match begins with a capital letter; with a plus or a bracket."""

ANY = range(1, 21)
WORD = 5
"""Letters by which a word is known: enough for its forms, in most languages, to count as one."""


def words(*each: str) -> frozenset[str]:
    """Words as a row holds them."""
    return frozenset(word[:WORD] for word in each)


@dataclass(frozen=True)
class Kind:
    """One row.

    ``check`` is given the matched text. ``words`` are in lower case and known by their first five letters, so that
    *telef* is *telefon* and *teléfono* is not *telex*. ``unless`` is a pattern over the lower-case text before the
    match, read backwards from there. ``lead``: how many digits can stand together at the beginning.
    """

    name: str
    type: Type
    pattern: str
    check: Callable[[str], bool] | None = None
    words: frozenset[str] = frozenset()
    unless: str = ""
    lead: Collection[int] = ANY
