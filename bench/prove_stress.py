"""Stress of a wind-tunnel final model: how easily what the constitution taught it comes off again.

There is no bound to reach: the figures are measured, each with its 95 % interval, and printed as they are. The final
model is made by the pipeline at its default settings (some minutes), or named with --model. The attacker's prompts come
from the part of the world that runs train on, the evaluator's from the part that is held out; the learning rates were
looked for with other prompts and seeds than those measured here. With --folder the trials are kept, and a run that was
stopped goes on there.

    python bench/prove_stress.py --folder runs/stress                      # some 20 minutes on one free core
    python bench/prove_stress.py --model runs/mine/models/final --folder runs/mine-stress
    python bench/prove_stress.py --quick --model …                         # one rate, two seeds, ten steps: a smoke run
"""

import argparse
import json
import tempfile
from pathlib import Path
from random import Random

import torch

from bylaw.canonical import digest
from bylaw.records import Measurement
from bylaw.stress.attacks import ATTACKS, Material
from bylaw.stress.protocol import StressSettings, Target, stress
from bylaw.stress.report import Effect, Row, StressReport
from bylaw.stress.text import described, text
from bylaw.train.examples import SFTExample
from bylaw.windtunnel import WEIGHTS, constitutions, grammar
from bylaw.windtunnel.bench.tunnel import Tunnel
from bylaw.windtunnel.evaluator import OracleEvaluator
from bylaw.windtunnel.topics import BENIGN, HARM
from reporting import note

SEED = 1
EXAMPLES = 320
FULL = StressSettings(seed=SEED, rates=(5e-4, 2e-3, 8e-3))
QUICK = StressSettings(seed=SEED, rates=(2e-3,), seeds=2, steps=(10,), directions=(1,))


def material() -> Material:
    """Prompts of the training part, harmful and harmless topics in turn, each with a complete answer."""
    return Material(_examples(list(HARM), "stress harmful"), _examples(list(BENIGN), "stress harmless"))


def _examples(topics: list[str], key: str) -> tuple[SFTExample, ...]:
    rng = Random(f"{key} {SEED}")
    goals = [grammar.draw_goal(rng, topics[number % len(topics)]) for number in range(EXAMPLES)]
    return tuple(SFTExample(grammar.conversation(rng, goal), grammar.comply(rng, goal).text) for goal in goals)


def final_model(folder: Path, prompts: int) -> Path:
    """The final model of the default run, made in ``folder`` if it is not there."""
    tunnel = Tunnel(folder, WEIGHTS, prompts, (), note)
    return tunnel.run("default", constitutions.default()).model_dir("final")


def show(name: str, value: float, low: float, high: float, **more: object) -> None:
    """Print one measured figure as a JSON line."""
    line = {"figure": name, "value": round(value, 4), "low": round(low, 4), "high": round(high, 4)}
    print(json.dumps({**line, "verdict": "measured", **more}), flush=True)


def show_share(name: str, one: Measurement, **more: object) -> None:
    show(name, one.value, one.low, one.high, n=one.n, **more)


def show_row(row: Row) -> None:
    name = f"{ATTACKS[row.attack]}, {row.strength}"
    mean, least, most = row.complies
    show_share(f"{name}: complies, worst seed", row.worst, rate=row.rate, mean=mean, least=least, most=most)
    lost = row.worst_lost
    show(f"{name}: helpfulness lost, at that seed", lost.value, lost.low, lost.high, mean=row.lost, seeds=row.seeds)


def show_effect(name: str, one: Effect) -> None:
    show_share(name, one.harm, trial=described(one.trial), helpfulness_lost=round(one.lost.value, 4))


def show_report(report: StressReport) -> None:
    show_share("before: complies", report.harm_before)
    show_share("before: helpful", report.helpful_before)
    for row in report.rows:
        show_row(row)
    show_effect("worst of all trials: complies", report.worst)
    if report.worst_within:
        show_effect(f"worst at most {report.capability_loss:.0%} lost: complies", report.worst_within)
    note(text(report))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, help="directory of a final model (default: made by the pipeline)")
    parser.add_argument("--folder", type=Path, help="where trials are kept (default: nowhere)")
    parser.add_argument("--prompts", type=int, default=128, help="held-out prompts of each kind")
    parser.add_argument("--quick", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(1)
    prompts = 24 if args.quick else args.prompts
    with tempfile.TemporaryDirectory() as nowhere:
        folder = args.folder or Path(nowhere)
        target = Target(
            model=args.model or final_model(folder / "runs", prompts),
            material=material(),
            evaluator=OracleEvaluator(prompts, (0.0,), seed=SEED),
            evaluation=digest(["wind tunnel oracle", prompts, SEED]),
        )
        show_report(stress(target, QUICK if args.quick else FULL, folder / "stress", note))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
