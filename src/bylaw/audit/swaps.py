"""A constitution, template or judge that was exchanged in mid-run: by its names, and by what the verdicts do.

Names are held against each other and against the constitution. An exchange that keeps the name shows as a change of
the verdicts' distribution along the order of the labels: the largest deviation of a cumulated sum (CUSUM, Page 1954),
whose tail is Kolmogorov's (Ploberger and Krämer 1992). Means of sources are taken out first.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from scipy import special

from bylaw.audit.exact import Floats, q_values
from bylaw.audit.findings import Finding, Tested
from bylaw.audit.settings import AuditSettings
from bylaw.records import Label

NAMED = ("judge", "template", "scheme")
FEWEST = 100  # labels below which no change of a distribution is looked for


def swaps(
    labels: Sequence[Label],
    settings: AuditSettings,
    principles: frozenset[str] = frozenset(),
    constitution: str = "",
    inputs: Mapping[str, Mapping[str, str]] | None = None,
    sources: Sequence[str] = (),
) -> tuple[list[Finding], Tested]:
    """What changed while the labels were made.

    ``principles`` are the constitution's keys, ``constitution`` its digest, ``inputs`` stage → name → digest read (of
    a run's manifest), ``sources`` one word a label.
    """
    found = [finding for name in NAMED if (finding := _changed(labels, name))]
    found += _unknown(labels, principles) + _asked(labels) + _digests(inputs or {}, constitution)
    series = _series(labels) if len(labels) >= FEWEST else {}
    found += _shifts(labels, series, sources, settings)
    hypotheses = len(NAMED) + 3 + len(series)
    return found, Tested(check="swaps", rows=len(labels), hypotheses=hypotheses, thresholds={"q": settings.q})


def _changed(labels: Sequence[Label], name: str) -> Finding | None:
    values = [getattr(label, name) for label in labels]
    counts = Counter(values)
    if len(counts) < 2:
        return None
    usual = counts.most_common(1)[0][0]
    odd = [label for label, value in zip(labels, values, strict=True) if value != usual]
    others = ", ".join(repr(value) for value in counts if value != usual)
    return _finding(name, f"the {name} of {len(odd)} labels is {others}, that of the others {usual!r}", odd)


def _unknown(labels: Sequence[Label], principles: frozenset[str]) -> list[Finding]:
    if not principles:
        return []
    odd = [label for label in labels if any(vote.principle not in principles for vote in label.votes)]
    named = sorted({vote.principle for label in odd for vote in label.votes} - principles)
    sentence = f"{len(odd)} labels were asked about principles the constitution does not have: {', '.join(named)}"
    return [_finding("constitution", sentence, odd)] if odd else []


def _asked(labels: Sequence[Label]) -> list[Finding]:
    """Labels of an ensemble that were asked another number of questions than most."""
    every = [label for label in labels if label.scheme == "ensemble"]
    counts = Counter(len(label.votes) + label.unreadable for label in every)
    if len(counts) < 2:
        return []
    usual = counts.most_common(1)[0][0]
    odd = [label for label in every if len(label.votes) + label.unreadable != usual]
    return [_finding("questions", f"{len(odd)} labels were asked other than the usual {usual} questions", odd)]


def _digests(inputs: Mapping[str, Mapping[str, str]], constitution: str) -> list[Finding]:
    """Stages that read another constitution than the run has, or than each other."""
    read = {stage: names["constitution"] for stage, names in inputs.items() if "constitution" in names}
    usual = constitution or next(iter(read.values()), "")
    odd = {stage: digest for stage, digest in read.items() if digest != usual}
    return [
        Finding(
            check="swaps",
            what="constitution",
            sentence=f"stage {stage} read the constitution {digest[:12]}…, not the run's {usual[:12]}…",
            rows=(),
            stages=(stage,),
        )
        for stage, digest in odd.items()
    ]


def _series(labels: Sequence[Label]) -> dict[str, Floats]:
    """What a judge's habits show in, label by label: its side, how clear it is, and its leaning to what comes first."""
    p = np.array([0.5 if label.p_first is None else label.p_first for label in labels])
    plain, swapped = (
        np.array([_mean(vote.p_first - 0.5 for vote in label.votes if vote.swapped is which) for label in labels])
        for which in (False, True)
    )
    mass = np.array([_mean(vote.mass for vote in label.votes) for label in labels])
    return {"verdicts": p, "certainty": np.abs(p - 0.5), "leaning to the first": plain - swapped, "mass": mass}


def _mean(values: Iterable[float]) -> float:
    kept = list(values)
    return sum(kept) / len(kept) if kept else 0.0


def shift(values: Floats, sources: Sequence[str] = ()) -> tuple[float, int]:
    """(p, place) of the likeliest change of the mean along ``values``; p is 1 where nothing varies."""
    groups = np.unique(np.array(sources), return_inverse=True)[1] if len(sources) else np.zeros(len(values), dtype=int)
    left = values - (np.bincount(groups, values) / np.bincount(groups))[groups]
    deviation = float(left.std())
    if deviation < 1e-12:
        return 1.0, 0
    path = np.abs(np.cumsum(left)) / (deviation * len(left) ** 0.5)
    place = int(path.argmax())
    return float(special.kolmogorov(path[place])), place


def _shifts(
    labels: Sequence[Label], series: Mapping[str, Floats], sources: Sequence[str], settings: AuditSettings
) -> list[Finding]:
    tested = [shift(values, sources) for values in series.values()]
    q = q_values(np.array([p for p, _ in tested])) if tested else np.array([])
    return [
        Finding(
            check="swaps",
            what=name,
            sentence=(
                f"the {name} of the labels changes at {labels[min(place + 1, len(labels) - 1)].comparison} (label "
                f"{place + 1} of {len(labels)}): another judge may have answered from there on"
            ),
            rows=tuple(label.comparison for label in labels[place + 1 :]),
            stages=("preference",),
            statistic=float(place),
            p=p,
            q=float(q[at]),
        )
        for at, (name, (p, place)) in enumerate(zip(series, tested, strict=True))
        if q[at] <= settings.q
    ]


def _finding(what: str, sentence: str, odd: Sequence[Label]) -> Finding:
    rows = tuple(label.comparison for label in odd)
    return Finding(
        check="swaps", what=what, sentence=sentence, rows=rows, stages=("preference",), statistic=float(len(odd))
    )
