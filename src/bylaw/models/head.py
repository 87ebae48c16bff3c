"""The head of a Ray cluster, watched: Ray ends a process whose head is gone for a minute, before it can say a word."""

import socket
from time import monotonic

from bylaw.errors import ClusterLost

EVERY, PATIENCE, ANSWER = 2.0, 30.0, 5.0
"""Seconds: between two looks; how long a head may be away, as when it is started again; for one answer."""


class Head:
    """Where the cluster's control service listens (``host:port``)."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._looked = self._seen = monotonic()

    def there(self) -> bool:
        """Whether something listens. A machine that is busy still takes the connection."""
        host, _, port = self.address.rpartition(":")
        try:
            with socket.create_connection((host.strip("[]"), int(port)), timeout=ANSWER):
                return True
        except (OSError, OverflowError):  # a port above 65535 is nobody's
            return False

    def require(self) -> None:
        """Raise ``ClusterLost`` if the head has been away for too long; it is looked for now and then only."""
        now = monotonic()
        if now - self._looked < EVERY:
            return
        self._looked = now
        if self.there():
            self._seen = now
        elif now - self._seen > PATIENCE:
            raise ClusterLost(f"the cluster lost its head: nothing has answered at {self.address} for {PATIENCE:g} s")
