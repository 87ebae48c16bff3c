"""A constitution's TOML: where a field stands, how a text is written."""

import re

from bylaw.toml import key_lines, nearest

WIDTH = 100
_SHORT = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", '"': '\\"', "\\": "\\\\"}
_ESCAPED = re.compile(r'[\x00-\x1f\x7f"\\]')


def line_of(text: str, number: int | None, field: str = "") -> int | None:
    """Line (1-based) of a field of principle ``number`` (from 0; None: the top level), else of its header."""
    table = () if number is None else ("principle", str(number))
    return nearest(key_lines(text), (*table, field) if field else table)


def quoted(text: str) -> str:
    """``text`` as a TOML string that reads back as the same text.

    A long one is folded at single spaces (a backslash at the end joins two lines); line breaks stay.
    """
    short = "\n" not in text and len(text) <= WIDTH
    if short or text.startswith((" ", "\n")):  # a joining backslash would eat leading white space
        return f'"{_escape(text)}"'
    return '"""\\\n' + "\n".join(_folded(_escape(line)) for line in text.split("\n")) + '"""'


def _escape(text: str) -> str:
    return _ESCAPED.sub(lambda found: _SHORT.get(found[0], f"\\u{ord(found[0]):04x}"), text)


def _folded(line: str) -> str:
    """Break between words one space apart: a joining backslash eats all white space that follows."""
    rows = [""]
    for word in re.split(r"(?<=[^ ] )(?=[^ ])", line):
        if rows[-1] and len(rows[-1]) + len(word) > WIDTH:
            rows.append("")
        rows[-1] += word
    return "\\\n".join(rows)
