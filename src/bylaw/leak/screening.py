"""What a screening was asked to do, and what it did: settings and report, with figures that must add up."""

from typing import Literal

import msgspec

from bylaw.errors import GateStopped, SettingsError, VerificationError
from bylaw.leak.kinds import TYPES
from bylaw.leak.limits import NOT_LOOKED_FOR


class LeakSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to do with rows in which something is found.

    ``secrets``, ``duplicates`` (the first of a cluster stays) and ``overlap`` each say it: *drop* the row, *mask* the
    places, *stop* the run, or *report* and change nothing. ``ignored``: types that are not looked for.
    ``similarity``: Jaccard similarity of shingles from which texts count as near-duplicates. ``longest``: words in a
    row shared with an evaluation item from which a row counts as overlapping; all n-grams of ``ngram`` words are
    counted in the report. ``samples``: how many hits of a type a stage's report shows, redacted.
    """

    secrets: Literal["drop", "mask", "stop", "report"] = "mask"
    duplicates: Literal["drop", "stop", "report"] = "report"
    overlap: Literal["drop", "stop", "report"] = "drop"
    ignored: tuple[str, ...] = ()
    similarity: float = 0.8
    ngram: int = 8
    longest: int = 13
    samples: int = 5

    def __post_init__(self) -> None:
        unknown = set(self.ignored) - set(TYPES)
        if unknown:
            raise SettingsError(f"ignored: {', '.join(sorted(unknown))} is no type; there are {', '.join(TYPES)}")
        if not 0.5 <= self.similarity <= 1:
            raise SettingsError(f"similarity lies between 0.5 and 1, not at {self.similarity}")
        if not 2 <= self.ngram <= self.longest:
            raise SettingsError(f"ngram is at least 2 and at most longest, not {self.ngram} with {self.longest}")
        if self.samples < 0:
            raise SettingsError(f"samples is a number of hits, not {self.samples}")


class Sample(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One hit, redacted: ``shape`` has 9 for every digit and a for every letter; ``salted`` is a commitment to it."""

    row: str
    type: str
    rule: str
    shape: str
    salted: str


class StageScreen(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The records of one ``kind`` that one stage made: ``rows`` is what was ``kept``, ``masked`` and ``dropped``.

    ``dropped``: rows by reason. ``hits``: what was found, by type. ``root_in`` is the RFC 6962 root that the stage's
    statement has for these rows (docs/lineage.md), ``root_out`` the same over the rows that may be trained on, in
    their order, as they were masked.
    """

    stage: str
    kind: str
    rows: int
    kept: int
    masked: int
    dropped: dict[str, int]
    hits: dict[str, int]
    rows_with_hits: int
    samples: tuple[Sample, ...]
    root_in: str
    root_out: str


class Overlap(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the records of one stage share with one evaluation set.

    ``rows`` share an n-gram with one of the ``items``, ``rows_long`` a run of ``longest`` words; ``longest_run`` in
    words; of ``items_total`` items, ``items_short`` are too short to be found.
    """

    stage: str
    set: str
    rows: int
    rows_long: int
    items: int
    items_total: int
    items_short: int
    longest_run: int


class Duplicates(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Clusters of near-duplicates among the rows that stayed: how many, rows in them, and the ids of the largest."""

    clusters: int
    rows: int
    largest: tuple[str, ...]


class ScreenReport(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a screening found and did. Raises ``VerificationError`` where a stage's figures do not add up."""

    settings: LeakSettings
    rules: str
    """SHA-256 over the scanner's rules."""
    stages: tuple[StageScreen, ...]
    overlaps: tuple[Overlap, ...]
    duplicates: Duplicates
    stops: tuple[str, ...] = ()
    """Why nothing may be trained on these rows; then no row was handed back."""
    not_looked_for: tuple[str, ...] = NOT_LOOKED_FOR["before"]

    def __post_init__(self) -> None:
        for stage in self.stages:
            accounted = stage.kept + stage.masked + sum(stage.dropped.values())
            if accounted != stage.rows:
                raise VerificationError("screening", f"{stage.stage}: {stage.rows} rows, {accounted} accounted for")


def enforce(report: ScreenReport) -> None:
    """Return if the rows may be trained on; raise ``GateStopped`` with every reason if not."""
    if report.stops:
        raise GateStopped("the screening before training stops the run: " + "; ".join(report.stops))
