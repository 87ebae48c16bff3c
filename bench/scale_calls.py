"""Calls to a server of 200 ms and 256 slots: throughput against the ideal; faults; a plain gather, distilabel beside.

The ideal is labels / slots x latency. The server runs on the same machine, so its own work is in the figure. Sixteen
questions go in one request of completions, as servers with a prefix cache take them, or one in each.

distilabel is asked where ``BYLAW_BENCH_DISTILABEL`` names a Python that has it, from an environment of its own
(``python -m venv DIR && DIR/bin/pip install 'distilabel[openai]' requests``); ``bench/scale_distilabel.py`` says how.
"""

import argparse
import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import openai

from bylaw.feedback import templates
from reporting import note, report
from scale_common import ONE, PRINCIPLES, asked, load, mock, opened, pairs, stats

LATENCY, SLOTS = 0.2, 256
FAULTS = {"errors": 0.05, "hangs": 0.02, "storms": 6.0}


def throughput(labels: int, size: int) -> bool:
    """Labels a second, of what 256 slots could give."""
    with mock(latency=LATENCY, slots=SLOTS) as url, tempfile.TemporaryDirectory() as folder:
        # One label is one question here, so what goes together is the questions of one label in both orders, 16 each.
        model = opened(url, Path(folder), api="completions", batch=size, deadline=60)
        began, cpu = time.perf_counter(), time.process_time()
        made = model.run(asked(labels, _settings(size)))
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
        model.close()
        found = stats(url)
    questions = sum(len(one.votes) for one in made)
    ideal = questions / SLOTS * LATENCY
    more = {"questions": questions, "seconds": round(seconds, 2), "ideal_seconds": round(ideal, 2)}
    more |= {"ms_of_cpu_a_question": round(1000 * cpu / questions, 3), "most_at_once": found["most"], "beside": load()}
    return report(f"throughput against the ideal, {size} in a request", ideal / seconds, 0.9, **more)


def _settings(size: int) -> object:
    import msgspec

    return ONE if size == 1 else msgspec.structs.replace(ONE, scheme="ensemble")


def faults(labels: int) -> tuple[bool, float]:
    """Rows lost, and questions that were answered and asked again, with errors, hangs and storms of 429."""
    with mock(latency=LATENCY, slots=SLOTS, **FAULTS) as url, tempfile.TemporaryDirectory() as folder:
        model = opened(url, Path(folder), deadline=15, attempts=12)
        began = time.perf_counter()
        made = model.run(asked(labels))
        seconds = time.perf_counter() - began
        model.close()
        found = stats(url)
    lost = labels - sum(one.p_first is not None for one in made)
    more = {"labels": labels, "seconds": round(seconds, 1), "failed_calls": found["failed"], "beside": load()}
    good = report("with faults: labels lost", lost, 0, higher=False, **more)
    good &= report("with faults: answered questions asked again", found["twice"], 0, higher=False)
    return good, seconds


def gather(labels: int, most: float) -> tuple[float, int]:
    """A plain ``asyncio.gather`` with the official client, as one writes it: (seconds, labels that it got)."""
    async def all_of(url: str) -> int:
        from openai import AsyncOpenAI

        client = AsyncOpenAI(base_url=url, api_key="none")
        window = asyncio.Semaphore(SLOTS)

        async def one(text: str) -> bool:
            async with window:
                await client.chat.completions.create(
                    model="mock", messages=[{"role": "user", "content": text}], max_tokens=1, logprobs=True,
                    top_logprobs=20,
                )  # fmt: skip
            return True

        texts = [templates.principle_last(pair, PRINCIPLES[0].comparison) for pair in pairs(labels)]
        done = 0
        tasks = [asyncio.create_task(one(text)) for text in texts]
        try:
            async with asyncio.timeout(most):
                await asyncio.gather(*tasks)
        finally:
            done = sum(task.done() and not task.cancelled() and task.exception() is None for task in tasks)
            counted.append(done)
        return done

    counted: list[int] = []
    with mock(latency=LATENCY, slots=SLOTS, **FAULTS) as url:
        began = time.perf_counter()
        try:
            asyncio.run(all_of(url))
        except (openai.OpenAIError, TimeoutError) as error:
            note(f"asyncio.gather ended with {type(error).__name__}: {str(error)[:120]}")
    return time.perf_counter() - began, counted[0] if counted else 0


def distilabel(python: str, labels: int, most: float) -> tuple[float, int]:
    """distilabel in a process of its own: (seconds, labels that it got; where time ran out, questions answered)."""
    place = Path(__file__).with_name("scale_distilabel.py")
    with mock(latency=LATENCY, slots=SLOTS, **FAULTS) as url, tempfile.TemporaryDirectory() as folder:
        texts, out = Path(folder) / "texts.json", Path(folder) / "out.json"
        asked_for = [templates.principle_last(pair, PRINCIPLES[0].comparison) for pair in pairs(labels)]
        texts.write_text(json.dumps(asked_for))
        words = [python, place, f"--url={url}", f"--texts={texts}", f"--out={out}", f"--batch={SLOTS}"]
        # It would print three lines for each call.
        alone = {**os.environ, "PYTHONPATH": "", "HF_HUB_OFFLINE": "1", "DISTILABEL_LOG_LEVEL": "WARNING"}
        began = time.perf_counter()
        # It works in processes of its own, which end with it: a group that can be killed as one.
        with subprocess.Popen(words, env=alone, stdout=sys.stderr, start_new_session=True) as process:
            try:
                process.wait(most)
            except subprocess.TimeoutExpired:
                note(f"distilabel was stopped after {most:.0f} s")
            finally:
                end(process)
        seconds = time.perf_counter() - began
        return seconds, json.loads(out.read_text()) if out.exists() else stats(url)["answered"]


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process and those that it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def against(name: str, ours: float, theirs: tuple[float, int], labels: int) -> bool:
    """Times as fast as a peer on the faulty server."""
    seconds, got = theirs
    faster = seconds / ours if got == labels else float("inf")
    more = {"ours_seconds": round(ours, 1), "theirs_seconds": round(seconds, 1), "theirs_got": got, "of": labels}
    return report(f"against {name}: times as fast (not all its labels came: 999)", min(faster, 999.0), 1.5, **more)


def main() -> int:
    """All figures of calls."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--labels", type=int, default=10_000)
    parser.add_argument("--quick", action="store_true", help="320 labels, and a minute for whom they are compared with")
    parser.add_argument("--most", type=float, default=0.0, help="seconds for those (default: four times ours)")
    args = parser.parse_args()
    asked_for = 320 if args.quick else args.labels
    good = throughput(asked_for // 4, 16)  # each of sixteen questions: half a minute, of which starting is little
    good &= throughput(asked_for, 1)
    held, seconds = faults(asked_for)
    good &= held
    most = args.most or (30 if args.quick else max(4 * seconds, 60))
    good &= against("asyncio.gather", seconds, gather(asked_for, most), asked_for)
    if python := os.environ.get("BYLAW_BENCH_DISTILABEL"):
        good &= against("distilabel", seconds, distilabel(python, asked_for, most), asked_for)
    else:
        note("not measured: the time beside distilabel; BYLAW_BENCH_DISTILABEL names no Python that has it")
    return int(not good)


if __name__ == "__main__":
    sys.exit(main())
