"""A model whose answers are a function you hand over: the test double of the seam, shipped with the product."""

from collections.abc import Callable, Iterable

from bylaw.models.base import Ask, Choice, Choose, Completion, Program, T, Usage, finish


class ScriptedModel:
    """Answers every ask with ``reply(ask)``: a str for ``Generate``, a row of log-probabilities for ``Choose``.

    For ``Choose`` the function is called once per conversation, with an ask that holds this one only.
    """

    def __init__(self, reply: Callable[[Ask], str | tuple[float, ...]], name: str = "scripted") -> None:
        self.name = name
        self.usage = Usage()
        self._reply = reply

    def run(self, programs: Iterable[Program[T]]) -> list[T]:
        """Run the programs one after the other."""
        return [finish(program, self._choice, self._completion) for program in programs]

    def _completion(self, ask: Ask) -> Completion:
        text = str(self._reply(ask))
        self.usage.generated_tokens += len(text.split()) + 1
        return Completion(text, len(text.split()) + 1, "stop")

    def _choice(self, ask: Choose) -> Choice:
        rows = tuple(
            self._reply(Choose(conversations=(one,), options=ask.options, prefill=ask.prefill))
            for one in ask.conversations
        )
        self.usage.choices += len(rows)
        return Choice(rows)  # type: ignore[arg-type]
