"""Requests a second: the gateway, with decisions and record on, beside LiteLLM, a bare proxy and nginx.

One worker each, 32 connections, small chat completions, the same upstreams (bench/gateway/). All servers stand on one
core, the load and the upstreams on another; whoever is not measured is stopped. Rounds go from one to the next, so
that what else runs here meets all alike; a ratio is the median over the rounds. The gateway has 20,000 subjects, 256
keys of as many people and the first letter of June 2026 in force, and is measured in both settings of ``record.sync``.

``--clock cpu`` says what a core of its own would answer in a second, from the CPU that a server's processes used, the
recorder's until all is in the ledger; what they use when nobody asks is measured first and taken from the core. On a
machine that others use, seconds on the wall say how many others there were.

    python -m venv LITELLM && LITELLM/bin/pip install 'litellm[proxy]'
    python bench/gateway_speed.py --litellm LITELLM/bin/litellm
    python bench/gateway_speed.py --quick       # without LiteLLM unless it is named
"""

import os
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec

from bylaw.gateway.record.layout import end_of
from gateway_load import Run, wrk
from gateway_machine import SERVERS, cpu, free_port, load_average, running, tree, until
from gateway_stand import HERE, STREAMS, WHOLE, Gateway, configured, options, upstreams
from reporting import note, report

SIZE, ROUNDS, SECONDS = 20_000, 5, 5.0
LITELLM, BARE, NGINX = 40.0, 0.8, 0.25
"""Bounds; the last is a goal, and is told as short all the same."""
MODELS = {"whole": WHOLE, "streaming": STREAMS}
SYNCS = ("system", "each")
COMMIT = 2
"""Seconds between two turns of the recorder: more often than by default, so that a round's own work is in it."""


class Peer(NamedTuple):
    """Something that answers. ``settled`` waits until it has done what its answers left to do."""

    name: str
    url: str
    keys: Path
    model: str
    pid: int
    settled: Callable[[], None] = lambda: None
    times: int = 1
    """A run is so many times longer: whoever answers few requests must answer some."""


def main() -> int:
    """Every figure; 0 if all reach their bounds."""
    said = options(
        __doc__ or "",
        litellm={"type": Path, "default": os.environ.get("BYLAW_BENCH_LITELLM"), "help": "LiteLLM's own command"},
        rounds={"type": int, "default": ROUNDS},
        seconds={"type": float, "default": SECONDS},
        how={"choices": tuple(MODELS), "nargs": "+", "default": list(MODELS), "help": "which answers"},
        clock={"choices": ("wall", "cpu"), "default": "wall", "help": "which seconds are counted"},
    )
    rounds, seconds = (2, 2.0) if said.quick else (said.rounds, said.seconds)
    reached = []
    for how in said.how:
        model = MODELS[how]
        with tempfile.TemporaryDirectory() as temporary, ExitStack() as stack:
            folder = Path(temporary)
            folder.chmod(0o755)
            peers = list(started(stack, folder, model, said.litellm))
            runs = measured(peers, model == STREAMS, rounds, seconds)
        reached += figures(runs, how, said.clock)
    if not said.litellm and not said.quick:
        note("LiteLLM was not measured: name its command with --litellm")
        reached.append(False)
    return 0 if all(reached) else 1


def started(stack: ExitStack, folder: Path, model: str, litellm: Path | None) -> Iterator[Peer]:
    """Everybody, as long as the stack is open."""
    ports = stack.enter_context(upstreams(folder))
    one = folder / "one.txt"
    one.write_text("sk-bench-0000000000000000\n")
    yield Peer("upstream", f"http://127.0.0.1:{ports[model]}", one, model, 0)
    for sync in SYNCS:
        settings = f'[record]\nsync = "{sync}"\ncommit_seconds = {COMMIT}\n'
        gateway = Gateway(folder / sync, SIZE, ports, settings=settings)
        stack.enter_context(gateway.serving())
        settled = waits(gateway)
        yield Peer(f"bylaw, {sync}", gateway.door, gateway.key_file, model, gateway.process.pid, settled)
    port = free_port()
    command = (sys.executable, str(HERE / "bare.py"), str(port), f"http://127.0.0.1:{ports[model]}")
    bare = stack.enter_context(running(*command, core=SERVERS, port=port))
    yield Peer("bare proxy", f"http://127.0.0.1:{port}", one, model, bare.pid)
    port = free_port()
    path = configured("nginx.conf", folder, port=port, upstream=ports[model])
    nginx = stack.enter_context(running("nginx", "-g", "daemon off;", "-c", str(path), core=SERVERS, port=port))
    yield Peer("nginx", f"http://127.0.0.1:{port}", one, model, nginx.pid)
    if litellm:
        yield from lite(stack, folder, model, ports, litellm, one)


