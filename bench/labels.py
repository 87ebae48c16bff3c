"""Ensemble labels (K principles, both orders) against one sequence per principle and order.

Both ways ask the same texts: published few-shots, conversation, both responses, then the principle, and read
the log-probabilities of A and B. The naive way is a batched forward pass of whole sequences at its best batch
size.

    python bench/labels.py                        # 100 M random parameters, harmless-base pairs, 5-shot
    prefix python bench/labels.py --size tunnel          # 1 M random parameters, no few-shots python
    bench/labels.py --model DIR --comparisons FILE --shots 0
"""

import argparse
import gzip
import json
import os
import random
import re
import time
from pathlib import Path
from typing import Any

import msgspec
import torch

from bylaw.feedback.templates import OPTIONS, PREFILL, principle_last
from bylaw.models.base import Choose
from bylaw.models.local import LocalModel, LocalSettings, open_model
from bylaw.records import Comparison, Conversation, Message
from common import byte_tokenizer, interleaved, note, random_llama, report

DATA = Path(os.environ.get("BYLAW_DATA", "data"))
# vocabulary, width, layers, heads, enlargement of the random weights, bound on the speed ratio
SIZES = {"100m": (8192, 768, 12, 12, 3.0), "tunnel": (2313, 128, 4, 4, 6.0)}


def published(name: str) -> Any:
    """One of the published prompt files."""
    return json.loads((DATA / "cai" / "prompts" / name).read_text())


def few_shots(count: int, principles: list[str]) -> str:
    """The published few-shots in the judge's format, each with a principle of its own."""
    draw = random.Random(0)
    shots = []
    for shot in published("RLMadisonFewShotPrompts.json")[:count]:
        responses = [shot["corrects"][0], shot["incorrects"][0]]
        right = draw.randrange(2)
        first, second = responses if right == 0 else responses[::-1]
        comparison = Comparison(messages=turns(shot["prompt"]), first=first, second=second)
        shots.append(f"{principle_last(comparison, draw.choice(principles))} ({OPTIONS[right]})\n\n")
    return "".join(shots)


def turns(transcript: str) -> Conversation:
    """A published transcript's turns; one that is only begun is left out."""
    parts = re.split(r"\n\n(Human|Assistant):", transcript)[1:]
    spoken = [(role, text.strip()) for role, text in zip(parts[::2], parts[1::2], strict=True)]
    return tuple(Message("user" if role == "Human" else "assistant", text) for role, text in spoken if text)


def harmless_pairs(count: int) -> list[Comparison]:
    """Comparisons of hh-rlhf's harmless-base test set."""
    with gzip.open(DATA / "hh-rlhf" / "harmless-base-test.jsonl.gz", "rt", encoding="utf-8") as file:
        rows = [json.loads(next(file)) for _ in range(count)]
    both = [(turns(row["chosen"]), turns(row["rejected"])) for row in rows]
    return [Comparison(messages=a[:-1], first=a[-1].content, second=b[-1].content) for a, b in both]


def questions(pairs: list[Comparison], principles: list[str], prefix: str) -> list[Choose]:
    """One ask per pair and order, with a conversation per principle."""
    asks = []
    for pair in pairs:
        for one in (pair, pair.swapped()):
            texts = [prefix + principle_last(one, text) for text in principles]
            conversations: tuple[Conversation, ...] = tuple((Message("user", text),) for text in texts)
            asks.append(Choose(conversations=conversations, options=OPTIONS, prefill=PREFILL))
    return asks


def shared(local: LocalModel, asks: list[Choose]) -> torch.Tensor:
    """[asks, principles, 2] log-probabilities by the engine."""

    def program(ask: Choose) -> Any:
        return (yield ask).logprobs

    return torch.tensor(local.run(program(ask) for ask in asks))


Read = tuple[list[int], tuple[int, ...]]


def sequences(local: LocalModel, asks: list[Choose]) -> list[Read]:
    """Every conversation's tokens and option tokens, one after the other."""
    return [local.chat.options(one, ask.prefill, ask.options) for ask in asks for one in ask.conversations]


