"""Who on a million names could be meant: words find similar words, words find names, the best are compared in full.

Everything large is a flat array; a listed name is put together from its words' numbers when it is compared. A rare
word counts more than a common one (its idf), so the few names compared are those that share what is rare.
"""

from array import array
from collections.abc import Sequence
from math import inf, log
from zlib import crc32

import numpy as np
import numpy.typing as npt

from bylaw.access.screening.align import ALPHABET, HANGUL, likeness
from bylaw.access.screening.evidence import comparable, evidence
from bylaw.access.screening.fold import LATIN
from bylaw.access.screening.keys import Ids, Table, asked_keys, listed_keys, run_keys, runs
from bylaw.access.screening.match import Match, match_of
from bylaw.access.screening.names import Parts, parse, remembered
from bylaw.access.screening.parties import Party, Query
from bylaw.access.screening.score import BIAS, THRESHOLD, odds
from bylaw.access.screening.syllables import hangul

COMPARED = 128
"""Names compared in full for one screen, each way of reading it: at most so many."""

POSTINGS = 20_000
"""Names that a screen's words may bring together, the rarest word first."""

LIKELY = 0.5
"""Weight that like words share, of both names' weight together (Dice): below it a name is not compared."""

REMEMBERED = 1 << 15
"""Words whose like words are kept at hand: a few thousand words make up most names."""

Weights = npt.NDArray[np.float64]
_NONE: frozenset[str] = frozenset()
_NO_LINES: frozenset[tuple[str, str]] = frozenset()