def lite(
    stack: ExitStack, folder: Path, model: str, ports: dict[str, int], command: Path, keys: Path
) -> Iterator[Peer]:
    """LiteLLM's proxy, once it answers."""
    port = free_port()
    path = configured("litellm.yaml", folder, upstream=ports[WHOLE], streams=ports[STREAMS])
    words = (str(command), "--config", str(path), "--host", "127.0.0.1", "--port", str(port), "--num_workers", "1")
    environment = {"LITELLM_MODE": "PRODUCTION", "LITELLM_LOG": "ERROR", "PYTHONPATH": ""}
    environment["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # nothing is fetched
    process = stack.enter_context(running(*words, core=SERVERS, port=port, **environment))
    yield Peer("LiteLLM", f"http://127.0.0.1:{port}", keys, model, process.pid, times=6)


def waits(gateway: Gateway) -> Callable[[], None]:
    """Until all that was decided is in the archive and the ledger."""

    def drained() -> bool:
        try:
            read = msgspec.json.decode((gateway.state.segments / "read.json").read_bytes(), type=dict[str, int])
        except OSError:
            return False
        return all(end_of(path) <= read.get(path.name, 0) for path in gateway.state.segments.glob("*.log"))

    return lambda: until(drained, 300, gateway.log, 0.1)


@contextmanager
def alone(peer: Peer, peers: Sequence[Peer]) -> Iterator[None]:
    """All others are stopped."""
    others = [pid for each in peers if each is not peer and each.pid for pid in tree(each.pid)]
    try:
        for pid in others:
            os.kill(pid, signal.SIGSTOP)
        yield
    finally:
        for pid in others:
            os.kill(pid, signal.SIGCONT)


def measured(peers: Sequence[Peer], stream: bool, rounds: int, seconds: float) -> dict[str, list[Run]]:
    """The runs of each, round by round; the first round warms up and is not kept."""
    runs: dict[str, list[Run]] = {each.name: [] for each in peers}
    idle = {each.name: resting(each, peers, seconds) for each in peers if each.pid}
    for number in range(rounds + 1):
        for peer in peers:
            with alone(peer, peers):
                start, before = time.monotonic(), cpu(tree(peer.pid))
                run = wrk(peer.url, peer.keys, peer.model, stream, seconds * peer.times, peer.pid)
                peer.settled()
                share = idle.get(peer.name, 0.0)
                spent = cpu(tree(peer.pid)) - before - share * (time.monotonic() - start)
            run = run._replace(per_cpu=(1 - share) * run.requests / max(spent, 0.01))
            note(
                f"{peer.name:14} {run.rate:9,.0f}/s  p50 {run.p50:7.2f} ms  p99 {run.p99:7.2f} ms  "
                f"CPU {run.server:.2f} (load {run.load:.2f})  {run.per_cpu:9,.0f}/s of CPU"
                + ("  (warming up)" if not number else "")
            )
            if number and not run.requests:
                raise SystemExit(f"{peer.name} answered nothing in {seconds * peer.times:g} s")
            if number:
                runs[peer.name].append(run)
    return runs


def resting(peer: Peer, peers: Sequence[Peer], seconds: float) -> float:
    """The share of a core that it uses when nobody asks."""
    peer.settled()
    with alone(peer, peers):
        before = cpu(tree(peer.pid))
        time.sleep(2 * seconds)
        share = (cpu(tree(peer.pid)) - before) / (2 * seconds)
    note(f"{peer.name:14} uses {share:.3f} of a core when nobody asks")
    return share


def figures(runs: dict[str, list[Run]], how: str, clock: str) -> list[bool]:
    """The ratios with their bounds."""
    runs = dict(runs)
    ceiling = statistics.median(each.rate for each in runs.pop("upstream"))
    reached = []
    for sync in SYNCS:
        own = runs[f"bylaw, {sync}"]
        for peer, bound in (("LiteLLM", LITELLM), ("bare proxy", BARE), ("nginx", NGINX)):
            if peer not in runs:
                continue
            name = f"requests/s against {peer}, {how}, record.sync = {sync}, ×"
            goal = {"goal": True} if peer == "nginx" else {}
            reached.append(ratio(name, own, runs[peer], bound, clock, upstream=round(ceiling), **goal))
    return reached


def ratio(name: str, own: list[Run], other: list[Run], bound: float, clock: str, **more: object) -> bool:
    """One ratio, by the clock asked for; the other clock's beside it."""

    def rates(runs: list[Run], by: str) -> list[float]:
        return [each.per_cpu if by == "cpu" else each.rate for each in runs]

    def ratios(by: str) -> list[float]:
        return [mine / theirs for mine, theirs in zip(rates(own, by), rates(other, by), strict=True)]

    found = ratios(clock)
    return report(
        name,
        statistics.median(found),
        bound,
        clock=clock,
        spread=[round(min(found), 2), round(max(found), 2)],
        by_wall=round(statistics.median(ratios("wall")), 3),
        by_cpu=round(statistics.median(ratios("cpu")), 3),
        mine=round(statistics.median(rates(own, clock))),
        theirs=round(statistics.median(rates(other, clock))),
        p99_ms=[round(statistics.median(each.p99 for each in runs), 2) for runs in (own, other)],
        cpu=[round(statistics.median(each.server for each in runs), 2) for runs in (own, other)],
        cpu_of_load=round(statistics.median(each.load for each in own), 2),
        load_average=load_average(),
        **more,
    )


if __name__ == "__main__":
    start = time.monotonic()
    code = main()
    note(f"{time.monotonic() - start:.0f} s")
    sys.exit(code)
