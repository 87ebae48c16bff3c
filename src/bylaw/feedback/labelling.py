"""Label a whole file of comparisons, so that a killed process can go on where it was.

Labels are appended in the order of the comparisons. A chunk is always judged whole, since what shares a batch
can move the last digits of a probability: the finished file has the same bytes however often it was
interrupted, and whoever answered, this process or workers on a cluster.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec

from bylaw import storage
from bylaw.errors import RunLocked, UsageError
from bylaw.feedback.label import LabelSettings, label
from bylaw.models.base import Chunked, Program
from bylaw.records import Comparison, Conversation, Label, Principle


class Labelling(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that shapes the labels besides the comparisons."""

    principles: tuple[Principle, ...]
    settings: LabelSettings = LabelSettings()
    few_shots: Conversation = ()
    seed: int = 0
    chunk: int = 64


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


def beside(output: Path) -> Path:
    """The file that says what ``output`` was made from."""
    return output.with_name(f"{output.name}.made.json")


def label_file(
    comparisons: Sequence[Comparison],
    judge: Chunked,
    how: Labelling,
    output: Path,
    made: Made,
    report: Callable[[int, int], None] | None = None,
) -> list[Label]:
    """Label every comparison that ``output`` has no label of yet, and return all labels in order.

    ``report`` is called with (labels done, resumed ones among them) after each chunk. Raises ``UsageError``
    where ``output`` was made from something else, and ``RunLocked`` while another process writes to it.
    """
    with _holding(output, made):
        known = {one.comparison: one for one in _known(output)}
        resumed = len(known)
        name = judge.name
        missing = [chunk for chunk in _chunks(comparisons, how.chunk) if any(one.id not in known for one in chunk)]
        with closing(judge.over(missing, lambda chunk: _programs(chunk, name, how))) as answers:
            for labels, _ in answers:
                for one in labels:
                    if one.comparison not in known:
                        storage.append_line(output, one)
                        known[one.comparison] = one
                if report:
                    report(len(known), resumed)
        return [known[one.id] for one in comparisons]


def _programs(chunk: Sequence[Comparison], judge: str, how: Labelling) -> list[Program[Label]]:
    return [label(one, how.principles, judge, how.settings, how.seed, how.few_shots) for one in chunk]


def _chunks(comparisons: Sequence[Comparison], size: int) -> Iterator[list[Comparison]]:
    return (list(comparisons[at : at + size]) for at in range(0, len(comparisons), size))


def _known(output: Path) -> list[Label]:
    return list(storage.read_records(output, Label, torn=True)) if output.exists() else []


@contextmanager
def _holding(output: Path, made: Made) -> Iterator[None]:
    """Be the only writer of ``output``, having checked what it was made from."""
    path = beside(output)
    with storage.explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            if output.exists():
                raise UsageError(f"{output} exists and does not say what it was made from; name another file")
            storage.write_bytes(path, storage.line_of(made))
        with path.open("rb") as file:
            storage.hold(file, RunLocked(f"another process is writing {output}; wait or stop it"))
            storage.require_same(output, next(storage.read_records(path, Made)), made, "file")
            yield
