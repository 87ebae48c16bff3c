"""Labelled pairs of names: how the one threshold does on them."""

from collections.abc import Sequence

import msgspec

from bylaw.access.screening.names import remembered
from bylaw.access.screening.queries import too_long
from bylaw.access.screening.score import THRESHOLD, compare
from bylaw.access.screening.sheet import records
from bylaw.errors import DocumentError

COLUMNS = ("name1", "name2", "schema", "is_match")


class Scored(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a threshold does on labelled pairs."""

    pairs: int
    hits: int
    false_hits: int
    misses: int

    @property
    def precision(self) -> float:
        """Share of what was found that is right; 0 if nothing was found."""
        return self.hits / max(1, self.hits + self.false_hits)

    @property
    def recall(self) -> float:
        """Share of what is right that was found; 0 if nothing is right."""
        return self.hits / max(1, self.hits + self.misses)

    @property
    def f1(self) -> float:
        """Harmonic mean of the two; 0 without any hit."""
        return 2 * self.hits / max(1, 2 * self.hits + self.false_hits + self.misses)


def score_pairs(content: bytes, threshold: float = THRESHOLD, where: str = "pairs") -> Scored:
    """Pairs laid out like name-pairs-dev.csv, scored at a threshold. Raises ``DocumentError`` naming the line in the
    file ``where``."""
    hits = false_hits = misses = 0
    rows = labelled_pairs(content, where)
    for first, second, person, wanted in rows:
        found = compare(remembered(first, person), remembered(second, person)) >= threshold
        hits += found and wanted
        false_hits += found and not wanted
        misses += wanted and not found
    return Scored(pairs=len(rows), hits=hits, false_hits=false_hits, misses=misses)


def labelled_pairs(content: bytes, where: str = "pairs") -> Sequence[tuple[str, str, bool, bool]]:
    """(name, name, whether persons, whether one) of every line. Raises ``DocumentError`` for a file without any, or one
    whose last line is cut."""
    found = [_labelled(row, at) for at, row in records(content, where, COLUMNS)]
    if not found:
        raise DocumentError("holds no pair: there is nothing to measure", where)
    if not content.endswith((b"\n", b"\r")):
        last = f"{where}:{content.count(bytes([10])) + 1}"
        raise DocumentError("the last line has no line end: the file is cut off", last)
    return found


def _labelled(row: dict[str, str], at: str) -> tuple[str, str, bool, bool]:
    first, second, label = row["name1"], row["name2"], row["is_match"].lower()
    if not first or not second or label not in ("true", "false"):
        raise DocumentError("name1, name2 and is_match (true or false) are needed", at)
    if fault := too_long(first) or too_long(second):
        raise DocumentError(fault, at)
    return first, second, row["schema"] == "Person", label == "true"
