"""Words that must be known ones: a kind, a fact's name, a grade; and what the row or the options must say."""

from typing import TypeVar, get_args

from bylaw.access.roster.options import Options
from bylaw.access.roster.rows import near
from bylaw.access.subjects import FACTS, GRADES, FactName, Grade, SubjectKind
from bylaw.errors import UsageError

T = TypeVar("T")

KINDS: tuple[SubjectKind, ...] = get_args(SubjectKind)


def kind_of(text: str, options: Options) -> SubjectKind:
    """Raises ``UsageError`` for a kind that is none; without a text it is the file's."""
    if not text and options.kind:
        return options.kind
    return _known(text, "kind", KINDS)


def name_of(text: str) -> FactName:
    """Raises ``UsageError`` for a fact that is none."""
    return _known(text, "fact", tuple(FACTS))


def grade_of(text: str, options: Options) -> Grade:
    """Raises ``UsageError`` for a grade that is none; without a text it is the file's."""
    return _known(text, "grade", tuple(GRADES)) if text else require(options.grade, "grade")


def require(value: T | None, name: str) -> T:
    """Raises ``UsageError`` for what nobody says."""
    if value is None:
        raise UsageError(f"neither the row nor the options say {name!r}")
    return value


def _known(text: str, what: str, words: tuple[T, ...]) -> T:
    for word in words:
        if word == text:
            return word
    raise UsageError(f"there is no {what} {text!r}; {near(text, map(str, words))}")
