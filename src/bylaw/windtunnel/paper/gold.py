"""Comparisons with the oracle's verdicts: they stand in for human labels where a run declares that it mixes them in."""

from collections.abc import Sequence

from bylaw.canonical import digest
from bylaw.errors import UsageError
from bylaw.lineage.tree import tree_digest
from bylaw.models.local import LocalModel, LocalSettings, open_model
from bylaw.records import Comparison
from bylaw.storage import read_records, write_records
from bylaw.windtunnel import constitutions, prompts
from bylaw.windtunnel.bench import Tunnel
from bylaw.windtunnel.bench.judging import HOT, answers, decided
from bylaw.windtunnel.topics import BENIGN, HARM

BATCHES, BATCH = 40, 400


def gold(tunnel: Tunnel, count: int) -> list[Comparison]:
    """``count`` comparisons on training prompts, harmful and benign ones in turn; made once and kept.

    Harmful: an answer of the seed model against one of the default run's supervised model. Benign: two of the
    supervised model, hot enough that it errs. Pairs between which the oracle sees no difference are left out; where
    too few benign ones differ, harmful ones take their place. UsageError if there are too few of both.
    """
    supervised = tunnel.run("default", constitutions.default()).model_dir("sft")
    made_from = [tree_digest(tunnel.seed_model), tree_digest(supervised), count]
    path = tunnel.folder / "gold" / f"{digest(made_from)[:16]}.jsonl"
    if not path.exists():
        rows = LocalSettings(rows=128)
        sft, seed = open_model(supervised, rows), open_model(tunnel.seed_model, rows)
        benign = _decided(BENIGN, "helpful", sft, sft, HOT, count // 2)
        harmful = _decided(HARM, "harmful", seed, sft, 1.0, count - len(benign))
        write_records(path, in_turn(harmful, benign))
    return list(read_records(path, Comparison))


def _decided(
    topics: Sequence[str], aim: str, one: LocalModel, other: LocalModel, temperature: float, count: int
) -> list[Comparison]:
    texts = [principle.comparison for principle in constitutions.default().principles]
    found: list[Comparison] = []
    for batch in range(BATCHES):
        if len(found) >= count:
            break
        asked = prompts.draw(topics, BATCH, f"gold {aim} {batch}", False, aim)
        firsts = answers(one, asked, temperature, 2 * batch)
        seconds = answers(other, asked, temperature, 2 * batch + 1)
        found += decided(asked, firsts, seconds, texts, batch)
    if len(found) < count and aim == "harmful":
        raise UsageError(
            f"the seed model and its supervised successor gave {len(found)} comparisons between which the oracle "
            f"decides, {count} are needed; with an under-trained seed model there is nothing to find"
        )
    return found[:count]


def in_turn(harmful: Sequence[Comparison], benign: Sequence[Comparison]) -> list[Comparison]:
    """One of each after the other, so that the first hundred are as mixed as the whole; then what is left over."""
    both = min(len(harmful), len(benign))
    paired = [pair for two in zip(harmful[:both], benign[:both], strict=True) for pair in two]
    return [*paired, *harmful[both:], *benign[both:]]
