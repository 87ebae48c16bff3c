"""The process of the admin listener."""

import argparse
import asyncio
import socket

from bylaw.gateway.admin.app import Admin
from bylaw.gateway.processes import child
from bylaw.gateway.processes.server import serve, server_of
from bylaw.gateway.settings import Place
from bylaw.gateway.state import State


def main(args: argparse.Namespace, place: Place) -> None:
    """Serve."""
    server = server_of(Admin(State(place)), place.absolute().admin)
    asyncio.run(serve(server, socket.socket(fileno=args.socket)))


if __name__ == "__main__":
    child.run("admin", main)
