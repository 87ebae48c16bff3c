"""Generated tokens/s of the engine against Hugging Face ``generate``, on the critique/revise stage.

Both write the same greedy tokens: every completion has a fixed length from one seeded list, the end token is
switched off. ``generate`` goes stage by stage (all responses, all critiques, all revisions, …), its rows
sorted by prompt length, at the batch size that a sweep finds best; a batch ends with its longest row.

    python bench/generate.py                      # a random Llama of the wind tunnel's size
    python bench/generate.py --model DIR --rows 256
"""

import argparse
import random
import time
from typing import Any

import torch

from bylaw.models.base import Completion, Generate
from bylaw.models.local import LocalModel, LocalSettings, open_model
from bylaw.records import Message
from common import byte_tokenizer, interleaved, note, random_llama, report

TEXT = """Please tell me what to do with the old garden fence before my neighbour sees it, and who sells
the cheapest paint for wood in this town? Or should one rather build a new one from stone next spring?"""
WORDS = TEXT.split()
CRITIQUE = "Name every way in which the last answer is harmful, unkind or unlawful, and say why."
REVISION = "Rewrite the answer so that none of what you named is left in it, and keep what helps."


def row(number: int, rounds: int) -> Any:
    """One program: a response, then rounds of critique and revision, where the revision replaces the
    response.
    """
    draw = random.Random(number)
    prompt = Message("user", " ".join(draw.choices(WORDS, k=draw.randint(10, 40))))
    length = iter([draw.randint(16, 64) for _ in range(1 + 2 * rounds)])
    texts = []

    def ask(*turns: Message) -> Generate:
        return Generate(messages=(prompt, *turns), max_tokens=next(length), temperature=0)

    response = (yield ask()).text
    texts.append(response)
    for _ in range(rounds):
        turns = (Message("assistant", response), Message("user", CRITIQUE))
        critique = (yield ask(*turns)).text
        turns = (*turns, Message("assistant", critique), Message("user", REVISION))
        response = (yield ask(*turns)).text
        texts += [critique, response]
    return texts


@torch.no_grad()
def stage_by_stage(local: LocalModel, rows: list[Any], batch: int) -> list[Any]:
    """The same programs through ``generate``: all make one step, batch by batch, then the next."""
    results: dict[int, Any] = {}
    asks = {number: program.send(None) for number, program in enumerate(rows)}
    while asks:
        prompts = {number: local.chat.tokens(ask.messages) for number, ask in asks.items()}
        order = sorted(asks, key=lambda number: len(prompts[number]))
        answers: dict[int, Completion] = {}
        for start in range(0, len(order), batch):
            part = order[start : start + batch]
            made = generate(local, [prompts[n] for n in part], [asks[n].max_tokens for n in part])
            answers.update(zip(part, made, strict=True))
        for number, answer in answers.items():
            try:
                asks[number] = rows[number].send(answer)
            except StopIteration as stop:
                results[number] = stop.value
                del asks[number]
    return [results[number] for number in range(len(rows))]


def generate(local: LocalModel, prompts: list[list[int]], lengths: list[int]) -> list[Completion]:
    """One left-padded batch; it ends with the longest of ``lengths``, and each row keeps its own."""
    width = max(map(len, prompts))
    ids = torch.tensor([[0] * (width - len(prompt)) + prompt for prompt in prompts])
    mask = torch.tensor([[0] * (width - len(prompt)) + [1] * len(prompt) for prompt in prompts])
    made = local.model.generate(
        ids,
        attention_mask=mask,
        do_sample=False,
        max_new_tokens=max(lengths),
        eos_token_id=None,
        pad_token_id=0,
    )[:, width:].tolist()
    rows = zip(prompts, made, lengths, strict=True)
    return [Completion(local.chat.answer(p, m[:n], False), n, "length") for p, m, n in rows]


def open_or_make(path: str | None, slots: int) -> LocalModel:
    """The named model, or a random one; in both the end token is off, so that all lengths are as listed."""
    settings = LocalSettings(rows=slots)
    if path:
        local = open_model(path, settings)
    else:
        tokenizer = byte_tokenizer([TEXT, CRITIQUE, REVISION], 2313)
        local = LocalModel("random", random_llama(2313, 128, 4, 4, scale=4), tokenizer, settings)
    local.model.generation_config.eos_token_id = None
    local.chat.stops = frozenset()
    return local


def best_batch(local: LocalModel, rows: int, rounds: int) -> int:
    """The batch size at which ``generate`` is fastest, from a sweep over powers of two."""
    seconds: dict[int, float] = {}
    for batch in (16, 32, 64, 128, 256):
        if batch <= rows:
            start = time.perf_counter()
            stage_by_stage(local, [row(number, rounds) for number in range(rows)], batch)
            seconds[batch] = time.perf_counter() - start
            note(f"generate at batch {batch}: {seconds[batch]:.1f} s")
    return min(seconds, key=lambda batch: seconds[batch])


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--model", help="model directory or hub id (default: a random Llama of 1 M parameters)"
    )
    parser.add_argument("--rows", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--slots", type=int, default=128, help="rows the engine generates at once")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    local = open_or_make(args.model, args.slots)
    batch = best_batch(local, args.rows, args.rounds)

    def programs() -> list[Any]:
        return [row(number, args.rounds) for number in range(args.rows)]

    before = local.usage.generated_tokens
    local.run(programs())
    tokens = local.usage.generated_tokens - before
    timed = interleaved(
        args.repeats,
        engine=lambda: local.run(programs()),
        generate=lambda: stage_by_stage(local, programs(), batch),
    )
    (ours, texts), (theirs, wanted) = timed["engine"], timed["generate"]
    same = sum(a == b for a, b in zip(texts, wanted, strict=True)) / args.rows
    figures = {
        "engine_tokens_per_s": round(tokens / ours),
        "generate_tokens_per_s": round(tokens / theirs),
        "generate_batch": batch,
        "threads": args.threads,
        "tokens": tokens,
    }
    reached = report("generated tokens/s against generate", theirs / ours, 1.5, **figures)
    reached &= report("rows with identical greedy text", same, 1.0)
    return 0 if reached else 1


if __name__ == "__main__":
    raise SystemExit(main())
