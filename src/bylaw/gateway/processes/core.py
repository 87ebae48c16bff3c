"""How the gateway's processes share a core: those that answer come first.

All are in one session, since Linux shares a core between sessions before it looks at nice values (``sched(7)``,
autogroup): in one of its own, what stands back would not stand behind a worker. The price: against other sessions of
the machine all of the gateway weighs as one. In a service or a container control groups decide instead.
"""

import os
import platform
import sys
from contextlib import suppress

BACK = 10
"""Nice value of what may wait: on a full core it still gets a tenth."""
TURN = 100_000_000
"""Nanoseconds that it asks to run at a time, seldom: Linux (6.12 and later) then lets whoever wakes go first, where it
lets others run on for a turn of some milliseconds.
"""
SET_ATTRIBUTES = {"x86_64": 314, "aarch64": 274}
"""The number of ``sched_setattr(2)``, which most libcs have no name for, by machine (64 bits)."""
KEEP_POLICY = 0x08


def stand_back() -> None:
    """Leave the core to those that answer: what this thread does may wait a little; on another system than Linux all of
    this process. Where it is forbidden the work is done all the same.
    """
    with suppress(OSError):
        os.nice(BACK)
    number = SET_ATTRIBUTES.get(platform.machine())
    if number is not None and sys.platform == "linux" and sys.maxsize > 1 << 32:
        _ask_for_long_turns(number)


def _ask_for_long_turns(number: int) -> None:
    try:
        import ctypes
    except ImportError:
        return

    class Attributes(ctypes.Structure):
        """``struct sched_attr`` in its first version."""

        _fields_ = (
            ("size", ctypes.c_uint32),
            ("policy", ctypes.c_uint32),
            ("flags", ctypes.c_uint64),
            ("nice", ctypes.c_int32),
            ("priority", ctypes.c_uint32),
            ("runtime", ctypes.c_uint64),
            ("deadline", ctypes.c_uint64),
            ("period", ctypes.c_uint64),
        )

    nice = os.getpriority(os.PRIO_PROCESS, 0)  # of this thread
    said = Attributes(size=ctypes.sizeof(Attributes), flags=KEEP_POLICY, nice=nice, runtime=TURN)
    ctypes.CDLL(None).syscall(number, 0, ctypes.byref(said), 0)  # an older system has no such turns: nice stands
