"""Critique and revision, N rounds (arXiv 2212.08073 §3.1): round n critiques revision n-1.

A principle is drawn anew for every row and round. A row's rounds are one program: the context of its critique is warm
when its revision is written, and no row waits for another.
"""

from collections.abc import Sequence

import msgspec

from bylaw.canonical import seed_of
from bylaw.feedback.draw import draw
from bylaw.models.base import Completion, Generate, Program
from bylaw.records import Critique, Message, Principle, Prompt, Response, Revision


class ReviseSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``rounds`` revisions, one after the other; ``direct`` revises without a critique (the paper's Fig. 7).

    Critiques and revisions are sampled at ``temperature``: what is trained on should have few slips.
    """

    rounds: int = 4
    direct: bool = False
    temperature: float = 0.5
    max_tokens: int = 256


def revise(
    prompt: Prompt, response: Response, principles: Sequence[Principle], settings: ReviseSettings, seed: int
) -> Program[list[Critique | Revision]]:
    """All rounds of one row. A round that finds no room in the context ends the row with what it has."""
    asking = [principle for principle in principles if principle.critique_request]
    made: list[Critique | Revision] = []
    answer: Response | Revision = response
    for number in range(1, settings.rounds + 1):
        principle = draw(asking, seed, prompt.id, number)
        talk = (*prompt.messages, Message("assistant", answer.text))
        critique = None
        if not settings.direct:
            asked = (*talk, Message("user", principle.critique_request))
            said = yield _generate(asked, settings, seed_of("critique", seed, prompt.id, number))
            if said.finish == "too_long":
                break
            critique = Critique(of=answer.id, principle=principle.key, round=number, text=said.text, tokens=said.tokens)
            made.append(critique)
            talk = (*asked, Message("assistant", said.text))
        asked = (*talk, Message("user", principle.revision_request))
        said = yield _generate(asked, settings, seed_of("revision", seed, prompt.id, number))
        if said.finish == "too_long":
            break
        answer = _revision(prompt, answer, critique, principle, number, said)
        made.append(answer)
    return made


def _generate(messages: tuple[Message, ...], settings: ReviseSettings, seed: int) -> Generate:
    return Generate(messages=messages, max_tokens=settings.max_tokens, temperature=settings.temperature, seed=seed)


def _revision(
    prompt: Prompt,
    answer: Response | Revision,
    critique: Critique | None,
    principle: Principle,
    number: int,
    said: Completion,
) -> Revision:
    return Revision(
        prompt=prompt.id,
        of=answer.id,
        critique=critique.id if critique else None,
        principle=principle.key,
        round=number,
        text=said.text,
        tokens=said.tokens,
        finish="stop" if said.finish == "stop" else "length",
    )
