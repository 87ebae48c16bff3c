"""What a worker says of itself: a line of JSON each, without a name, a key, an address or a word of what anybody
asked.
"""

import os
import time
import traceback
from contextlib import suppress

import msgspec

from bylaw.gateway.problem import Problem

_ENCODE = msgspec.json.Encoder(order="deterministic").encode


class Log:
    """Lines on a file descriptor, standard error by default."""

    def __init__(self, who: str, file: int = 2) -> None:
        self._who, self._file = who, file

    def event(self, event: str, **said: object) -> None:
        """Something happened."""
        line = {"at": round(time.time(), 3), "who": self._who, "event": event, **said}
        with suppress(OSError):  # whoever is asked goes on answering where nobody can be told
            os.write(self._file, _ENCODE(line) + b"\n")

    def fault(self, error: BaseException) -> None:
        """A mistake in this code: what kind of error and where, without what it says, which may be somebody's."""
        last = traceback.extract_tb(error.__traceback__)[-1]
        self.event("fault", kind=type(error).__name__, where=f"{os.path.basename(last.filename)}:{last.lineno}")

    def problem(self, method: str, problem: Problem, seconds: float) -> None:
        """A request ended without an answer; the caller's own mistakes are counted, not written."""
        if problem.status >= 500 or problem.status in (403, 451):
            receipt = problem.told.get("decision", "")
            self.event(problem.kind, method=method, status=problem.status, receipt=receipt, ms=round(seconds * 1000, 2))
