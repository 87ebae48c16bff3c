"""What the processes below the supervisor share: their arguments, and that they end when it does."""

import argparse
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from bylaw.errors import BylawError
from bylaw.gateway.log import Log
from bylaw.gateway.settings import Place

SUPERVISOR = "BYLAW_SUPERVISOR"
"""The variable in which the supervisor says its process id to those it starts."""


def supervisor() -> int:
    """The process that this one ends with. It may be gone before this one looks who its parent is."""
    return int(os.environ.get(SUPERVISOR) or os.getppid())


def run(who: str, main: Callable[[argparse.Namespace, Place], None]) -> None:
    """Run a child's ``main``; an error on purpose is one line and exit code 1."""
    parser = argparse.ArgumentParser(prog=f"bylaw gateway {who}")
    parser.add_argument("settings", type=Path)
    parser.add_argument("--socket", type=int, default=-1)
    parser.add_argument("--once", action="store_true")
    parser.add_argument("--number", type=int, default=0)
    args = parser.parse_args()
    try:
        main(args, Place.read(args.settings))
    except BylawError as error:
        Log(who).event("failed", why=str(error))
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(0)


def repeat(turn: Callable[[], object], every: float) -> None:
    """Do it again and again, as long as the supervisor lives; told to stop, once more.

    A turn that returns seconds is given so long before the next, instead of ``every``.
    """
    parent, stop = supervisor(), threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    while not stop.is_set() and os.getppid() == parent:
        more = turn()
        stop.wait(more if isinstance(more, float) else every)
    turn()
