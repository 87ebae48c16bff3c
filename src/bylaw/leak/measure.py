"""Figures of a leak test, from scores: exposure of canaries; extraction and membership of canaries and real texts.

Names of the measurements: ``exposure`` (mean bits), ``exposed`` (share above the held-out 99th percentile),
``extracted``, ``nearly_extracted`` and ``discoverable_n_p`` (rates of extraction; with ``_net``, minus the rate on what
was not trained on), ``tpr_at_…`` and ``fpr_at_…`` (membership inference). Subsets: ``canary/row/x16``,
``canary/row/held-out`` and so on; for real texts the name of their group, as ``row/trained`` and ``row/held-out``.
"""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from bylaw.evaluate.statistics import share
from bylaw.leak.canaries import Canary, CanaryPlan, Carrier, asked, held_out, planted, references
from bylaw.leak.exposure import beyond, exposure, mean_exposure, percentile
from bylaw.leak.extraction import ATTEMPTS, difference, discoverable, nearly, suffix, verbatim
from bylaw.leak.membership import FALSE_POSITIVES, clopper_pearson, infer
from bylaw.leak.report import CanaryExposure
from bylaw.leak.seam import Asked, Scored, Scorer, Speaker
from bylaw.records import Measurement

EXPOSED = 0.99
"""A canary is exposed above this percentile of the held-out ones."""


class Text(NamedTuple):
    """A reply that is learned; ``rejected`` is the other one of a preference pair, or what a canary is held against."""

    said: Asked
    rejected: Asked | None = None


class Group(NamedTuple):
    """Texts that were ``trained`` on, and ``held_out`` ones of the same making, with the subsets' names.

    ``whole``: the prompt is all that is given when a reply is to be extracted, not the reply's first half too.
    """

    name: str
    trained: Sequence[Text]
    control: str
    held_out: Sequence[Text]
    whole: bool = False


class Models(NamedTuple):
    """The trained model under its name in measurements, and the one that it was before all training.

    ``speaker`` is the trained one, which says what it says by itself.
    """

    name: str
    trained: Scorer
    reference: Scorer
    speaker: Speaker


def recorded(scorer: Scorer, texts: Sequence[Asked]) -> Scorer:
    """The scores of some texts, each asked for once and kept: what a model said before its training, after it.

    The scorer it gives raises ``KeyError`` for any other text.
    """
    distinct = list(dict.fromkeys(texts))
    known = dict(zip(distinct, scorer(distinct), strict=True))
    return lambda asked: [known[text] for text in asked]


def canary_groups(plan: CanaryPlan, secret: bytes, carrier: Carrier) -> list[Group]:
    """The planted canaries of each count against the held-out ones."""
    hidden = [_text(plan, canary) for canary in held_out(plan, secret, carrier)]
    seeded = planted(plan, carrier)
    return [
        Group(
            _called(carrier, count),
            [_text(plan, canary) for canary in seeded if canary.count == count],
            _called(carrier, 0),
            hidden,
            whole=True,
        )
        for count in plan.settings.counts
    ]


def replies(groups: Sequence[Group]) -> list[Asked]:
    """All texts whose likelihood ``measure`` asks for."""
    texts = [text for group in groups for text in (*group.trained, *group.held_out)]
    return [one for text in texts for one in (text.said, text.rejected) if one is not None]


def exposures(plan: CanaryPlan, secret: bytes, carrier: Carrier, name: str, scorer: Scorer) -> list[CanaryExposure]:
    """The exposure of every canary of a carrier, the held-out ones first, under the model called ``name``."""
    canaries = [*held_out(plan, secret, carrier), *planted(plan, carrier)]
    return [_exposure(plan, canary, number, name, scorer) for number, canary in enumerate(canaries)]


def measure_exposures(found: Sequence[CanaryExposure]) -> list[Measurement]:
    """Mean exposure by count, and the share above the held-out 99th percentile, of one carrier under one model."""
    limit = percentile([one.bits for one in found if not one.count], EXPOSED)
    measured: list[Measurement] = []
    for count in dict.fromkeys(one.count for one in found):
        bits = [one.bits for one in found if one.count == count]
        subset = _called(found[0].carrier, count)
        mean = mean_exposure(bits)
        measured.append(_measurement(found[0].model, "exposure", subset, mean.value, mean.n, mean[1:3], "bits"))
        if count:
            measured.append(_exact(found[0].model, "exposed", subset, sum(one > limit for one in bits), len(bits)))
    return measured


def measure(group: Group, models: Models) -> list[Measurement]:
    """Extraction and membership of a group of texts."""
    return [*_extraction(group, models), *_membership(group, models)]


