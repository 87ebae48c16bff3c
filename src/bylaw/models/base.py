"""The seam: who answers. A model runs *programs*; a program asks, and goes on with the answer.

A program is a generator that yields ``Generate`` or ``Choose`` and is sent a ``Completion`` or ``Choice``. What a row
needs one after the other (response, critique, revision, critique, …) is one program; rows do not wait for each other,
so a backend may batch programs that stand at different steps, and keep a row's context warm between its asks::

    def answer(prompt):
        completion = yield Generate(messages=prompt.messages, seed=seed_of(prompt.id))
        return completion.text

    texts = model.run([answer(prompt) for prompt in prompts])
"""

from collections.abc import Callable, Generator, Iterable, Sequence
from typing import Any, Literal, Protocol, TypeVar

import msgspec

from bylaw.records import Conversation

T = TypeVar("T")
I = TypeVar("I")  # noqa: E741


class Generate(msgspec.Struct, frozen=True, kw_only=True):
    """Continue a conversation. ``temperature`` 0 is greedy; draws depend on ``seed`` alone, never on the batch.

    ``prefill`` is text the answer is made to start with; the completion's text does not repeat it. ``about`` is what it
    is charged to where answers cost money (a principle's key); it changes nothing else.
    """

    messages: Conversation
    prefill: str = ""
    max_tokens: int = 256
    temperature: float = 1.0
    seed: int = 0
    about: str = ""


class Choose(msgspec.Struct, frozen=True, kw_only=True):
    """Next-token log-probabilities of each option after each conversation and ``prefill``.

    Conversations that begin alike are computed once up to where they part: put what differs last. ``about`` is what
    each is charged to where answers cost money (a principle's key); it changes nothing else.
    """

    conversations: tuple[Conversation, ...]
    options: tuple[str, ...]
    prefill: str = ""
    about: tuple[str, ...] = ()


class Completion(msgspec.Struct, frozen=True):
    """An answer's text and why it ended; ``tokens`` counts generated tokens, the end token included.

    ``too_long``: the conversation leaves no room in the model's context; the text is empty.
    """

    text: str
    tokens: int
    finish: Literal["stop", "length", "too_long"]


class Choice(msgspec.Struct, frozen=True):
    """``logprobs[i][j]``: natural log-probability of option j after conversation i, over the whole vocabulary.

    ``None`` where the conversation was too long for the model's context. ``served`` is the model that a server says it
    answered with; ``notes`` say of each row how it was found where it was not read (sampled votes, with an interval).
    """

    logprobs: tuple[tuple[float, ...] | None, ...]
    served: str = ""
    notes: tuple[str, ...] = ()


Ask = Generate | Choose
Program = Generator[Ask, Any, T]


def finish(program: Program[T], choose: Callable[[Choose], Choice], say: Callable[[Generate], Completion]) -> T:
    """Run one program to its end, each of its asks answered at once; returns what it returned."""
    answer: Completion | Choice | None = None
    while True:
        try:
            ask = program.send(answer)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]
        answer = choose(ask) if isinstance(ask, Choose) else say(ask)


class Usage(msgspec.Struct):
    """What a model has computed so far; stages report differences of it."""

    prompt_tokens: int = 0
    reused_tokens: int = 0
    generated_tokens: int = 0
    choices: int = 0

    def less(self, before: "Usage") -> "Usage":
        """What came after ``before``."""
        return Usage(*(now - then for now, then in zip(*map(msgspec.structs.astuple, (self, before)), strict=True)))


class Model(Protocol):
    """Anything that can run programs. ``name`` stands in every record the model made."""

    name: str
    usage: Usage

    def run(self, programs: Iterable[Program[T]]) -> list[T]:
        """Run all programs to their end and return what they returned, in order."""
        ...


Answers = Generator[tuple[list[T], Usage], None, None]
"""For each chunk, in order: what its programs returned, and what it took."""


class Chunked(Protocol):
    """Whoever answers whole chunks of programs. ``name`` stands in every record that comes of it."""

    name: str

    def over(self, chunks: Sequence[list[I]], make: Callable[[list[I]], list[Program[T]]]) -> Answers[T]:
        """Answer the programs that ``make`` gives for each chunk; a batch never crosses one. To be closed."""
        ...


class Here:
    """A model in this process, as one that answers whole chunks."""

    def __init__(self, model: Model) -> None:
        self.name = model.name
        self._model = model

    def over(self, chunks: Sequence[list[I]], make: Callable[[list[I]], list[Program[T]]]) -> Answers[T]:
        """See ``Chunked``; a chunk is begun when it is asked for."""
        for chunk in chunks:
            before = msgspec.structs.replace(self._model.usage)
            made = self._model.run(make(chunk))
            yield made, self._model.usage.less(before)
