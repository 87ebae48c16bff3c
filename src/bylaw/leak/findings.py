"""What is filed of leaks: the screenings before each training, and the test after it, if one was made."""

import msgspec

from bylaw.leak.report import LeakReport
from bylaw.leak.screening import ScreenReport

NAME = "leak"


class LeakFindings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``before``: stage → what its screening found. ``after``: the leak test, None where none was run."""

    before: dict[str, ScreenReport] = {}
    after: LeakReport | None = None


def read(content: bytes | None) -> LeakFindings:
    """What was filed so far. Raises ``msgspec.ValidationError`` for what is none."""
    return msgspec.json.decode(content, type=LeakFindings) if content else LeakFindings()


def dumps(findings: LeakFindings) -> bytes:
    """As it is filed."""
    return msgspec.json.format(msgspec.json.encode(findings), indent=1) + b"\n"
