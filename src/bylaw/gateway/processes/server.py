"""Uvicorn, as the worker and the admin listener run it: quiet, believing no proxy, ended when told to or orphaned."""

import asyncio
import os
import signal
import socket
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import uvicorn

from bylaw.gateway.processes.child import supervisor
from bylaw.gateway.settings import ListenSettings


class Server(uvicorn.Server):
    """A server that ends in order: uvicorn's own raises the signal again, which would skip what comes after."""

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """SIGTERM and SIGINT let answers under way end."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._end)
        yield

    def _end(self) -> None:
        self.should_exit = True


def server_of(app: Any, listen: ListenSettings, **more: Any) -> Server:
    """A server of an application."""
    return Server(
        uvicorn.Config(
            app,
            ws="none",
            lifespan="off",
            interface="asgi3",
            proxy_headers=False,
            server_header=False,
            access_log=False,
            log_config=None,
            log_level="critical",
            ssl_certfile=listen.certificate or None,
            ssl_keyfile=listen.private_key or None,
            **more,
        )
    )


async def serve(server: Server, listening: socket.socket) -> None:
    """Serve until told to stop, or until the supervisor has gone."""
    watch = asyncio.ensure_future(_orphaned(server))
    try:
        await server.serve(sockets=[listening])
    finally:
        watch.cancel()


async def _orphaned(server: Server) -> None:
    parent = supervisor()
    while os.getppid() == parent:
        await asyncio.sleep(0.5)
    server.should_exit = True
