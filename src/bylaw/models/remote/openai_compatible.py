"""Servers that speak OpenAI's API (vLLM, SGLang, llama.cpp, Ollama, hosted ones), addressed as its client does.

Options are read from the log-probabilities of the next token, a generation of one token; never from
``prompt_logprobs``, which bypasses vLLM's prefix cache (vllm#17251). It is greedy: what is drawn is not read, and a
drawn end of turn would come without them.
Replies are decoded here and not by the client's models, whose validation costs as much again as the rest of a call.
"""

from collections.abc import Sequence
from typing import Any

from bylaw.errors import MissingExtra, UsageError
from bylaw.models.base import Choose, Generate
from bylaw.models.remote import replies, wording
from bylaw.models.remote.asked import Reply, Request
from bylaw.models.remote.calling import calling
from bylaw.models.remote.posting import Posting
from bylaw.models.remote.settings import RemoteSettings, key_of
from bylaw.records import Conversation

_CHAT, _TEXT = "/chat/completions", "/completions"


class OpenAICompatible:
    """A backend on ``settings``."""

    def __init__(self, settings: RemoteSettings, sampled: bool) -> None:
        if not settings.url:  # the client would ask wherever OPENAI_BASE_URL says, key and all
            raise UsageError("models.judge.url says where the server is, as in http://localhost:8000/v1, and is empty")
        try:
            from openai import AsyncOpenAI
        except ImportError as error:
            raise MissingExtra("openai", "judges") from error
        self.settings = settings
        self.batches = settings.api == "completions" and settings.batch > 1
        self.sampled = sampled
        self._render = wording.Rendered(settings.tokenizer) if settings.api == "completions" else None
        self._posting = Posting(AsyncOpenAI(base_url=settings.url, api_key=key_of(settings) or "none"))

    def choose(self, ask: Choose, about: Sequence[str], vote: int | None = None) -> list[Request]:
        """A request for each conversation, with what its text shares with the others."""
        asked = [self._asked(one, ask) for one in ask.conversations]
        stem = wording.shared([text for text, _, _ in asked])
        more = self._letter(vote) if self.sampled else self._logprobs()
        made = []
        for (text, body, options), subject in zip(asked, about, strict=True):
            made.append(
                Request(
                    path=self._path,
                    body={"model": self.settings.model, **body, **more},
                    text=text,
                    most=more["max_tokens"],
                    options=wording.readings(ask.options) if self.sampled else options,
                    vote=vote or 0,
                    about=subject,
                    stem=stem,
                )
            )
        return made

    def generate(self, ask: Generate) -> Request:
        """The request for a continuation; a seed of 31 bits is what all servers take."""
        body = {
            **self._begun(ask.messages, ask.prefill, ""),
            "max_tokens": ask.max_tokens,
            "temperature": ask.temperature,
            "seed": ask.seed % 2**31,
        }
        if self._render and not self.settings.tokenizer:
            body["stop"] = [wording.NEXT_TURN]
        text = body["prompt"] if self._render else wording.flat(body["messages"])
        body = {"model": self.settings.model, **body}
        return Request(path=self._path, body=body, text=text, most=ask.max_tokens, about=ask.about)

    async def send(self, requests: Sequence[Request]) -> list[Reply]:
        """One call: several requests of completions go as a list of prompts."""
        body: dict[str, Any] = requests[0].body
        if len(requests) > 1:
            body = {**body, "prompt": [request.body["prompt"] for request in requests]}
        read = replies.completions if self._render else replies.chat
        with calling(self.settings, requests):
            return read(await self._posting.post(requests[0].path, body), requests)

    async def close(self) -> None:
        """Give connections back."""
        await self._posting.close()

    @property
    def _path(self) -> str:
        return _TEXT if self._render else _CHAT

    def _asked(self, conversation: Conversation, ask: Choose) -> tuple[str, dict[str, Any], tuple[frozenset[str], ...]]:
        """(text, body, tokens to read) of one conversation."""
        if self._render:
            text, options = self._render.question(conversation, ask.prefill, ask.options)
            return text, {"prompt": text}, options
        body = self._begun(conversation, ask.prefill, wording.say_only(ask.options))
        return wording.flat(body["messages"]), body, wording.readings(ask.options)

    def _begun(self, conversation: Conversation, prefill: str, instead: str) -> dict[str, Any]:
        """A conversation and the words put in the model's mouth, as far as the server goes on from them."""
        if self._render:
            return {"prompt": self._render.text(conversation, prefill)}
        if self.settings.prefill == "continue":
            turns = wording.turns(conversation)
            if prefill:
                turns.append({"role": "assistant", "content": prefill})
            begun = turns[-1]["role"] == "assistant"
            return {"messages": turns, "add_generation_prompt": not begun, "continue_final_message": begun}
        return {"messages": wording.turns(wording.dropped(conversation, prefill, instead))}

    def _logprobs(self) -> dict[str, Any]:
        top = self.settings.top
        asked: dict[str, Any] = {"logprobs": top} if self._render else {"logprobs": True, "top_logprobs": top}
        return {"max_tokens": 1, "temperature": 0.0, **asked}

    def _letter(self, vote: int | None) -> dict[str, Any]:
        return {"max_tokens": wording.LETTER_TOKENS, "temperature": 1.0, "seed": vote or 0}
