"""What is filed of leaks: the screenings before each training, and the test after it, if one was made."""

import msgspec

from bylaw.errors import RunCorrupt
from bylaw.leak.report import LeakReport
from bylaw.leak.screening import ScreenReport

NAME = "leak"


class LeakFindings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``before``: stage → what its screening found. ``after``: the leak test, None where none was run."""

    before: dict[str, ScreenReport] = {}
    after: LeakReport | None = None


def read(content: bytes | None) -> LeakFindings:
    """What was filed so far. Raises ``RunCorrupt`` for what is none."""
    try:
        return msgspec.json.decode(content, type=LeakFindings) if content else LeakFindings()
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise RunCorrupt(f"findings/{NAME}.json does not decode: {error}") from error
