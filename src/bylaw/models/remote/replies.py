"""Reading what servers send: strictly, since half an answer, or one in another form, must never become a label."""

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec

from bylaw.errors import RemoteError
from bylaw.models.remote import wording
from bylaw.models.remote.asked import Broken, Reply, Request

Row = tuple[float, ...]

FLOOR = 1e-12
"""The least probability there is, so that each has a logarithm."""
_UNLISTED = -9000.0
"""OpenAI says -9999 of a token that is not among the likeliest: no log-probability, but that there is none."""
_CERTAIN = 1e-9
"""Some token has this probability at least, in any vocabulary."""
_COUNT = 10**9
"""More tokens than any call has."""


class _Details(msgspec.Struct):
    cached_tokens: int | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: int = 0
    completion_tokens: int = 0
    prompt_tokens_details: _Details | None = None


class _Top(msgspec.Struct):
    token: str
    logprob: float


class _Position(msgspec.Struct):
    top_logprobs: list[_Top]


class _ChatLogprobs(msgspec.Struct):
    content: list[_Position] | None = None


class _Said(msgspec.Struct):
    content: str | None = None


class _ChatChoice(msgspec.Struct):
    message: _Said
    finish_reason: str | None = None
    logprobs: _ChatLogprobs | None = None


class _TextLogprobs(msgspec.Struct):
    """OpenAI's and vLLM's form is a table a position; llama.cpp's server sends the form of chat here too."""

    top_logprobs: list[dict[str, float] | None] | None = None
    content: list[_Position] | None = None


class _TextChoice(msgspec.Struct):
    text: str
    index: int = 0
    finish_reason: str | None = None
    logprobs: _TextLogprobs | None = None


class _Chat(msgspec.Struct):
    choices: list[_ChatChoice]
    model: str = ""
    system_fingerprint: str | None = None
    usage: _Usage | None = None


class _Text(msgspec.Struct):
    choices: list[_TextChoice]
    model: str = ""
    system_fingerprint: str | None = None
    usage: _Usage | None = None


_CHAT, _TEXT = msgspec.json.Decoder(_Chat), msgspec.json.Decoder(_Text)


def decoded(content: bytes, decoder: Any) -> Any:
    """What a server sent. Half of it, or something else, is a broken call, and is asked again."""
    try:
        return decoder.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        came = content[:120].decode(errors="replace")
        raise Broken(f"what came is not an answer in this API's form ({error}): {came}") from error


def chat(content: bytes, requests: Sequence[Request]) -> list[Reply]:
    """The one answer of a chat call."""
    found = decoded(content, _CHAT)
    if len(found.choices) != 1:
        raise Broken(f"{len(found.choices)} answers came for one question")
    choice = found.choices[0]
    top = _summed(choice.logprobs.content if choice.logprobs else None)
    reply = _reply(found, choice.message.content or "", top, choice.finish_reason)
    return [_with_usage(reply, found.usage, requests, 0)]


def completions(content: bytes, requests: Sequence[Request]) -> list[Reply]:
    """The answers of a completions call, one for each prompt."""
    found = decoded(content, _TEXT)
    by_place = {choice.index: choice for choice in found.choices}
    if sorted(by_place) != list(range(len(requests))) or len(found.choices) != len(requests):
        raise Broken(f"{len(found.choices)} answers came for {len(requests)} questions")
    made = []
    for place in range(len(requests)):
        choice = by_place[place]
        given = choice.logprobs
        top = ((given.top_logprobs or [None])[0] or _summed(given.content)) if given else None
        made.append(_with_usage(_reply(found, choice.text, top, choice.finish_reason), found.usage, requests, place))
    return made


def _summed(places: list[_Position] | None) -> dict[str, float] | None:
    """The first position's tokens; several that read alike (bytes of a letter, alone) are added up."""
    if not places:
        return None
    top: dict[str, float] = {}
    for one in places[0].top_logprobs:
        before = top.get(one.token)
        top[one.token] = one.logprob if before is None else _either(before, one.logprob)
    return top


def _either(one: float, other: float) -> float:
    """Log-probability of one or the other, however small or large they are."""
    return max(one, other) + math.log1p(math.exp(-abs(one - other)))


def _reply(found: _Chat | _Text, text: str, top: dict[str, float] | None, finish: str | None) -> Reply:
    return Reply(
        text=text,
        top=_sound(top) if top else None,
        finish="length" if finish == "length" else "stop",
        served=found.model,
        fingerprint=found.system_fingerprint or "",
    )


def _sound(top: dict[str, float]) -> dict[str, float]:
    """Log-probabilities as such. One above 0, more than all there is, or nothing, is another thing under that name."""
    total = sum(math.exp(min(value, 1.0)) for value in top.values())
    if any(math.isnan(value) or value > 1e-3 for value in top.values()) or not _CERTAIN < total <= 1.01:
        raise RemoteError(
            f"the server's log-probabilities are none: they add up to {total:.3g}, the highest is "
            f"{max(top.values()):.4g}. Has their format changed? Ask for votes: models.judge.answers = 'votes'"
        )
    return {token: value for token, value in top.items() if value > _UNLISTED}


