"""The process that signs snapshots."""

import argparse
import time

from bylaw.access.office.place import Office
from bylaw.errors import UsageError
from bylaw.gateway.processes import child
from bylaw.gateway.settings import Place
from bylaw.gateway.snapshot.publish import Publisher
from bylaw.gateway.state import State
from bylaw.storage import alone


def main(args: argparse.Namespace, place: Place) -> None:
    """Look and sign until the supervisor ends."""
    state = State(place)
    state.snapshot.mkdir(parents=True, exist_ok=True)
    with alone(state.root / "publisher.lock", UsageError(f"another publisher works in {state.root}")):
        settings = place.settings.snapshot
        office = Office.open(place.office)
        publisher = Publisher(office, state.keys, state.snapshot, state.signer(), settings, aside=True)
        child.repeat(lambda: publisher.turn(time.time()), settings.look_seconds)


if __name__ == "__main__":
    child.run("publisher", main)
