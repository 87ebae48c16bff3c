"""Expressions of Cedar: three-valued answers out of two-valued texts, constants folded."""

from collections.abc import Iterable, Sequence

import msgspec


class Said(msgspec.Struct, frozen=True):
    """An answer as Cedar expressions: surely yes, surely no; neither is unknown. ``fault``: unknown by a fault."""

    yes: str
    no: str
    fault: str = "false"

    @property
    def unknown(self) -> str:
        """Neither yes nor no."""
        return both(negation(self.yes), negation(self.no))


YES = Said("true", "false")
NO = Said("false", "true")


def both(*terms: str) -> str:
    """All of these."""
    kept = list(dict.fromkeys(term for term in terms if term != "true"))
    if "false" in kept:
        return "false"
    return f"({' && '.join(kept)})" if len(kept) > 1 else kept[0] if kept else "true"


def either(*terms: str) -> str:
    """One of these."""
    kept = list(dict.fromkeys(term for term in terms if term != "false"))
    if "true" in kept:
        return "true"
    return f"({' || '.join(kept)})" if len(kept) > 1 else kept[0] if kept else "false"


def negation(term: str) -> str:
    """The opposite."""
    return {"true": "false", "false": "true"}.get(term, f"!({term})")


def conjunction(said: Sequence[Said]) -> Said:
    """Kleene's and."""
    found = Said(both(*(each.yes for each in said)), either(*(each.no for each in said)))
    return _faulted(found, said)


def disjunction(said: Sequence[Said]) -> Said:
    """Kleene's or."""
    found = Said(either(*(each.yes for each in said)), both(*(each.no for each in said)))
    return _faulted(found, said)


def agreement(said: Sequence[Said]) -> Said:
    """What is known, unless it contradicts itself."""
    yes, no = either(*(each.yes for each in said)), either(*(each.no for each in said))
    return _faulted(Said(both(yes, negation(no)), both(no, negation(yes))), said)


def opposite(said: Said) -> Said:
    """Kleene's not."""
    return Said(said.no, said.yes, said.fault)


def where(condition: str, said: Said) -> Said:
    """The answer if the condition holds; else unknown."""
    return Said(both(condition, said.yes), both(condition, said.no), both(condition, said.fault))


def choose(condition: str, first: Said, second: Said) -> Said:
    """The first answer if the condition holds, else the second."""
    pairs = ((first.yes, second.yes), (first.no, second.no), (first.fault, second.fault))
    return Said(*(one if one == other else f"(if {condition} then {one} else {other})" for one, other in pairs))


def text(value: str) -> str:
    """A string literal."""
    return '"' + "".join(f"\\u{{{ord(each):x}}}" if each in '"\\' or ord(each) < 32 else each for each in value) + '"'


def texts(values: Iterable[str]) -> str:
    """A set of string literals."""
    return f"[{', '.join(map(text, sorted(values)))}]"


def _faulted(found: Said, said: Sequence[Said]) -> Said:
    faults = either(*(each.fault for each in said))
    return found if faults == "false" else Said(found.yes, found.no, both(found.unknown, faults))
