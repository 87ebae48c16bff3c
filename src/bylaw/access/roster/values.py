"""The values of a fact against ``FACTS``: what they may be, whether their dates and shares can be.

Countries become their ISO codes; a former one stays what it is, and is told.
"""

import re
from collections.abc import Callable, Iterator
from datetime import date
from functools import cache, lru_cache
from string import ascii_lowercase

import msgspec

from bylaw.access.countries import find
from bylaw.access.ownership.stake import WHOLE, between
from bylaw.access.roster.characters import id_fault, oddities, unseen
from bylaw.access.roster.rows import near
from bylaw.access.subjects import CHANNELS, FACTS, FactName, Meaning, Value
from bylaw.errors import UsageError

OLDEST = date(1900, 1, 1)
"""Nobody who is alive was born, and no register reaches, before it; a year as 0085 is a slip."""
_BORN = re.compile(r"\d{4}(?:-\d{2}(?:-\d{2})?)?", re.ASCII)
_SHARE = re.compile(r"(\d+(?:\.\d+)?)(?:-(\d+(?:\.\d+)?))?", re.ASCII)


class Read(msgspec.Struct, frozen=True):
    """Values as they are kept, and what is to be said of them; the latest ``since``, and whether any has a share."""

    values: tuple[Value, ...] | None
    faults: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    since: date | None = None
    shares: bool = False
    fine: bool = True
    """Nothing is to be said of them, and they are kept as they were given."""


def read(name: FactName, values: tuple[Value, ...] | None, today: date) -> Read:
    """The values of a fact of that name."""
    meaning = FACTS[name]
    if not values:
        return Read(values)
    each = [_read(meaning, value, today) for value in values]
    fine = all(one.value is value for one, value in zip(each, values, strict=True))
    kept = values if fine else tuple([one.value for one in each])
    faults = [text for one in each for text in one.faults] + list(_together(name, kept))
    notes = dict.fromkeys([text for one in each for text in one.notes])
    return Read(
        values=kept,
        faults=tuple(faults),
        notes=tuple(notes),
        since=max([value.since for value in kept if value.since], default=None),
        shares=any(value.share for value in kept),
        fine=fine and not faults and not notes,
    )


def owners_fault(values: tuple[Value, ...], on: date) -> str:
    """What is wrong with the shares of all owners on a day; empty: they are 100 % at most."""
    shares = [value.share for value in values if value.share and value.holds(on)]
    try:
        least = sum(_stake(share) for share in shares)
    except UsageError:
        return ""  # told of the value itself
    return f"the owners hold more than 100 % together ({' + '.join(shares)})" if least > WHOLE else ""


def ordinary(meaning: Meaning, today: date) -> Callable[[str], bool]:
    """Whether there is nothing to say of a text among such values: a quick look that settles most."""
    match meaning.values:
        case "country":
            return _current().__contains__
        case "subject":
            return lambda text: not id_fault(text)
        case "text":
            return lambda text: text.isascii() and text.isprintable() and bool(text) and not text.isspace()
        case "date":
            return lambda text: _is_born(text, today)
        case _:
            return lambda text: False


def _is_born(text: str, today: date) -> bool:
    """Whether a text is a day on which somebody may have been born."""
    try:
        return len(text) == 10 and text[4] == "-" and OLDEST <= date.fromisoformat(text) <= today
    except ValueError:
        return False


@cache
def _current() -> frozenset[str]:
    """The codes of the countries that exist."""
    pairs = (first + second for first in ascii_lowercase for second in ascii_lowercase)
    return frozenset(code for code in pairs if (found := find(code)) and found.code == code and not found.successors)


_TWO_COUNTRIES = {
    "korea": "North Korea (kp) or South Korea (kr)",
    "congo": "the Democratic Republic of the Congo (cd) or the Republic of the Congo (cg)",
    "cs": "Czechoslovakia until 1993 (cshh), or Serbia and Montenegro from 2003 to 2006 (csxx)",
}
"""What is written of either of two: a guess would let one pass for the other."""


