"""Listed names as others may give them: with a slip, in another order, without a middle name, in other scripts."""

import random
import re
from collections.abc import Callable

import access_papers as papers
from access_scripts import arabic, cyrillic, greek, han
from bylaw.access.screening.words import TITLES


def typo(text: str, draw: random.Random) -> str:
    """One letter left out, doubled, replaced or exchanged with the next, not the first of the text."""
    places = [at for at in range(1, len(text) - 1) if text[at].isalpha() and text[at + 1].isalpha()]
    if not places:
        return text
    at = draw.choice(places)
    other = draw.choice("abcdefghijklmnopqrstuvwxyz")
    here, after, rest = text[at], text[at + 1], text[at + 2 :]
    return text[:at] + draw.choice([after, here * 2 + after, other + after, after + here]) + rest


def swapped(text: str, _: random.Random) -> str:
    """``LAST, First`` as ``First LAST``; without a comma the last word first."""
    last, comma, first = text.partition(",")
    words = last.split()
    return f"{first} {last}" if comma else " ".join(words[-1:] + words[:-1])


NAME = re.compile(
    r"(?i)(?:['`]?\b(?:abd\w{0,3}'?|abu|al|el|bin|ibn|ben|de|la|van|von|der)[ -]+)*"
    r"[^\s-]+(?:[ -](?:[aeu][ld][ -]?)?d[iey]e?ne?\b)?"
)
"""A name with the small words that belong to it, and with "al-Din"."""


def without_middle(text: str, draw: random.Random) -> str:
    """A person's name with one of the names between first and last left out; "" without any between.

    Names of several words (``Abd al-Hadi``, ``al-Wahab``, ``Abu Bakr``) are one name.
    """
    last, _, first = text.partition(",")
    names = NAME.findall(f"{first.strip()} {last}".replace(",", " "))
    names = [name for name in names if name.lower().strip(".'") not in TITLES]
    if len(names) < 3:
        return ""
    del names[draw.randrange(1, len(names) - 1)]
    return " ".join(names)


ALTERATIONS: dict[str, Callable[[str, random.Random], str]] = {
    "one typo": typo,
    "swapped order": swapped,
    "missing middle name": without_middle,
    "in Cyrillic": lambda text, _: cyrillic(text),
    "in Greek": lambda text, _: greek(text),
    "in Arabic": lambda text, _: arabic(text),
    "in Han": lambda text, _: han(text),
    "in Cyrillic, words translated": lambda text, _: papers.cyrillic(text),
    "in Greek, words translated": lambda text, _: papers.greek(text),
    "in Arabic, words translated": lambda text, _: papers.arabic(text),
}
PERSONS = ("missing middle name", "in Han")
ORGANIZATIONS = tuple(title for title in ALTERATIONS if title.endswith("translated"))
"""What is tried on one kind of party only."""
