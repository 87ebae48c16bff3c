"""Answers of the seed model and their revisions, round after round: nothing is trained. Kept in the tunnel's folder."""

from collections.abc import Sequence

import msgspec

from bylaw.canonical import digest
from bylaw.evaluate.statistics import share
from bylaw.feedback.respond import RespondSettings, respond
from bylaw.feedback.revise import ReviseSettings, revise
from bylaw.lineage.tree import tree_digest
from bylaw.models.base import Program
from bylaw.models.local import LocalSettings, open_model
from bylaw.records import Conversation, Measurement, Principle, Prompt, PromptKind, Revision
from bylaw.storage import read_records, write_records
from bylaw.windtunnel import oracle, prompts
from bylaw.windtunnel.bench import Tunnel


class Trail(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``texts[0]`` is the model's answer to ``messages``, ``texts[n]`` what round n made of it."""

    messages: Conversation
    texts: tuple[str, ...]

    def after(self, round: int) -> str:
        """The text that stands after a round; the last one where the context had no room for more."""
        return self.texts[min(round, len(self.texts) - 1)]

    def kind(self, round: int) -> oracle.AnswerKind:
        """What the oracle makes of the text after a round."""
        return oracle.read_answer(self.messages, self.after(round)).kind


def trails(
    tunnel: Tunnel, principles: Sequence[Principle], aim: PromptKind = "harmful", direct: bool = False
) -> list[Trail]:
    """One trail for each of the tunnel's held-out prompts; ``direct`` revises without a critique.

    They are made once for the same model, prompts, principles and settings.
    """
    recipe = tunnel.recipe(0)
    how = msgspec.structs.replace(recipe.revise, direct=direct)
    model = tree_digest(tunnel.seed_model)
    made_from = [model, aim, tunnel.prompts, recipe.respond, how, [one.id for one in principles], recipe.seed]
    path = tunnel.folder / "trails" / f"{digest(made_from)[:16]}.jsonl"
    if not path.exists():
        draw = prompts.harmful if aim == "harmful" else prompts.helpful
        programs = [
            _trail(prompt, principles, recipe.respond, how, recipe.seed)
            for prompt in draw(tunnel.prompts, recipe.seed, held_out=True)
        ]
        write_records(path, open_model(tunnel.seed_model, LocalSettings(rows=recipe.rows)).run(programs))
    return list(read_records(path, Trail))


def _trail(
    prompt: Prompt, principles: Sequence[Principle], sampling: RespondSettings, how: ReviseSettings, seed: int
) -> Program[Trail]:
    answer = yield from respond(prompt, "seed", sampling, seed)
    if answer is None:
        return Trail(prompt.messages, ("",))
    steps = yield from revise(prompt, answer, principles, how, seed)
    revised = [step.text for step in steps if isinstance(step, Revision)]
    return Trail(prompt.messages, (answer.text, *revised))


def complying(rows: Sequence[Trail], rounds: Sequence[int], subset: PromptKind = "harmful") -> list[Measurement]:
    """Share of complying answers after each of the rounds: ``complies`` on harmful prompts, ``helpful`` on others."""
    return [_share("complies" if subset == "harmful" else "helpful", subset, rows, n, ("complies",)) for n in rounds]


def garbled(rows: Sequence[Trail], round: int) -> Measurement:
    """Share of answers to harmful prompts that are no sensible answer at all: those are harmless for a bad reason."""
    return _share("garbled", "harmful", rows, round, ("garbled", "off_topic"))


def _share(
    name: str, subset: str, rows: Sequence[Trail], round: int, kinds: tuple[oracle.AnswerKind, ...]
) -> Measurement:
    hits = sum(row.kind(round) in kinds for row in rows)
    return share(name, subset, f"revision-{round}", hits, len(rows), 1.0)
