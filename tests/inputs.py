"""Real inputs, made by others: the folder that ``BYLAW_DATA`` names."""

import os
from pathlib import Path

import pytest


def real(*parts: str) -> Path:
    """A path in that folder; skips the test where it is not named."""
    if "BYLAW_DATA" not in os.environ:
        pytest.skip("BYLAW_DATA is unset: it does not name a folder of real inputs")
    return Path(os.environ["BYLAW_DATA"], *parts)
