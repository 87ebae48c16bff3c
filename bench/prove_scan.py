"""The scanner beside presidio on the same texts in one run: speed, and recall and precision of every type.

Presidio runs on a blank spaCy engine, the one that needs no download. It is no dependency of bylaw; bring it with

    pip install presidio-analyzer spacy

A labelled place counts as found by a hit of its type that shares half of what both cover. Presidio's entities are
mapped to bylaw's types; what it has no entity for (keys, tokens) it is not asked about, and the bound there is 0. Its
default engine looks for more (dates, URLs, driving licences); ``shared`` is its speed when it is asked for nothing but
the types both know.

The rows were written from the formats' specifications and mended on ``dev.jsonl``; ``test.jsonl`` was measured after
that. Bounds were set before either file was read.

Both are timed in turns, a slice of presidio's texts between two runs of ours over all, so that a machine with other
work slows both alike; ours is the median of the runs, presidio's the sum of its slices.

    python bench/prove_scan.py             # some minutes, nearly all of them presidio's
    python bench/prove_scan.py --quick     # 40 texts of each file
"""

import argparse
import json
import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from bylaw.leak.kinds import TYPES
from bylaw.leak.scan import rules_digest, scan_many
from reporting import note, report

LABELLED = Path(__file__).parents[1] / "tests" / "leak" / "labelled"
ENTITIES = {
    "EMAIL_ADDRESS": "EMAIL", "PHONE_NUMBER": "PHONE", "CREDIT_CARD": "CARD", "IBAN_CODE": "IBAN", "IP_ADDRESS": "IP",
    "US_SSN": "NATIONAL_ID", "US_ITIN": "NATIONAL_ID", "UK_NHS": "NATIONAL_ID",
}  # fmt: skip
FASTER, PROSE = 200, 20.0
Place = tuple[str, int, int]


def presidio(entities: list[str] | None) -> Callable[[str], list[Place]]:
    """A function that gives presidio's places in a text."""
    import spacy
    from presidio_analyzer import AnalyzerEngine
    from presidio_analyzer.nlp_engine import SpacyNlpEngine

    class Blank(SpacyNlpEngine):
        def __init__(self) -> None:
            super().__init__(models=[{"lang_code": "en", "model_name": "blank"}])

        def load(self) -> None:
            self.nlp = {"en": spacy.blank("en")}

    engine = AnalyzerEngine(nlp_engine=Blank(), supported_languages=["en"])
    return lambda text: [
        (ENTITIES[each.entity_type], each.start, each.end)
        for each in engine.analyze(text, language="en", entities=entities)
        if each.entity_type in ENTITIES
    ]


def labelled(name: str, limit: int) -> list[tuple[str, list[Place]]]:
    """(text, places) of a labelled file."""
    rows = [json.loads(line) for line in (LABELLED / name).read_text().splitlines()][:limit]
    return [(row["text"], [(each["type"], each["start"], each["end"]) for each in row["spans"]]) for row in rows]


def timed(scan: Callable[[Sequence[str]], list[list[Place]]], texts: Sequence[str]) -> tuple[list[list[Place]], float]:
    """What was found, and seconds of this process."""
    start = time.process_time()
    found = scan(texts)
    return found, time.process_time() - start


