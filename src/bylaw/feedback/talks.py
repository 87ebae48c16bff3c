"""What rows of others are made of: conversations as turns or transcripts, and pairs of answers in a drawn order.

Whole conversations are kept. Where a speaker has two turns in a row (hh-rlhf has such), they become one, joined by a
blank line.
"""

import msgspec

from bylaw.canonical import seed_of
from bylaw.constitution.few_shots import turns
from bylaw.errors import ConstitutionError
from bylaw.records import Comparison, Conversation, Message, PromptKind, Role

Writers = tuple[str | None, str | None]
"""The models that wrote two answers, as far as a file says."""

NOBODY: Writers = (None, None)


class Unusable(Exception):
    """A sound row that gives no prompt or comparison; the text says why, in words fit to be counted."""


class Turn(msgspec.Struct):
    """A turn of a foreign conversation; other keys (name, weight) are passed over."""

    role: Role
    content: str


Talk = str | list[Turn]


def conversation(talk: Talk) -> Conversation:
    """A conversation from turns, from a transcript (``Human: … Assistant: …``) or from one user's text.

    It must begin (after a system turn, if any) and end with a user's turn, or ``Unusable`` is raised.
    """
    said = _merged(turns_of(talk))
    spoken = said[1:] if said and said[0].role == "system" else said
    if not spoken or spoken[0].role != "user":
        raise Unusable("the conversation does not begin with a user's turn")
    if any(not message.content.strip() for message in spoken):
        raise Unusable("a turn is empty")
    if spoken[-1].role != "user":
        raise Unusable("the conversation does not end with a user's turn")
    return said


def turns_of(talk: Talk) -> list[Message]:
    """The turns of a talk as they stand; a text that is no transcript is one user's turn."""
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


def split(talk: Talk) -> tuple[Conversation, str]:
    """A conversation with its last answer, which is empty where the transcript breaks off before it."""
    said = _merged(turns_of(talk))
    if said and said[-1].role == "assistant":
        return said[:-1], said[-1].content
    return said, ""


def ordered(
    messages: Conversation, better: str, worse: str, aim: PromptKind, by: Writers = NOBODY, sure: float | None = None
) -> Comparison:
    """A comparison in an order drawn from its texts, so that the better one does not always come first.

    ``by``: the models that wrote the better and the worse one. ``sure``: the probability that the better one is
    better, where a file says so; ``ValueError`` where that is none, or says the other one is.
    """
    if not better.strip() or not worse.strip():
        raise Unusable("an answer is empty")
    if better == worse:
        raise Unusable("both answers are the same")
    one = softened(signed(Comparison(messages=messages, first=better, second=worse, aim=aim, gold="first"), by), sure)
    return one.swapped() if seed_of("order", messages, better, worse) % 2 else one


def signed(one: Comparison, by: Writers) -> Comparison:
    """A comparison with the names of the models that wrote its responses, as far as they are known."""
    first, second = (name or msgspec.UNSET for name in by)
    return msgspec.structs.replace(one, first_by=first, second_by=second)


def softened(one: Comparison, sure: float | None) -> Comparison:
    """A comparison whose first response is the better one, with the probability of that; one half makes it a tie."""
    if sure is None:
        return one
    if not 0.5 <= sure <= 1:
        raise ValueError(f"the response that is chosen is said to be better with probability {sure}, not 0.5 … 1")
    return msgspec.structs.replace(one, gold="first" if sure > 0.5 else "tie", gold_p=sure)
