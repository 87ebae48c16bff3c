"""Dates as the lists write them, turned into EDTF; and how two such dates agree."""

import re
from datetime import date
from functools import lru_cache

_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS = {name: at for at, name in enumerate(_NAMES, 1)}
_ONE = re.compile(r"(?:(?P<day>\d{1,2}) )?(?:(?P<month>[A-Za-z]{3})[a-z]* )?(?P<year>\d{4})")
_BIRTH = re.compile(r"([0-9]{4})(?:-([0-9]{1,2})(?:-([0-9]{1,2}))?)?")
_EDTF = re.compile(r"(\d{4})(?:-(\d{1,2}))?(?:-(\d{1,2}))?(~)?(?:/(\d{4})(?:-\d{1,2}){0,2})?")

ABOUT = 2
"""Years around an approximate date that it may stand for."""

OLDEST = 1850
"""Nobody who is alive was born before this year."""


def english_date(text: str) -> str:
    """``05 Nov 1951``, ``circa 1951``, ``1951 to 1953``, ``Nov 1951`` as EDTF; empty if it does not read."""
    plain = text.strip().lower().removeprefix("alt. ")
    about = plain.startswith("circa ")
    ends = [_one(part) for part in re.split(r" to |-(?=\d{4})", plain.removeprefix("circa "))]
    if not all(ends) or len(ends) > 2:
        return ""
    return "/".join(ends) if len(ends) == 2 else ends[0] + "~" * about


def _one(text: str) -> str:
    found = _ONE.fullmatch(text.strip())
    if not found or (found["month"] and found["month"][:3] not in _MONTHS):
        return ""
    parts = [found["year"]]
    if found["month"]:
        parts.append(f"{_MONTHS[found['month'][:3]]:02}")
        if found["day"]:
            parts.append(f"{int(found['day']):02}")
    return "-".join(parts)


def is_birth(text: str, today: date) -> bool:
    """Whether a text is a year, a month or a day that the calendar has, from 1850 until today.

    A birth that cannot be is no birth that differs: it would clear whoever it is said of.
    """
    found = _BIRTH.fullmatch(text.strip())
    if not found:
        return False
    try:
        first = date(*(int(part or 1) for part in found.groups()))
    except ValueError:
        return False
    return first.year >= OLDEST and first <= today


@lru_cache(maxsize=1 << 16)
def years(text: str) -> tuple[int, int] | None:
    """First and last year an EDTF date may stand for; None if it is not one."""
    found = _EDTF.fullmatch(text.strip())
    if not found:
        return None
    first, last = int(found[1]), int(found[5] or found[1])
    return (first - ABOUT, last + ABOUT) if found[4] else (min(first, last), max(first, last))
