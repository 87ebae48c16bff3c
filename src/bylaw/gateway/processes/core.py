"""How the gateway's processes share a core: those that answer come first."""

import ctypes
import os
import platform

BACK = 10
"""Nice value of what may wait: on a full core it still gets a tenth."""
TURN = 100_000_000
"""Nanoseconds that it asks to run at a time, seldom: Linux (6.12 and later) then lets whoever wakes go first, where it
lets others run on for a turn of some milliseconds.
"""
SET_ATTRIBUTES = {"x86_64": 314, "aarch64": 274}
"""The number of ``sched_setattr(2)``, which libc has no name for, by machine."""


class _Attributes(ctypes.Structure):
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


def stand_back() -> None:
    """Leave the core to those that answer: what this thread does may wait a little."""
    nice = os.nice(BACK)
    number = SET_ATTRIBUTES.get(platform.machine())
    if number is not None and platform.system() == "Linux":
        said = _Attributes(size=ctypes.sizeof(_Attributes), nice=nice, runtime=TURN)
        # Whether the system took it is not asked: an older one has no such turns, and the nice value stands.
        ctypes.CDLL(None).syscall(number, 0, ctypes.byref(said), 0)