def _with_usage(reply: Reply, usage: _Usage | None, requests: Sequence[Request], place: int) -> Reply:
    """A call's tokens, charged to its questions by the length of their texts; estimated where none are said."""
    if usage is None or not is_count(usage.prompt_tokens, usage.completion_tokens):
        return estimated(reply, requests[place])
    sizes = [len(request.text) + 1 for request in requests]
    cached = (usage.prompt_tokens_details.cached_tokens if usage.prompt_tokens_details else 0) or 0
    return msgspec.structs.replace(
        reply,
        prompt_tokens=_part(usage.prompt_tokens, sizes, place),
        cached_tokens=_part(min(max(cached, 0), usage.prompt_tokens), sizes, place),
        generated_tokens=_part(usage.completion_tokens, [1] * len(sizes), place),
    )


def is_count(prompt: int, generated: int) -> bool:
    """Whether these may be a call's tokens. Else a server could talk a budget away: nothing, or less, is no count."""
    return 0 < prompt < _COUNT and 0 <= generated < _COUNT


def estimated(reply: Reply, request: Request) -> Reply:
    """The answer with its tokens by its characters, four to each."""
    prompt, generated = (len(request.text) + 1) // 4 + 1, len(reply.text) // 4 + 1
    return msgspec.structs.replace(reply, prompt_tokens=prompt, generated_tokens=generated)


def _part(total: int, sizes: Sequence[int], place: int) -> int:
    """Whole parts of a total by size; together they are the total."""
    before, upto = sum(sizes[:place]), sum(sizes[: place + 1])
    return total * upto // sum(sizes) - total * before // sum(sizes)


def is_silence(reply: Reply) -> bool:
    """Whether the model ended its turn at once, or began half a letter: then llama.cpp sends no log-probabilities."""
    return not reply.text.strip("\ufffd")


def require_readable(reply: Reply) -> None:
    """Raise ``RemoteError`` for an answer without the log-probabilities that were asked for: it must not be kept."""
    if not reply.top and reply.finish != "too_long" and not is_silence(reply):
        raise RemoteError(
            f"the server ({reply.served}) gave no log-probabilities this time, and gave them before. If it has "
            "changed, label anew with models.judge.answers = 'votes'; everything finished is kept"
        )


def row(request: Request, reply: Reply, exact: bool) -> Row:
    """Log-probability of each option; several tokens that say the same option are added up.

    An option that is not among the likeliest has at most what the least of them has, and at most what is left over:
    that bound is taken, so its share is never made too small. None counts as less than ``FLOOR``. Raises
    ``RemoteError`` without log-probabilities.
    """
    options = request.options or ()
    require_readable(reply)
    if not reply.top:
        return (math.log(1e-9),) * len(options)
    found: dict[int, float] = {}
    for token, value in reply.top.items():
        place = wording.option_of(token, options, exact)
        if place is not None:
            found[place] = found.get(place, 0.0) + math.exp(value)
    left = max(1.0 - sum(math.exp(value) for value in reply.top.values()), 1e-9)
    bound = min(left, math.exp(min(reply.top.values())))
    return tuple(min(math.log(max(found.get(place, bound), FLOOR)), 0.0) for place in range(len(options)))


def voted(options: Sequence[str], replies: Sequence[Reply]) -> tuple[Row, str]:
    """Shares of sampled letters as log-probabilities, and what was said, with its 95 % interval.

    Half a vote is added to each side (Jeffreys), so that no sample makes a judge sure. What names no option, or two,
    counts as probability on neither.
    """
    known = wording.readings(options)
    said = Counter(wording.letter(reply.text, known) for reply in replies)
    read = sum(said[place] for place in range(len(options)))
    share = read / len(replies)
    rows = []
    for place in range(len(options)):
        p = (said[place] + 0.5) / (read + 0.5 * len(options))
        rows.append(math.log(max(p * share, FLOOR)))
    low, high = _interval(said[0], read)
    counted = ", ".join(f"{option} {said[place]}" for place, option in enumerate(options))
    return tuple(rows), f"{len(replies)} samples: {counted}, neither {said[None]}; {options[0]} {low:.2f} … {high:.2f}"


def _interval(hits: int, n: int, z: float = 1.959964) -> tuple[float, float]:
    """The 95 % score interval of a share (Wilson 1927)."""
    if not n:
        return 0.0, 1.0
    middle = (hits / n + z * z / n / 2) / (1 + z * z / n)
    half = z / (1 + z * z / n) * (hits * (n - hits) / n**3 + z * z / n / n / 4) ** 0.5
    return max(0.0, middle - half), min(1.0, middle + half)
