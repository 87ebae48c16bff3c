"""One row of somebody's file as a prompt or a comparison; ``FORMATS`` lists what is known, by a row's keys.

Whole conversations are kept. Where a speaker has two turns in a row (hh-rlhf has such), they become one,
joined by a blank line. What cannot be used though nothing is wrong with the file raises ``Unusable``, whose
text is counted; what is not as its format says raises ``ValueError`` or ``msgspec.ValidationError``.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Literal

import msgspec

from bylaw.canonical import seed_of
from bylaw.constitution.few_shots import turns
from bylaw.errors import ConstitutionError
from bylaw.records import Comparison, Conversation, Message, Prompt, PromptKind, Role

Row = Mapping[str, Any]
Gold = Literal["first", "second"]


class Unusable(Exception):
    """A sound row that gives no prompt or comparison; the text says why, in words fit to be counted."""


class _Turn(msgspec.Struct):
    """A turn of a foreign conversation; other keys (name, weight) are passed over."""

    role: Role
    content: str


_TALK = str | list[_Turn]


class _Pair(msgspec.Struct):
    chosen: _TALK
    rejected: _TALK
    prompt: _TALK = ""


class _Text(msgspec.Struct):
    text: str


class _Annotated(msgspec.Struct):
    """A comparison of Inverse Constitutional AI's annotated pairs; ``pref`` is its default annotator's."""

    prompt: str | None
    response_a: _Text
    response_b: _Text
    pref: Literal["a", "b"] | None


class _Rating(msgspec.Struct):
    response: str
    overall_score: float


class _Rated(msgspec.Struct):
    """A row of UltraFeedback: answers of several models, each with its overall score."""

    instruction: str
    completions: list[_Rating]


class _Prompt(msgspec.Struct):
    prompt: _TALK


class _Messages(msgspec.Struct):
    messages: list[_Turn]


class _Xstest(msgspec.Struct):
    prompt: str
    label: Literal["safe", "unsafe"]


class _Sample(msgspec.Struct):
    rl_prompt: str


class _Evaluation(msgspec.Struct):
    prompt: str
    corrects: list[str]
    incorrects: list[str]
    text_correct: str = ""
    text_incorrect: str = ""


_QUESTION = re.compile(
    r"\s*(?P<question>.*?)(?: Options:)?\n \(A\) (?P<a>.*?)\n \(B\) (?P<b>.*?)\s*\n\s*The answer is:\s*",
    re.DOTALL,
)
_RESPONSES = re.compile(
    r"Consider the following conversation between a human and an assistant:\n\n(?P<talk>.*)\n\n[^\n]+",
    re.DOTALL,
)


def conversation(talk: _TALK) -> Conversation:
    """A conversation from turns, from a transcript (``Human: … Assistant: …``) or from one user's text.

    It must begin (after a system turn, if any) and end with a user's turn, or ``Unusable`` is raised.
    """
    said = _merged(_turns(talk))
    spoken = said[1:] if said and said[0].role == "system" else said
    if not spoken or spoken[0].role != "user":
        raise Unusable("the conversation does not begin with a user's turn")
    if any(not message.content.strip() for message in spoken):
        raise Unusable("a turn is empty")
    if spoken[-1].role != "user":
        raise Unusable("the conversation does not end with a user's turn")
    return said


def _turns(talk: _TALK) -> list[Message]:
    if not isinstance(talk, str):
        return [Message(turn.role, turn.content) for turn in talk]
    if not talk.lstrip().startswith("Human:"):
        return [Message("user", talk)]
    try:
        return list(turns(talk, "Human", "Assistant", ""))
    except ConstitutionError as error:
        raise ValueError(str(error)) from error


def _merged(said: list[Message]) -> Conversation:
    merged: list[Message] = []
    for message in said:
        if merged and merged[-1].role == message.role:
            words = f"{merged[-1].content}\n\n{message.content}"
            merged[-1] = Message(message.role, words)
        else:
            merged.append(message)
    return tuple(merged)


def _split(talk: _TALK) -> tuple[Conversation, str]:
    """A conversation with its last answer, which is empty where the transcript breaks off before it."""
    said = _merged(_turns(talk))
    if said and said[-1].role == "assistant":
        return said[:-1], said[-1].content
    return said, ""


def _ordered(messages: Conversation, better: str, worse: str, aim: PromptKind) -> Comparison:
    """A comparison in an order drawn from its texts, so that the better one does not always come first."""
    if not better.strip() or not worse.strip():
        raise Unusable("an answer is empty")
    if better == worse:
        raise Unusable("both answers are the same")
    one = Comparison(messages=messages, first=better, second=worse, aim=aim, gold="first")
    return one.swapped() if seed_of("order", messages, better, worse) % 2 else one


def _pair(row: Row, aim: PromptKind) -> Comparison:
    pair = msgspec.convert(row, _Pair)
    if pair.prompt and not _is_whole(pair.chosen):
        texts = [value if isinstance(value, str) else _split(value)[1] for value in (pair.chosen, pair.rejected)]
        return _ordered(conversation(pair.prompt), texts[0].strip(), texts[1].strip(), aim)
    (before, better), (other, worse) = _split(pair.chosen), _split(pair.rejected)
    if before != other:
        raise Unusable("the two conversations differ before the last answer")
    return _ordered(conversation([_Turn(one.role, one.content) for one in before]), better, worse, aim)


def _is_whole(talk: _TALK) -> bool:
    """Whether a chosen text holds the conversation too, not only the answer."""
    return talk.lstrip().startswith("Human:") if isinstance(talk, str) else len(talk) > 1


def _pair_prompt(row: Row, aim: PromptKind, source: str) -> Prompt:
    """The conversation before the chosen answer; a missing or empty answer does not matter here."""
    pair = msgspec.convert(row, _Pair)
    talk = pair.prompt if pair.prompt and not _is_whole(pair.chosen) else pair.chosen
    said = _split(talk)[0] if talk is pair.chosen else tuple(_turns(talk))
    return _made(conversation([_Turn(one.role, one.content) for one in said]), aim, source)


def _annotated(row: Row, aim: PromptKind) -> Comparison:
    pair = msgspec.convert(row, _Annotated)
    if not pair.prompt:
        raise Unusable("it has no prompt")
    texts = pair.response_a.text.strip(), pair.response_b.text.strip()
    if pair.pref is None:
        raise Unusable("its default annotator has no preference")
    return _ordered(conversation(pair.prompt), *(texts if pair.pref == "a" else texts[::-1]), aim)


def _rated(row: Row, aim: PromptKind) -> Comparison:
    """The best answer and the worst, as UltraFeedback is usually made into pairs."""
    rated = msgspec.convert(row, _Rated)
    ranked = sorted(rated.completions, key=lambda one: -one.overall_score)
    if len(ranked) < 2 or ranked[0].overall_score == ranked[-1].overall_score:
        raise Unusable("no answer is rated above another")
    return _ordered(conversation(rated.instruction), ranked[0].response.strip(), ranked[-1].response.strip(), aim)


def _rated_prompt(row: Row, aim: PromptKind, source: str) -> Prompt:
    return _made(conversation(msgspec.convert(row, _Rated).instruction), aim, source)


def _evaluation(row: Row, aim: PromptKind) -> Comparison:
    """An evaluation of the paper with two options. Its own principle is dropped: a constitution asks."""
    asked = msgspec.convert(row, _Evaluation)
    letters = [*asked.corrects, *asked.incorrects]
    if sorted(letters) != [" (A)", " (B)"] or len(asked.corrects) != 1:
        raise ValueError(f"a comparison has the two options (A) and (B), one correct; found {len(letters)} options")
    found = _QUESTION.fullmatch(asked.prompt)
    if not found:
        raise ValueError(f"expected a question with options (A) and (B), found {asked.prompt!r:.80}")
    gold: Gold = "first" if asked.corrects == [" (A)"] else "second"
    first, second = (found[letter].strip() for letter in "ab")
    if talk := _RESPONSES.fullmatch(found["question"]):
        messages = conversation(talk["talk"].strip())
        first, second = (text.removeprefix("[[[").removesuffix("]]]").strip() for text in (first, second))
        _check_gold(asked, first if gold == "first" else second)
    else:  # the question is about a conversation, so it is itself what the user asks
        messages = (Message("user", found["question"].strip()),)
    return Comparison(messages=messages, first=first, second=second, aim=aim, gold=gold)


def _check_gold(asked: _Evaluation, better: str) -> None:
    if asked.text_correct and not asked.text_correct.strip().endswith(better):
        raise ValueError(f"text_correct does not end with the option that corrects names, {better!r:.60}")


def _made(messages: Conversation, aim: PromptKind, source: str) -> Prompt:
    return Prompt(messages=messages, aim=aim, source=source)


def _own_prompt(row: Row, aim: PromptKind, source: str) -> Prompt:
    prompt = msgspec.convert(row, Prompt)
    if prompt.aim != aim:
        raise Unusable(f"collected as {prompt.aim}")
    if not prompt.messages or prompt.messages[-1].role != "user":
        raise ValueError("a prompt ends with a user's turn")
    return prompt


def _own_comparison(row: Row, aim: PromptKind) -> Comparison:
    return msgspec.convert(row, Comparison)


def _own_comparison_prompt(row: Row, aim: PromptKind, source: str) -> Prompt:
    return _made(_own_comparison(row, aim).messages, aim, source)


def _xstest(row: Row, aim: PromptKind, source: str) -> Prompt:
    """Look-alikes are its safe prompts, so they are read as ``helpful``; its contrasts as ``harmful``."""
    prompt = msgspec.convert(row, _Xstest)
    if (prompt.label == "unsafe") != (aim == "harmful"):
        raise Unusable(f"labelled {prompt.label}")
    return _made(conversation(prompt.prompt), aim, source)


def _sample(row: Row, aim: PromptKind, source: str) -> Prompt:
    text = msgspec.convert(row, _Sample).rl_prompt.strip().removesuffix("Assistant:")
    return _made(conversation(text), aim, source)


def _messages(row: Row, aim: PromptKind, source: str) -> Prompt:
    return _made(conversation(msgspec.convert(row, _Messages).messages), aim, source)


def _prompt(row: Row, aim: PromptKind, source: str) -> Prompt:
    return _made(conversation(msgspec.convert(row, _Prompt).prompt), aim, source)


class Format(msgspec.Struct, frozen=True):
    """A kind of row: its name, the keys it is known by, and what it can be read as (None: it cannot)."""

    name: str
    keys: frozenset[str]
    prompt: Callable[[Row, PromptKind, str], Prompt] | None
    comparison: Callable[[Row, PromptKind], Comparison] | None


FORMATS: tuple[Format, ...] = (
    Format(
        "a comparison of ours",
        frozenset({"messages", "first", "second"}),
        _own_comparison_prompt,
        _own_comparison,
    ),
    Format("a prompt of ours", frozenset({"messages", "aim"}), _own_prompt, None),
    Format("a pair: chosen and rejected", frozenset({"chosen", "rejected"}), _pair_prompt, _pair),
    Format("an annotated pair", frozenset({"response_a", "response_b", "pref"}), None, _annotated),
    Format("ratings of UltraFeedback", frozenset({"instruction", "completions"}), _rated_prompt, _rated),
    Format("an evaluation of the paper", frozenset({"prompt", "corrects", "incorrects"}), None, _evaluation),
    Format("a published sample", frozenset({"rl_prompt"}), _sample, None),
    Format("a prompt of XSTest", frozenset({"prompt", "label", "focus"}), _xstest, None),
    Format("messages", frozenset({"messages"}), _messages, None),
    Format("a prompt", frozenset({"prompt"}), _prompt, None),
)
"""The first format all of whose keys a row has is the row's."""


def format_of(row: Row) -> Format:
    """The row's format. ``ValueError`` names the keys it has, and those that are known."""
    for one in FORMATS:
        if one.keys <= row.keys():
            return one
    known = "; ".join(f"{one.name} ({', '.join(sorted(one.keys))})" for one in FORMATS)
    raise ValueError(f"a row with the keys {', '.join(row) or '(none)'} has no known format. Known are: {known}")
