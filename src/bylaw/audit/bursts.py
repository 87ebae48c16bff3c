"""Near-duplicates that come from several sources and stand close together: one text, let in at many doors at once.

Copies are found by MinHash (rensa) on runs of words of the prompt and its answers. A cluster is a burst if more of its
rows lie in one stretch of the data than a random order would put there; positions are taken within each source, since
data is often stored source by source.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from rensa import RMinHash, RMinHashLSH

from bylaw.audit.exact import binomial_tail, q_values
from bylaw.audit.findings import Finding, Tested
from bylaw.audit.marks import words
from bylaw.audit.rows import Row
from bylaw.audit.settings import AuditSettings

HASHES, BANDS, RUN = 128, 16, 4


def bursts(rows: Sequence[Row], settings: AuditSettings) -> tuple[list[Finding], Tested]:
    """Clusters of at least ``cluster`` rows of two sources or more, ``alike`` in Jaccard, crowded in ``window``."""
    clusters = [each for each in clusters_of(rows, settings) if len({rows[place].source for place in each}) > 1]
    where = _positions(rows)
    crowds = [_crowd([where[place] for place in each], settings.window) for each in clusters]
    p = np.array([chance for chance, _ in crowds])
    q = q_values(p) if len(p) else p
    found = [
        _finding([rows[place] for place in cluster], most, float(p[at]), float(q[at]))
        for at, (cluster, (_, most)) in enumerate(zip(clusters, crowds, strict=True))
        if q[at] <= settings.q
    ]
    thresholds = {name: getattr(settings, name) for name in ("q", "alike", "cluster", "window")}
    return found, Tested(check="bursts", rows=len(rows), hypotheses=len(clusters), thresholds=thresholds)


def clusters_of(rows: Sequence[Row], settings: AuditSettings) -> list[list[int]]:
    """Places of rows that are near-duplicates, each cluster around its first row, in order of those."""
    sketches = RMinHash.from_token_sets([_runs(row) for row in rows], HASHES, settings.seed)
    index = RMinHashLSH(threshold=settings.alike, num_perm=HASHES, num_bands=BANDS)
    index.insert_pairs(list(enumerate(sketches)))
    clusters: list[list[int]] = []
    taken: set[int] = set()
    for place, sketch in enumerate(sketches):
        if place in taken:
            continue
        near = sorted(set(index.query(sketch)) - taken)
        if len(near) >= settings.cluster:
            alike = [other for other in near if sketch.jaccard(sketches[other]) >= settings.alike]
            if len(alike) >= settings.cluster:
                clusters.append(alike)
                taken.update(alike)
    return clusters


def _runs(row: Row) -> list[str]:
    """Runs of words of a row; a text shorter than a run is one by itself."""
    said = words(f"{row.asked} {row.first} {row.second}".lower())
    return [" ".join(said[at : at + RUN]) for at in range(max(1, len(said) - RUN + 1))]


def _positions(rows: Sequence[Row]) -> list[float]:
    """Where a row stands among those of its stage and source, 0 … 1."""
    keys = [(row.stage, row.source) for row in rows]
    sizes, seen = Counter(keys), Counter[tuple[str, str]]()
    shares = []
    for key in keys:
        shares.append(seen[key] / sizes[key])
        seen[key] += 1
    return shares


def _crowd(positions: Sequence[float], window: float) -> tuple[float, int]:
    """(p, most rows in one window): the best window that begins at a row, times how many begin (Bonferroni)."""
    ordered = np.sort(positions)
    inside = np.searchsorted(ordered, ordered + window, side="right") - np.arange(len(ordered))
    most = int(inside.max())
    tail = float(binomial_tail(most - 1, len(ordered) - 1, window))
    return min(1.0, tail * len(ordered)), most


def _finding(rows: Sequence[Row], most: int, p: float, q: float) -> Finding:
    sources = sorted({row.source for row in rows})
    return Finding(
        check="bursts",
        what=rows[0].asked,
        sentence=(
            f"{len(rows)} near-duplicates of {rows[0].id} come from {len(sources)} sources ({', '.join(sources)}), "
            f"{most} of them in one stretch of the data"
        ),
        rows=tuple(row.id for row in rows),
        stages=tuple(dict.fromkeys(row.stage for row in rows)),
        statistic=most / len(rows),
        p=p,
        q=q,
    )
