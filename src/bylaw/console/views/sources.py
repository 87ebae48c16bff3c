"""What several pages read, kept as long as it is the same: hits by digest, the head of the snapshot."""

from functools import lru_cache
from pathlib import Path

from bylaw.access.decide.outside import Outside
from bylaw.access.office.outside import Kept
from bylaw.access.office.place import Office
from bylaw.console.desk import Desk
from bylaw.errors import BylawError
from bylaw.gateway.snapshot.head import Head, read_head


def outside_of(office: Office) -> Outside:
    """Hits and ownership in force."""
    return _outside(office.outside.folder, office.outside.key())


def head_of(desk: Desk) -> tuple[Head | None, str]:
    """The snapshot in force, or why there is none."""
    try:
        return read_head(desk.state.snapshot, desk.state.public_key()), ""
    except (BylawError, OSError) as error:
        return None, str(error)


@lru_cache(maxsize=2)
def _outside(folder: Path, key: str) -> Outside:
    return Kept(folder).read(key)
