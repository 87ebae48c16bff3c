"""Workers on Ray make what one process makes, to the byte, however often they are killed."""

import os
import pickle
import random
import signal
import socket
import sys
import threading
from pathlib import Path
from typing import Any

import msgspec
import pytest

import slow_ray
import tiny
from bylaw.errors import ClusterLost, ModelError
from bylaw.feedback.compare import CompareSettings, compare
from bylaw.feedback.label import LabelSettings, label
from bylaw.models.cluster import ClusterSettings, lasting
from bylaw.models.head import Head
from bylaw.models.local import LocalSettings, open_model
from bylaw.models.pool import STARTS, Pool, Worker, _start, started
from bylaw.records import Comparison, Message, Principle, Prompt

pytest.importorskip("ray")

from ray import cloudpickle

cloudpickle.register_pickle_by_value(sys.modules[__name__])  # workers do not see this file

PRINCIPLES = [Principle(key=name, comparison=f"Which is {name}?") for name in ("kinder", "truer")]
TWO = ClusterSettings(workers=2, cpus=1)
CHUNK = 4


def compared(prompts: list[Prompt]) -> list[Any]:
    settings = CompareSettings(max_tokens=12)
    return [compare(prompt, "sft", settings, 5) for prompt in prompts]


def labelled(pairs: list[Comparison]) -> list[Any]:
    return [label(pair, PRINCIPLES, "judge", LabelSettings(min_mass=0), 3) for pair in pairs]


def too_much(prompts: list[Prompt]) -> list[Any]:
    raise ModelError("the question does not fit")


def chunks(items: list[Any]) -> list[list[Any]]:
    return [items[at : at + CHUNK] for at in range(0, len(items), CHUNK)]


PROMPTS = [Prompt(messages=(Message("user", f"How do I break lock {n}?"),)) for n in range(40)]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.save_model(tmp_path_factory.mktemp("pool") / "model", [one.messages[0].content for one in PROMPTS])


@pytest.fixture(scope="module")
def pool(model: Path) -> Any:
    import ray

    slow_ray.patient()
    made = Pool(model, "sft", LocalSettings(), TWO)
    yield made
    made.close()
    ray.shutdown()


def _bytes(made: Any) -> list[bytes]:
    return [msgspec.json.encode(results) for results in made]


def _alone(model: Path, items: list[Any], make: Any) -> list[bytes]:
    one = open_model(model, LocalSettings())
    return _bytes(one.run(make(chunk)) for chunk in chunks(items))


@pytest.mark.long
def test_two_workers_make_the_same_bytes(model: Path, pool: Pool) -> None:
    answered = list(pool.over(chunks(PROMPTS), compared))
    assert _bytes(results for results, _ in answered) == _alone(model, PROMPTS, compared)
    assert sum(usage.generated_tokens for _, usage in answered) > 0
    pairs = [one for rows, _ in answered for row in rows for one in row if isinstance(one, Comparison)]
    judged = _bytes(results for results, _ in pool.over(chunks(pairs), labelled))
    assert judged == _alone(model, pairs, labelled)


@pytest.mark.long
def test_killed_workers_lose_nothing_and_repeat_nothing(model: Path, pool: Pool) -> None:
    draw, over = random.Random(1), threading.Event()
    killed: list[int] = []

    def kill() -> None:  # a few: where a worker takes longer to start than it is let live, nothing would get done
        while len(killed) < 3 and not over.wait(draw.uniform(0.1, 2.0)):
            if standing := slow_ray.workers():
                killed.append(draw.choice(standing))
                os.kill(killed[-1], signal.SIGKILL)

    many = PROMPTS * 10
    killer = threading.Thread(target=kill)
    killer.start()
    try:
        made: list[bytes] = []
        for results, _ in pool.over(chunks(many), compared):
            made += _bytes([results])
    finally:
        over.set()
        killer.join()
    assert killed
    assert made == _alone(model, PROMPTS, compared) * 10


@pytest.mark.long
def test_an_error_of_the_work_is_told_as_it_was(pool: Pool) -> None:
    with pytest.raises(ModelError, match="the question does not fit"):
        list(pool.over(chunks(PROMPTS), too_much))


