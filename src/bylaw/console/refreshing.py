"""Everybody screened anew: ``bylaw access refresh`` as a process of its own, which outlives the page that began it."""

import subprocess
import sys
from pathlib import Path

import msgspec

from bylaw.console.desk import Desk
from bylaw.errors import UsageError
from bylaw.gateway.processes.core import BACK
from bylaw.storage import alone, hold


class Refreshing(msgspec.Struct, frozen=True, kw_only=True):
    """``last`` is the last thing it said, ``said`` when, seconds since 1970; None: there never was one."""

    runs: bool
    said: float | None = None
    last: str = ""


def refreshing(desk: Desk) -> Refreshing:
    """How far it is."""
    log = _log(desk)
    if not log.exists():
        return Refreshing(runs=False)
    lines = [line for line in log.read_text("utf-8", "replace").splitlines() if line.strip()]
    return Refreshing(runs=_runs(desk), said=log.stat().st_mtime, last=lines[-1] if lines else "")


def begin(desk: Desk) -> None:
    """Begin. Raises ``UsageError`` while one runs."""
    verb = [sys.executable, "-m", "bylaw", "access", "refresh", "--office", str(desk.place.office)]
    command = ["nice", "-n", str(BACK), *verb]  # whoever is at the door comes first
    with _lock(desk).open("ab") as lock, _log(desk).open("ab") as log:
        hold(lock, UsageError("everybody is being screened already; wait until it is done"))
        log.truncate(0)
        subprocess.Popen(  # the lock goes with it, and ends with it
            command, stdout=log, stderr=subprocess.STDOUT, pass_fds=[lock.fileno()], process_group=0
        )


def _runs(desk: Desk) -> bool:
    try:
        with alone(_lock(desk), UsageError("it runs")):
            return False
    except UsageError:
        return True


def _log(desk: Desk) -> Path:
    return desk.folder / "refresh.log"


def _lock(desk: Desk) -> Path:
    return desk.folder / "refresh.lock"
