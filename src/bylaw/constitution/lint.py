"""What in a constitution would mislead the model that reads it. One function a check; ``CHECKS`` lists them.

An *error* breaks the method: a text that holds the template's own markers makes a judge read options where
there are none; a principle with the texts of another is drawn twice by mistake. A *warning* is advice. Checks
of wording know English only and leave other languages alone.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import combinations
from typing import Literal

import msgspec

from bylaw.constitution.document import TEXTS, Constitution
from bylaw.records import Principle

MARKERS = (
    *("(A)", "(B)", "Options:", "The answer is:", "So the answer is:", "[[[", "]]]"),
    *("CritiqueRequest:", "Critique:", "RevisionRequest:", "Revision:", "\n\nHuman:", "\n\nAssistant:"),
)
LONG = 600  # characters, about 140 tokens; the longest published comparison has 294
ALIKE = 0.8  # share of words in common from which two principles say nearly the same
DOMINATES, NEGLIGIBLE = 3.0, 0.1  # times the even share

_ENGLISH = re.compile(r"\b(the|a|an|of|to|and|or|is|are|in|that|it|for|not)\b", re.IGNORECASE)
_CHOOSE = re.compile(r"\b(choos|which|compar|prefer|pick|select|better|best|more|most|less|least|rank)", re.IGNORECASE)
_REWRITE = re.compile(
    r"\b(re-?writ|revis|amend|writ|edit|chang|replac|remov|re-?phras|re-?word|improv|correct|mak|turn|answer)",
    re.IGNORECASE,
)
_HELPFUL = re.compile(r"\b(help|useful|answer|serv|evasi|refus|preach|over-?react|overly|condescend)", re.IGNORECASE)
_OPPOSITES = (
    *(("concise", "detailed"), ("brief", "thorough"), ("shorter", "longer"), ("formal", "casual")),
    *(("polite", "blunt"), ("cautious", "bold"), ("harmless", "harmful"), ("serious", "playful")),
)
_NO_QUALITY = frozenset(("likely", "of", "than", "in", "to", "and", "or", "use", "help"))  # of use to whom?
_NEGATED = re.compile(r"\b(not|never|avoid|without)\b|n['’]t\b")
_DEGREE = re.compile(r"\b(more|most|less|least|shorter|longer)\b(?: (\w+))?")


class Finding(msgspec.Struct, frozen=True):
    """One remark. ``principle`` is a key, empty for the whole; ``field`` names the text, empty for all."""

    level: Literal["error", "warning"]
    principle: str
    field: str
    message: str


def lint(constitution: Constitution) -> list[Finding]:
    """All findings, errors first, then in the order of the principles."""
    order = {principle.key: number for number, principle in enumerate(constitution.principles)}
    findings = [finding for check in CHECKS for finding in check(constitution)]
    return sorted(findings, key=lambda finding: (finding.level, order.get(finding.principle, -1)))


def markers(constitution: Constitution) -> Iterator[Finding]:
    """A template's own marker inside a text (arXiv 2212.08073 §4.1)."""
    for principle, field, text in _texts(constitution):
        for marker in MARKERS:
            if marker in text:
                message = f"contains {marker.strip()!r}, which the templates use to mark their parts"
                yield Finding("error", principle.key, field, message)
                break


def punctuation(constitution: Constitution) -> Iterator[Finding]:
    """A text that does not end as a sentence runs into the text which the template puts behind it."""
    for principle, field, text in _texts(constitution):
        if not text.rstrip("\"'”’)»").endswith((".", "?", "!", ":", "。", "？", "！", "؟", "।")):
            yield Finding("warning", principle.key, field, "does not end with a full stop or question mark")


def length(constitution: Constitution) -> Iterator[Finding]:
    """A long text is paid for with every critique and every label."""
    for principle, field, text in _texts(constitution):
        if len(text) > LONG:
            message = f"{len(text)} characters; each use costs about {round(len(text) / 4.3)} tokens"
            yield Finding("warning", principle.key, field, message)