@torch.no_grad()
def naive(local: LocalModel, read: list[Read], batch: int) -> torch.Tensor:
    """[sequences, 2] by whole sequences, sorted by length and padded on the left; the head at the last token
    only.
    """
    found: dict[int, list[float]] = {}
    order = sorted(range(len(read)), key=lambda i: len(read[i][0]))
    for start in range(0, len(order), batch):
        part = order[start : start + batch]
        width = len(read[part[-1]][0])
        ids = torch.tensor([[0] * (width - len(read[i][0])) + read[i][0] for i in part])
        mask = torch.tensor([[0] * (width - len(read[i][0])) + [1] * len(read[i][0]) for i in part])
        positions = (mask.cumsum(1) - 1).clamp(min=0)
        logits = local.model(
            input_ids=ids, attention_mask=mask, position_ids=positions, logits_to_keep=1
        ).logits
        rows = logits[:, -1].float().log_softmax(-1).gather(1, torch.tensor([read[i][1] for i in part]))
        found.update(zip(part, rows.tolist(), strict=True))
    return torch.tensor([found[i] for i in range(len(read))])


def best_batch(local: LocalModel, read: list[Read]) -> int:
    """The batch size at which the naive way is fastest, on about 16,000 tokens of sequences."""
    few = read[: max(8, 16_000 // len(read[0][0]))]
    seconds: dict[int, float] = {}
    for batch in (1, 2, 4, 8, 16, 32, 64, 128):
        if batch <= len(few):
            start = time.perf_counter()
            naive(local, few, batch)
            seconds[batch] = time.perf_counter() - start
            note(f"naive at batch {batch}: {seconds[batch]:.1f} s")
    return min(seconds, key=lambda batch: seconds[batch])


def open_or_make(args: argparse.Namespace, texts: list[str]) -> LocalModel:
    settings = LocalSettings(dtype="float32", device="cpu", pass_tokens=args.pass_tokens)
    if args.model:
        return open_model(args.model, settings)
    vocabulary, width, layers, heads, scale = SIZES[args.size]
    model = random_llama(vocabulary, width, layers, heads, scale)
    return LocalModel(args.size, model, byte_tokenizer(texts, vocabulary), settings)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", help="model directory or hub id (default: random weights of --size)")
    parser.add_argument("--size", choices=sorted(SIZES), default="100m")
    parser.add_argument("--comparisons", type=Path, help="a comparisons.jsonl (default: harmless-base pairs)")
    parser.add_argument("--pairs", type=int, help="how many comparisons (default: 4, in the tunnel 64)")
    parser.add_argument("--shots", type=int, help="few-shots (default: 5, in the tunnel none)")
    parser.add_argument("--principles", type=int, default=16)
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--batch", type=int, help="batch size of the naive way (default: from a sweep)")
    parser.add_argument("--pass-tokens", type=int, default=4096)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    tunnel = args.size == "tunnel"
    count = args.pairs or (64 if tunnel else 4)
    principles = [text.replace("Options:", "").strip() for text in published("RLMadisonInstructions.json")]
    prefix = few_shots(5 if args.shots is None and not tunnel else args.shots or 0, principles)
    if args.comparisons:
        lines = args.comparisons.read_bytes().splitlines()[:count]
        pairs = [msgspec.json.decode(line, type=Comparison) for line in lines]
    else:
        pairs = harmless_pairs(count)
    asks = questions(pairs, principles[: args.principles], prefix)
    local = open_or_make(
        args, [message.content for ask in asks for one in ask.conversations for message in one]
    )
    read = sequences(local, asks)
    batch = args.batch or best_batch(local, read)
    start = msgspec.structs.replace(local.usage)
    shared(local, asks)
    asked = local.usage.prompt_tokens - start.prompt_tokens
    computed = asked - (local.usage.reused_tokens - start.reused_tokens)
    timed = interleaved(
        args.repeats,
        shared=lambda: shared(local, asks),
        naive=lambda: naive(local, sequences(local, asks), batch),
    )
    (ours, got), (theirs, wanted) = timed["shared"], timed["naive"]
    speed, tokens = theirs / ours, asked / computed
    share = got.softmax(-1)[..., 0]
    figures = {
        "token_ratio": round(tokens, 2),
        "pairs_per_s": round(count / ours, 3),
        "naive_pairs_per_s": round(count / theirs, 4),
        "naive_batch": batch,
        "parameters": sum(parameter.numel() for parameter in local.model.parameters()),
        "threads": args.threads,
    }
    reached = report("labels/s against naive", speed, 0.7 * tokens if tunnel else 10.0, **figures)
    reached &= report(
        "largest log-probability difference",
        (got - wanted.view_as(got)).abs().max().item(),
        1e-3,
        higher=False,
    )
    moved = (share.amax(1) - share.amin(1)).min().item()
    reached &= report("least movement of p by the principle", moved, 0.1)
    return 0 if reached else 1


if __name__ == "__main__":
    raise SystemExit(main())