class _Read(msgspec.Struct, frozen=True):
    value: Value
    faults: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def _read(meaning: Meaning, value: Value, today: date) -> _Read:
    """A value: its text, by what it should be, and what else it says."""
    found = _text(meaning, value, today)
    more = tuple(_value_faults(meaning, value, today))
    return _Read(found.value, (*found.faults, *more), found.notes) if more else found


def _text(meaning: Meaning, value: Value, today: date) -> _Read:
    if not value.text.strip():
        return _Read(value, ("a value is empty; known to be none is no value at all, unknown is null",))
    if meaning.values == "country":
        return _country(value)
    if meaning.values == "date":
        return _Read(value, _born_faults(value.text, today))
    if meaning.values == "text":
        return _Read(value, (), oddities(value.text))
    if meaning.values == "channel" and value.text not in CHANNELS:
        return _Read(value, (f"there is no channel {value.text!r}; {near(value.text, CHANNELS)}",))
    odd = id_fault(value.text)
    return _Read(value, (f"{value.text!r} is no id: {odd}",) if odd else ())


def _country(value: Value) -> _Read:
    if odd := unseen(value.text):
        return _Read(value, (f"the country {value.text!r} cannot be read: {odd}",))
    country = find(value.text)
    if meant := _TWO_COUNTRIES.get(value.text.strip().casefold()):
        return _Read(value, (f"{value.text!r} may be {meant}",))
    if country is None:
        hint = "'unknown' and 'none' stand alone; else give an ISO 3166 code such as 'ir' or an English name"
        return _Read(value, (f"unknown country {value.text!r}; {hint}",))
    notes: tuple[str, ...] = ()
    if country.successors:
        now = ", ".join(country.successors)
        notes = (f"{country.name} is no more; kept as {country.code!r}, which may mean {now} today",)
    if country.code != value.text:
        value = msgspec.structs.replace(value, text=country.code)
    return _Read(value, (), notes)


def _born_faults(text: str, today: date) -> tuple[str, ...]:
    """A day, a month or a year: ``1985-02-01``, ``1985-02``, ``1985``."""
    if not _BORN.fullmatch(text):
        return (f"{text!r} is no date; give it as 1985-02-01",)
    try:
        day = date.fromisoformat((text + "-01-01")[:10])
    except ValueError:
        return (f"there is no day {text}",)
    return () if OLDEST <= day <= today else (f"born on {text}, which cannot be",)


def _value_faults(meaning: Meaning, value: Value, today: date) -> Iterator[str]:
    if meaning.values == "country" and value.since and value.since > today:
        # a slip of the pen; it would count as none until then, and a rule on that country would pass it by
        yield f"{value.text} begins on {value.since}, and today is {today}: bring it in when it has begun"
    if value.since and value.until and value.until <= value.since:
        yield f"{value.text} ends on {value.until}, and starts on {value.since}: it would never hold"
    if any(day and day < OLDEST for day in (value.since, value.until)):
        yield f"{value.text} has a date before {OLDEST}"
    if value.detail and value.detail not in meaning.detail:
        known = sorted(meaning.detail)
        yield f"{value.detail!r} cannot be said of {value.text}; " + (
            near(value.detail, known) if known else "nothing can"
        )
    if value.share:
        yield from _share_faults(value)


def _share_faults(value: Value) -> Iterator[str]:
    try:
        _stake(value.share)
    except UsageError as error:
        yield f"the share {value.share!r} of {value.text} cannot be: {error}"


@lru_cache(maxsize=1 << 12)
def _stake(share: str) -> int:
    """The least that a share says, as the ownership room counts it. Raises ``UsageError``."""
    found = _SHARE.fullmatch(share)
    if not found:
        last = "; a share stands last, after the days: acme@2020-01-01=50" if set("@!") & set(share) else ""
        raise UsageError(f"give percent as 50 or 25-50{last}")
    return between(found[1], found[2] or found[1]).lower


def _together(name: FactName, values: tuple[Value, ...]) -> Iterator[str]:
    """What the values of a fact cannot be side by side."""
    if len(values) > 1 and not FACTS[name].many:
        yield f"there is one {name} at most, and this gives {len(values)}"
    if len({(value.text, value.since) for value in values}) < len(values):
        yield "the same value comes twice"
    if name != "owner" and any(value.share for value in values):
        yield "only an owner has a share"
