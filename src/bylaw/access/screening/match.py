"""A match: who was screened, which listed party, how probable, and why, in words a reviewer can check."""

import msgspec

from bylaw.access.screening.evidence import evidence
from bylaw.access.screening.names import Parts
from bylaw.access.screening.parties import Party, Query
from bylaw.access.screening.score import Alignment, Pair, align, features, probability


class Match(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``score`` is the probability in four digits; ``subject`` is ``Query.subject``."""

    subject: str
    list: str
    party: str
    name: str
    score: float
    why: tuple[str, ...]


def match_of(query: Query, party: Party, name: int, parts: Parts, listed: Parts, odds: float) -> Match:
    """The match of a subject with a party's name, whose log-odds are known."""
    beside = evidence(query, party)
    return Match(
        subject=query.subject,
        list=party.list,
        party=party.id,
        name=party.names[name].text,
        score=round(probability(odds), 4),
        why=(*reasons(parts, listed), *beside.why),
    )


def reasons(parts: Parts, listed: Parts) -> tuple[str, ...]:
    """How two names agree and differ, a sentence each."""
    alignment = align(parts, listed)
    found = features(parts, listed)
    said = [_pair(pair) for pair in alignment.pairs]
    said += _left(alignment)
    if found.reversed:
        said.append("child and father are exchanged")
    if found.forms:
        said.append(f"another company form: {'/'.join(sorted(parts.forms))}, listed {'/'.join(sorted(listed.forms))}")
    return tuple(said)


def _pair(pair: Pair) -> str:
    if pair.way == "same":
        return f"{pair.word} is the same"
    if pair.way == "initial":
        return f"{pair.word} may stand for {pair.listed}"
    many = "joined, " * (pair.way == "joined") + ("no edit" if not pair.edits else f"{pair.edits:g} edits")
    return f"{pair.word} for {pair.listed} ({many})"


def _left(alignment: Alignment) -> list[str]:
    said = []
    if alignment.extra:
        said.append(f"not listed: {' '.join(alignment.extra)}")
    if alignment.missing:
        said.append(f"listed but not given: {' '.join(alignment.missing)}")
    return said
