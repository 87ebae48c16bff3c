"""The process that carries between machines: heads out to the replicas, decisions and beats back to the publisher.

It alone knows the database. Without one it tries again; nobody waits for it.
"""

import argparse
import os
from collections.abc import Callable

from bylaw.access.office.place import Office
from bylaw.errors import BylawError, UsageError
from bylaw.gateway.cluster.database import SCHEMA, Database, Gone
from bylaw.gateway.cluster.heads import HEADS, Fetching, Putting
from bylaw.gateway.cluster.pieces import SENT
from bylaw.gateway.cluster.sending import Sending
from bylaw.gateway.cluster.taking import Taking, Takings
from bylaw.gateway.log import Log
from bylaw.gateway.processes import child
from bylaw.gateway.settings import Place
from bylaw.gateway.state import State
from bylaw.signing import PublicKey
from bylaw.storage import alone

AGAIN = 0.5
"""Seconds before a database that was gone is tried again."""
Job = Callable[[Database], None]


class Carrier:
    """The jobs of this machine, in order, again and again."""

    def __init__(self, place: Place) -> None:
        said, state = place.settings.cluster, State(place)
        jobs, channel = _replica(state) if said.is_replica else _publisher(place, state)
        self._jobs: list[Job] = jobs
        self._base = Database(os.environ[said.database], channel, said.patience_seconds)
        self._look = (
            said.look_seconds if said.is_replica else min(said.look_seconds, place.settings.snapshot.look_seconds)
        )
        self._log = Log("carrier")
        self._said: dict[object, str] = {}

    def turn(self) -> float:
        """Do what there is to do, and wait for more; returns how long to wait besides."""
        try:
            self._base.open()
            for job in self._jobs:
                self._do(job)
            self._base.wait(self._look)
        except Gone as why:
            self._say("database", str(why))
            return AGAIN
        self._say("database", "")
        return 0.0

    def _do(self, job: Job) -> None:
        try:
            job(self._base)
            self._say(job, "")
        except (BylawError, OSError) as why:  # what came is not taken; what is here stays as it is
            self._say(job, str(why))

    def _say(self, what: object, why: str) -> None:
        """Say what is wrong once, and once that it no longer is."""
        if self._said.get(what, "") != why:
            self._log.event("carrier", what=getattr(what, "__qualname__", str(what)), why=why or "well again")
        self._said[what] = why


def _publisher(place: Place, state: State) -> tuple[list[Job], str]:
    said, signer = place.settings.cluster, state.signer()
    made = [0]

    def make(base: Database) -> None:
        """The tables, wherever a connection finds none."""
        if base.made != made[0]:
            base.execute(SCHEMA)
            made[0] = base.made

    archive = Office.open(place.office).archive
    takings = [
        Taking(state, archive, name, PublicKey.load(place.path(key)), signer) for name, key in said.replicas.items()
    ]
    putting = Putting(state.snapshot, signer.public, said.look_seconds)
    return [make, putting.turn, Takings(takings).turn], SENT


def _replica(state: State) -> tuple[list[Job], str]:
    publisher = state.public_key()
    sending = Sending(state, state.place.settings.cluster.name, state.machine_signer(), publisher)
    return [Fetching(state.snapshot, publisher).turn, sending.turn], HEADS


def main(args: argparse.Namespace, place: Place) -> None:
    """Carry until the supervisor ends."""
    state = State(place)
    with alone(state.root / "carrier.lock", UsageError(f"another carrier works in {state.root}")):
        child.repeat(Carrier(place).turn, 0.0)


if __name__ == "__main__":
    child.run("carrier", main)
