"""How far a long verb is, on stderr."""

import sys
import time


class Progress:
    """Prints how many are done, at most every few seconds where nobody watches."""

    def __init__(self, what: str, total: int, unit: str) -> None:
        self.what = what
        self.total = total
        self.unit = unit
        self.began = self.printed = time.monotonic()

    def __call__(self, done: int, resumed: int) -> None:
        """Say that ``done`` are, ``resumed`` of them before."""
        now, watched = time.monotonic(), sys.stderr.isatty()
        if not watched and done < self.total and now - self.printed < 10:
            return
        self.printed = now
        speed = (done - resumed) / max(now - self.began, 1e-9)
        left = f"{(self.total - done) / speed:.0f} s left" if speed else ""
        line = f"{self.what} {done}/{self.total}  {speed:.1f} {self.unit}/s  {left}"
        print(f"\r{line:<70}" if watched else line, end="" if watched else "\n", file=sys.stderr, flush=True)
        if watched and done == self.total:
            print(file=sys.stderr)
