"""The principles published with Constitutional AI (arXiv 2212.08073), read from a folder of its repository.

The repository, anthropics/ConstitutionalHarmlessnessPaper, states no licence: its texts are read where they
lie and never shipped.
"""

import re
from pathlib import Path
from typing import TypeVar

import msgspec

from bylaw.constitution.document import Constitution, read_text
from bylaw.errors import ConstitutionError
from bylaw.records import Principle

T = TypeVar("T")
INSTRUCTIONS = "CritiqueRevisionInstructions.json"
COMPARISONS = "RLMadisonInstructions.json"


class _Instruction(msgspec.Struct, forbid_unknown_fields=True):
    prompt: list[str]
    edit_request: str


def published(folder: Path) -> Constitution:
    """The 16 published principles as a constitution; ``folder`` is the repository's ``prompts``.

    The paper has two independent lists: 16 pairs of critique and revision request (``harmful0`` …) for its
    supervised stage, and 16 comparisons for its RL stage. Number n of the one is put beside number n of the
    other only because a principle here has all three texts: nothing says that they belong together.

    Raises ConstitutionError, naming the file, where the files are not as published.
    """
    instructions = decoded(folder / INSTRUCTIONS, dict[str, _Instruction])
    comparisons = decoded(folder / COMPARISONS, list[str])
    if len(instructions) != len(comparisons):
        message = f"{len(comparisons)} comparisons for {len(instructions)} critique requests in {INSTRUCTIONS}"
        raise ConstitutionError(message, str(folder / COMPARISONS))
    return Constitution(
        name="constitutional-ai",
        title="The principles published with Constitutional AI (arXiv 2212.08073)",
        version="2022-12",
        principles=tuple(_principle(folder, n, instructions, text) for n, text in enumerate(comparisons)),
    )


def _principle(folder: Path, number: int, pairs: dict[str, _Instruction], comparison: str) -> Principle:
    key, file = f"harmful{number}", folder / INSTRUCTIONS
    if key not in pairs:
        raise ConstitutionError(f"there is no {key!r}, though there are {len(pairs)} entries", str(file))
    if len(pairs[key].prompt) != 1:
        raise ConstitutionError(f"{len(pairs[key].prompt)} prompts, expected one", f"{file}: {key}")
    return Principle(
        key=key,
        critique_request=_inside(pairs[key].prompt[0], r"CritiqueRequest:(.*)Critique:", f"{file}: {key}"),
        revision_request=_inside(pairs[key].edit_request, r"RevisionRequest:(.*)Revision:", f"{file}: {key}"),
        comparison=_inside(comparison, r"(.*)Options:", f"{folder / COMPARISONS}: number {number}"),
        tags=("published",),
    )


def _inside(text: str, wrapper: str, where: str) -> str:
    """What a template's wrapper holds, without the white space around it."""
    found = re.fullmatch(rf"\s*{wrapper}\s*", text, re.DOTALL)
    if not found:
        raise ConstitutionError(f"expected {wrapper.replace('(.*)', ' … ').strip()!r}, found {text!r:.80}", where)
    return found[1].strip()


def decoded(path: Path, shape: type[T]) -> T:
    """A JSON file of the repository as typed values; ConstitutionError names the file and the field."""
    try:
        return msgspec.json.decode(read_text(path), type=shape)
    except msgspec.DecodeError as error:
        raise ConstitutionError(f"not as published: {error}", str(path)) from None
