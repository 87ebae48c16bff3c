"""What is wrong with a value of the settings, in a few words; empty if nothing is."""

import ipaddress
import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

_METADATA = {"metadata.google.internal", "metadata", "instance-data", "fd00:ec2::254", "100.100.100.200"}
"""Where clouds keep credentials though the address is not link-local."""


def of_url(url: str) -> str:
    """Why an upstream's address is not taken: only http to a fixed place, without a way to smuggle in another."""
    if url.startswith("unix:/"):
        return ""
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        return "holds what no address holds"
    try:
        parts = urlsplit(url)
        port_ok = parts.port != 0
    except ValueError:
        return "is no address"
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return "is not http:// or https:// with a host"
    if parts.username or parts.password or parts.query or parts.fragment or not port_ok:
        return "holds more than scheme, host, port and path; a key is named by `key`"
    return "is a link-local address, where clouds keep credentials" if _keeps_credentials(parts.hostname) else ""


def _keeps_credentials(host: str) -> bool:
    """Whether a cloud's metadata service is there, however its address is written."""
    if host.rstrip(".") in _METADATA:
        return True
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        try:
            address = ipaddress.ip_address(socket.inet_aton(host))  # 2852039166, 0xa9fea9fe, 169.254.43518
        except OSError:
            return False
    mapped = getattr(address, "ipv4_mapped", None) or getattr(address, "sixtofour", None)
    return (mapped or address).is_link_local or str(address) in _METADATA


def of_file(path: Path) -> str:
    """Why a file cannot be read."""
    try:
        with path.open("rb"):
            return ""
    except OSError as error:
        return f"{path} cannot be read: {error.strerror}"


def of_certificate(certificate: str, key: str, path: Callable[[str], Path]) -> str:
    """Why a listener could not use them."""
    if bool(certificate) != bool(key):
        return "certificate and private_key belong together"
    if not certificate or of_file(path(certificate)) or of_file(path(key)):
        return ""  # what cannot be read is said by its own key
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(path(certificate), path(key), password="")
    except (ssl.SSLError, ValueError) as error:
        return f"{path(certificate)} and {path(key)} are no certificate with its key in PEM: {error}"
    return ""
