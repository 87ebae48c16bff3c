"""Let a model answer a whole list of prompts, so that a killed process can go on where it was."""

from collections.abc import Callable, Generator, Sequence
from pathlib import Path

import msgspec

from bylaw.canonical import digest
from bylaw.feedback.keeping import CHUNK, Kept, Report, keep
from bylaw.feedback.respond import RespondSettings, respond
from bylaw.models.base import Model, Program
from bylaw.records import Prompt


class Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was answered to a prompt (its id); None where the prompt leaves no room in the model's context."""

    prompt: str
    text: str | None


class Made(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a file of answers was made from (digests); it lies beside it."""

    model: str
    prompts: str
    settings: RespondSettings
    seed: int
    chunk: int


class Answering(msgspec.Struct, frozen=True, kw_only=True):
    """How answers are sampled."""

    settings: RespondSettings
    seed: int = 0
    chunk: int = CHUNK

    def made(self, model: str, prompts: Sequence[Prompt]) -> Made:
        """What the answers to ``prompts`` of the model with this digest are made from."""
        asked = digest([one.id for one in prompts])
        return Made(model=model, prompts=asked, settings=self.settings, seed=self.seed, chunk=self.chunk)

    def program(self, prompt: Prompt) -> Program[Answer]:
        """Sample one answer: by the same seed whichever model is asked."""
        said = yield from respond(prompt, "", self.settings, self.seed, purpose="rate")
        return Answer(prompt.id, said.text if said else None)


def answer_file(
    prompts: Sequence[Prompt],
    opened: Callable[[], Model],
    how: Answering,
    output: Path,
    made: Made,
    report: Report | None = None,
) -> list[Answer]:
    """Answer every prompt that ``output`` has no answer to yet, and return all answers in order.

    The model is opened only if there is something to ask. Errors as in ``label_file``.
    """
    model: list[Model] = []

    def ask(chunks: Sequence[list[Prompt]]) -> Generator[list[Answer], None, None]:
        for chunk in chunks:
            model[:] = model or [opened()]
            yield model[0].run([how.program(one) for one in chunk])

    return keep(prompts, Kept(output, made, how.chunk), Answer, lambda one: one.prompt, ask, report)
