"""The same programs on vLLM, where there are GPUs: all programs' next asks are answered together, round by round.

Options are read as the next-token log-probabilities of a generation of one token (``logprob_token_ids``), never as
``prompt_logprobs``, which does not use the prefix cache. Draws are vLLM's, from each ask's seed: not those of the
transformers engine.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from bylaw.errors import MissingExtra
from bylaw.models.base import Ask, Choice, Choose, Completion, Generate, Program, T, Usage
from bylaw.models.chat import Chat
from bylaw.models.given import name_of
from bylaw.models.local import LocalSettings

Request = tuple[list[int], Any]
"""Prompt tokens and how to go on from them."""


class VllmModel:
    """Runs programs on vLLM's offline engine."""

    def __init__(self, name: str, engine: Any, chat: Chat, context: int) -> None:
        self.name = name
        self.usage = Usage()
        self.chat = chat
        self.context = context
        self._engine = engine

    def run(self, programs: Iterable[Program[T]]) -> list[T]:
        """Run all programs to their end and return what they returned, in order."""
        live = dict(enumerate(programs))
        answers: dict[int, Completion | Choice | None] = dict.fromkeys(live)
        results: dict[int, T] = {}
        while live:
            asks: dict[int, Ask] = {}
            for number, program in list(live.items()):
                try:
                    asks[number] = program.send(answers[number])
                except StopIteration as stop:
                    results[number] = stop.value
                    del live[number]
            answers = self._answered(asks)
        return [results[number] for number in sorted(results)]

    def _answered(self, asks: dict[int, Ask]) -> dict[int, Completion | Choice | None]:
        requests = {number: self._requests(ask) for number, ask in asks.items()}
        flat = [request for each in requests.values() for request in each if request]
        said = iter(self._generate(flat))
        return {
            number: self._answer(ask, [next(said) if request else None for request in requests[number]])
            for number, ask in asks.items()
        }

    def _generate(self, requests: list[Request]) -> list[Any]:
        if not requests:
            return []
        prompts = [{"prompt_token_ids": tokens} for tokens, _ in requests]
        outputs = self._engine.generate(prompts, [how for _, how in requests], use_tqdm=False)
        for output in outputs:
            self.usage.prompt_tokens += len(output.prompt_token_ids)
            self.usage.reused_tokens += output.num_cached_tokens or 0
        return list(outputs)

    def _requests(self, ask: Ask) -> list[Request | None]:
        """None for a conversation that leaves no room in the context."""
        from vllm import SamplingParams

        if isinstance(ask, Generate):
            tokens = self.chat.tokens(ask.messages, ask.prefill)
            room = min(ask.max_tokens, self.context - len(tokens))
            how = {"temperature": ask.temperature, "seed": ask.seed % 2**63, "stop_token_ids": sorted(self.chat.stops)}
            return [(tokens, SamplingParams(max_tokens=room, detokenize=False, **how)) if room > 0 else None]
        found: list[Request | None] = []
        for messages in ask.conversations:
            tokens, options = self.chat.options(messages, ask.prefill, ask.options)
            how = {"max_tokens": 1, "temperature": 0.0, "logprob_token_ids": list(options), "detokenize": False}
            found.append((tokens, SamplingParams(**how)) if len(tokens) < self.context else None)
        return found

    def _answer(self, ask: Ask, outputs: list[Any]) -> Completion | Choice:
        if isinstance(ask, Choose):
            return Choice(tuple(self._read(ask, number, output) for number, output in enumerate(outputs)))
        if outputs[0] is None:
            return Completion("", 0, "too_long")
        new = list(outputs[0].outputs[0].token_ids)
        self.usage.generated_tokens += len(new)
        continued = bool(ask.prefill) or ask.messages[-1].role == "assistant"
        text = self.chat.answer(outputs[0].prompt_token_ids, new, continued)
        return Completion(text, len(new), "stop" if new and new[-1] in self.chat.stops else "length")

    def _read(self, ask: Choose, number: int, output: Any) -> tuple[float, ...] | None:
        if output is None:
            return None
        self.usage.choices += 1
        _, options = self.chat.options(ask.conversations[number], ask.prefill, ask.options)
        logprobs = output.outputs[0].logprobs[0]
        return tuple(float(logprobs[token].logprob) for token in options)


def open_vllm(directory: Path, settings: LocalSettings) -> VllmModel:
    """Load a model into vLLM, with its prefix cache on."""
    try:
        from vllm import LLM
    except ImportError as error:
        raise MissingExtra("vllm", "vllm") from error
    dtype = "auto" if settings.dtype == "auto" else settings.dtype
    limit = {"max_model_len": settings.context} if settings.context else {}
    engine = LLM(model=str(directory), dtype=dtype, enable_prefix_caching=True, trust_remote_code=False, **limit)
    tokenizer = engine.get_tokenizer()
    defaults = engine.get_default_sampling_params()
    ends = [*(defaults.stop_token_ids or ()), tokenizer.eos_token_id]
    stops = frozenset(int(token) for token in ends if token is not None)
    return VllmModel(name_of(directory), engine, Chat(tokenizer, stops), engine.model_config.max_model_len)
