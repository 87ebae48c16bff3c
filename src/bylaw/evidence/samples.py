"""Samples of an evaluation that nobody chose: five rows drawn by the ledger (EU Code of Practice, 7.3(1)(f)).

A row can be proven only as it is, so one that holds secrets or personal data cannot be masked: the samples of its stage
are taken out of the bundle, with the reason, and their digest stays.
"""

from collections import Counter
from collections.abc import Iterator, Mapping

import msgspec

from bylaw.leak.scan import scan_many
from bylaw.records import Sample
from bylaw.run.handout import Handout
from bylaw.storage import pretty

PATH = "records/samples.jsonl"
COUNT = 5


class Shown(msgspec.Struct, frozen=True):
    """A drawn row, as far as it is looked through."""

    row: str


class Drawn(msgspec.Struct, frozen=True):
    """The samples of a stage, as far as they are looked through."""

    rows: tuple[Shown, ...]


def samples(handout: Handout) -> Iterator[tuple[str, bytes]]:
    """(path in the run's folder, content) for every stage that measured."""
    for stage, line in handout.finished.items():
        if any(output.path == PATH for output in line.outputs):
            committed, opened = handout.draw(stage, PATH, COUNT)
            rows = [{"index": n, "row": row, "proof": [node.hex() for node in proof]} for n, row, proof in opened]
            said = {"stage": stage, "path": PATH, "count": committed.count, "root": committed.root, "rows": rows}
            yield f"samples/{stage}.json", pretty(said)


def personal(files: Mapping[str, bytes]) -> dict[str, str]:
    """Path → reason, for the samples of a bundle that hold secrets or personal data, by the rules of the guard."""
    found = {path: _found(content) for path, content in files.items() if "/samples/" in path}
    return {path: f"drawn answers hold secrets or personal data: {hits}" for path, hits in found.items() if hits}


def _found(content: bytes) -> str:
    """How much of what there is: ``1 CARD, 2 EMAIL``."""
    rows = msgspec.json.decode(content, type=Drawn).rows
    drawn = [msgspec.json.decode(each.row, type=Sample) for each in rows]
    texts = [text for each in drawn for text in (each.text, *(said.content for said in each.messages))]
    hits = Counter(hit.type for hits in scan_many(texts) for hit in hits)
    return ", ".join(f"{count} {type}" for type, count in sorted(hits.items()))
