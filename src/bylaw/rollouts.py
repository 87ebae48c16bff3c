"""What GRPO learns from: groups of answers of the policy as it stands, looked through before they are rewarded.

Both are kept, so that a run files every answer with what it was worth.
"""

from collections.abc import Callable, Mapping, Sequence

from msgspec import UNSET

from bylaw.canonical import seed_of
from bylaw.guard import Samples
from bylaw.models.base import Completion, Generate, Program
from bylaw.models.local import LocalModel
from bylaw.recipe import Recipe
from bylaw.records import Conversation, Response, Reward
from bylaw.rewards.reward import Worth
from bylaw.train.grpo import Rewarder

Judged = Callable[[Sequence[Conversation], Sequence[Sequence[str]]], Sequence[Sequence[Worth]]]
"""``judged(prompts, answers)``: what each answer is worth."""


def plain(reward: Rewarder) -> Judged:
    """Rewards that are figures and nothing else."""
    return lambda prompts, answers: [[Worth(one) for one in group] for group in reward(prompts, answers)]


class Rollouts:
    """Samples from ``policy``, and rewards by ``judged`` what may be learned. ``prompts``: messages → id."""

    def __init__(
        self,
        policy: LocalModel,
        judged: Judged,
        recipe: Recipe,
        prompts: Mapping[Conversation, str],
        samples: Samples,
    ) -> None:
        self._policy = policy
        self._judged = judged
        self._recipe = recipe
        self._prompts = prompts
        self._samples = samples
        self._step = 0
        self._said: list[Response] = []
        self._passing: list[bool] = []

    def sample(self, prompts: Sequence[Conversation], group: int, step: int) -> list[list[Completion]]:
        """``group`` answers to each prompt, before update ``step``."""
        places = [(place, n) for place in range(len(prompts)) for n in range(group)]
        said = self._policy.run([self._ask(prompts[place], n, place, step) for place, n in places])
        self._step = step
        self._said = [
            self._record(prompts[place], one, step * group + n) for (place, n), one in zip(places, said, strict=True)
        ]
        self._passing = self._samples.passing(step, self._said)
        return [said[at : at + group] for at in range(0, len(said), group)]

    def reward(self, prompts: Sequence[Conversation], answers: Sequence[Sequence[str]]) -> list[list[float | None]]:
        """A figure for each answer that was sampled last; None for what may not be learned."""
        found = [list(group) for group in self._judged(prompts, answers)]
        worth = [one for group in found for one in group]
        rewards = [self._reward(*each) for each in zip(self._said, worth, self._passing, strict=True)]
        self._samples.rewarded(rewards)
        learned = iter(rewards)
        return [[one.value if (one := next(learned)).learned else None for _ in group] for group in found]

    def _reward(self, answer: Response, worth: Worth, passing: bool) -> Reward:
        return Reward(
            of=answer.id,
            by=self._recipe.optimise.reward,
            update=self._step,
            value=worth.value,
            learned=passing and worth.value is not None,
            grades=UNSET if worth.grades is None else dict(worth.grades),
        )

    def _ask(self, prompt: Conversation, sample: int, place: int, step: int) -> Program[Completion]:
        completion: Completion = yield Generate(
            messages=prompt,
            max_tokens=self._recipe.compare.max_tokens,
            temperature=self._recipe.compare.temperature,
            seed=seed_of("rollout", self._recipe.seed, step, place, sample),
        )
        return completion

    def _record(self, prompt: Conversation, said: Completion, number: int) -> Response:
        """An answer as it is kept; one that found no room in the context ended by its length."""
        return Response(
            prompt=self._prompts[prompt],
            model=self._policy.name,
            text=said.text,
            sample=number,
            tokens=said.tokens,
            finish="stop" if said.finish == "stop" else "length",
        )
