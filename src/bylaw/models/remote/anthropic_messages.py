"""Anthropic's Messages API, addressed as its client does: no log-probabilities there, so options are sampled votes.

The stem that questions share is a block of its own with a cache mark, so that the server computes and charges it once
for all that follow within five minutes; a stem shorter than the server keeps is sent unmarked.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from bylaw.errors import MissingExtra, UsageError
from bylaw.models.base import Choose, Generate
from bylaw.models.remote import wording
from bylaw.models.remote.asked import Broken, Reply, Request
from bylaw.models.remote.calling import calling
from bylaw.models.remote.posting import Posting
from bylaw.models.remote.replies import decoded, estimated, is_count
from bylaw.models.remote.settings import RemoteSettings, key_of
from bylaw.records import Conversation

_HOME, _PATH = "https://api.anthropic.com", "/v1/messages"
_WORTH_KEEPING = 4096
"""Characters; the shortest prefix that the server keeps is 1,024 tokens."""


class _Usage(msgspec.Struct):
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None


class _Block(msgspec.Struct):
    type: str
    text: str = ""


class _Message(msgspec.Struct):
    content: list[_Block]
    model: str
    usage: _Usage
    stop_reason: str | None = None


_MESSAGE = msgspec.json.Decoder(_Message)


class AnthropicMessages:
    """A backend on ``settings``."""

    batches = False
    sampled = True

    def __init__(self, settings: RemoteSettings, sampled: bool) -> None:
        if not sampled:
            raise UsageError("this API gives no log-probabilities: leave models.judge.answers at auto or votes")
        try:
            from anthropic import AsyncAnthropic
        except ImportError as error:
            raise MissingExtra("anthropic", "judges") from error
        self.settings = settings
        self._posting = Posting(AsyncAnthropic(base_url=settings.url or _HOME, api_key=key_of(settings) or "none"))

    def choose(self, ask: Choose, about: Sequence[str], vote: int | None = None) -> list[Request]:
        """A request for each conversation; samples of one differ by their number alone."""
        asked = [wording.dropped(one, ask.prefill, wording.say_only(ask.options)) for one in ask.conversations]
        stem = wording.shared([one[-1].content for one in asked])
        made = []
        for conversation, subject in zip(asked, about, strict=True):
            body = self._body(conversation, wording.LETTER_TOKENS, 1.0, stem)
            text = wording.flat(wording.turns(conversation))
            made.append(
                Request(
                    path=_PATH,
                    body=body,
                    text=text,
                    most=wording.LETTER_TOKENS,
                    options=wording.readings(ask.options),
                    vote=vote or 0,
                    about=subject,
                    stem=stem,
                )
            )
        return made

    def generate(self, ask: Generate) -> Request:
        """The request for a continuation. The API takes no seed: the ask's own tells samples apart in the cache."""
        conversation = wording.dropped(ask.messages, ask.prefill, "")
        body = self._body(conversation, ask.max_tokens, ask.temperature, 0)
        text = wording.flat(wording.turns(conversation))
        vote = ask.seed % 2**31
        return Request(path=_PATH, body=body, text=text, most=ask.max_tokens, vote=vote, about=ask.about)

    async def send(self, requests: Sequence[Request]) -> list[Reply]:
        """One call."""
        with calling(self.settings, requests):
            said = decoded(await self._posting.post(_PATH, requests[0].body), _MESSAGE)
        texts = [block.text for block in said.content if block.type == "text"]
        if not texts and said.stop_reason not in ("end_turn", "refusal", "max_tokens"):
            raise Broken("an answer without a text came")
        reply = Reply(
            text="".join(texts),
            finish="length" if said.stop_reason == "max_tokens" else "stop",
            served=said.model,
        )
        return [_with_usage(reply, said.usage, requests[0])]

    async def close(self) -> None:
        """Give connections back."""
        await self._posting.close()

    def _body(self, conversation: Conversation, most: int, temperature: float, stem: int) -> dict[str, Any]:
        system = [message.content for message in conversation if message.role == "system"]
        messages: list[dict[str, Any]] = [
            {"role": message.role, "content": message.content} for message in conversation if message.role != "system"
        ]
        if stem >= _WORTH_KEEPING:
            last = messages[-1]["content"]
            kept = {"type": "text", "text": last[:stem], "cache_control": {"type": "ephemeral"}}
            messages[-1]["content"] = [kept, {"type": "text", "text": last[stem:]}]
        body = {"model": self.settings.model, "max_tokens": most, "temperature": temperature, "messages": messages}
        return {**body, "system": "\n\n".join(system)} if system else body


def _with_usage(reply: Reply, usage: _Usage, request: Request) -> Reply:
    """The answer with its tokens, estimated where the server's are no count of any."""
    read, written = usage.cache_read_input_tokens or 0, usage.cache_creation_input_tokens or 0
    prompt = usage.input_tokens + read + written
    if min(read, written, usage.input_tokens) < 0 or not is_count(prompt, usage.output_tokens):
        return estimated(reply, request)
    return msgspec.structs.replace(
        reply, prompt_tokens=prompt, cached_tokens=read, written_tokens=written, generated_tokens=usage.output_tokens
    )
