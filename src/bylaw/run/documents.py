"""The texts a run is made by: its settings, its constitution and, where it has one, its rule-based reward.

Whoever goes on with a run has the same.
"""

from pathlib import Path
from typing import NamedTuple

from bylaw import storage
from bylaw.errors import RunCorrupt, RunError
from bylaw.lineage.tree import file_digest
from bylaw.run import local

SETTINGS, CONSTITUTION, REWARD = "run.toml", "constitution.toml", "reward.toml"
NAMES = (SETTINGS, CONSTITUTION, REWARD)
LOCAL = "local.toml"
"""The settings with this machine's directories, where they name any: it is never handed out."""


COSTS = "costs.db"
"""What was paid to servers: a database, with the files that belong to one. It may be there before the run is."""


def costs_of(run: Path) -> Path:
    """Where the run in a directory enters what it pays to servers; there is no such file if none was asked."""
    return run / COSTS


def _text(path: Path) -> str:
    """Raises ``RunCorrupt`` for what is no text."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise RunCorrupt(f"{path} is not UTF-8 text: byte {error.start} is not") from error


class Texts(NamedTuple):
    """What a run is begun with. ``reward``: a rule-based reward, "" for none."""

    settings: str
    constitution: str
    reward: str = ""


class Documents:
    """The documents in a run directory."""

    def __init__(self, root: Path, called: str = "") -> None:
        """``called``: where the run is known to be, if not in this directory."""
        self._root = root
        self._called = called or str(root)
        self._digests = self._found()

    @property
    def digests(self) -> dict[str, str]:
        """Name → SHA-256, as they were when the run was opened."""
        return self._digests

    @property
    def settings(self) -> str:
        """The settings as they were given. Raises ``RunCorrupt`` if ``run.toml`` says something else."""
        shown, given = self._root / SETTINGS, self._root / LOCAL
        if not given.is_file():
            return _text(shown)
        text = _text(given)
        if not local.agree(_text(shown), text):
            raise RunCorrupt(f"{given} and {shown} differ in more than the directories of files")
        return text

    @property
    def constitution(self) -> str:
        """The exact constitution."""
        return _text(self._root / CONSTITUTION)

    @property
    def reward(self) -> str:
        """The exact rule-based reward; "" where there is none."""
        path = self._root / REWARD
        return _text(path) if path.is_file() else ""

    def are(self, texts: Texts, lock: str) -> bool:
        """Whether there is a run with these texts. Raises ``RunError`` if there is another one, or something else."""
        if not self._root.is_dir():
            raise RunError(f"{self._root} is a file; name a directory for the run")
        if not (self._root / SETTINGS).exists():
            self._require_nothing_else(lock)
            return False
        there = Texts(self.settings, self.constitution, self.reward)
        for name, found, text in zip(NAMES, there, texts, strict=True):
            if found != text:
                raise RunError(
                    f"{self._called} holds a different run: its {name} is not the one given now. "
                    "Name another place, or go on with the texts it has"
                )
        return True

    def settle(self, texts: Texts) -> None:
        """A run that was brought from another machine: note where what its settings name lies on this one."""
        shown, given = self._root / SETTINGS, self._root / LOCAL
        said = _text(shown) if shown.is_file() else texts.settings
        if said != texts.settings and local.agree(said, texts.settings):
            storage.write_text(given, texts.settings)

    def write(self, texts: Texts) -> None:
        """Begin a run with these texts."""
        shown = local.public(texts.settings)
        storage.write_text(self._root / CONSTITUTION, texts.constitution)
        if texts.reward:
            storage.write_text(self._root / REWARD, texts.reward)
        if shown != texts.settings:
            storage.write_text(self._root / LOCAL, texts.settings)
        storage.write_text(self._root / SETTINGS, shown)  # last: with it the directory is a run
        self._digests = self._found()

    def _require_nothing_else(self, lock: str) -> None:
        known = {CONSTITUTION, REWARD, LOCAL, lock, *(f"{COSTS}{part}" for part in ("", "-wal", "-shm"))}
        strange = {each.name for each in self._root.iterdir()} - known
        if any(not name.endswith(storage.TEMPORARY) for name in strange):
            raise RunError(f"{self._root} holds files that are no run; name another directory")

    def _found(self) -> dict[str, str]:
        return {name: file_digest(self._root / name) for name in NAMES if (self._root / name).is_file()}
