"""The two things about TOML that ``tomllib`` leaves to us: where a field stands, how a string is written."""

import re
import tomllib
from collections.abc import Iterator

WIDTH = 100
_SHORT = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", '"': '\\"', "\\": "\\\\"}
_ESCAPED = re.compile(r'[\x00-\x1f\x7f"\\]')


def statements(text: str) -> Iterator[tuple[int, dict[str, object]]]:
    """Each header or key of a valid TOML text with its first line (1-based), in order.

    A statement is valid TOML by itself, so lines are gathered until they parse: a header inside a multi-line
    string is never mistaken for one.
    """
    start, gathered = 1, ""
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), start=1):
        gathered += line + "\n"
        try:
            value = tomllib.loads(gathered)
        except tomllib.TOMLDecodeError:
            continue
        if value:
            yield start, value
        start, gathered = number + 1, ""


class Lines:
    """Line numbers (1-based) of the fields in a constitution's text; made only once something is reported."""

    def __init__(self, text: str) -> None:
        self._lines: dict[tuple[int | None, str], int] = {}
        table: int | None = None
        for line, value in statements(text):
            if isinstance(tables := value.get("principle"), list):
                for _ in tables:
                    table = 0 if table is None else table + 1
                    self._lines[table, ""] = line
            for field in value:
                self._lines.setdefault((table if field != "principle" else None, field), line)

    def of(self, table: int | None, field: str = "") -> int | None:
        """Line of a field of principle number ``table`` (from 0; None: the top level), else of its header."""
        return self._lines.get((table, field), self._lines.get((table, "")))


def error_line(error: tomllib.TOMLDecodeError, text: str) -> int:
    """The line a syntax error stands on; at the end of the document, the last line that holds anything."""
    found = re.search(r"\(at line (\d+),", str(error))
    return int(found[1]) if found else text.rstrip().count("\n") + 1


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
