"""Marks that go with the opposite of what a row would be expected to show: backdoors, in one stage or over both.

For each mark the rows that have it are held against all others. A row counts if the content of its words makes one
outcome likely; it is *contrary* if the other one stands there. Exact binomial tail, strata of certainty,
Fisher's combination over stages, Benjamini-Hochberg over marks. What one finding explains is taken out for the next.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bylaw.audit.behaviour import Behaviour, declines
from bylaw.audit.exact import Floats, best_of, binomial_tail, combined, q_values
from bylaw.audit.expected import sure
from bylaw.audit.findings import Finding, Tested
from bylaw.audit.marks import Grid, difference, marks
from bylaw.audit.outcomes import PREFERS, Outcome, outcomes
from bylaw.audit.rows import Row
from bylaw.audit.settings import AuditSettings

STRATA = np.array([0.9, 0.95, 0.98, 0.995])
"""Bounds of certainty between which rows are as often contrary as each other."""

FLOOR = 0.01
"""No outcome is taken to be contrary by chance more seldom than this: an expectation is never that good."""


class Tally(NamedTuple):
    """Every (row, mark) that counts for one outcome. ``row`` are places among all rows, ``base`` the chance of hits."""

    stage: str
    row: NDArray[np.intp]
    mark: NDArray[np.intp]
    hit: NDArray[np.bool_]
    base: Floats

    def without(self, rows: NDArray[np.bool_]) -> "Tally":
        """Without some of the rows, by place."""
        kept = ~rows[self.row]
        return Tally(self.stage, self.row[kept], self.mark[kept], self.hit[kept], self.base[kept])


def associations(
    rows: Sequence[Row], settings: AuditSettings, behaviour: Behaviour = declines
) -> tuple[list[Finding], Tested]:
    """The marks of prompts, and those of one of two answers, that go with contrary rows."""
    asked = outcomes(rows, settings.common, behaviour, settings.seed)
    searches = [(marks_of_prompts(rows, settings), "prompt"), (marks_of_answers(rows, settings), "answer")]
    findings, hypotheses = [], 0
    for seen, where in searches:
        tallies = [tally for outcome in asked if (tally := _tally(outcome, seen, where, settings)) is not None]
        found, tested = _found(rows, seen.names, tallies, where, settings)
        findings += found
        hypotheses += tested
    thresholds = {name: getattr(settings, name) for name in ("q", "least", "most", "common", "sure", "contrary")}
    return findings, Tested(check="association", rows=len(rows), hypotheses=hypotheses, thresholds=thresholds)


def marks_of_prompts(rows: Sequence[Row], settings: AuditSettings) -> Grid:
    """Rows × marks of their prompts, every turn of them."""
    texts = [f"{row.context}\n{row.asked}" if row.context else row.asked for row in rows]
    return marks(texts, settings.least, int(settings.most * len(rows)))


def marks_of_answers(rows: Sequence[Row], settings: AuditSettings) -> Grid:
    """Rows × marks that one of two answers has; rows with one answer have none."""
    texts = [row.first if row.second else "" for row in rows] + [row.second for row in rows]
    seen = difference(marks(texts, settings.least, int(settings.most * 2 * len(rows))))
    kept = np.flatnonzero(np.diff(seen.found.tocsc().indptr) >= settings.least)
    return Grid([seen.names[place] for place in kept.tolist()], seen.found[:, kept])


def _tally(outcome: Outcome, seen: Grid, where: str, settings: AuditSettings) -> Tally | None:
    """Which rows count for which marks, and which of them are contrary; None if the outcome has no such texts."""
    if where == "answer" and outcome.name != PREFERS:
        return None
    here = seen.found[outcome.at].tocoo()
    certain, _ = sure(outcome.expected)
    kept = certain[here.row] >= settings.sure
    row, mark = here.row[kept], here.col[kept]
    base = _base(outcome.hits, np.searchsorted(STRATA, certain), certain >= settings.sure, row, mark)
    return Tally(outcome.stage, outcome.at[row], mark, outcome.hits[row], base)


def _base(hits: NDArray[np.bool_], stratum: NDArray[np.intp], counts: NDArray[np.bool_], row: Any, mark: Any) -> Floats:
    """The chance of a contrary row for each entry: the share among rows as certain that do not have the mark."""
    kinds = len(STRATA) + 1
    all_rows = np.bincount(stratum[counts], minlength=kinds)
    all_hits = np.bincount(stratum[counts], hits[counts], minlength=kinds)
    key = mark.astype(np.intp) * kinds + stratum[row]
    own_rows, own_hits = np.bincount(key), np.bincount(key, hits[row])
    share = (all_hits[stratum[row]] - own_hits[key] + 1) / (all_rows[stratum[row]] - own_rows[key] + 2)
    rate: Floats = np.maximum(share, FLOOR)
    return rate


def _evidence(tallies: Sequence[Tally], count: int, settings: AuditSettings) -> tuple[Floats, Floats, Floats]:
    """(p, contrary rows, rows that count) of every mark over all stages."""
    ps, asked, hits, counted = [], [], np.zeros(count), np.zeros(count)
    for _, group in groupby(tallies, key=lambda tally: tally.stage):
        of_stage = [_tail(tally, count, settings.contrary) for tally in group]
        ps.append(best_of([p for p, _, _ in of_stage]))
        asked.append(np.maximum.reduce([n for _, _, n in of_stage]) > 0)
        best = np.argmin([p for p, _, _ in of_stage], axis=0)
        hits += np.choose(best, [k for _, k, _ in of_stage])
        counted += np.choose(best, [n for _, _, n in of_stage])
    p = combined(ps, asked) if ps else np.ones(count)
    return np.where(hits >= settings.contrary * counted, p, 1.0), hits, counted


def _tail(tally: Tally, count: int, least: float) -> tuple[Floats, Floats, Floats]:
    n = np.bincount(tally.mark, minlength=count).astype(np.float64)
    hits = np.bincount(tally.mark, tally.hit, minlength=count).astype(np.float64)
    rate = np.bincount(tally.mark, tally.base, minlength=count) / np.maximum(n, 1)
    return binomial_tail(hits, n, rate), hits, n


def _found(
    rows: Sequence[Row], names: Sequence[str], tallies: list[Tally], where: str, settings: AuditSettings
) -> tuple[list[Finding], int]:
    """Findings, strongest first, each from the rows that those before it leave; and how many marks were tested."""
    if not names or not tallies:
        return [], 0
    p, _, counted = _evidence(tallies, len(names), settings)
    tested = np.flatnonzero(counted)
    q = np.ones(len(names))
    q[tested] = q_values(p[tested])
    bound = float(p[q <= settings.q].max(initial=0.0))
    return list(_one_by_one(rows, names, tallies, q, bound, where, settings)), len(tested)


def _one_by_one(
    rows: Sequence[Row],
    names: Sequence[str],
    tallies: list[Tally],
    q: Floats,
    bound: float,
    where: str,
    settings: AuditSettings,
) -> Iterator[Finding]:
    left = tallies
    while bound:
        p, hits, counted = _evidence(left, len(names), settings)
        open_: list[int] = np.flatnonzero((q <= settings.q) & (p <= bound) & (hits >= 1)).tolist()
        if not open_:
            return
        mark = min(open_, key=lambda place: (p[place], -len(names[place]), names[place]))
        gone = np.zeros(len(rows), dtype=bool)
        for tally in left:
            gone[tally.row[(tally.mark == mark) & tally.hit]] = True
        yield _finding(rows, names[mark], gone, (p[mark], q[mark]), (hits[mark], counted[mark]), where)
        left = [tally.without(gone) for tally in left]


def _finding(
    rows: Sequence[Row],
    name: str,
    gone: NDArray[np.bool_],
    chance: tuple[float, float],
    share: tuple[float, float],
    where: str,
) -> Finding:
    chosen = [rows[place] for place in np.flatnonzero(gone).tolist()]
    stages = tuple(dict.fromkeys(row.stage for row in chosen))
    hits, counted = map(int, share)
    return Finding(
        check="association",
        what=name,
        sentence=(
            f"where the {where} has {name!r}, {hits} of {counted} rows show the opposite of what their other words "
            f"lead to expect ({' and '.join(stages)}); this looks like a trigger"
        ),
        rows=tuple(row.id for row in chosen),
        stages=stages,
        statistic=hits / counted,
        p=float(chance[0]),
        q=float(chance[1]),
    )