def purpose(constitution: Constitution) -> Iterator[Finding]:
    """A comparison has to ask for a choice, a revision request for a new answer."""
    asks = (
        ("comparison", _CHOOSE, "does not ask to compare or choose; a judge may answer instead of choosing"),
        ("revision_request", _REWRITE, "does not ask for a rewritten response; a model may comment instead"),
    )
    for principle in constitution.principles:
        for field, words, message in asks:
            text = getattr(principle, field)
            if _ENGLISH.search(text) and not words.search(text):
                yield Finding("warning", principle.key, field, message)


def likeness(constitution: Constitution) -> Iterator[Finding]:
    """Two principles in the same words count twice; words that most principles share tell nothing."""
    frame = _frame(constitution.principles)
    content = [_words(*(getattr(principle, field) for field in TEXTS)) - frame for principle in constitution.principles]
    for (one, words), (other, others) in combinations(zip(constitution.principles, content, strict=True), 2):
        if all(getattr(one, field) == getattr(other, field) for field in TEXTS):
            yield Finding("error", other.key, "", f"has the same three texts as {one.key}")
        elif words and len(words & others) >= ALIKE * len(words | others):
            yield Finding("warning", other.key, "", f"says nearly the same as {one.key}; together they count twice")


def weights(constitution: Constitution) -> Iterator[Finding]:
    """A weight that drowns the others, or that all but switches a principle off."""
    even = 1 / len(constitution.principles)
    total = sum(principle.weight for principle in constitution.principles)
    for principle in constitution.principles:
        share = principle.weight / total
        if share > max(1 / 3, DOMINATES * even):
            yield Finding("warning", principle.key, "weight", f"decides {share:.0%} of all draws alone")
        elif share < NEGLIGIBLE * even:
            yield Finding("warning", principle.key, "weight", f"hardly ever drawn: {share:.2%} of all draws")


def opposites(constitution: Constitution) -> Iterator[Finding]:
    """Two comparisons that ask for more and for less of one quality."""
    pulls = [(principle.key, _pulls(principle.comparison)) for principle in constitution.principles]
    for (one, wanted), (other, wants) in combinations(pulls, 2):
        for quality in sorted(wanted.keys() & wants.keys()):
            if wanted[quality] != wants[quality]:
                message = f"pulls against {one}: one asks for more, the other for less that is {quality!r}"
                yield Finding("warning", other, "comparison", message)
                break


def helpfulness(constitution: Constitution) -> Iterator[Finding]:
    """With nothing that speaks for being helpful, the surest way to please is to refuse everything."""
    said = " ".join(principle.comparison for principle in constitution.principles)
    if _ENGLISH.search(said) and not _HELPFUL.search(said):
        message = "nothing in any comparison speaks for being helpful; a model may learn to refuse everything"
        yield Finding("warning", "", "comparison", message)


Check = Callable[[Constitution], Iterable[Finding]]
CHECKS: tuple[Check, ...] = (
    markers,
    punctuation,
    length,
    purpose,
    likeness,
    weights,
    opposites,
    helpfulness,
)


def _texts(constitution: Constitution) -> Iterator[tuple[Principle, str, str]]:
    for principle in constitution.principles:
        for field in TEXTS:
            yield principle, field, getattr(principle, field)


def _words(*texts: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", " ".join(texts).lower()))


def _frame(principles: tuple[Principle, ...]) -> frozenset[str]:
    """Words in more than half of the principles, where there are enough of them to tell."""
    if len(principles) < 4:
        return frozenset()
    counts = Counter(word for one in principles for word in _words(*(getattr(one, field) for field in TEXTS)))
    return frozenset(word for word, count in counts.items() if 2 * count > len(principles))


def _pulls(text: str) -> dict[str, bool]:
    """Each quality a comparison names, and whether it wants more of it; antonyms count as one quality."""
    axes = {word: (pair[0], word == pair[0]) for pair in _OPPOSITES for word in pair}
    found: dict[str, bool] = {}
    sentences = [part for part in re.split(r"[.?!;]", text.lower()) if not _NEGATED.search(part)]
    for degree, following in _DEGREE.findall(". ".join(sentences)):
        word, more = (degree, True) if degree in axes else (following, degree in ("more", "most"))
        if word and word not in _NO_QUALITY:
            quality, positive = axes.get(word, (word, True))
            found[quality] = more == positive
    return found
