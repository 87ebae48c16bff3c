"""Networks → texts, as sorted arrays: an address is found by one bisection. Where networks lie in each other, the
smaller counts.
"""

import csv
import gzip
import ipaddress
import socket
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from pathlib import Path

from bylaw.errors import SettingsError

Network = tuple[int, int, int]
"""Bits of its family, first and last address."""


class Ranges:
    """A table of networks. Addresses that are in none have the empty text."""

    def __init__(self, rows: Iterable[tuple[Network, str]]) -> None:
        texts: dict[str, int] = {"": 0}
        found: dict[int, list[tuple[int, int, int]]] = {32: [], 128: []}
        for (bits, first, last), text in rows:
            found[bits].append((first, -last, texts.setdefault(text, len(texts))))
        self._texts = list(texts)
        self._tables = {bits: _flat(sorted(each)) for bits, each in found.items()}

    def find(self, address: str) -> str:
        """The text of an address; of an IPv4 address in IPv6 form as of itself."""
        number = number_of(address)
        if number is None:
            return ""
        starts, texts = self._tables[number[0]]
        place = bisect_right(starts, number[1]) - 1
        return self._texts[texts[place]] if place >= 0 else ""


def number_of(address: str) -> tuple[int, int] | None:
    """Bits of the family and the number; None for what is no address."""
    try:
        return 32, int.from_bytes(socket.inet_pton(socket.AF_INET, address), "big")
    except (OSError, ValueError):
        pass
    try:
        packed = socket.inet_pton(socket.AF_INET6, address)
    except (OSError, ValueError):
        return None
    if packed[:12] == b"\0" * 10 + b"\xff\xff":
        return 32, int.from_bytes(packed[12:], "big")
    return 128, int.from_bytes(packed, "big")


def network_of(text: str) -> Network:
    """A network, or one address. Raises ``ValueError``."""
    address, slash, length = text.partition("/")
    number = number_of(address)
    if number is None or (slash and not length.isdigit()):
        raise ValueError(f"{text!r} is no network")
    bits = 128 if ":" in address else 32
    if bits != number[0]:  # an IPv4 network in IPv6 form
        return network_of(f"{ipaddress.IPv6Address(address).ipv4_mapped}/{max(int(length or 128) - 96, 0)}")
    free = bits - (int(length) if slash else bits)
    if free < 0:
        raise ValueError(f"{text!r} is no network")
    first = number[1] >> free << free
    return bits, first, first | ((1 << free) - 1)


def read_places(path: Path) -> Ranges:
    """A CSV of ``prefix,country``, perhaps gzipped. Raises ``SettingsError`` naming the line."""
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as file:
        return Ranges(_rows(csv.reader(file), path))


def read_list(path: Path, name: str) -> Ranges:
    """Networks and addresses, one a line; ``#`` begins a comment. Raises ``SettingsError`` naming the line."""
    lines = (line.partition("#")[0].strip() for line in path.read_text(encoding="utf-8").splitlines())
    return Ranges(_rows(([line, name] if line else [] for line in lines), path))


def _rows(rows: Iterable[list[str]], path: Path) -> Iterator[tuple[Network, str]]:
    for number, row in enumerate(rows, 1):
        if not row or row[0] == "prefix":
            continue
        try:
            yield network_of(row[0]), row[1].lower()
        except (ValueError, IndexError) as error:
            raise SettingsError(str(error), f"{path}:{number}") from error


def _flat(networks: list[tuple[int, int, int]]) -> tuple["array[int] | list[int]", "array[int]"]:
    """Where another text begins, and which: outer networks go on behind the inner ones."""
    starts: list[int] = []
    texts = array("I")

    def begin(start: int, text: int) -> None:
        if starts and starts[-1] == start:
            texts[-1] = text
        else:
            starts.append(start)
            texts.append(text)

    outer: list[tuple[int, int]] = []
    for first, minus_last, text in networks:
        while outer and outer[-1][0] < first:
            last, _ = outer.pop()
            begin(last + 1, outer[-1][1] if outer else 0)
        begin(first, text)
        outer.append((-minus_last, text))
    while outer:
        last, _ = outer.pop()
        begin(last + 1, outer[-1][1] if outer else 0)
    return (array("Q", starts) if not starts or starts[-1] < 1 << 63 else starts), texts
