"""What the processes below the supervisor share: their arguments, and that they end when it does."""

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from bylaw.errors import BylawError
from bylaw.gateway.log import Log
from bylaw.gateway.settings import Place


def run(who: str, main: Callable[[argparse.Namespace, Place], None]) -> None:
    """Run a child's ``main``; an error on purpose is one line and exit code 1."""
    parser = argparse.ArgumentParser(prog=f"bylaw gateway {who}")
    parser.add_argument("settings", type=Path)
    parser.add_argument("--socket", type=int, default=-1)
    args = parser.parse_args()
    try:
        main(args, Place.read(args.settings))
    except BylawError as error:
        Log(who).event("failed", why=str(error))
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(0)


def repeat(turn: Callable[[], object], every: float) -> None:
    """Do it again and again, as long as the supervisor lives."""
    parent = os.getppid()
    while os.getppid() == parent:
        turn()
        time.sleep(every)
