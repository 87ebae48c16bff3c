"""Worked examples before a question, for judges that were never trained to judge (arXiv 2212.08073 §4.1)."""

from collections.abc import Sequence

from bylaw.canonical import seed_of
from bylaw.constitution.few_shots import FewShots
from bylaw.feedback import templates
from bylaw.feedback.draw import draw
from bylaw.records import Comparison, Conversation, Message, Principle

_LETTER = {"first": templates.OPTIONS[0], "second": templates.OPTIONS[1]}


def shot_turns(
    shots: FewShots, principles: Sequence[Principle], template: str, *, think: bool, seed: int
) -> Conversation:
    """The published examples as turns, each with a principle of its own drawn, as the paper does.

    The plain examples all have the better answer first, so their order is drawn; the reasoned ones keep
    theirs, as their thoughts name the letters.
    """
    if think:
        return tuple(
            turn
            for shot in shots.reasoned
            for turn in _reasoned(shot.comparison, shot.thought, principles, template, seed)
        )
    return tuple(
        turn
        for shot in shots.comparisons
        for turn in _plain(shot.swapped() if seed_of("shot", seed, shot.id) % 2 else shot, principles, template, seed)
    )


def _plain(shot: Comparison, principles: Sequence[Principle], template: str, seed: int) -> Conversation:
    principle = draw(principles, seed, shot.id, 0)
    return (*templates.question(template, shot, principle.comparison), _verdict(shot))


def _reasoned(
    shot: Comparison, thought: str, principles: Sequence[Principle], template: str, seed: int
) -> Conversation:
    principle = draw(principles, seed, shot.id, 0)
    return (
        *templates.think(template, shot, principle.comparison),
        Message("assistant", f"{templates.THINK} {thought}"),
        Message("user", templates.SO_THE_ANSWER),
        _verdict(shot),
    )


def _verdict(shot: Comparison) -> Message:
    return Message("assistant", f"{templates.PREFILL}{_LETTER[shot.gold or 'first']})")
