"""Where results between models come from: a judge's labels of their answers, or verdicts in somebody's file."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import NamedTuple, Protocol, TypeVar

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from bylaw.canonical import digest, seed_of
from bylaw.evaluate.ratings import Result
from bylaw.feedback.formats import Row, format_of
from bylaw.feedback.sources import each_row
from bylaw.feedback.talks import Talk, Unusable, turns_of
from bylaw.records import Comparison, Conversation, Label, PromptKind, Sample


class Said(NamedTuple):
    """What one model answered to one prompt. ``number`` tells apart prompts that say the same."""

    model: str
    messages: Conversation
    number: int
    text: str


class Meetings(NamedTuple):
    """Pairs of answers to judge, and results that need no judge: two models that say the same are alike."""

    comparisons: list[Comparison]
    alike: list[Result]


def said_in(samples: Iterable[Sample]) -> dict[str, list[Said]]:
    """Measured answers by subset, each model's to the same prompts."""
    found: dict[str, list[Said]] = defaultdict(list)
    seen: Counter[tuple[str, str, Conversation]] = Counter()
    for one in samples:
        key = one.subset, one.model, one.messages
        found[one.subset].append(Said(one.model, one.messages, seen[key], one.text))
        seen[key] += 1
    return dict(found)


class Asked(Protocol):
    """Whatever belongs to a prompt."""

    @property
    def messages(self) -> Conversation:
        """The prompt."""
        ...


A = TypeVar("A", bound=Asked)


def of_some(rows: Sequence[A], prompts: int, seed: int) -> list[A]:
    """What belongs to so many prompts, drawn by what they say; 0 takes all."""
    ranked = sorted({one.messages for one in rows}, key=lambda messages: seed_of("rate", seed, messages))
    drawn = set(ranked[:prompts] if prompts else ranked)
    return [one for one in rows if one.messages in drawn]


def meetings(said: Iterable[Said], aim: PromptKind) -> Meetings:
    """Every two models that answered a prompt, at that prompt."""
    prompts: dict[tuple[Conversation, int], list[Said]] = defaultdict(list)
    for one in said:
        prompts[one.messages, one.number].append(one)
    made = Meetings([], [])
    for answers in prompts.values():
        for first, second in combinations(answers, 2):
            if first.text == second.text:
                made.alike.append(Result(asked(first.messages), first.model, second.model, 0.5))
            else:
                made.comparisons.append(_comparison(first, second, aim))
    return made


def _comparison(first: Said, second: Said, aim: PromptKind) -> Comparison:
    return Comparison(
        messages=first.messages,
        first=first.text,
        second=second.text,
        aim=aim,
        first_by=first.model,
        second_by=second.model,
    )


def asked(messages: Conversation) -> str:
    """What tells prompts apart where results are drawn by prompt."""
    return digest(messages)


def of_labels(pairs: Iterable[tuple[Comparison, Label]], left_out: Counter[str]) -> Iterator[Result]:
    """A result for every comparison whose label was read in both orders; the others are counted."""
    for one, label in pairs:
        try:
            yield between(one, _in_both_orders(label))
        except Unusable as reason:
            left_out[str(reason)] += 1


def _in_both_orders(label: Label) -> float:
    if label.p_first is None:
        raise Unusable("the judge's verdict could not be read")
    if len({vote.swapped for vote in label.votes}) < 2:
        raise Unusable("the judge could be read in one order only")
    return label.p_first


def between(one: Comparison, share: float) -> Result:
    """The result of a comparison that says who wrote its responses; ``Unusable`` where that is no two models."""
    first, second = one.first_by, one.second_by
    if first is UNSET or second is UNSET:
        raise Unusable("it does not say which models wrote the responses")
    return _result(asked(one.messages), first, second, share)


def _result(prompt: str, first: str, second: str, share: float) -> Result:
    if first == second:
        raise Unusable("both responses are one model's")
    return Result(prompt, first, second, share)


class _Verdict(msgspec.Struct):
    """A verdict on two models, with or without what they said: Chatbot Arena's, MT-Bench's and the like."""

    model_a: str
    model_b: str
    winner: str
    conversation_a: Talk | None = None
    turn: int | None = None
    prompt: Talk | None = None
    question_id: str | int | None = None


WON: Mapping[str, float] = {"model_a": 1.0, "model_b": 0.0} | dict.fromkeys(
    ("tie", "tie (bothbad)", "both_bad", "bothbad"), 0.5
)
"""What files say of two models → how much of a win it is for the first."""


def of_file(path: Path, left_out: Counter[str]) -> list[Result]:
    """A result for every verdict in a file, repeated ones too: each is somebody's.

    Rows are of any format that has a verdict and says which models wrote the responses, or ``model_a``, ``model_b`` and
    ``winner`` alone. Raises ``RecordError`` for a row that is wrong, and where there is nothing.
    """
    found = each_row(path, _verdict, left_out)
    return [one if one.prompt else replace(one, prompt=f"row {number}") for number, one in found]


def _verdict(row: Row) -> Result:
    if {"model_a", "model_b", "winner"} <= row.keys():
        return _of_two(msgspec.convert(row, _Verdict, strict=False))  # numbers of a .csv are texts
    format = format_of(row)
    if format.comparison is None:
        raise ValueError(f"{format.name} holds no verdict on two models")
    one = format.comparison(row, "harmful")
    if one.soft_gold is None:
        raise Unusable("it has no gold verdict; name a judge to have it compared")
    return between(one, one.soft_gold)


def _of_two(row: _Verdict) -> Result:
    if row.winner not in WON:
        raise ValueError(f"winner is {row.winner!r}; there are {', '.join(WON)}")
    return _result(_prompt(row), row.model_a, row.model_b, WON[row.winner])


def _prompt(row: _Verdict) -> str:
    """What people asked up to the turn that was judged, or the file's own name of that; "" where it says neither."""
    talk = row.conversation_a or row.prompt
    if talk:
        said = turns_of(talk)[: 2 * row.turn if row.turn else None]
        return digest([turn.content for turn in said if turn.role == "user"])
    return str(row.question_id or "")
