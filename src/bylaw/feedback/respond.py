"""The first answers: what the model says before any principle is put to it (arXiv 2212.08073 §3.1)."""

import msgspec

from bylaw.canonical import seed_of
from bylaw.models.base import Generate, Program
from bylaw.records import Prompt, Response


class RespondSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How answers are sampled. ``helpful_samples`` draws for each helpful prompt (the paper takes two).

    As many as there are rounds of revision: the supervised stage then repeats none to match the revisions.
    """

    temperature: float = 1.0
    max_tokens: int = 256
    helpful_samples: int = 4


def respond(
    prompt: Prompt,
    model: str,
    settings: RespondSettings,
    seed: int,
    sample: int = 0,
    *,
    purpose: str = "respond",
) -> Program[Response | None]:
    """Sample one answer; None when the conversation leaves no room in the model's context."""
    completion = yield Generate(
        messages=prompt.messages,
        max_tokens=settings.max_tokens,
        temperature=settings.temperature,
        seed=seed_of(purpose, seed, prompt.id, sample),
    )
    if completion.finish == "too_long":
        return None
    return Response(
        prompt=prompt.id,
        model=model,
        text=completion.text,
        sample=sample,
        tokens=completion.tokens,
        finish=completion.finish,
    )
