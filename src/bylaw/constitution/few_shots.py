"""The worked examples published with Constitutional AI, taken apart: a prompt for models that were never
trained to criticise or to judge.

Read from ``prompts`` of the repository (see ``published``). The published chain-of-thought examples have a
slot for a principle; it is not kept, since the template that shows an example puts a principle in.
"""

import re
from pathlib import Path

from msgspec import Struct

from bylaw.constitution.published import decoded
from bylaw.errors import ConstitutionError
from bylaw.records import Comparison, Conversation, Message

REVISIONS = "CritiqueRevisionFewShotPrompts.json"
COMPARISONS = "RLMadisonFewShotPrompts.json"
REASONED = "RLMadisonPrecogFewShotPrompts.json"

_REVISION = re.compile(
    r"(?P<talk>.*?)\n\nCritiqueRequest:(?P<critique_request>.*?)\n\nCritique:(?P<critique>.*?)"
    r"\n\nRevisionRequest:(?P<revision_request>.*?)\n\nRevision:(?P<revision>.*?)(?:\n\nHuman:)?\s*",
    re.DOTALL,
)
_REASONED = re.compile(
    r"\s*Human: Consider the following conversation between [^\n]*:\n\n(?P<talk>.*?)\n\n\{\}"
    r"\n \(A\) \[\[\[(?P<first>.*?)\]\]\]\n \(B\) \[\[\[(?P<second>.*?)\]\]\]"
    r"\n\nAssistant: Let's think step by step:(?P<thought>.*)"
    r"\n\nHuman:\s*So the answer is: \((?P<letter>[AB])\)\s*",
    re.DOTALL,
)


class RevisionShot(Struct, frozen=True, kw_only=True):
    """A conversation that ends with an answer, its critique and its revision, and how both were asked for."""

    messages: Conversation
    critique_request: str
    critique: str
    revision_request: str
    revision: str


class ReasonedShot(Struct, frozen=True, kw_only=True):
    """A comparison with its gold verdict, and the thought that leads to it (arXiv 2212.08073 §4.1)."""

    comparison: Comparison
    thought: str


class FewShots(Struct, frozen=True, kw_only=True):
    """All published examples: 5 revisions, 5 comparisons (the better response first), 6 reasoned."""

    revisions: tuple[RevisionShot, ...]
    comparisons: tuple[Comparison, ...]
    reasoned: tuple[ReasonedShot, ...]


class _Comparison(Struct, forbid_unknown_fields=True):
    prompt: str
    corrects: tuple[str]
    incorrects: tuple[str]


class _Reasoned(Struct, forbid_unknown_fields=True):
    prompt: str


def few_shots(folder: Path) -> FewShots:
    """Read the three files; ConstitutionError names file and number of what is not as published."""
    revisions = decoded(folder / REVISIONS, list[str])
    comparisons = decoded(folder / COMPARISONS, list[_Comparison])
    reasoned = decoded(folder / REASONED, list[_Reasoned])
    return FewShots(
        revisions=tuple(_revision(text, f"{folder / REVISIONS}: number {n}") for n, text in enumerate(revisions)),
        comparisons=tuple(_comparison(one, f"{folder / COMPARISONS}: number {n}") for n, one in enumerate(comparisons)),
        reasoned=tuple(_reason(one.prompt, f"{folder / REASONED}: number {n}") for n, one in enumerate(reasoned)),
    )


def turns(text: str, human: str, assistant: str, where: str) -> Conversation:
    """Split a transcript where a paragraph starts with a speaker's mark; an empty last turn is left out."""
    parts = re.split(rf"(?:^|\n\n)({human}|{assistant}):", "\n\n" + text.strip())
    said = [(speaker, words.strip()) for speaker, words in zip(parts[1::2], parts[2::2], strict=True)]
    if parts[0].strip() or not said:
        raise ConstitutionError(f"expected a transcript that starts with '{human}:', found {text!r:.60}", where)
    if not said[-1][1]:
        said.pop()
    return tuple(Message("user" if speaker == human else "assistant", words) for speaker, words in said)


def _revision(text: str, where: str) -> RevisionShot:
    found = _parts(_REVISION, text, where)
    messages = turns(found.pop("talk"), "Human", "Assistant", where)
    return RevisionShot(messages=messages, **found)


def _comparison(shot: _Comparison, where: str) -> Comparison:
    messages = turns(shot.prompt, "Human", "Assistant", where)
    return Comparison(
        messages=messages, first=shot.corrects[0].strip(), second=shot.incorrects[0].strip(), gold="first"
    )


def _reason(text: str, where: str) -> ReasonedShot:
    found = _parts(_REASONED, text, where)
    comparison = Comparison(
        messages=turns(found["talk"], "H", "A", where),
        first=found["first"],
        second=found["second"],
        gold="first" if found["letter"] == "A" else "second",
    )
    return ReasonedShot(comparison=comparison, thought=found["thought"])


def _parts(shape: re.Pattern[str], text: str, where: str) -> dict[str, str]:
    found = shape.fullmatch(text)
    if not found:
        raise ConstitutionError(f"not as published: {text.strip()!r:.60}", where)
    return {name: part.strip() for name, part in found.groupdict().items()}
