"""The process that takes decisions from the segments to the archive and the ledger."""

import argparse

from bylaw.access.office.place import Office
from bylaw.errors import UsageError
from bylaw.gateway.processes import child
from bylaw.gateway.processes.core import stand_back
from bylaw.gateway.record.drain import Drain
from bylaw.gateway.settings import Place
from bylaw.gateway.state import State
from bylaw.lineage.lab import Lab
from bylaw.storage import alone


def main(args: argparse.Namespace, place: Place) -> None:
    """Drain until the supervisor ends, or once."""
    state = State(place)
    state.segments.mkdir(parents=True, exist_ok=True)
    with alone(state.root / "recorder.lock", UsageError(f"another recorder works in {state.root}")):
        office = Office.open(place.office)
        drain = Drain(state.segments, office, Lab.open(place.home))
        if args.once:
            drain.turn()
            return
        stand_back()
        with office.archive.held():
            child.repeat(drain.turn, place.settings.record.commit_seconds)


if __name__ == "__main__":
    child.run("recorder", main)
