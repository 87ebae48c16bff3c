"""A run behind a URL, as commands are told of it: its copy here is what they work on and read (docs/scale.md)."""

import sys
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from bylaw import storage
from bylaw.canonical import digest
from bylaw.errors import RunLocked, UsageError
from bylaw.objects import Objects, is_url
from bylaw.run import Run
from bylaw.run.directory import LOCK
from bylaw.run.documents import SETTINGS
from bylaw.run.mirror import Mirror


def without_weights(path: str) -> bool:
    """Of models only how they were trained: what is enough to show and to report a run."""
    return path.endswith("/training.jsonl")


def the_final_model(path: str) -> bool:
    """Of models the last one, and how the others were trained."""
    return path.startswith("models/final/") or without_weights(path)


def whole(path: str) -> bool:
    """Everything."""
    return True


def copy_of(url: str) -> Path:
    """Where the copy here of the run behind a URL lies: always in the same place, which is named by the URL."""
    name = PurePosixPath(url.rstrip("/")).name
    if name in ("", ".", "..") or url.rstrip("/").endswith(":"):
        raise UsageError(f"{url} names no run: add a name, as in s3://bucket/run")
    return storage.cache_home() / "runs" / digest(url.rstrip("/"))[:12] / name


def fetched(mirror: Mirror, wanted: Callable[[str], bool] = whole) -> None:
    """Bring a run here, while nobody works on the copy."""
    mirror.root.mkdir(parents=True, exist_ok=True)
    with storage.alone(mirror.root / LOCK, RunLocked(f"another process is working in {mirror.root}; wait or stop it")):
        mirror.bring(wanted)


def share(run: Run) -> None:
    """Send what was written since, where a run is behind a URL too."""
    with run.lock():
        pass


def run_here(place: str, wanted: Callable[[str], bool] = whole) -> Path:
    """A run's directory: as named, or the copy of the run behind a URL, brought here as far as it is ``wanted``."""
    if not is_url(place):
        return Path(place)
    mirror = Mirror(place, copy_of(place))
    try:
        fetched(mirror, wanted)
    except RunLocked:  # whoever works on it here is ahead of what lies there
        print(f"{place} is being worked on in {mirror.root}: that is what is read", file=sys.stderr)
    if not (mirror.root / SETTINGS).is_file():
        raise UsageError(f"{place} holds no run: there is no {SETTINGS}")
    return mirror.root


def send_findings(place: str, run: Run) -> None:
    """Send what was filed in the copy of a run behind a URL; whoever works on that run goes on undisturbed."""
    if not is_url(place):
        return
    try:
        with storage.alone(run.path / LOCK, RunLocked("")):
            Mirror(place, run.path).send_findings()
    except RunLocked:
        print(
            f"{place} is being worked on in {run.path}: what was found goes there with its next stage", file=sys.stderr
        )


def anything_here(place: str) -> Path:
    """A path as named; of a URL the copy here of the run, or of the one file, that lies there."""
    if not is_url(place):
        return Path(place)
    folder, _, name = place.rstrip("/").rpartition("/")
    if not folder.endswith("/") and "." in name and Objects(folder).is_file(name):
        path = copy_of(place)
        Objects(folder).get(name, path)
        return path
    return run_here(place)
