"""Samples of an evaluation that nobody chose: five rows drawn by the ledger (EU Code of Practice, 7.3(1)(f))."""

from collections.abc import Iterator

from bylaw.run.handout import Handout
from bylaw.storage import pretty

PATH = "records/samples.jsonl"
COUNT = 5


def samples(handout: Handout) -> Iterator[tuple[str, bytes]]:
    """(path in the run's folder, content) for every stage that measured."""
    for stage, line in handout.finished.items():
        if any(output.path == PATH for output in line.outputs):
            committed, opened = handout.draw(stage, PATH, COUNT)
            rows = [{"index": n, "row": row, "proof": [node.hex() for node in proof]} for n, row, proof in opened]
            said = {"stage": stage, "path": PATH, "count": committed.count, "root": committed.root, "rows": rows}
            yield f"samples/{stage}.json", pretty(said)
