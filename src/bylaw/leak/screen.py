"""Before training: every row looked through, and kept, masked or dropped with one reason.

In this order: secrets, then overlap with the evaluation sets, then near-duplicates among the rows that are left. A row
that is dropped for one reason is not counted for a later one. Where a setting says *stop* and something is found, no
row is handed back; ``enforce`` raises.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from bylaw.canonical import canonical
from bylaw.errors import UsageError
from bylaw.leak.duplicates import clusters
from bylaw.leak.finders import Hit
from bylaw.leak.overlap import EvaluationSets, Match
from bylaw.leak.scan import mask, rules_digest, scan_many
from bylaw.leak.screening import Duplicates, LeakSettings, Overlap, Sample, ScreenReport, StageScreen
from bylaw.ledger import merkle
from bylaw.ledger.salts import commitment

SECRETS, OVERLAP, DUPLICATE, STOPPED = "secrets", "overlap", "near-duplicate", "stopped"


class Row(NamedTuple):
    """A text to be trained on, or that an AI wrote on the way; ``stage`` says where it comes from."""

    id: str
    stage: str
    text: str


class Screened(NamedTuple):
    """The rows that may be trained on, in order, masked where asked; ids of the others by reason; the report."""

    rows: tuple[Row, ...]
    dropped: dict[str, str]
    report: ScreenReport


@dataclass
class _Seen:
    """One row on its way; ``reason`` says why it was dropped."""

    row: Row
    hits: list[Hit]
    text: str
    reason: str = ""
    matches: list[Match] = field(default_factory=list)

    @property
    def out(self) -> Row:
        return self.row._replace(text=self.text)


def screen(
    rows: Iterable[Row], sets: Mapping[str, Sequence[str]], settings: LeakSettings, *, salt: bytes, seed: int = 0
) -> Screened:
    """Screen rows against the rules and against evaluation sets by name.

    ``salt``: 32 random bytes that open the samples' commitments; keep them apart from the report. Raises
    ``UsageError`` for two rows of one id.
    """
    given = [row if isinstance(row, Row) else Row(*row) for row in rows]
    if len({row.id for row in given}) != len(given):
        raise UsageError("two rows have the same id; a report could not say which of them was dropped")
    seen = _scanned(given, settings)
    index = EvaluationSets(sets, settings.ngram)
    for each in seen:
        each.matches = index.matches(each.row.text)
        if not each.reason and settings.overlap == "drop" and _is_long(each, settings):
            each.reason = OVERLAP
    found = _duplicates(seen, settings, seed)
    stops = _stops(seen, found, settings)
    for each in seen:
        each.reason = STOPPED if stops else each.reason
    report = ScreenReport(
        settings=settings,
        rules=rules_digest(),
        stages=tuple(_stage(stage, own, settings, salt) for stage, own in _stages(seen).items()),
        overlaps=tuple(
            _overlap(stage, name, own, index, settings) for stage, own in _stages(seen).items() for name in sets
        ),
        duplicates=found,
        stops=stops,
    )
    kept = tuple(each.out for each in seen if not each.reason)
    return Screened(kept, {each.row.id: each.reason for each in seen if each.reason}, report)


def _scanned(rows: Sequence[Row], settings: LeakSettings) -> list[_Seen]:
    seen = []
    for row, found in zip(rows, scan_many([row.text for row in rows]), strict=True):
        hits = [hit for hit in found if hit.type not in settings.ignored]
        text = mask(row.text, hits) if hits and settings.secrets == "mask" else row.text
        seen.append(_Seen(row, hits, text, SECRETS if hits and settings.secrets == "drop" else ""))
    return seen


def _is_long(each: _Seen, settings: LeakSettings) -> bool:
    return any(match.longest >= settings.longest for match in each.matches)


def _duplicates(seen: Sequence[_Seen], settings: LeakSettings, seed: int) -> Duplicates:
    """The clusters among the rows that are left; with *drop*, all but the first of each are dropped."""
    left = [each for each in seen if not each.reason]
    found = clusters([each.text for each in left], settings.similarity, seed=seed)
    for places in found if settings.duplicates == "drop" else ():
        for place in places[1:]:
            left[place].reason = DUPLICATE
    largest = max(found, key=len, default=[])
    return Duplicates(
        clusters=len(found), rows=sum(map(len, found)), largest=tuple(left[place].row.id for place in largest[:10])
    )


def _stops(seen: Sequence[_Seen], found: Duplicates, settings: LeakSettings) -> tuple[str, ...]:
    secrets = sum(bool(each.hits) for each in seen)
    long = sum(_is_long(each, settings) for each in seen)
    return tuple(
        reason
        for action, count, reason in (
            (settings.secrets, secrets, f"{secrets} rows hold secrets or personal data"),
            (settings.overlap, long, f"{long} rows share {settings.longest} words in a row with an evaluation set"),
            (settings.duplicates, found.rows, f"{found.rows} rows are near-duplicates"),
        )
        if action == "stop" and count
    )


def _stages(seen: Sequence[_Seen]) -> dict[str, list[_Seen]]:
    stages: dict[str, list[_Seen]] = {}
    for each in seen:
        stages.setdefault(each.row.stage, []).append(each)
    return stages


def _stage(stage: str, own: Sequence[_Seen], settings: LeakSettings, salt: bytes) -> StageScreen:
    left = [each for each in own if not each.reason]
    masked = sum(each.text != each.row.text for each in left)
    return StageScreen(
        stage=stage,
        rows=len(own),
        kept=len(left) - masked,
        masked=masked,
        dropped=dict(sorted(Counter(each.reason for each in own if each.reason).items())),
        hits=dict(sorted(Counter(hit.type for each in own for hit in each.hits).items())),
        rows_with_hits=sum(bool(each.hits) for each in own),
        samples=tuple(_samples(own, settings.samples, salt)),
        root_in=rows_root(each.row for each in own),
        root_out=rows_root(each.out for each in left),
    )


def _samples(own: Sequence[_Seen], limit: int, salt: bytes) -> Iterable[Sample]:
    """The first hits of each type."""
    shown: Counter[str] = Counter()
    for each in own:
        for hit in each.hits:
            shown[hit.type] += 1
            if shown[hit.type] <= limit:
                value = each.row.text[hit.start : hit.end]
                yield Sample(
                    row=each.row.id,
                    type=hit.type,
                    rule=hit.name,
                    shape=_shape(value),
                    salted=commitment(value.encode("utf-8", "surrogatepass"), salt),
                )


def _shape(value: str, limit: int = 40) -> str:
    """The value with 9 for a digit and a for a letter, so that a reader sees what kind of thing it was."""
    shown = "".join("9" if each.isdigit() else "a" if each.isalpha() else each for each in value[:limit])
    return shown + "…" if len(value) > limit else shown


def _overlap(stage: str, name: str, own: Sequence[_Seen], index: EvaluationSets, settings: LeakSettings) -> Overlap:
    matches = [match for each in own for match in each.matches if match.set == name]
    return Overlap(
        stage=stage,
        set=name,
        rows=len(matches),
        rows_long=sum(match.longest >= settings.longest for match in matches),
        items=len({item for match in matches for item in match.items}),
        items_total=index.sizes[name],
        items_short=index.short[name],
        longest_run=max((match.longest for match in matches), default=0),
    )


def rows_root(rows: Iterable[Row]) -> str:
    """RFC 6962 root over rows in order, 64 hex digits: a leaf is the canonical form of [id, text]."""
    leaves = merkle.Leaves(merkle.leaf_hash(canonical([row.id, row.text])) for row in rows)
    return merkle.root(leaves, len(leaves)).hex()
