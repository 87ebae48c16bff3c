"""The judge of a command: a model here, or one behind a server, as ``bylaw label`` and ``bylaw reward`` are told it."""

import argparse
from pathlib import Path
from typing import NamedTuple

from bylaw import recipe
from bylaw.cli.names import given
from bylaw.errors import MissingExtra, UsageError
from bylaw.models.base import Model
from bylaw.models.remote.settings import RemoteSettings


class Judge(NamedTuple):
    """A judge that was opened, the name it goes by, and the digest that its answers are bound to."""

    model: Model
    name: str
    digest: str


def add_judge(parser: argparse.ArgumentParser) -> None:
    """Add the options that name a judge."""
    add = parser.add_argument
    add("--judge", metavar="M", help="the model that judges: a directory, a hub id, or windtunnel")
    add(
        "--models",
        metavar="RUN.toml",
        type=Path,
        help="the judge is behind a server: the file whose table [models.judge] says where",
    )
    add(
        "--trusted-key",
        metavar="PEM",
        action="append",
        default=[],
        help="a public key; the judge's directory must be signed (model.sig) by one of those given",
    )


def remote_of(args: argparse.Namespace) -> RemoteSettings | None:
    """The judge behind a server, if one is named; there is one judge."""
    if bool(args.judge) == bool(args.models):
        raise UsageError("name the judge: a model here with --judge, or the file of a server's with --models")
    if not args.models:
        return None
    found = recipe.read(args.models).models.judge
    if not found.backend:
        raise UsageError(f"{args.models} names no server: it has no table [models.judge] with a backend")
    return found


def open_judge(args: argparse.Namespace, remote: RemoteSettings | None, output: Path, stage: str) -> Judge:
    """The judge; what a server is paid is entered beside ``output``, charged to ``stage``."""
    if remote:
        from bylaw.models.remote import open_remote

        model = open_remote(remote, output.with_name(f"{output.name}.costs.db"))
        model.spending.stage = stage
        return Judge(model, remote.name, remote.digest)
    looked_at = given((args.judge,), args.trusted_key)[args.judge]
    return Judge(open_local(looked_at.path), looked_at.name, looked_at.digest)


def open_local(path: Path) -> Model:
    """A model in a directory here."""
    try:
        from bylaw.models.local import open_model
    except ModuleNotFoundError as error:
        raise MissingExtra(str(error.name), "train") from error
    return open_model(path)
