"""Lines of a delimited list file, strictly: every line has all its columns, and the last one has its line end.

A field never holds a line break in the lists read here, so each line is parsed alone; a lost quote or line end can
then not swallow the lines that follow it, and an error names the line.
"""

import csv
from collections.abc import Iterator

from bylaw.errors import DocumentError

END = b"\x1a"
"""What OFAC's files end with (the end-of-file mark of CP/M)."""


def text_of(content: bytes, where: str) -> str:
    """The file as text. Raises ``DocumentError`` where it is not UTF-8 or holds zero bytes."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DocumentError("is not UTF-8: the file is damaged or in another encoding", f"{where}:{line}") from error
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise DocumentError("holds a zero byte, which no list does: the file is damaged", f"{where}:{line}")
    return text


def ended(content: bytes, where: str) -> bytes:
    """The content before the end mark. Raises ``DocumentError`` when the mark is not the last byte."""
    body, mark, after = content.partition(END)
    if not mark or after.strip():
        raise DocumentError("does not end with the list's end mark (1A): the file is cut off or damaged", where)
    return body


def rows(content: bytes, where: str, columns: int, delimiter: str = ",") -> Iterator[tuple[int, list[str]]]:
    """(line number, fields) of every line. Raises ``DocumentError`` at the first line that is not whole."""
    text = text_of(content, where)
    if text and not text.endswith("\n"):
        raise DocumentError("the last line has no line end: the file is cut off", f"{where}:{text.count(chr(10)) + 1}")
    for number, line in enumerate(text.split("\n")[:-1], 1):
        yield number, _fields(line.removesuffix("\r"), f"{where}:{number}", columns, delimiter)


def _fields(line: str, where: str, columns: int, delimiter: str) -> list[str]:
    if "\r" in line:
        raise DocumentError("a line break inside a line", where)
    try:
        fields = next(csv.reader([line], delimiter=delimiter, strict=True), [])
    except csv.Error as error:
        raise DocumentError(f"the line does not parse ({error})", where) from error
    if len(fields) != columns:
        raise DocumentError(f"the line has {len(fields)} fields instead of {columns}", where)
    return fields
