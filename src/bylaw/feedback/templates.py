"""The texts the judge is asked with. A template's digest stands in the statement of the stage that labelled with it.

``paper`` is the template of arXiv 2212.08073 §4.1: the principle stands before the responses. ``principle_last`` moves
it behind them, so that one prefix (conversation and both responses) serves every principle.
"""

from collections.abc import Callable

from bylaw.canonical import digest
from bylaw.records import Comparison, Conversation, Message

SPEAKERS = {"user": "Human", "assistant": "Assistant", "system": "System"}
OPTIONS = ("A", "B")
PREFILL = "("
THINK = "Let's think step by step:"
SO_THE_ANSWER = "So the answer is:"

_OPENING = "Consider the following conversation between a human and an assistant:"


def transcript(messages: Conversation) -> str:
    """A conversation as plain text, one paragraph a turn."""
    return "\n\n".join(f"{SPEAKERS[message.role]}: {message.content}" for message in messages)


def _options(comparison: Comparison) -> str:
    return f"Options:\n(A) {comparison.first}\n(B) {comparison.second}"


def paper(comparison: Comparison, principle: str) -> str:
    """Principle before the options (§4.1)."""
    return f"{_OPENING}\n\n{transcript(comparison.messages)}\n\n{principle} {_options(comparison)}\nThe answer is:"


def principle_last(comparison: Comparison, principle: str) -> str:
    """Principle behind the options: what differs between principles comes last."""
    return f"{_OPENING}\n\n{transcript(comparison.messages)}\n\n{_options(comparison)}\n\n{principle}\nThe answer is:"


TEMPLATES: dict[str, Callable[[Comparison, str], str]] = {"paper": paper, "principle_last": principle_last}


def template_digest(name: str) -> str:
    """SHA-256 of what the template says, with placeholders in it."""
    blank = Comparison(messages=(Message("user", "{conversation}"),), first="{first}", second="{second}")
    return digest([TEMPLATES[name](blank, "{principle}"), PREFILL, THINK, SO_THE_ANSWER])


def question(template: str, comparison: Comparison, principle: str) -> Conversation:
    """The one-turn conversation a judge is asked for a letter; the answer begins with ``PREFILL``."""
    return (Message("user", TEMPLATES[template](comparison, principle)),)


def think(template: str, comparison: Comparison, principle: str) -> Conversation:
    """The conversation a judge is asked to reason about first (§4.1, chain of thought); the reply begins with
    ``THINK``, and the letter is then asked for with ``SO_THE_ANSWER``.
    """
    return (Message("user", TEMPLATES[template](comparison, principle).removesuffix("\nThe answer is:")),)
