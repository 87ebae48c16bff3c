"""A match: who was screened, which listed party, how probable, and why, in words a reviewer can check."""

import msgspec

from bylaw.access.screening.align import Pair, align
from bylaw.access.screening.evidence import evidence
from bylaw.access.screening.names import Parts
from bylaw.access.screening.parties import Party, Query
from bylaw.access.screening.score import features, probability


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
    pairs, extra, missing = align(parts, listed)
    found = features(parts, listed)
    said = [_pair(pair) for pair in pairs]
    if extra:
        said.append(f"not listed: {' '.join(extra)}")
    if missing:
        said.append(f"listed but not given: {' '.join(missing)}")
    if found.reversed:
        said.append("child and father are exchanged")
    if found.forms:
        said.append(f"another company form: {'/'.join(sorted(parts.forms))}, listed {'/'.join(sorted(listed.forms))}")
    return tuple(said)


def _pair(pair: Pair) -> str:
    word, listed, way, edits, _ = pair
    if way == "same":
        return f"{word} is the same"
    if way == "initial":
        return f"{word} may stand for {listed}"
    many = "joined, " * (way == "joined") + ("no edit" if not edits else f"{edits:g} edits")
    return f"{word} for {listed} ({many})"
