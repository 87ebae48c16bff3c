"""DPO examples/s against TRL's ``DPOTrainer``, on the harmless-base pairs, by the same random-weights Llama.

Both train on the same pairs, update by update, in float32, from reference log-probabilities computed
beforehand. TRL gets what its settings allow: ``precompute_ref_log_probs``, no activation checkpointing, the
pairs of every update in order of length (so that its batches hold little padding; the gradient is the same),
and the per-device batch that a sweep finds fastest. The log-probabilities of every pair and the losses of all
updates are compared first.

python bench/dpo.py                 # needs: pip install trl datasets; BYLAW_DATA names the folder of real
inputs
"""

import argparse
import copy
import gzip
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch

from bylaw.records import Conversation, Message
from bylaw.train.dpo import DPO, reference_logprobs
from bylaw.train.examples import Encoded, PairExample, encode_pairs
from bylaw.train.fit import fit
from bylaw.train.method import silent
from bylaw.train.packing import draw
from bylaw.train.settings import DpoSettings, TrainSettings
from common import byte_tokenizer, note, random_llama, report

BOUND = 2.5
BETA = 0.1
CLOCKS: dict[str, Callable[[], float]] = {"wall": time.perf_counter, "cpu": time.process_time}


def read_pairs(path: Path, count: int) -> list[PairExample]:
    """The first ``count`` pairs of a file of hh-rlhf."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for _, line in zip(range(count), file, strict=False)]
    return [pair for row in rows if (pair := _pair(row["chosen"], row["rejected"]))]


def _pair(chosen: str, rejected: str) -> PairExample | None:
    first, second = _turns(chosen), _turns(rejected)
    if first[:-1] != second[:-1] or not first or first[-1].role != "assistant":
        return None
    return PairExample(first[:-1], first[-1].content, second[-1].content, 1.0)


def _turns(transcript: str) -> Conversation:
    roles = {"Human": "user", "Assistant": "assistant"}
    turns: list[Message] = []
    for part in transcript.replace("\n\nHuman: ", "\0Human\1").replace("\n\nAssistant: ", "\0Assistant\1").split("\0"):
        name, _, content = part.partition("\1")
        if name in roles:
            turns.append(Message(roles[name], content.strip()))  # type: ignore[arg-type]
    return tuple(turns)


@dataclass
class Bench:
    """One model, one tokenizer, one list of pairs and the settings of both trainers."""

    model: Any
    tokenizer: Any
    pairs: list[PairExample]
    settings: TrainSettings
    clock: Callable[[], float]

    def __post_init__(self) -> None:
        self.encoded = encode_pairs(self.tokenizer, self.pairs, self.model.config.max_position_embeddings)
        with tempfile.TemporaryDirectory() as folder:
            self.reference = reference_logprobs(
                self.model, self.encoded.kept, self.encoded.digest, self.settings, Path(folder)
            )

    def ours(self) -> tuple[float, list[float]]:
        """Seconds of ``fit``, as ``train_dpo`` calls it, and the losses of all updates."""
        model = copy.deepcopy(self.model)
        dpo = DpoSettings(beta=BETA)
        method = DPO(self.encoded.kept, self.reference, self.encoded.digest, self.settings, dpo)
        with tempfile.TemporaryDirectory() as folder:
            start = self.clock()
            result = fit(model, method, self.settings, Path(folder), silent)
            seconds = self.clock() - start
        return seconds, [point.loss for point in result.history]

    def theirs(self, per_device: int, updates: int | None = None) -> tuple[float, list[float], Any]:
        """Seconds of ``DPOTrainer.train``, its losses, and the data set with TRL's reference
        log-probabilities."""
        with tempfile.TemporaryDirectory() as folder:
            trainer = self._trainer(per_device, updates, folder)
            start = self.clock()
            trainer.train()
            seconds = self.clock() - start
        losses = [row["loss"] for row in trainer.state.log_history if "loss" in row]
        return seconds, losses, trainer.train_dataset

    def _trainer(self, per_device: int, updates: int | None, folder: str) -> Any:
        from datasets import Dataset
        from trl import DPOConfig, DPOTrainer

        rows = self.rows()[: updates and updates * self.settings.batch_size]
        arguments = DPOConfig(
            output_dir=folder,
            per_device_train_batch_size=per_device,
            gradient_accumulation_steps=self.settings.batch_size // per_device,
            num_train_epochs=1,
            learning_rate=self.settings.learning_rate,
            lr_scheduler_type="constant",
            max_grad_norm=self.settings.clip,
            beta=BETA,
            max_length=None,
            precompute_ref_log_probs=True,
            gradient_checkpointing=False,
            train_sampling_strategy="sequential",
            use_cpu=not torch.cuda.is_available(),
            bf16=False,
            optim="adamw_torch_fused",
            logging_steps=1,
            save_strategy="no",
            report_to="none",
            disable_tqdm=True,
        )
        return DPOTrainer(
            model=copy.deepcopy(self.model),
            args=arguments,
            train_dataset=Dataset.from_list(rows),
            processing_class=self.tokenizer,
        )

    def rows(self) -> list[dict[str, Any]]:
        """The pairs in the order in which we train on them, each update's sorted by length."""
        return [_row(self.pairs[one.index]) for one in self.order()]

    def order(self) -> list[Encoded]:
        """Update by update, shortest first."""
        kept, size = self.encoded.kept, self.settings.batch_size
        updates = (draw(kept, step, size, self.settings.seed) for step in range(len(kept) // size))
        return [one for update in updates for one in sorted(update, key=_longest)]


def _longest(pair: Encoded) -> int:
    return len(pair.tree.stem) + max(map(len, pair.tree.branches))


def _row(pair: PairExample) -> dict[str, Any]:
    turns = [{"role": turn.role, "content": turn.content} for turn in pair.messages]
    first, second = ([{"role": "assistant", "content": text}] for text in (pair.first, pair.second))
    return {"prompt": turns, "chosen": first, "rejected": second}


class Round(NamedTuple):
    """Both trainers over all pairs once: seconds, and the largest differences of log-probabilities and losses."""

    ours: float
    theirs: float
    logprobs: float
    losses: float


def round_of(bench: Bench, per_device: int) -> Round:
    """One after the other, so that noise meets both alike."""
    seconds, losses = bench.ours()
    other, theirs, rows = bench.theirs(per_device)
    logprobs = 0.0
    for one, row in zip(bench.order(), rows, strict=True):
        first, second = bench.reference[one.index]
        logprobs = max(logprobs, abs(first - row["ref_chosen_logps"]), abs(second - row["ref_rejected_logps"]))
    worst = max(abs(mine - their) for mine, their in zip(losses, theirs, strict=True))
    note(f"{len(losses)} updates: ours {seconds:.0f} s, trl {other:.0f} s")
    return Round(seconds, other, logprobs, worst)


def main() -> int:
    """Print the figure; 0 if it is reached and both trainers computed the same."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--width", type=int, default=320)
    parser.add_argument("--layers", type=int, default=8)
    parser.add_argument("--vocabulary", type=int, default=8192)
    parser.add_argument("--batch", type=int, default=16, help="pairs per update")
    parser.add_argument("--updates", type=int, default=20)
    parser.add_argument("--context", type=int, default=1024)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument(
        "--sweep", type=int, nargs="+", default=[1, 2, 4, 8, 16], help="per-device batches TRL is tried at"
    )
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument(
        "--clock", choices=CLOCKS, default="wall", help="cpu: this process's own seconds, on a busy machine"
    )
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    os.environ.setdefault("TQDM_DISABLE", "1")
    try:
        import trl
    except ImportError:
        note("skipped: trl is not installed; pip install trl datasets")
        return 0
    source = Path(os.environ.get("BYLAW_DATA", "")) / "hh-rlhf" / "harmless-base-test.jsonl.gz"
    if not source.is_file():
        note(f"skipped: {source} is missing; BYLAW_DATA must name the folder of real inputs")
        return 0
    bench = prepare(source, options)
    sizes = [size for size in options.sweep if options.batch % size == 0]
    sweep = {size: bench.theirs(size, updates=4)[0] for size in sizes}
    best = min(sweep, key=lambda size: sweep[size])
    note(f"trl {trl.__version__}: seconds of four updates by per-device batch: {sweep}")
    rounds = [round_of(bench, best) for _ in range(options.repeats)]
    return verdict(bench, rounds, best, options)


def prepare(source: Path, options: argparse.Namespace) -> Bench:
    """Pairs that fit the context, as many as the updates take, a tokenizer trained on them, and a random
    Llama."""
    pairs = read_pairs(source, 2312)
    texts = [turn.content for pair in pairs for turn in pair.messages] + [pair.first for pair in pairs]
    tokenizer = byte_tokenizer(texts, options.vocabulary)
    model = random_llama(options.vocabulary, options.width, options.layers, options.width // 64, 1.0, options.context)
    kept = encode_pairs(tokenizer, pairs, options.context).kept[: options.batch * options.updates]
    settings = TrainSettings(learning_rate=1e-4, schedule="constant", warmup=0.0, batch_size=options.batch)
    note(f"{sum(one.numel() for one in model.parameters()) / 1e6:.1f} M parameters, {len(kept)} pairs")
    return Bench(model, tokenizer, [pairs[one.index] for one in kept], settings, CLOCKS[options.clock])


def verdict(bench: Bench, rounds: Sequence[Round], best: int, options: argparse.Namespace) -> int:
    """Print the JSON line. Tokenising and reference log-probabilities lie outside both timings."""
    count = len(bench.order())
    ours, theirs = (statistics.median(times) for times in list(zip(*rounds, strict=True))[:2])
    logprobs, losses = (max(worst) for worst in list(zip(*rounds, strict=True))[2:])
    reached = report(
        "dpo_examples_per_second_ratio",
        theirs / ours,
        BOUND,
        ours=round(count / ours, 2),
        trl=round(count / theirs, 2),
        trl_per_device_batch=best,
        pairs=count,
        rounds=len(rounds),
        threads=options.threads,
        clock=options.clock,
        logprob_difference=logprobs,
        loss_difference=losses,
    )
    return 0 if reached and logprobs < 1e-3 and losses < 1e-3 else 1


if __name__ == "__main__":
    sys.exit(main())
