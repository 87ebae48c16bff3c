"""``bylaw bench``: what this machine does, on random weights of a size."""

import argparse
import sys
from pathlib import Path
from typing import Any

from bylaw.errors import ModelError
from bylaw.scale.shapes import SIZES


def register(verbs: Any) -> None:
    """Add the verb."""
    about = "measure this machine on random weights: tokens/s generated, read for labels and trained on"
    parser = verbs.add_parser("bench", help=about, description=f"{about}, with the share of the chip's bfloat16 peak.")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto", help="default: %(default)s")
    parser.add_argument("--size", choices=tuple(SIZES), default="8b", help="shape of the model (default: %(default)s)")
    parser.add_argument("--rows", type=int, metavar="N", help="conversations at once (default: what suits the size)")
    parser.add_argument("--json", action="store_true", help="print the rates as JSON lines, for bylaw plan --rates")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="append the rates to this file as JSON lines")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Say what it needs, measure, print."""
    import msgspec
    import torch

    from bylaw.scale.throughput import Load, bench, memory_of, name_of, needs

    kind = args.device if args.device != "auto" else "cuda" if torch.cuda.is_available() else "cpu"
    if kind == "cuda" and not torch.cuda.is_available():
        raise ModelError("--device cuda, but torch finds no CUDA device")
    device, shape = torch.device(kind), SIZES[args.size]
    load = Load(rows=8, words=20, answer=8, pairs=4, principles=4, updates=1) if args.size == "toy" else Load()
    if args.rows:
        load = msgspec.structs.replace(load, rows=args.rows)
    for need in needs(shape, load):
        print(need.said(memory_of(device)), file=sys.stderr)
    rates = bench(shape, device, load, args.output)
    if args.json:
        sys.stdout.buffer.write(b"".join(msgspec.json.encode(rate) + b"\n" for rate in rates))
        return 0
    print(f"{args.size}, {shape.parameters / 1e9:.3g} B parameters, bfloat16, {name_of(device)}")
    for rate in rates:
        share = "peak of this device not known" if rate.share is None else f"{rate.share:.1%} of the bfloat16 peak"
        print(f"  {rate.work:<10} {rate.tokens:>12,.0f} tokens/s   {share}")
    return 0
