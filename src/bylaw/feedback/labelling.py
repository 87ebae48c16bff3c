"""Label a whole file of comparisons, so that a killed process can go on where it was."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from bylaw.canonical import digest
from bylaw.constitution import Constitution
from bylaw.feedback.keeping import Kept, Report, keep
from bylaw.feedback.label import LabelSettings, label
from bylaw.models.base import Model, Program
from bylaw.records import Comparison, Conversation, Label, Principle


class Labelling(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that shapes the labels besides the comparisons."""

    principles: tuple[Principle, ...]
    settings: LabelSettings = LabelSettings()
    few_shots: Conversation = ()
    seed: int = 0
    chunk: int = 64

    def program(self, comparison: Comparison, judge: str) -> Program[Label]:
        """What a judge is asked about one comparison."""
        return label(comparison, self.principles, judge, self.settings, self.seed, self.few_shots)


class Made(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a file of labels was made from (digests). It lies beside it: no other labels are mixed in."""

    judge: str
    constitution: str
    comparisons: str
    few_shots: str
    settings: LabelSettings
    seed: int
    chunk: int


def made_from(judge: str, constitution: Constitution, comparisons: Sequence[Comparison], how: Labelling) -> Made:
    """What the labels of ``comparisons`` by ``judge``, a name with the digest of what answers, are made from."""
    return Made(
        judge=judge,
        constitution=constitution.digest,
        comparisons=digest([one.id for one in comparisons]),
        few_shots=digest(how.few_shots),
        settings=how.settings,
        seed=how.seed,
        chunk=how.chunk,
    )


def label_file(
    comparisons: Sequence[Comparison],
    judge: Model,
    how: Labelling,
    output: Path,
    made: Made,
    report: Report | None = None,
) -> list[Label]:
    """Label every comparison that ``output`` has no label of yet, and return all labels in order.

    ``report`` is called with (labels done, resumed ones among them) after each chunk. Raises ``UsageError``
    where ``output`` was made from something else, and ``RunLocked`` while another process writes to it.
    """

    def ask(chunk: Sequence[Comparison]) -> list[Label]:
        return judge.run([how.program(one, judge.name) for one in chunk])

    return keep(comparisons, Kept(output, made, how.chunk), Label, lambda one: one.comparison, ask, report)