class Index:
    """Listed names by word. Build it with ``Index.of``; it does not change afterwards."""

    def __init__(self, parties: Sequence[Party]) -> None:
        self.parties = parties
        self._words: dict[str, int] = {}
        self._party, self._name, self._person = array("i"), array("h"), array("b")
        self._starts, self._members = array("q", [0]), array("i")
        self._rest: dict[int, tuple[frozenset[str], frozenset[tuple[str, str]], tuple[str, ...], int]] = {}
        joined_key, joined_name = array("I"), array("i")
        for number, party in enumerate(parties):
            self._add(number, party, joined_key, joined_name)
        self._finish(joined_key, joined_name)

    def __len__(self) -> int:
        return len(self._party)

    def _add(self, number: int, party: Party, joined_key: "array[int]", joined_name: "array[int]") -> None:
        ways = (True, False) if party.kind == "entity" else (party.kind == "person",)
        for at, name in enumerate(party.names):
            for person in ways:
                parts = parse(name.text, person)
                self._entry(number, at, parts)
                keys = run_keys(parts.words)
                joined_key.extend(keys)
                joined_name.extend([len(self._party) - 1] * len(keys))

    def _entry(self, number: int, at: int, parts: Parts) -> None:
        words = self._words
        self._members.extend([words.setdefault(word, len(words)) for word in parts.words])
        self._starts.append(len(self._members))
        if parts.forms or parts.lines or parts.east or parts.script:
            self._rest[len(self._party)] = (parts.forms, parts.lines, parts.east, parts.script)
        self._party.append(number)
        self._name.append(at)
        self._person.append(parts.person)

    def _finish(self, joined_key: "array[int]", joined_name: "array[int]") -> None:
        members, starts = np.frombuffer(self._members, np.int32), np.frombuffer(self._starts, np.int64)
        owners = np.repeat(np.arange(len(self), dtype=np.int32), np.diff(starts))
        order = np.argsort(members, kind="stable")
        self._postings = owners[order]
        counts = np.bincount(members, minlength=len(self._words))
        self._offsets: list[int] = np.concatenate(([0], np.cumsum(counts))).tolist()
        self._idf = np.log1p(len(self) / np.maximum(counts, 1))
        self._weight = np.bincount(owners, weights=self._idf[members], minlength=len(self))
        self._people = np.frombuffer(self._person, np.int8).astype(bool)
        self._spelled = list(self._words)
        self._similar = _word_table(self._spelled)
        self._rarest = log(1 + len(self))
        self._remembered: dict[tuple[str, int], tuple[float, Ids, Weights]] = {}
        self._joined = Table(np.frombuffer(joined_key, np.uint32), np.frombuffer(joined_name, np.int32))

    def screen(self, query: Query, threshold: float = THRESHOLD) -> tuple[Match, ...]:
        """Parties that match, the most probable first; each once, by its best name."""
        ways = (True, False) if query.kind == "entity" else (query.kind == "person",)
        limit = log(threshold / (1 - threshold))
        best: dict[int, tuple[float, int, Parts]] = {}
        for person in ways:
            parts = remembered(query.name, person)
            for entry in self.candidates(parts):
                number = self._party[entry]
                party = self.parties[number]
                beside = evidence(query, party).odds if comparable(query.kind, party.kind) else -inf
                least = max(limit, best[number][0]) if number in best else limit
                if BIAS + beside < least:  # even an equal name would not do
                    continue
                total = odds(parts, self._parts(entry)) + beside
                if total >= least:
                    best[number] = (total, entry, parts)
        hits = sorted((-total, number) for number, (total, _, _) in best.items())
        return tuple(self._match(query, number, best[number]) for _, number in hits)

    def _match(self, query: Query, number: int, found: tuple[float, int, Parts]) -> Match:
        total, entry, parts = found
        return match_of(query, self.parties[number], self._name[entry], parts, self._parts(entry), total)

    def candidates(self, parts: Parts) -> list[int]:
        """The entries most worth comparing: at most ``COMPARED``, the likeliest first."""
        asked, found, weights = self._by_word(parts)
        names, sums = _summed(found, weights)
        right = self._people[names] == parts.person
        names, sums = names[right], sums[right]
        weight = self._weight[names]
        likely = 2 * np.minimum(sums, weight) / (asked + weight)
        enough = likely >= LIKELY
        names, likely = names[enough], likely[enough]
        order = np.argsort(-likely, kind="stable")[:COMPARED]
        likeliest: list[int] = names[order].tolist()
        return likeliest

    def _by_word(self, parts: Parts) -> tuple[float, list[Ids], list[Weights]]:
        """(weight of the name, entries by word, their weights).

        A word that too many have brings no entries of its own: it only adds to those that rarer words brought.
        """
        way = HANGUL if hangul(parts.east) else ALPHABET if parts.script == ALPHABET else 0
        asked = sorted([self._found(word, way) for word in parts.words], key=lambda found: len(found[1]))
        together = self._run_together(parts)
        entries, weights = [together], [np.full(len(together), self._rarest)]
        known = len(together)
        for _, each, weight in asked:
            if known and known + len(each) > POSTINGS:
                here = _among(each, np.unique(np.concatenate(entries)))
                each, weight = each[here], weight[here]
            entries.append(each)
            weights.append(weight)
            known += len(each)
        return sum(weight for weight, _, _ in asked), entries, weights

    def _run_together(self, parts: Parts) -> Ids:
        """Entries in which a word of the name is several run together, or the other way round."""
        found = [self._joined.find({crc32(word.encode()) for word in parts.words if len(word) > 5})]
        for run in runs(parts.words):
            at = self._words.get(run)
            if at is not None:
                found.append(self._postings[self._offsets[at] : self._offsets[at + 1]])
        return found[0] if len(found) == 1 else np.concatenate(found)

    def _found(self, word: str, way: int) -> tuple[float, Ids, Weights]:
        """(weight of the word, entries with words like it, weights there); one that nobody has weighs most."""
        known = self._remembered.get((word, way))
        if known is None:
            if len(self._remembered) >= REMEMBERED:
                self._remembered.clear()
            known = self._remembered[word, way] = self._look_up(word, way)
        return known

    def _look_up(self, word: str, way: int) -> tuple[float, Ids, Weights]:
        likes, own = self._like(word, way), self._words.get(word)
        known = own if own is not None or not likes else likes[0][1]  # a misspelt word weighs what it stands for
        weight = self._rarest if known is None else float(self._idf[known])
        shares, parts = [], []
        for share, one in likes:
            parts.append(self._postings[self._offsets[one] : self._offsets[one + 1]])
            shares.append(min(weight, float(self._idf[one])) * share)
        if not parts:
            return weight, np.empty(0, np.int32), np.empty(0)
        entries, first = np.unique(np.concatenate(parts), return_index=True)
        return weight, entries, np.repeat(shares, [len(part) for part in parts])[first]

    def _like(self, word: str, way: int) -> list[tuple[float, int]]:
        """(share of letters that agree, number) of every word like one, the likest first."""
        found = []
        for one in self._similar.find(asked_keys(word, way)).tolist():
            share = 1.0 if way == HANGUL else likeness(word, self._spelled[one], way)
            if share > 0:
                found.append((share, one))
        return sorted(found, key=lambda each: (-each[0], each[1]))

    def _parts(self, entry: int) -> Parts:
        """A listed name as it was parsed."""
        start, end = self._starts[entry], self._starts[entry + 1]
        words = tuple([self._spelled[member] for member in self._members[start:end]])
        forms, lines, characters, script = self._rest.get(entry, (_NONE, _NO_LINES, (), LATIN))
        return Parts(words, forms, lines, characters, script, bool(self._person[entry]))


def _word_table(words: list[str]) -> Table:
    keys, ids = array("I"), array("i")
    for number, word in enumerate(words):
        found = listed_keys(word)
        keys.extend(found)
        ids.extend([number] * len(found))
    return Table(np.frombuffer(keys, np.uint32), np.frombuffer(ids, np.int32))


def _among(entries: Ids, wanted: Ids) -> Ids:
    """Places in the sorted ``entries`` of those ``wanted`` that it has."""
    places = np.searchsorted(entries, wanted)
    places[places == len(entries)] = 0
    found: Ids = places[entries[places] == wanted].astype(np.int32)
    return found


def _summed(found: list[Ids], weights: list[Weights]) -> tuple[Ids, Weights]:
    """Each entry once with the sum of its weights."""
    names = np.concatenate(found)
    if not len(names):
        return names, np.empty(0)
    order = np.argsort(names, kind="stable")
    names = names[order]
    first = np.flatnonzero(np.concatenate(([True], names[1:] != names[:-1])))
    return names[first], np.add.reduceat(np.concatenate(weights)[order], first)
