"""The process of the admin listener, with the console on it."""

import argparse
import asyncio
import socket

from bylaw.console.app import Console
from bylaw.console.desk import Desk
from bylaw.gateway.processes import child
from bylaw.gateway.processes.server import serve, server_of
from bylaw.gateway.settings import Place


def main(args: argparse.Namespace, place: Place) -> None:
    """Serve."""
    desk = Desk(place)
    desk.gathering.start()
    server = server_of(Console(desk), place.settings.admin)
    asyncio.run(serve(server, socket.socket(fileno=args.socket)))


if __name__ == "__main__":
    child.run("admin", main)
