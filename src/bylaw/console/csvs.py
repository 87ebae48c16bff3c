"""Cells of a CSV that somebody will open in a spreadsheet."""

RISKY = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins so is run by some spreadsheets; an apostrophe before it makes it text (OWASP, CSV injection)."""


def cell(text: str) -> str:
    """A text that a spreadsheet shows and does not compute."""
    return f"'{text}" if text.startswith(RISKY) else text
