"""The thread that keeps the summary up with the archive, as long as the console runs."""

import threading
import time
from functools import cached_property
from pathlib import Path

from bylaw.access.office.listing import Listing
from bylaw.access.office.place import Office
from bylaw.console.decisions.gather import gather
from bylaw.console.decisions.people import Organizations
from bylaw.console.decisions.summary import Summary
from bylaw.errors import BylawError
from bylaw.gateway.log import Log
from bylaw.gateway.processes.core import stand_back
from bylaw.gateway.state import State

EVERY = 1.0
"""Seconds between looks where nothing is new."""
YIELDING = 0.01
"""Seconds that pages are let go first, between batches."""


class Gathering:
    """One for a console; ``turn`` does the work, ``start`` does it again and again on a thread of its own."""

    def __init__(self, state: State, folder: Path) -> None:
        self.summary, self.organizations = Summary(folder / "summary.sqlite"), Organizations(state)
        self._place, self._said = state.place, ""

    @cached_property
    def listing(self) -> Listing:
        """The archive, to read. Raises ``UsageError`` while there is no office."""
        return Listing(Office.open(self._place.office).archive.path)

    def turn(self) -> int:
        """One batch; returns how many decisions were entered."""
        self.organizations.renew()
        return gather(self.listing, self.summary, self.organizations.of)

    def all(self) -> None:
        """Everything there is now."""
        while self.turn():
            pass

    def start(self) -> None:
        """Begin."""
        threading.Thread(target=self._run, daemon=True, name="gathering").start()

    def _run(self) -> None:
        stand_back()
        while True:
            time.sleep(YIELDING if self._tried() else EVERY)

    def _tried(self) -> int:
        """A turn; what is wrong is said once, and tried again: pages say how far the summary is behind."""
        try:
            found, self._said = self.turn(), ""
            return found
        except (BylawError, OSError) as error:
            if str(error) != self._said:
                self._said = str(error)
                Log("console").event("gathering", why=self._said)
            return 0
