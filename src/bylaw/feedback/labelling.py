"""Label a whole file of comparisons, so that a killed process can go on where it was.

The finished file has the same bytes whoever answered, this process or workers on a cluster.
"""

from collections.abc import Generator, Sequence
from contextlib import closing
from pathlib import Path

import msgspec

from bylaw.canonical import digest
from bylaw.constitution import Constitution
from bylaw.feedback.keeping import CHUNK, Kept, Report, keep
from bylaw.feedback.label import LabelSettings, label
from bylaw.models.base import Chunked, Program
from bylaw.records import Comparison, Conversation, Label, Principle


class Labelling(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that shapes the labels besides the comparisons."""

    principles: tuple[Principle, ...]
    settings: LabelSettings = LabelSettings()
    few_shots: Conversation = ()
    seed: int = 0
    chunk: int = CHUNK

    def program(self, comparison: Comparison, judge: str) -> Program[Label]:
        """What a judge is asked about one comparison."""
        return label(comparison, self.principles, judge, self.settings, self.seed, self.few_shots)


class Made(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a file of labels was made from (digests). It lies beside it: no other labels are mixed in.

    ``engine`` is what a model here was run with: another one differs in the last digits.
    """

    judge: str
    constitution: str
    comparisons: str
    few_shots: str
    settings: LabelSettings
    seed: int
    chunk: int
    engine: str = "transformers"


def made_from(
    judge: str, constitution: Constitution, comparisons: Sequence[Comparison], how: Labelling, engine: str
) -> Made:
    """What the labels of ``comparisons`` by ``judge``, a name with the digest of what answers, are made from."""
    return Made(
        judge=judge,
        engine=engine,
        constitution=constitution.digest,
        comparisons=digest([one.id for one in comparisons]),
        few_shots=digest(how.few_shots),
        settings=how.settings,
        seed=how.seed,
        chunk=how.chunk,
    )


def label_file(
    comparisons: Sequence[Comparison],
    judge: Chunked,
    how: Labelling,
    output: Path,
    made: Made,
    report: Report | None = None,
) -> list[Label]:
    """Label every comparison that ``output`` has no label of yet, and return all labels in order.

    ``report`` is called with (labels done, resumed ones among them) after each chunk. Raises ``UsageError``
    where ``output`` was made from something else, and ``RunLocked`` while another process writes to it.
    """

    name = judge.name

    def ask(chunks: Sequence[list[Comparison]]) -> Generator[list[Label], None, None]:
        with closing(judge.over(chunks, lambda chunk: [how.program(one, name) for one in chunk])) as answers:
            for labels, _ in answers:
                yield labels

    return keep(comparisons, Kept(output, made, how.chunk), Label, lambda one: one.comparison, ask, report)
