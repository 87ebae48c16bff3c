"""What is wrong with a value of the settings, in a few words; empty if nothing is."""

import ipaddress
from pathlib import Path
from urllib.parse import urlsplit


def of_url(url: str) -> str:
    """Why an upstream's address is not taken: only http to a fixed place, without a way to smuggle in another."""
    if url.startswith("unix:/"):
        return ""
    try:
        parts = urlsplit(url)
        port_ok = parts.port != 0
    except ValueError:
        return "is no address"
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return "is not http:// or https:// with a host"
    if parts.username or parts.password or parts.query or parts.fragment or not port_ok:
        return "holds more than scheme, host, port and path; a key is named by `key`"
    try:
        address = ipaddress.ip_address(parts.hostname)
    except ValueError:
        return ""
    return "is a link-local address, where clouds keep credentials" if address.is_link_local else ""


def of_file(path: Path) -> str:
    """Why a file cannot be read."""
    try:
        with path.open("rb"):
            return ""
    except OSError as error:
        return f"{path} cannot be read: {error.strerror}"
