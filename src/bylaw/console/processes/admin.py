"""The process of the admin listener, with the console on it."""

import argparse
import asyncio
import socket

from bylaw.console.app import Console
from bylaw.console.desk import Desk
from bylaw.gateway.processes import child
from bylaw.gateway.processes.server import serve, server_of
from bylaw.gateway.settings import Place

ENDING = 5
"""Seconds that requests under way have when it is told to end; a list that follows would go on for a minute."""


def main(args: argparse.Namespace, place: Place) -> None:
    """Serve."""
    desk = Desk(place)
    desk.gathering.start()
    server = server_of(Console(desk), place.settings.admin, timeout_graceful_shutdown=ENDING)
    asyncio.run(serve(server, socket.socket(fileno=args.socket)))


if __name__ == "__main__":
    child.run("admin", main)
