"""The process behind ``bylaw serve`` where no upstream is configured: a model directory on a local socket.

Run as ``python -m bylaw.cli.answer MODEL SOCKET``; the command line alone knows both the gateway and models.
"""

import asyncio
import os
import socket
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

from bylaw.canonical import seed_of


def newest() -> Path:
    """The model of the newest run of the wind tunnel here that was trained to its end; without one, the seed model."""
    from bylaw.windtunnel import WEIGHTS

    finals = [path for path in Path("runs").glob("*/models/final") if (path / "config.json").is_file()]
    return max(finals, key=lambda path: path.stat().st_mtime, default=WEIGHTS)


def main(model: str, where: str) -> None:
    """Serve until the supervisor ends."""
    from bylaw.gateway.answerer import Answerer
    from bylaw.gateway.processes.server import serve, server_of
    from bylaw.gateway.settings import ListenSettings
    from bylaw.models.local import open_model

    opened = open_model(model)

    def answer(turns: list[tuple[str, str]], most: int, temperature: float) -> str:
        return str(opened.run([_program(turns, most, temperature)])[0])

    Path(where).unlink(missing_ok=True)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)  # nobody else may go around the door
    listening.bind(where)
    os.umask(before)
    asyncio.run(serve(server_of(Answerer(answer), ListenSettings()), listening))


def _program(turns: list[tuple[str, str]], most: int, temperature: float) -> Generator[Any, Any, str]:
    import msgspec

    from bylaw.models.base import Generate
    from bylaw.records import Conversation

    messages = msgspec.convert([{"role": role, "content": text} for role, text in turns], Conversation)
    seed = seed_of([list(turn) for turn in turns])
    completion = yield Generate(messages=messages, max_tokens=most, temperature=temperature, seed=seed)
    return str(completion.text)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