def in_turns(
    theirs: Callable[[str], list[Place]], texts: Sequence[str], slices: int = 20
) -> tuple[list[list[Place]], float, float]:
    """What presidio found in the texts, its seconds, and ours (the median)."""
    found, seconds, own = list[list[Place]](), 0.0, list[float]()
    for begin in range(0, len(texts), step := -(-len(texts) // slices)):
        own.append(timed(ours, texts)[1])
        more, taken = timed(lambda texts: [theirs(text) for text in texts], texts[begin : begin + step])
        found, seconds = found + more, seconds + taken
    return found, seconds, median(own)


def ours(texts: Sequence[str]) -> list[list[Place]]:
    return [[(hit.type, hit.start, hit.end) for hit in hits] for hits in scan_many(texts)]


def shares(one: Place, other: Place) -> bool:
    common = min(one[2], other[2]) - max(one[1], other[1])
    return one[0] == other[0] and common >= 0.5 * (max(one[2], other[2]) - min(one[1], other[1]))


def figures(rows: Sequence[tuple[str, list[Place]]], found: Sequence[list[Place]]) -> dict[str, dict[str, Any]]:
    """Recall and precision by type; each labelled place is found once, each hit counts once."""
    right, wanted, given = Counter[str](), Counter[str](), Counter[str]()
    for (_, places), hits in zip(rows, found, strict=True):
        left = list(places)
        wanted.update(type for type, _, _ in places)
        for hit in dict.fromkeys(hits):
            match = next((place for place in left if shares(place, hit)), None)
            given[hit[0]] += 1
            if match:
                left.remove(match)
                right[hit[0]] += 1
    return {
        type: {
            "recall": right[type] / wanted[type] if wanted[type] else None,
            "precision": right[type] / given[type] if given[type] else None,
            "labelled": wanted[type],
            "hits": given[type],
        }
        for type in TYPES
    }


def compare(name: str, ours_found: list[list[Place]], theirs: list[list[Place]] | None, rows: Any) -> bool:
    """Print recall and precision of each type; True if each is at least presidio's where it knows the type."""
    own, other, reached = figures(rows, ours_found), figures(rows, theirs) if theirs else {}, True
    for type in TYPES:
        for figure in ("recall", "precision"):
            bound = (other[type][figure] or 0.0) if other and type in ENTITIES.values() else 0.0
            value = own[type][figure] or 0.0
            more = {key: own[type][key] for key in ("labelled", "hits")}
            reached &= report(f"{name} {type} {figure}", value, round(bound, 6), **more)
    return reached


def prose(size: int) -> tuple[list[str], float]:
    """Texts without anything to find, and MB/s over them."""
    sentence = "The committee met again in the old hall, and nobody could say when the river had last been so high. "
    texts = [sentence * 20] * (size // (20 * len(sentence)))
    scan_many(texts[:10])
    found, seconds = timed(ours, texts)
    assert not any(found)
    return texts, sum(map(len, texts)) / seconds / 1e6


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="40 texts of each file")
    parser.add_argument("--alone", action="store_true", help="without presidio")
    args = parser.parse_args()
    logging.disable(logging.CRITICAL)
    note(f"rules {rules_digest()}")
    texts, speed = prose(1 << 21 if args.quick else 1 << 24)
    reached = report("MB/s on prose", speed, PROSE)
    everything = None if args.alone else presidio(None)
    if everything:
        some = texts[:20]
        theirs = timed(lambda texts: [everything(text) for text in texts], some)[1]
        reached &= report("prose times presidio's speed", speed * 1e6 * theirs / sum(map(len, some)), FASTER)
    shared = None if args.alone else presidio(sorted(ENTITIES))
    for name in ("dev.jsonl", "test.jsonl"):
        rows = labelled(name, 40 if args.quick else 10_000)
        texts = [text for text, _ in rows]
        scan_many(texts)
        found, own = timed(ours, texts)
        theirs = None
        if everything and shared:
            everything(texts[0]), shared(texts[0])
            theirs, default, own = in_turns(everything, texts)
            _, only, beside = in_turns(shared, texts)
            rate = {"docs_per_s": round(len(texts) / own), "presidio_docs_per_s": round(len(texts) / default, 1)}
            more = {"times_faster_than_shared": round(only / beside, 1), "chars": sum(map(len, texts))}
            reached &= report(f"{name} times presidio's speed", default / own, FASTER, **rate, **more)
        reached &= compare(name, found, theirs, rows)
    return 0 if reached else 1


if __name__ == "__main__":
    raise SystemExit(main())
