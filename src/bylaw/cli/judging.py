"""The judge of a command: a model here, or one behind a server, as ``bylaw label`` and ``bylaw reward`` are told it."""

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from bylaw import recipe
from bylaw.cli.names import given
from bylaw.errors import UsageError
from bylaw.feedback.keeping import CHUNK
from bylaw.feedback.labelling import Labelling
from bylaw.models.base import Chunked, Here, Model
from bylaw.models.cluster import ClusterSettings
from bylaw.models.given import Given
from bylaw.models.remote.settings import RemoteSettings
from bylaw.records import Comparison

if TYPE_CHECKING:
    from bylaw.models.remote import RemoteModel


class Judge(NamedTuple):
    """A judge that was opened, the name it goes by, and the digest that its answers are bound to."""

    model: Model
    name: str
    digest: str


class ChunkedJudge(NamedTuple):
    """A judge that answers whole chunks, of ``rows`` rows where nobody says otherwise."""

    model: Chunked
    name: str
    digest: str
    rows: int = CHUNK
    engine: str = ClusterSettings().engine

    @property
    def bound(self) -> str:
        """The name, with the digest of what answers."""
        return f"{self.name}-{self.digest}"


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


def add_cluster(parser: argparse.ArgumentParser) -> None:
    """Add the option that lets workers answer."""
    about = "let workers on Ray answer: the file whose table [cluster] says how many and where (docs/scale.md)"
    parser.add_argument("--cluster", metavar="RUN.toml", type=Path, help=about)


def cluster_of(args: argparse.Namespace) -> ClusterSettings:
    """The workers that answer; none if no cluster is named."""
    if not args.cluster:
        return ClusterSettings()
    if args.models:
        raise UsageError("--cluster is for a model here: a judge behind a server is asked from this process")
    found = recipe.read(args.cluster).cluster
    if not found.workers:
        raise UsageError(f"{args.cluster} names no workers: its table [cluster] needs workers = 1 or more")
    return found


def add_chunk(parser: argparse.ArgumentParser) -> None:
    """Add the option that says how many rows are asked and kept at a time."""
    about = f"rows kept at a time (default: {CHUNK}; behind a server, what keeps it busy)"
    parser.add_argument("--chunk", metavar="N", type=int, help=about)


def add_dry_run(parser: argparse.ArgumentParser) -> None:
    """Add the option that asks nobody."""
    about = "print what a judge behind a server would be asked, and its cost"
    parser.add_argument("--dry-run", action="store_true", help=about)


def require_chunk(args: argparse.Namespace) -> None:
    """Raise ``UsageError`` for a chunk of nothing."""
    if args.chunk is not None and args.chunk < 1:
        raise UsageError("--chunk must be at least 1")


def require_server(args: argparse.Namespace, remote: RemoteSettings | None) -> None:
    """Raise ``UsageError`` for a dry run where there is no server."""
    if args.dry_run and not remote:
        raise UsageError("--dry-run counts what a server would be asked; name one with --models")


def dry_run(remote: RemoteSettings | None, comparisons: Iterable[Comparison], how: Labelling) -> int:
    """Print what labelling would ask the server, and what that costs."""
    from bylaw.models.remote.estimate import Counting

    assert remote
    counting = Counting(remote)
    counting.run(how.program(one, counting.name) for one in comparisons)
    print(counting.estimate().text())
    return 0


def remote_of(args: argparse.Namespace) -> RemoteSettings | None:
    """The judge behind a server, if one is named; there is one judge."""
    if bool(args.judge) == bool(args.models):
        raise UsageError("name the judge: a model here with --judge, or the file of a server's with --models")
    return server_of(args.models, args.trusted_key) if args.models else None


def server_of(file: Path, trusted: Sequence[str]) -> RemoteSettings:
    """The model behind a server that a file names. Raises ``UsageError`` if it names none.

    Says on stderr that ``trusted`` keys, if there are any, were held against nothing there.
    """
    found = recipe.read(file).models.judge
    if not found.backend:
        raise UsageError(f"{file} names no server: it has no table [models.judge] with a backend")
    if trusted:
        print(f"{found.name}: it is behind a server, and no signature of it was checked", file=sys.stderr)
    return found


@contextmanager
def open_judge(args: argparse.Namespace, remote: RemoteSettings | None, output: Path, stage: str) -> Iterator[Judge]:
    """The judge, until it is left; what a server is paid is entered beside ``output``, charged to ``stage``."""
    if remote:
        with closing(open_server(remote, output, stage)) as model:
            yield Judge(model, remote.name, remote.digest)
        return
    looked_at = _given(args)
    yield Judge(open_local(looked_at.path), looked_at.name, looked_at.digest)


@contextmanager
def open_chunked(
    args: argparse.Namespace, remote: RemoteSettings | None, output: Path, stage: str
) -> Iterator[ChunkedJudge]:
    """The judge as one that answers whole chunks: in workers, where ``--cluster`` names some."""
    cluster = cluster_of(args)
    if cluster.workers:
        looked_at = _given(args)
        yield ChunkedJudge(_workers(looked_at, cluster), looked_at.name, looked_at.digest, engine=cluster.engine)
        return
    with open_judge(args, remote, output, stage) as judge:
        yield ChunkedJudge(Here(judge.model), judge.name, judge.digest, getattr(judge.model, "rows", CHUNK))


def open_server(settings: RemoteSettings, output: Path, stage: str) -> "RemoteModel":
    """A model behind a server; what it is paid is entered beside ``output``, charged to ``stage``."""
    from bylaw.models.remote import open_remote

    model = open_remote(settings, output.with_name(f"{output.name}.costs.db"))
    model.spending.stage = stage
    return model


def open_local(path: Path) -> Model:
    """A model in a directory here."""
    from bylaw.models.local import open_model

    return open_model(path)


def _workers(judge: Given, cluster: ClusterSettings) -> Chunked:
    from bylaw.models.local import LocalSettings
    from bylaw.models.pool import Workers

    return Workers(judge.path, judge.name, LocalSettings(), cluster)


def _given(args: argparse.Namespace) -> Given:
    return given((args.judge,), args.trusted_key)[args.judge]
