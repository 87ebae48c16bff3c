"""The process behind ``bylaw serve`` where no upstream is configured: a model directory on a local socket.

Run as ``python -m bylaw.cli.answer MODEL SOCKET``; the command line alone knows both the gateway and models.
"""

import asyncio
import os
import socket
import sys
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from bylaw.canonical import seed_of

if TYPE_CHECKING:
    from bylaw.models.base import Completion


def newest() -> Path:
    """The model of the newest run of the wind tunnel here that was trained to its end; without one, the seed model."""
    from bylaw.windtunnel import WEIGHTS

    finals = [path for path in Path("runs").glob("*/models/final") if (path / "config.json").is_file()]
    return max(finals, key=lambda path: path.stat().st_mtime, default=WEIGHTS)


def main(model: str, where: str) -> None:
    """Serve until the supervisor ends."""
    from bylaw.gateway.answerer import Answerer, Said
    from bylaw.gateway.processes.server import serve, server_of
    from bylaw.gateway.settings import ListenSettings
    from bylaw.models.local import open_model

    opened = open_model(model)

    def answer(turns: list[tuple[str, str]], most: int, temperature: float) -> Said | None:
        before = msgspec.structs.replace(opened.usage)
        (made,) = opened.run([_program(turns, most, temperature)])
        if made.finish == "too_long":
            return None
        return Said(made.text, opened.usage.less(before).prompt_tokens, made.tokens, cut=made.finish == "length")

    Path(where).unlink(missing_ok=True)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)  # nobody else may go around the door
    listening.bind(where)
    os.umask(before)
    asyncio.run(serve(server_of(Answerer(answer), ListenSettings()), listening))


def _program(turns: list[tuple[str, str]], most: int, temperature: float) -> "Generator[Any, Any, Completion]":
    from bylaw.models.base import Generate
    from bylaw.records import Conversation

    messages = msgspec.convert([{"role": role, "content": text} for role, text in turns], Conversation)
    seed = seed_of([list(turn) for turn in turns])
    completion: Completion = yield Generate(messages=messages, max_tokens=most, temperature=temperature, seed=seed)
    return completion


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
