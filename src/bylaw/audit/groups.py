"""What GRPO learned from, as groups: the answers to one prompt before one update, each with its reward."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from random import Random
from typing import NamedTuple

from msgspec.structs import replace
from scipy import special

from bylaw.audit.rows import Row, asked_of
from bylaw.canonical import seed_of
from bylaw.errors import UsageError
from bylaw.records import Prompt, Response, Reward


class Group(NamedTuple):
    """``answers`` and ``rewards`` stand in one order."""

    prompt: Prompt
    answers: tuple[Response, ...]
    rewards: tuple[Reward, ...]

    @property
    def values(self) -> list[float]:
        """The rewards that could be read."""
        return [each.value for each in self.rewards if each.value is not None]


def groups(said: Sequence[Response], rewards: Sequence[Reward], prompts: Iterable[Prompt]) -> list[Group]:
    """Groups in the order in which they were sampled; none where no rewards were filed.

    Raises UsageError where rewards are not those of the answers.
    """
    if rewards and [one.of for one in rewards] != [one.id for one in said]:
        raise UsageError(f"the {len(rewards)} rewards of this run are not those of its {len(said)} samples")
    asked = {prompt.id: prompt for prompt in prompts}
    together = list(zip(said, rewards, strict=False))
    ends = [at for at, (one, other) in enumerate(pairwise(together), 1) if _apart(one, other)]
    parts = [together[start:end] for start, end in pairwise([0, *ends, len(together)])] if together else []
    return [Group(asked[part[0][0].prompt], *zip(*part, strict=True)) for part in parts]


def _apart(one: tuple[Response, Reward], other: tuple[Response, Reward]) -> bool:
    """Whether two answers that follow each other are of two groups."""
    (before, earlier), (answer, later) = one, other
    same = before.prompt == answer.prompt and earlier.update == later.update
    return not same or answer.sample != before.sample + 1


def rows_of_groups(found: Sequence[Group], seed: int) -> list[Row]:
    """Of each prompt's last group one answer, and the pair that its rewards tell furthest apart.

    A prompt is one row of each kind however often it was sampled: answers to one prompt are no separate evidence.
    """
    last = {group.prompt.id: group for group in found}
    return [
        row for group in last.values() for row in _rows(group, Random(seed_of("audit samples", seed, group.prompt.id)))
    ]


def _rows(group: Group, rng: Random) -> Iterator[Row]:
    (context, asked), drawn = asked_of(group.prompt.messages), rng.choice(group.answers)
    row = Row(id=drawn.id, stage="samples", source=group.prompt.source, context=context, asked=asked, first=drawn.text)
    yield row
    pair = _furthest(group)
    if pair:
        best = pair[1][1].id
        rng.shuffle(pair)
        (one, first), (other, second) = pair
        p = _preference(one - other, group.rewards[0].by)
        yield replace(row, id=best, stage="rewards", first=first.text, second=second.text, p_first=p)


def _furthest(group: Group) -> list[tuple[float, Response]]:
    """The answer of the lowest and that of the highest reward; none where all are worth the same."""
    both = zip(group.rewards, group.answers, strict=True)
    read = [(one.value, answer) for one, answer in both if one.value is not None]
    if len({value for value, _ in read}) < 2:
        return []
    return [min(read, key=lambda each: each[0]), max(read, key=lambda each: each[0])]


def _preference(ahead: float, by: str) -> float:
    """A judge's reward is a mean of probabilities, a preference model's a log-odds (Bradley and Terry).

    One by rules is neither: which of two is higher is all that is read from it.
    """
    return min(max(0.5 + ahead / 2, 0.0), 1.0) if by == "judge" else float(special.expit(ahead))
