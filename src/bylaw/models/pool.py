"""Chunks of programs on a Ray cluster: workers that each hold the model, and answer whole chunks.

A worker builds a chunk's programs itself and runs them as one process would: a batch never crosses a chunk, so the
records are the same bytes. Ray starts a worker that died again and gives it its chunk once more; what a chunk made
comes back whole or not at all, so none is lost and none counts twice. The caller alone files chunks, in order.
"""

import os
import re
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from bylaw.errors import ClusterLost, MissingExtra, ModelError
from bylaw.models.base import Answers, I, Program, T, Usage
from bylaw.models.cluster import ClusterSettings
from bylaw.models.head import ANSWER, EVERY, Head
from bylaw.models.local import LocalSettings

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
AHEAD = 2
"""Chunks that wait at each worker, so that none stands idle while results are filed."""

STARTS = 4
"""Times that Ray is started here before it is given up."""
BUSY = {
    "agent_register_timeout_ms": "600000",
    "health_check_timeout_ms": "60000",
    "health_check_failure_threshold": "20",
    "prestart_worker_first_driver": "0",
}
"""Settings of a Ray that is started here, on a machine that may be busy: a node that answers late is not taken for
dead, and no processes are started that nobody asked for."""


class Worker:
    """One process of the cluster, with the model loaded."""

    def __init__(self, path: str, name: str, settings: LocalSettings, cluster: ClusterSettings) -> None:
        import torch

        torch.set_num_threads(max(1, int(cluster.cpus)))
        self._model = _opened(path, settings, cluster)
        self._model.name = name

    def process(self) -> int:
        """The worker's process id."""
        return os.getpid()

    def run(self, make: Callable[[list[I]], list[Program[T]]], chunk: list[I]) -> tuple[list[T], Usage]:
        """What the programs of a chunk return, and what it took."""
        self._model.usage = Usage()
        return self._model.run(make(chunk)), self._model.usage


def _opened(path: str, settings: LocalSettings, cluster: ClusterSettings) -> Any:
    if cluster.engine == "vllm":
        from bylaw.models.vllm import open_vllm

        return open_vllm(Path(path), settings)
    from bylaw.models.local import open_model

    return open_model(Path(path), settings)


class Pool:
    """The workers of one model. ``close`` lets them go."""

    def __init__(self, path: Path, name: str, settings: LocalSettings, cluster: ClusterSettings) -> None:
        self._ray = started(cluster)
        self._head = Head(self._ray.get_runtime_context().gcs_address)
        options = {"num_cpus": cluster.cpus, "num_gpus": cluster.gpus, "max_restarts": -1}
        made = self._ray.remote(Worker).options(**options, max_task_retries=cluster.retries)
        self._workers = [made.remote(str(path), name, settings, cluster) for _ in range(cluster.workers)]

    def processes(self) -> list[int]:
        """The workers' process ids, once they all stand."""
        found: list[int] = self._ray.get([worker.process.remote() for worker in self._workers])
        return found

    def over(self, chunks: Sequence[list[I]], make: Callable[[list[I]], list[Program[T]]]) -> Answers[T]:
        """For each chunk, in order: what its programs returned, and what it took."""
        shared = self._ray.put(make)
        waiting = deque(enumerate(chunks))
        running: dict[Any, tuple[int, Any]] = {}
        for worker in [*self._workers] * AHEAD:
            self._give(worker, waiting, running, shared)
        found: dict[int, Any] = {}
        for place in range(len(chunks)):
            while place not in found:
                self._head.require()
                for done in self._ray.wait(list(running), num_returns=1, timeout=EVERY)[0]:
                    number, worker = running.pop(done)
                    found[number] = self._got(done)
                    self._give(worker, waiting, running, shared)
            yield found.pop(place)

    def _give(self, worker: Any, waiting: deque[Any], running: dict[Any, Any], shared: Any) -> None:
        if waiting:
            number, chunk = waiting.popleft()
            running[worker.run.remote(shared, list(chunk))] = number, worker

    def _got(self, done: Any) -> Any:
        try:
            return self._ray.get(done)
        except self._ray.exceptions.RayTaskError as error:
            raise error.cause if isinstance(error.cause, ModelError) else error from error
        except (self._ray.exceptions.RayError, ConnectionError) as error:
            raise ClusterLost(f"the cluster lost a chunk's workers for good: {_why(error)}") from error

    def close(self) -> None:
        """Let the workers go, where there is somebody to say it to."""
        if not self._head.there():
            return
        for worker in self._workers:
            self._ray.kill(worker)


class Workers:
    """A model in workers that stand while chunks of it are answered: none is started where there is nothing to do."""

    def __init__(self, path: Path, name: str, settings: LocalSettings, cluster: ClusterSettings) -> None:
        self.name = name
        self._given = path, name, settings, cluster

    def over(self, chunks: Sequence[list[I]], make: Callable[[list[I]], list[Program[T]]]) -> Answers[T]:
        """See ``Chunked``."""
        if chunks:
            with closing(Pool(*self._given)) as pool:
                yield from pool.over(chunks, make)


def _why(error: Exception) -> str:
    """Ray's first line; of a worker that could not start, the last one, which is the worker's own."""
    said = [line for line in COLOUR.sub("", str(error)).splitlines() if line.strip()]
    return said[-1] if "creation task" in said[0] else said[0]


def started(cluster: ClusterSettings) -> Any:
    """Ray, connected to the cluster's head; or started on this machine, until this process ends."""
    try:
        import ray
    except ImportError as error:
        raise MissingExtra("ray", "ray") from error
    if ray.is_initialized():
        return ray
    try:
        _connect(ray, cluster)
    except Exception as error:  # Ray's type for a start that took too long is Exception itself
        ray.shutdown()
        where = f"at {cluster.address}" if cluster.address else "on this machine"
        raise ClusterLost(f"no Ray cluster {where}: {error}") from error
    return ray


def _connect(ray: Any, cluster: ClusterSettings) -> None:
    quiet = {"log_to_driver": False, "configure_logging": False}
    if cluster.address:
        _require_there(cluster.address)
        ray.init(address=cluster.address, **quiet)
    else:
        for name, value in BUSY.items():
            os.environ.setdefault(f"RAY_{name}", value)
        cpus = max(os.cpu_count() or 1, round(cluster.workers * cluster.cpus))
        _start(ray, num_cpus=cpus, include_dashboard=False, **quiet)


def _require_there(address: str) -> None:
    """Raise ``ClusterLost`` where nothing listens: Ray itself looks for a head that is not there without an end."""
    place = address.partition("://")[2] or address
    host, _, port = place.rpartition(":")
    if host and port.isdecimal() and not Head(place).there():
        raise ClusterLost(f"nothing answers there within {ANSWER:g} s; is its head started?")


def _start(ray: Any, **how: Any) -> None:
    """Start Ray here. Its node ends itself where its helpers take long to start; the next time they are quicker."""
    for left in reversed(range(STARTS)):
        try:
            ray.init(**how)
            return
        except Exception as error:
            if "timed out during startup" not in str(error) or not left:
                raise
            ray.shutdown()
