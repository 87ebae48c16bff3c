"""Which prompts a report shows in full, and what the run made of them.

Records are read twice: first to count and to choose, keeping no texts, then to fetch the texts of the
chosen. A run of a hundred thousand prompts is reported in the memory of its ids.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

import msgspec

from bylaw.records import Comparison, Critique, Label, Prompt, Response, Revision
from bylaw.report.data import Answer, Judged, Opinion, Round, Transcript
from bylaw.run import Run

K = TypeVar("K")
V = TypeVar("V")
ENOUGH = 3  # transcripts of one principle before others come first


class Steps(msgspec.Struct):
    """Counts over all revisions, and which principles each prompt met."""

    drawn: Counter[str]
    changed: Counter[str]
    principles: dict[str, list[str]]


def steps(run: Run) -> Steps:
    """How often each principle was drawn, and how often its revision has other words than the text before."""
    found = Steps(Counter(), Counter(), {})
    marks = {one.id: _mark(one.text) for one in _answers(run)}
    for revision in run.read(Revision):
        marks[revision.id] = _mark(revision.text)
        found.drawn[revision.principle] += 1
        found.changed[revision.principle] += marks.get(revision.of) != marks[revision.id]
        found.principles.setdefault(revision.prompt, []).append(revision.principle)
    return found


def _answers(run: Run) -> Iterator[Response]:
    """What the seed and the supervised model answered. GRPO's samples are of a policy that is gone: none is shown."""
    for stage in ("respond", "compare"):
        yield from run.read(Response, stage)


def _mark(text: str) -> int:
    """Equal for equal words; only ever compared within one process."""
    return hash(tuple(text.split()))


def choose(run: Run, found: Steps, most: int) -> list[str]:
    """Ids of prompts to show: two thirds with revisions, such that every principle occurs, the rest others.

    Ids are digests, so their order is an arbitrary one that does not depend on how the run went.
    """
    answered = Counter(one.prompt for one in _answers(run))
    revised = _covering(sorted(found.principles), found.principles)
    others = sorted(answered.keys() - found.principles.keys(), key=lambda id: (answered[id] < 2, id))
    share = max(most - len(others), round(most * 2 / 3))
    chosen = revised[:share]
    return chosen + others[: most - len(chosen)]


def _covering(prompts: Iterable[str], principles: Mapping[str, Sequence[str]]) -> list[str]:
    shown: Counter[str] = Counter()
    first: list[str] = []
    later: list[str] = []
    for prompt in prompts:
        fresh = any(shown[key] < ENOUGH for key in principles[prompt])
        (first if fresh else later).append(prompt)
        shown.update(set(principles[prompt]) if fresh else ())
    return first + later


def transcripts(run: Run, chosen: Sequence[str]) -> tuple[Transcript, ...]:
    """The chosen prompts with everything the run made of them, in the order of ``chosen``."""
    wanted = set(chosen)
    prompts = {one.id: one for one in run.read(Prompt) if one.id in wanted}
    responses = _grouped((one.prompt, one) for one in _answers(run) if one.prompt in wanted)
    revisions = _grouped((one.prompt, one) for one in run.read(Revision) if one.prompt in wanted)
    asked = {one.critique for found in revisions.values() for one in found}
    critiques = {one.id: one for one in run.read(Critique) if one.id in asked} if asked else {}
    judged = _judged(run, wanted)
    return tuple(
        _transcript(prompts[id], responses[id], revisions.get(id, []), critiques, judged.get(id, ()))
        for id in chosen
        if id in prompts and id in responses
    )


def _transcript(
    prompt: Prompt,
    responses: Sequence[Response],
    revisions: Sequence[Revision],
    critiques: Mapping[str, Critique],
    judged: tuple[Judged, ...],
) -> Transcript:
    rounds = sorted(revisions, key=lambda one: one.round)
    start = rounds[0].of if rounds else responses[0].id
    response = next((one for one in responses if one.id == start), responses[0])
    others = {one.model: one for one in reversed(responses) if one.model != response.model}
    return Transcript(
        id=prompt.id,
        conversation=prompt.messages,
        model=response.model,
        response=response.text,
        rounds=tuple(_round(one, critiques) for one in rounds),
        answers=tuple(Answer(model=one.model, text=one.text) for one in reversed(others.values())),
        judged=judged,
        aim=prompt.aim,
        source=prompt.source,
    )


def _round(revision: Revision, critiques: Mapping[str, Critique]) -> Round:
    critique = critiques[revision.critique].text if revision.critique else None
    return Round(number=revision.round, principle=revision.principle, critique=critique, revision=revision.text)


def _judged(run: Run, wanted: set[str]) -> dict[str, tuple[Judged, ...]]:
    """The first labelled comparison of each prompt."""
    comparisons: dict[str, Comparison] = {}
    for one in run.read(Comparison):
        if one.prompt in wanted and one.prompt not in comparisons:
            comparisons[one.prompt] = one
    by_id = {one.id: one for one in comparisons.values()}
    labels = {one.comparison: one for one in run.read(Label) if one.comparison in by_id} if by_id else {}
    return {by_id[id].prompt: (_label(by_id[id], label),) for id, label in labels.items()}


def _label(comparison: Comparison, label: Label) -> Judged:
    votes = _grouped((vote.principle, vote.p_first) for vote in label.votes)
    opinions = tuple(Opinion(principle=key, p_first=sum(ps) / len(ps)) for key, ps in votes.items())
    return Judged(
        first=comparison.first,
        second=comparison.second,
        verdict=label.verdict,
        p_first=label.p_first,
        gold=comparison.gold,
        opinions=opinions,
    )


def _grouped(pairs: Iterable[tuple[K, V]]) -> dict[K, list[V]]:
    groups: dict[K, list[V]] = {}
    for key, value in pairs:
        groups.setdefault(key, []).append(value)
    return groups
