"""A row is one example a model learns from, whichever stage it belongs to; and how a run's records become rows."""

from collections.abc import Iterator
from typing import Literal, Protocol, TypeVar

import msgspec

from bylaw.errors import UsageError
from bylaw.records import Comparison, Conversation, Label, Prompt, Record, Response, Revision

Stage = Literal["sft", "preference", "samples", "rewards"]
STAGES: tuple[Stage, ...] = ("sft", "preference")
"""What was made before the policy was optimised; ``samples`` and ``rewards`` are what GRPO learned from."""

R = TypeVar("R", bound=Record)


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One example. ``id`` is the id of the record that decides it: a response, a revision or a comparison.

    ``asked`` is the last turn of the prompt and ``context`` the turns before it. Of an ``sft`` or ``samples`` row
    ``first`` is the answer; a ``preference`` or ``rewards`` row has two, and the soft label ``p_first``.
    """

    id: str
    stage: Stage
    asked: str
    first: str
    source: str = ""
    context: str = ""
    second: str = ""
    p_first: float | None = None


class Reads(Protocol):
    """Whoever has a run's records: the records of one type, in the order in which they were filed."""

    def read(self, type: type[R], stage: str | None = None) -> Iterator[R]: ...


def rows_of(run: Reads) -> list[Row]:
    """What a finished run trained on: revisions and helpful samples, then the labelled comparisons.

    Raises UsageError when the run holds neither.
    """
    prompts = {prompt.id: prompt for prompt in run.read(Prompt)}
    rows = [*_supervised(run, prompts), *labelled(run.read(Comparison), run.read(Label), prompts)]
    if not rows:
        raise UsageError("the run holds no revisions, helpful samples or labels yet: there is nothing to audit")
    return rows


def labelled(pairs: Iterator[Comparison], labels: Iterator[Label], prompts: dict[str, Prompt]) -> Iterator[Row]:
    """One row for each label that could be read."""
    by_id = {pair.id: pair for pair in pairs}
    for label in labels:
        pair = by_id.get(label.comparison)
        if pair is None:
            raise UsageError(f"{label.id} labels {label.comparison}, which is not among the comparisons")
        if label.p_first is not None:
            source = prompts[pair.prompt].source if pair.prompt in prompts else ""
            yield preference_row(pair, label.p_first, source)


def preference_row(pair: Comparison, p_first: float, source: str = "") -> Row:
    """A comparison with its soft label as a row."""
    context, asked = asked_of(pair.messages)
    return Row(
        id=pair.id,
        stage="preference",
        source=source,
        context=context,
        asked=asked,
        first=pair.first,
        second=pair.second,
        p_first=p_first,
    )


def sft_row(record: Response | Revision, prompt: Prompt) -> Row:
    """An answer to learn as a row."""
    context, asked = asked_of(prompt.messages)
    return Row(id=record.id, stage="sft", source=prompt.source, context=context, asked=asked, first=record.text)


def _supervised(run: Reads, prompts: dict[str, Prompt]) -> Iterator[Row]:
    for revision in run.read(Revision):
        yield sft_row(revision, prompts[revision.prompt])
    for answer in run.read(Response, stage="respond"):
        if prompts[answer.prompt].aim == "helpful":
            yield sft_row(answer, prompts[answer.prompt])


def asked_of(messages: Conversation) -> tuple[str, str]:
    """The turns before the last one, and that."""
    return "\n".join(message.content for message in messages[:-1]), messages[-1].content
