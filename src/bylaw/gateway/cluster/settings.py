"""The table ``[cluster]``: which of several machines this is, and where they meet."""

import os
import re
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from bylaw.errors import MissingExtra

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
Seconds = Annotated[float, Meta(gt=0)]


class ClusterSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``role``: the *publisher*'s machine has the office; a *replica* has neither office nor lab. Empty: one machine.

    ``database`` names the environment variable with PostgreSQL's connection string. ``name`` is a replica's,
    ``replicas`` at the publisher the public key of each by its name. ``key``: what a replica signs with, made where
    none is named. What is sent is looked for every ``look_seconds``, should no notification come; a database that does
    not answer within ``patience_seconds`` is left, and another of the string's hosts tried.
    """

    role: Literal["", "publisher", "replica"] = ""
    database: str = ""
    name: str = ""
    replicas: dict[str, str] = {}
    key: str = ""
    look_seconds: Seconds = 1.0
    patience_seconds: Annotated[float, Meta(ge=2)] = 5.0

    @property
    def is_replica(self) -> bool:
        """Whether another machine says what is in force."""
        return self.role == "replica"

    def absolute(self, whole: Callable[[str], str]) -> "ClusterSettings":
        """With whole paths."""
        replicas = {name: whole(key) for name, key in self.replicas.items()}
        return msgspec.structs.replace(self, key=whole(self.key), replicas=replicas)


def faults(said: ClusterSettings, path: Callable[[str], Path], snapshot_key: str) -> Iterator[tuple[str, str]]:
    """Keys of the file, each with what would not work about it. Raises ``MissingExtra``."""
    if not said.role:
        if said != ClusterSettings():
            yield "cluster.role", "says neither publisher nor replica"
        return
    if find_spec("psycopg") is None:
        raise MissingExtra("psycopg", "cluster")
    if not os.environ.get(said.database):
        yield "cluster.database", f"the environment variable {said.database or '(none is named)'} is not set"
    for name in (*said.replicas, *([said.name] if said.is_replica else ())):
        if NAME.fullmatch(name) is None:
            yield "cluster.name", f"{name!r} is no name: small letters, digits and hyphens, 32 at the most"
    for name, key in said.replicas.items():
        if not path(key).is_file():
            yield f"cluster.replicas.{name}", f"{path(key)} cannot be read"
    if said.is_replica and not (snapshot_key and path(f"{snapshot_key}.pub").is_file()):
        yield "snapshot.key", "a replica needs the publisher's public key: name KEY, with KEY.pub beside this file"