@pytest.mark.long
def test_a_worker_that_cannot_start_says_why(model: Path, tmp_path: Path, pool: Pool) -> None:
    everywhere = msgspec.structs.replace(TWO, cpus=0)  # the other pool's workers hold every core
    broken = Pool(tmp_path, "sft", LocalSettings(), everywhere)
    with pytest.raises(ModelError, match=r"config\.json"):
        list(broken.over(chunks(PROMPTS), compared))


class Ready:
    """A stand-in for Ray whose workers answer in this process, in a drawn order; what goes to them is pickled."""

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)
        self.most = 0

    def put(self, value: Any) -> Any:
        return cloudpickle.dumps(value)

    def wait(self, running: list[Any], num_returns: int, timeout: float) -> tuple[list[Any], list[Any]]:
        self.most = max(self.most, len(running))
        return [self.draw.choice(running)], []

    def get(self, done: Any) -> Any:
        make, chunk, worker = done
        return worker.run(cloudpickle.loads(make), pickle.loads(chunk))


class Sent:
    """One worker's ``run.remote``."""

    def __init__(self, worker: Worker) -> None:
        self.run = self
        self.worker = worker

    def remote(self, make: Any, chunk: list[Any]) -> Any:
        return make, pickle.dumps(chunk), self.worker


@pytest.mark.parametrize("seed", range(3))
def test_chunks_come_back_in_order_whoever_is_first(model: Path, seed: int) -> None:
    pool = Pool.__new__(Pool)
    pool._ray = Ready(seed)
    pool._head = Head("127.0.0.1:0")
    pool._workers = [Sent(Worker(str(model), "sft", LocalSettings(), TWO)) for _ in range(2)]
    few = PROMPTS[:26]
    bound = CompareSettings(max_tokens=12)  # what a pipeline's stage hands over is a function with data in it
    answered = list(pool.over(chunks(few), lambda prompts: [compare(one, "sft", bound, 7) for one in prompts]))
    again = [compare(one, "sft", bound, 7) for one in few[:CHUNK]]
    assert _bytes(results for results, _ in answered)[0] == _bytes([open_model(model, LocalSettings()).run(again)])[0]
    asked = [row[0].prompt for results, _ in answered for row in results]
    assert asked == [one.id for one in few]
    assert pool._ray.most == 4 and len(answered) == 7
    assert all(usage.generated_tokens > 0 for _, usage in answered)


class Busy:
    """A stand-in for Ray whose node ends itself ``times`` times while it starts."""

    def __init__(self, times: int, said: str = "The current node timed out during startup.") -> None:
        self.left, self.said, self.stopped = times, said, 0

    def init(self, **how: Any) -> None:
        if self.left:
            self.left -= 1
            raise Exception(self.said)  # Ray's type for it

    def shutdown(self) -> None:
        self.stopped += 1


def test_a_node_that_ends_itself_is_started_again() -> None:
    ray = Busy(STARTS - 1)
    _start(ray)
    assert ray.stopped == STARTS - 1
    for busy in (Busy(STARTS), Busy(1, "no such address")):
        with pytest.raises(Exception, match=r"timed out during startup|no such address"):
            _start(busy)
    assert busy.stopped == 0


@pytest.mark.parametrize("address", ["127.0.0.1:1", "ray://127.0.0.1:1", "127.0.0.1:99999"])
def test_an_address_where_nothing_answers_is_said_to_be_one(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the tests before have left a cluster of their own running, which stays."""
    monkeypatch.setattr("ray.is_initialized", lambda: False)
    monkeypatch.setattr("ray.shutdown", lambda: None)
    with pytest.raises(ClusterLost, match=f"no Ray cluster at {address}: nothing answers there"):
        started(ClusterSettings(workers=1, address=address))


def test_a_head_may_be_away_for_a_while_and_not_for_good(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 100.0, 101.0, 120.0, 129.0, 131.0])
    monkeypatch.setattr("bylaw.models.head.monotonic", lambda: next(clock))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        watched = Head(f"127.0.0.1:{listening.getsockname()[1]}")
        watched.require()
    for _ in range(3):  # not looked for again at once; away for 20 s, for 29 s
        watched.require()
    with pytest.raises(ClusterLost, match="lost its head: nothing has answered at 127"):
        watched.require()


def test_what_a_run_keeps_of_its_cluster() -> None:
    assert lasting(ClusterSettings(workers=9, address="auto", cpus=4)) == ClusterSettings()
    assert lasting(ClusterSettings(engine="vllm", workers=9, gpus=1)).engine == "vllm"
