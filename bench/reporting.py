"""How a bench prints a figure."""

import json
import sys
from typing import Any


def report(name: str, value: float, bound: float, higher: bool = True, **more: Any) -> bool:
    """Print one figure as a JSON line with its bound; True when it is reached."""
    reached = value >= bound if higher else value <= bound
    line = {
        "figure": name,
        "value": round(value, 6),
        "bound": bound,
        "verdict": "reached" if reached else "short",
    }
    print(json.dumps({**line, **more}), flush=True)
    return reached


def note(text: str) -> None:
    """Say on stderr what is going on."""
    print(text, file=sys.stderr, flush=True)
