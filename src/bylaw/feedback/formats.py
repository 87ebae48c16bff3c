"""One row of somebody's file as a prompt or a comparison; ``FORMATS`` lists what is known, by a row's keys.

What cannot be used though nothing is wrong with the file raises ``Unusable``, whose text is counted; what is not as its
format says raises ``ValueError`` or ``msgspec.ValidationError``.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Literal

import msgspec

from bylaw.feedback.talks import Talk, Turn, Unusable, conversation, ordered, signed, split, turns_of
from bylaw.records import Comparison, Conversation, Gold, Message, Prompt, PromptKind

Row = Mapping[str, Any]


class _Pair(msgspec.Struct):
    """Chosen and rejected; ``p_chosen`` is the soft label beside them, a text in a .csv."""

    chosen: Talk
    rejected: Talk
    prompt: Talk = ""
    chosen_model: str | None = None
    rejected_model: str | None = None
    p_chosen: float | str | None = None

    @property
    def sure(self) -> float | None:
        return None if self.p_chosen in (None, "") else float(self.p_chosen)


class _Text(msgspec.Struct):
    text: str


class _Annotated(msgspec.Struct):
    """A comparison of Inverse Constitutional AI's annotated pairs; ``pref`` is its default annotator's, and so is
    ``p_a``, our soft label beside it."""

    prompt: str | None
    response_a: _Text
    response_b: _Text
    pref: Literal["a", "b"] | None
    p_a: float | None = None


class _Rating(msgspec.Struct):
    response: str
    overall_score: float
    model: str | None = None


class _Rated(msgspec.Struct):
    """A row of UltraFeedback: answers of several models, each with its overall score."""

    instruction: str
    completions: list[_Rating]


class _Battle(msgspec.Struct):
    """A verdict of Chatbot Arena or MT-Bench on two models; ``turn`` is the turn that was judged, the last by then."""

    model_a: str
    model_b: str
    winner: Literal["model_a", "model_b", "tie", "tie (bothbad)"]
    conversation_a: list[Turn]
    conversation_b: list[Turn]
    turn: int


class _Prompt(msgspec.Struct):
    prompt: Talk


class _Messages(msgspec.Struct):
    messages: list[Turn]


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


def _pair(row: Row, aim: PromptKind) -> Comparison:
    pair = msgspec.convert(row, _Pair)
    by = pair.chosen_model, pair.rejected_model
    if pair.prompt and not _is_whole(pair.chosen):
        texts = [value if isinstance(value, str) else split(value)[1] for value in (pair.chosen, pair.rejected)]
        return ordered(conversation(pair.prompt), texts[0].strip(), texts[1].strip(), aim, by, pair.sure)
    (before, better), (other, worse) = split(pair.chosen), split(pair.rejected)
    if before != other:
        raise Unusable("the two conversations differ before the last answer")
    return ordered(conversation([Turn(one.role, one.content) for one in before]), better, worse, aim, by, pair.sure)


def _is_whole(talk: Talk) -> bool:
    """Whether a chosen text holds the conversation too, not only the answer."""
    return talk.lstrip().startswith("Human:") if isinstance(talk, str) else len(talk) > 1


def _pair_prompt(row: Row, aim: PromptKind, source: str) -> Prompt:
    """The conversation before the chosen answer; a missing or empty answer does not matter here."""
    pair = msgspec.convert(row, _Pair)
    talk = pair.prompt if pair.prompt and not _is_whole(pair.chosen) else pair.chosen
    said = split(talk)[0] if talk is pair.chosen else tuple(turns_of(talk))
    return _made(conversation([Turn(one.role, one.content) for one in said]), aim, source)


def _annotated(row: Row, aim: PromptKind) -> Comparison:
    pair = msgspec.convert(row, _Annotated)
    if not pair.prompt:
        raise Unusable("it has no prompt")
    texts = pair.response_a.text.strip(), pair.response_b.text.strip()
    if pair.pref is None:
        raise Unusable("its default annotator has no preference")
    better, worse = texts if pair.pref == "a" else texts[::-1]
    sure = pair.p_a if pair.p_a is None or pair.pref == "a" else round(1 - pair.p_a, 12)
    return ordered(conversation(pair.prompt), better, worse, aim, sure=sure)


def _rated(row: Row, aim: PromptKind) -> Comparison:
    """The best answer and the worst, as UltraFeedback is usually made into pairs."""
    rated = msgspec.convert(row, _Rated)
    ranked = sorted(rated.completions, key=lambda one: -one.overall_score)
    if len(ranked) < 2 or ranked[0].overall_score == ranked[-1].overall_score:
        raise Unusable("no answer is rated above another")
    best, worst = ranked[0], ranked[-1]
    by = best.model, worst.model
    return ordered(conversation(rated.instruction), best.response.strip(), worst.response.strip(), aim, by)


def _rated_prompt(row: Row, aim: PromptKind, source: str) -> Prompt:
    return _made(conversation(msgspec.convert(row, _Rated).instruction), aim, source)


_WON: Mapping[str, Gold] = {"model_a": "first", "model_b": "second"}


def _battle(row: Row, aim: PromptKind) -> Comparison:
    """The models' answers in the turn that was judged; their conversations must be one before it."""
    one = msgspec.convert(row, _Battle)
    (before, first), (other, second) = (
        split(talk[: 2 * one.turn]) for talk in (one.conversation_a, one.conversation_b)
    )
    if before != other:
        raise Unusable("the two conversations differ before the last answer")
    if not first.strip() or not second.strip():
        raise Unusable("an answer is empty")
    messages = conversation([Turn(each.role, each.content) for each in before])
    made = Comparison(messages=messages, first=first, second=second, aim=aim, gold=_WON.get(one.winner, "tie"))
    return signed(made, (one.model_a, one.model_b))


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


_AGREES: Mapping[Gold | None, tuple[float, float]] = {
    "first": (0.5, 1.0),
    "second": (0.0, 0.5),
    "tie": (0.0, 1.0),
    None: (1.0, 0.0),
}
"""Which ``gold_p`` a verdict can have; a tie within somebody's margin any, none without a verdict."""


def _own_comparison(row: Row, aim: PromptKind) -> Comparison:
    one = msgspec.convert(row, Comparison)
    least, most = _AGREES[one.gold]
    if one.gold_p is not msgspec.UNSET and not least <= one.gold_p <= most:
        raise ValueError(f"gold is {one.gold}, and gold_p = {one.gold_p} says otherwise")
    return one


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
    Format("a battle of two models", frozenset({"model_a", "model_b", "conversation_a"}), None, _battle),
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