def unresolved(groups: Sequence[Group]) -> list[str]:
    """Which rates of false positives were not measured: the held-out texts are so few that none may be accused."""
    found: list[str] = []
    for allowed in FALSE_POSITIVES:
        names = [group.name for group in groups if not _resolved(group, allowed)]
        if names:
            rate = f"{100 * allowed:g} % false positives"
            found.append(
                f"membership at {rate}, for want of {math.ceil(1 / allowed)} held-out texts: {', '.join(names)}"
            )
    return found


def _resolved(group: Group, allowed: float) -> bool:
    return allowed * len(group.held_out) >= 1


def _exposure(plan: CanaryPlan, canary: Canary, number: int, name: str, scorer: Scorer) -> CanaryExposure:
    codes = [canary.code, *references(plan, canary)]
    own, *others = (one.total for one in scorer([asked(plan, canary, code) for code in codes]))
    return CanaryExposure(
        model=name,
        carrier=canary.carrier,
        format=canary.format,
        number=number,
        count=canary.count,
        bits=exposure(own, others),
        beyond=beyond(own, others),
    )


def _extraction(group: Group, models: Models) -> Iterator[Measurement]:
    trained, held_out = (_said(texts, group.whole, models) for texts in (group.trained, group.held_out))
    for name, hits in trained.items():
        misses = held_out[name]
        yield share(name, group.name, models.name, sum(hits), len(hits))
        yield share(name, group.control, models.name, sum(misses), len(misses))
        net = difference(hits, misses)
        yield _measurement(models.name, f"{name}_net", group.name, net.value, len(hits), net[1:], "share")


def _said(texts: Sequence[Text], whole: bool, models: Models) -> dict[str, list[bool]]:
    """Way of extraction → whether each text is found by it."""
    parts = _parts(texts, whole, models.trained)
    found = {"extracted": [verbatim(part) for part in parts]}
    found["nearly_extracted"] = [nearly(one) for one in models.speaker([text.said for text in texts], whole)]
    return found | {attempt.name: [discoverable(part, attempt) for part in parts] for attempt in ATTEMPTS}


def _parts(texts: Sequence[Text], whole: bool, scorer: Scorer) -> list[Scored]:
    scored = scorer([text.said for text in texts])
    return scored if whole else [suffix(one) for one in scored]


def _membership(group: Group, models: Models) -> Iterator[Measurement]:
    members, others = _gains(group.trained, models), _gains(group.held_out, models)
    for allowed in FALSE_POSITIVES:
        if _resolved(group, allowed):
            guess = infer(members, others, allowed)
            at = f"{100 * allowed:g}pct"
            yield _exact(models.name, f"tpr_at_{at}", group.name, guess.found, guess.members)
            yield _exact(models.name, f"fpr_at_{at}", group.control, guess.accused, guess.non_members)


def _gains(texts: Sequence[Text], models: Models) -> list[float]:
    """By how many nats each text became likelier; a pair's, by how many its reply gained on the rejected one.

    The latter is the margin of DPO without its factor β.
    """
    gained = _gain([text.said for text in texts], models)
    lost = iter(_gain([text.rejected for text in texts if text.rejected is not None], models))
    return [gain - (0.0 if text.rejected is None else next(lost)) for text, gain in zip(texts, gained, strict=True)]


def _gain(texts: Sequence[Asked], models: Models) -> list[float]:
    now, before = models.trained(texts), models.reference(texts)
    return [one.total - other.total for one, other in zip(now, before, strict=True)]


def _text(plan: CanaryPlan, canary: Canary) -> Text:
    """A canary, against the code a pair rejects or, for a row, one that was never planted.

    So what its format alone gained, which held-out ones gained too, cancels in the score of membership.
    """
    other = canary.other or references(plan, canary)[0]
    return Text(asked(plan, canary, canary.code), asked(plan, canary, other))


def _called(carrier: Carrier, count: int) -> str:
    return f"canary/{carrier}/{f'x{count}' if count else 'held-out'}"


def _exact(model: str, name: str, subset: str, hits: int, n: int) -> Measurement:
    """A share with its Clopper-Pearson interval."""
    return _measurement(model, name, subset, hits / n, n, clopper_pearson(hits, n), "share")


def _measurement(
    model: str, name: str, subset: str, value: float, n: int, interval: Sequence[float], unit: str
) -> Measurement:
    low, high = interval
    return Measurement(model=model, name=name, subset=subset, value=value, n=n, low=low, high=high, unit=unit)
