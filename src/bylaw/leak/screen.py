"""Before training: every record looked through, and kept, masked or dropped with one reason.

In this order: secrets, then overlap with the evaluation sets, then near-duplicates among the records that are left. A
record that is dropped for one reason is not counted for a later one. Where a setting says *stop* and something is
found, no record is handed back; ``enforce`` raises.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from bylaw.leak.duplicates import clusters
from bylaw.leak.finders import Hit
from bylaw.leak.overlap import EvaluationSets, Match
from bylaw.leak.scan import mask, rules_digest, scan_many
from bylaw.leak.screening import Duplicates, LeakSettings, Overlap, Sample, ScreenReport, StageScreen
from bylaw.leak.texts import texts_of, with_texts
from bylaw.ledger import merkle
from bylaw.ledger.salts import commitment
from bylaw.lineage.left_out import DUPLICATE, OVERLAP, SECRETS
from bylaw.lineage.rows import Rows
from bylaw.records import Record
from bylaw.storage import line_of

STOPPED, NOT_LEARNED = "stopped", "not_trained_on"
"""Why a record is dropped, besides what was found in it; the last one is known before anything is looked for."""


class Row(NamedTuple):
    """A record that ``stage`` made. All that it made of a kind are given, in their order: else their root is another.

    ``learned``: whether it would be trained on; what would not is not looked through.
    """

    stage: str
    record: Record
    learned: bool = True


class Screened(NamedTuple):
    """What may be trained on, masked where asked, by the id it was given under; why not the others; the report."""

    kept: dict[str, Record]
    dropped: dict[str, str]
    report: ScreenReport


@dataclass
class _Seen:
    """One record on its way; ``reason`` says why it was dropped. ``hits`` are those of each text."""

    record: Record
    reason: str = ""
    hits: list[list[Hit]] = field(default_factory=list)
    out: Record | None = None
    matches: list[Match] = field(default_factory=list)

    @property
    def left(self) -> Record:
        """The record as it may be trained on."""
        return self.record if self.out is None else self.out


Stages = dict[tuple[str, str], list[_Seen]]
"""Rows by the stage that made them and their kind. A record that stands twice in them is looked at once."""


def screen(
    rows: Iterable[Row], sets: Mapping[str, Sequence[str]], settings: LeakSettings, *, salt: bytes, seed: int = 0
) -> Screened:
    """Screen records against the rules and against evaluation sets by name; ``screen_against`` has the rest."""
    return screen_against(EvaluationSets(sets, settings.ngram), rows, settings, salt=salt, seed=seed)


def screen_against(
    index: EvaluationSets, rows: Iterable[Row], settings: LeakSettings, *, salt: bytes, seed: int = 0
) -> Screened:
    """Screen records against the rules and against evaluation sets that were indexed before.

    ``salt``: 32 random bytes that open the samples' commitments; keep them apart from the report.
    """
    known: dict[str, _Seen] = {}
    stages: Stages = {}
    for row in rows:
        each = known.setdefault(row.record.id, _Seen(row.record, "" if row.learned else NOT_LEARNED))
        stages.setdefault((row.stage, row.record.kind), []).append(each)
    seen = [each for each in known.values() if not each.reason]
    _scan(seen, settings)
    _match(seen, index, settings)
    found = _duplicates(seen, settings, seed)
    stops = _stops(seen, found, settings)
    for each in seen if stops else ():
        each.reason = STOPPED
    report = ScreenReport(
        settings=settings,
        rules=rules_digest(),
        stages=tuple(_stage(*name, own, settings, salt) for name, own in stages.items()),
        overlaps=tuple(
            _overlap(stage, name, own, index, settings) for (stage, _), own in stages.items() for name in index.sizes
        ),
        duplicates=found,
        stops=stops,
    )
    kept = {name: each.left for name, each in known.items() if not each.reason}
    return Screened(kept, {name: each.reason for name, each in known.items() if each.reason}, report)


def _scan(seen: Sequence[_Seen], settings: LeakSettings) -> None:
    found = iter(scan_many([text for each in seen for text in texts_of(each.record)]))
    for each in seen:
        texts = texts_of(each.record)
        each.hits = [[hit for hit in next(found) if hit.type not in settings.ignored] for _ in texts]
        if any(each.hits) and settings.secrets == "drop":
            each.reason = SECRETS
        elif any(each.hits) and settings.secrets == "mask":
            each.out = with_texts(each.record, [mask(*pair) for pair in zip(texts, each.hits, strict=True)])


def _match(seen: Sequence[_Seen], index: EvaluationSets, settings: LeakSettings) -> None:
    for each in seen:
        each.matches = [match for text in texts_of(each.record) for match in index.matches(text)]
        if not each.reason and settings.overlap == "drop" and _is_long(each, settings):
            each.reason = OVERLAP


def _is_long(each: _Seen, settings: LeakSettings) -> bool:
    return any(match.longest >= settings.longest for match in each.matches)


def _duplicates(seen: Sequence[_Seen], settings: LeakSettings, seed: int) -> Duplicates:
    """The clusters among the records that are left; with *drop*, all but the first of each are dropped."""
    left = [each for each in seen if not each.reason]
    found = clusters(["\n".join(texts_of(each.left)) for each in left], settings.similarity, seed=seed)
    for places in found if settings.duplicates == "drop" else ():
        for place in places[1:]:
            left[place].reason = DUPLICATE
    largest = max(found, key=len, default=[])
    return Duplicates(
        clusters=len(found), rows=sum(map(len, found)), largest=tuple(left[place].record.id for place in largest[:10])
    )


def _stops(seen: Sequence[_Seen], found: Duplicates, settings: LeakSettings) -> tuple[str, ...]:
    secrets = sum(any(each.hits) for each in seen)
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


def _stage(stage: str, kind: str, own: Sequence[_Seen], settings: LeakSettings, salt: bytes) -> StageScreen:
    left = [each for each in own if not each.reason]
    masked = sum(each.out is not None for each in left)
    return StageScreen(
        stage=stage,
        kind=kind,
        rows=len(own),
        kept=len(left) - masked,
        masked=masked,
        dropped=dict(sorted(Counter(each.reason for each in own if each.reason).items())),
        hits=dict(sorted(Counter(hit.type for each in own for hits in each.hits for hit in hits).items())),
        rows_with_hits=sum(any(each.hits) for each in own),
        samples=tuple(_samples(own, settings.samples, salt)),
        root_in=rows_root(each.record for each in own),
        root_out=rows_root(each.left for each in left),
    )


def _samples(own: Sequence[_Seen], limit: int, salt: bytes) -> Iterable[Sample]:
    """The first hits of each type."""
    shown: Counter[str] = Counter()
    found = [(each.record, text, hits) for each in own for text, hits in _hits(each)]
    for record, text, hits in found:
        for hit in hits:
            shown[hit.type] += 1
            if shown[hit.type] <= limit:
                value = text[hit.start : hit.end]
                yield Sample(
                    row=record.id,
                    type=hit.type,
                    rule=hit.name,
                    shape=_shape(value),
                    salted=commitment(value.encode("utf-8", "surrogatepass"), salt),
                )


def _hits(each: _Seen) -> Iterable[tuple[str, list[Hit]]]:
    return zip(texts_of(each.record), each.hits, strict=True) if each.hits else ()


def _shape(value: str, limit: int = 40) -> str:
    """The value with 9 for a digit and a for a letter, so that a reader sees what kind of thing it was."""
    shown = "".join("9" if each.isdigit() else "a" if each.isalpha() else each for each in value[:limit])
    return shown + "…" if len(value) > limit else shown


def _overlap(stage: str, name: str, own: Sequence[_Seen], index: EvaluationSets, settings: LeakSettings) -> Overlap:
    shared = [matches for each in own if (matches := [match for match in each.matches if match.set == name])]
    longest = [max(match.longest for match in matches) for matches in shared]
    return Overlap(
        stage=stage,
        set=name,
        rows=len(shared),
        rows_long=sum(words >= settings.longest for words in longest),
        items=len({item for matches in shared for match in matches for item in match.items}),
        items_total=index.sizes[name],
        items_short=index.short[name],
        longest_run=max(longest, default=0),
    )


def rows_root(records: Iterable[Record]) -> str:
    """The root over records in their order as a statement has it (``lineage.rows``), 64 hex digits."""
    return Rows.of([merkle.leaf_hash(line_of(record).removesuffix(b"\n")) for record in records]).root
