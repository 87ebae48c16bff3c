"""Whom a draft would hit: worked out by a process of its own, once for each text, and kept.

What it is made from (acts and facts) is kept with it: an impact from before another act is told from one of now. Below
its folder, named by the text's digest: ``.json`` the sums, ``.csv`` everybody who loses access, ``.gained`` everybody
who gains it, ``.progress`` and ``.failed`` while there are no sums.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Literal

import msgspec

from bylaw.access.office.impact import Row
from bylaw.console.drafts import Draft
from bylaw.errors import UsageError
from bylaw.storage import remove

MODULE = "bylaw.console.processes.impact"


class Lost(msgspec.Struct, frozen=True, kw_only=True):
    """How many of a kind lose a model: refused, held, and of both those of whom nothing says that it is about them."""

    model: str
    kind: str
    refuse: int
    hold: int
    unsettled: int


class Sums(msgspec.Struct, frozen=True, kw_only=True):
    """An impact without the people. ``people``: how many persons lose at least one model; ``acts`` and ``facts`` are
    what it was made from, ``made`` when, ``seconds`` how long it took; ``rules`` counts losses by what decides.
    """

    at: str
    made: str
    seconds: float
    acts: int
    facts: int
    subjects: int
    people: int
    losses: int
    unsettled: int
    lost: tuple[Lost, ...]
    totals: tuple[Row, ...]
    countries: tuple[Row, ...]
    organizations: tuple[Row, ...]
    traffic: tuple[Row, ...]
    rules: dict[str, int]
    gains: dict[str, int]
    needs: dict[str, int]
    unsafe: dict[str, int]

    @property
    def over_blocking(self) -> float:
        """The share of losses of which nothing says that the order is about them."""
        return self.unsettled / self.losses if self.losses else 0.0


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a process is: decisions made, of how many."""

    process: int
    done: int = 0
    of: int = 0

    @property
    def runs(self) -> bool:
        """Whether the process is there, and no other that was given its number."""
        with suppress(ChildProcessError, OSError):
            os.waitpid(self.process, os.WNOHANG)  # one of ours that has ended is not there
        try:
            os.kill(self.process, 0)
            return MODULE.encode() in _words(self.process)
        except (ProcessLookupError, PermissionError):
            return False
        except OSError:
            return True  # a system that does not say what runs


class Foresight:
    """The impacts in a folder."""

    def __init__(self, folder: Path, office: Path) -> None:
        self._folder, self._office = folder, office

    def start(self, draft: Draft) -> None:
        """Have it worked out, unless it is being so. Raises ``UsageError`` while another one is, or for a bad text."""
        if draft.document is None:
            raise UsageError(f"the draft does not read: {draft.fault}")
        self._folder.mkdir(parents=True, exist_ok=True)
        for path in self._folder.glob("*.progress"):
            if (found := _progress(path)) and found.runs:
                if path.stem == draft.mark:
                    return
                raise UsageError("another draft’s impact is being worked out; start this one when that is done")
        for suffix in (".failed", ".json", ".csv", ".gained"):
            remove(self._path(draft, suffix))
        out = self._path(draft, "")
        out.with_suffix(".toml").write_bytes(draft.path.read_bytes())
        job = subprocess.Popen(
            [sys.executable, "-m", MODULE, str(self._office), str(out)],
            stdin=subprocess.DEVNULL,
            process_group=0,  # a session of its own would have a worker's share of a core
        )
        self._path(draft, ".progress").write_bytes(msgspec.json.encode(Progress(process=job.pid)))

    def sweep(self, drafts: Iterable[Draft]) -> None:
        """Forget what was found of texts that are no draft's any more."""
        kept = {each.mark for each in drafts}
        for path in self._folder.glob("*.*"):
            if path.stem not in kept and not path.name.startswith("."):
                remove(path)

    def sums(self, draft: Draft) -> Sums | None:
        """What was found, if it is."""
        path = self._path(draft, ".json")
        return msgspec.json.decode(path.read_bytes(), type=Sums) if path.is_file() else None

    def progress(self, draft: Draft) -> Progress | None:
        """How far it is, if it is being worked out."""
        found = _progress(self._path(draft, ".progress"))
        return found if found and found.runs else None

    def failed(self, draft: Draft) -> str:
        """Why it came to nothing; empty: it did not."""
        path, begun = self._path(draft, ".failed"), self._path(draft, ".progress")
        if path.is_file():
            return path.read_text()
        return "its process was ended" if begun.is_file() and not self.sums(draft) else ""

    def list(self, draft: Draft, suffix: Literal[".csv", ".gained"]) -> Path | None:
        """The file with everybody who loses access, or gains it, if there is one."""
        path = self._path(draft, suffix)
        return path if path.is_file() else None

    def _path(self, draft: Draft, suffix: str) -> Path:
        return self._folder / f"{draft.mark}{suffix}"


def _words(process: int) -> bytes:
    """What a process was started with. One that is just being started has no words for a moment."""
    for _ in range(10):
        if found := Path(f"/proc/{process}/cmdline").read_bytes():
            return found
        time.sleep(0.01)
    return b""


def _progress(path: Path) -> Progress | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Progress)
    except (OSError, msgspec.DecodeError):
        return None
