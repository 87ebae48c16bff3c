"""The model is asked while the disk syncs the decision; nothing of its answer goes out before that has ended."""

import asyncio
import json
import os
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from gateway_model import ModelServer
from gateway_rig import CHAT, SETTLED, WAIT, Rig, letter
from uvicorn import Config
from uvicorn.server import ServerState

from bylaw.gateway.processes.worker import Worker
from bylaw.gateway.record.layout import end_of
from bylaw.gateway.settings import Place
from bylaw.gateway.snapshot.publish import Publisher
from bylaw.gateway.tally import Tally
from bylaw.gateway.wire.connection import connection_class


class Here:
    """One worker in this process, whose disk syncs when it is let; ``syncs`` counts how often it was asked to."""

    def __init__(self, folder: Path, server: ModelServer, patch: pytest.MonkeyPatch) -> None:
        self.rig, self.server = Rig(folder, server.url, SETTLED), server
        place, state = Place.read(self.rig.path), self.rig.state
        self.publisher = Publisher(self.rig.office, state.keys, state.snapshot, state.signer(), place.settings.snapshot)
        self.publish()
        Tally.create(state.tally, 1)
        self.worker = Worker(place, 0)
        self.syncs, self.may_sync, self.error = 0, threading.Event(), False
        patch.setattr("os.fdatasync", self._sync)

    def publish(self) -> None:
        self.publisher.turn(time.time())

    def _sync(self, file: int) -> None:
        self.syncs += 1
        assert self.may_sync.wait(WAIT)
        if self.error:
            raise OSError(5, "I/O error")
        os.fsync(file)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["Here"]:
        await self.worker.follower.turn()
        made = connection_class(self.worker.settings.limits, self.worker.door, int)
        config, state = Config("none"), ServerState()
        server = await asyncio.get_running_loop().create_server(lambda: made(config, state, {}), "127.0.0.1", 0)
        self.address = server.sockets[0].getsockname()
        try:
            yield self
        finally:
            self.may_sync.set()
            server.close()
            self.worker.door.parts.upstreams.close()
            self.worker.segments.close()

    async def ask(self, who: str, cut: int = 0, **body: object) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A chat completion; without its last ``cut`` bytes."""
        reader, writer = await asyncio.open_connection(*self.address)
        content = json.dumps({**CHAT, **body})
        head = f"POST /v1/chat/completions HTTP/1.1\r\nauthorization: Bearer {self.rig.keys[who]}\r\n"
        head += f"content-type: application/json\r\ncontent-length: {len(content)}\r\nconnection: close\r\n\r\n"
        writer.write((head + content).encode()[: -cut or None])
        return reader, writer

    def lines(self) -> list[bytes]:
        paths = self.rig.state.segments.glob("*.log")
        return b"".join(path.read_bytes()[: end_of(path)] for path in paths).splitlines()


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Here]:
    with ModelServer() as server:
        yield Here(tmp_path, server, monkeypatch)


async def so(until: object) -> None:
    """Until something is so."""
    async with asyncio.timeout(WAIT):
        while not until():  # type: ignore[operator]
            await asyncio.sleep(0.01)


async def silent(reader: asyncio.StreamReader) -> None:
    """Nothing comes for a while."""
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reader.read(1), 0.3)


def test_nothing_of_an_answer_goes_out_before_its_decision_is_on_the_disk(here: Here) -> None:
    async def test() -> None:
        async with here.serving():
            reader, writer = await here.ask("citizen")
            await so(lambda: here.server.heard)
            assert here.syncs == 1 and len(here.lines()) == 1  # written before the model was asked
            await silent(reader)
            here.may_sync.set()
            assert (await reader.read()).startswith(b"HTTP/1.1 200 ")
            writer.close()

    asyncio.run(test())


@pytest.mark.parametrize("model", ["m", "nowhere", "broken"])
def test_a_disk_that_fails_meanwhile_lets_nothing_out(here: Here, model: str) -> None:
    async def test() -> None:
        async with here.serving():
            here.error = True
            reader, writer = await here.ask("citizen", model=model)
            await so(lambda: here.syncs)
            await silent(reader)  # nor is it told yet that the model's server cannot be reached
            here.may_sync.set()
            got = await reader.read()
            assert got.startswith(b"HTTP/1.1 503 ") and b"no-record" in got and b"bylaw-receipt" not in got
            writer.close()

    asyncio.run(test())


def test_a_refusal_waits_for_the_disk_and_asks_nobody(here: Here) -> None:
    here.rig.enact(letter("fable-5"), "letter.toml")
    here.publish()

    async def test() -> None:
        async with here.serving():
            reader, writer = await here.ask("foreign", model="fable-5")
            await so(lambda: here.syncs)
            await silent(reader)
            here.may_sync.set()
            assert (await reader.read()).startswith(b"HTTP/1.1 451 ") and not here.server.heard
            writer.close()

    asyncio.run(test())


def test_what_is_enacted_meanwhile_counts(here: Here) -> None:
    async def test() -> None:
        async with here.serving():
            reader, writer = await here.ask("foreign", model="fable-5")
            await so(lambda: here.server.heard)
            here.rig.enact(letter("fable-5"), "letter.toml")
            here.publish()
            await here.worker.follower.turn()
            await silent(reader)
            here.may_sync.set()
            got = await reader.read()
            assert got.startswith(b"HTTP/1.1 451 ") and len(here.lines()) == 2
            writer.close()

    asyncio.run(test())


def test_a_key_that_is_revoked_while_the_body_comes_opens_nothing(here: Here) -> None:
    async def test() -> None:
        async with here.serving():
            here.may_sync.set()
            for cut in (1, 0):
                reader, writer = await here.ask("citizen", cut)
                if cut:
                    await so(lambda: here.worker.door.parts.limits.under_way)
                    here.rig.state.keys.revoke(here.rig.keys["citizen"], "leaked", datetime.now(UTC))
                    here.publish()
                    await here.worker.follower.turn()
                    writer.write(b"}")
                assert (await reader.read()).startswith(b"HTTP/1.1 401 ")
                writer.close()
            assert not here.server.heard and not here.lines()

    asyncio.run(test())
