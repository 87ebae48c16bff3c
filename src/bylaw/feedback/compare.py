"""Comparisons: two answers of the policy to one prompt, to be judged (arXiv 2212.08073 §4.1)."""

import msgspec

from bylaw.feedback.respond import RespondSettings, respond
from bylaw.models.base import Program
from bylaw.records import Comparison, Prompt, Record


class CompareSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How pairs are sampled: ``pairs`` for each prompt, at ``temperature``."""

    pairs: int = 1
    temperature: float = 1.0
    max_tokens: int = 256


def compare(prompt: Prompt, policy: str, settings: CompareSettings, seed: int) -> Program[list[Record]]:
    """Sample pairs for one prompt: the responses, and a comparison of each pair that differs.

    Two equal answers leave nothing to prefer; the pair is left out, and shows as responses without a comparison.
    """
    sampling = RespondSettings(temperature=settings.temperature, max_tokens=settings.max_tokens)
    made: list[Record] = []
    for pair in range(settings.pairs):
        first = yield from respond(prompt, policy, sampling, seed, 2 * pair, purpose="compare")
        second = yield from respond(prompt, policy, sampling, seed, 2 * pair + 1, purpose="compare")
        if first is None or second is None:
            break
        made += [first, second]
        if first.text != second.text:
            made.append(
                Comparison(
                    messages=prompt.messages,
                    first=first.text,
                    second=second.text,
                    prompt=prompt.id,
                    first_id=first.id,
                    second_id=second.id,
                    aim=prompt.aim,
                )
            )
    return made
