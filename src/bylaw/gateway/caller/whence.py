"""From where a request comes: the address behind trusted hops, its country, and what lists say of it.

``X-Forwarded-For`` is read from the right, one entry for each hop that is trusted, and of nobody else. An address that
hides where its user is (a Tor exit, a VPN) has no country: the location is then unknown, and the rules say what that
means.
"""

from collections.abc import Callable
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import NamedTuple

from bylaw.errors import MissingExtra, SettingsError
from bylaw.gateway.caller.ranges import Ranges, network_of, number_of, read_list, read_places
from bylaw.gateway.settings import CallerSettings


class Whence(NamedTuple):
    """``country`` is ISO 3166 alpha-2 in lower case, empty: unknown. ``signals`` are the lists the address is on."""

    country: str = ""
    signals: tuple[str, ...] = ()


class Locator:
    """Works out where requests come from."""

    def __init__(self, settings: CallerSettings, path: Callable[[str], Path]) -> None:
        self._hops = Ranges((network_of(each), "hop") for each in settings.hops)
        self._find = _places(path(settings.places)) if settings.places else lambda address: ""
        self._signals = {name: read_list(path(file), name) for name, file in settings.signals.items()}
        self._hides = frozenset(settings.hides_location)
        self._whence = lru_cache(maxsize=1 << 14)(self._looked_up)
        self._direct = lru_cache(maxsize=1 << 14)(lambda peer: self._whence(self._address(peer, "")))

    def of(self, peer: str, forwarded: str) -> Whence:
        """Of the connection's other end and the joined ``X-Forwarded-For`` headers."""
        return self._whence(self._address(peer, forwarded)) if forwarded else self._direct(peer)

    def _address(self, peer: str, forwarded: str) -> str:
        """The last address that no trusted hop speaks for; empty if a hop says what is no address."""
        entries = [each.strip() for each in forwarded.split(",")] if forwarded else []
        while self._hops.find(peer) and entries:
            peer = _bare(entries.pop())
        return peer if number_of(peer) else ""

    def _looked_up(self, address: str) -> Whence:
        signals = tuple(name for name, networks in self._signals.items() if networks.find(address))
        hidden = not address or self._hides.intersection(signals)
        return Whence("" if hidden else self._find(address), signals)


def _bare(entry: str) -> str:
    """An entry without brackets and port."""
    if entry.startswith("["):
        return entry[1:].partition("]")[0]
    return entry.partition(":")[0] if entry.count(":") == 1 else entry


def _places(path: Path) -> Callable[[str], str]:
    return _mmdb(path) if path.suffix == ".mmdb" else read_places(path).find


def _mmdb(path: Path) -> Callable[[str], str]:
    try:
        import maxminddb
    except ImportError as error:
        raise MissingExtra("maxminddb", "gateway") from error
    try:
        base = maxminddb.open_database(path)
    except (OSError, maxminddb.InvalidDatabaseError) as error:
        raise SettingsError(f"{path} is no MMDB: {error}", "caller.places") from error

    def find(address: str) -> str:
        bits, number = number_of(address) or (32, 0)
        found = base.get(IPv4Address(number) if bits == 32 else IPv6Address(number))
        country = found.get("country") if isinstance(found, dict) else None
        code = country.get("iso_code", "") if isinstance(country, dict) else ""
        return code.lower() if isinstance(code, str) else ""

    return find
