"""The process of the admin listener."""

import argparse
import asyncio
import os
import socket

import uvicorn

from bylaw.gateway.admin.app import Admin
from bylaw.gateway.processes import child
from bylaw.gateway.settings import Place
from bylaw.gateway.state import State


async def serve(admin: Admin, listening: socket.socket) -> None:
    """Serve as long as the supervisor lives."""
    listen = admin.state.place.settings.admin
    server = uvicorn.Server(
        uvicorn.Config(
            admin,
            lifespan="off",
            ws="none",
            proxy_headers=False,
            server_header=False,
            log_config=None,
            log_level="critical",
            ssl_certfile=listen.certificate or None,
            ssl_keyfile=listen.private_key or None,
        )
    )
    watch = asyncio.ensure_future(_orphaned(server))
    await server.serve(sockets=[listening])
    watch.cancel()


async def _orphaned(server: uvicorn.Server) -> None:
    parent = os.getppid()
    while os.getppid() == parent:
        await asyncio.sleep(0.5)
    server.should_exit = True


def main(args: argparse.Namespace, place: Place) -> None:
    """The admin listener."""
    asyncio.run(serve(Admin(State(place)), socket.socket(fileno=args.socket)))


if __name__ == "__main__":
    child.run("admin", main)
