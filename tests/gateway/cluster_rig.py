"""Gateways as they run on several machines: one with the office, and replicas that have only its public key."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from gateway_model import ModelServer
from gateway_rig import MODELS, SETTLED, Rig, wait

from bylaw.gateway.settings import Place
from bylaw.gateway.snapshot.head import read_head
from bylaw.gateway.state import State
from bylaw.signing import LocalSigner

AGES = SETTLED.replace("[snapshot]", "[snapshot]\nrenew_seconds = 1\nmax_age_seconds = {age}\n{key}")
CLUSTER = '[cluster]\nrole = "{role}"\ndatabase = "CLUSTER_DSN"\nlook_seconds = 0.2\npatience_seconds = 3\n'


class Replica(Rig):
    """A machine without an office. It shares the publisher's keys, since they are the same callers."""

    def __init__(self, folder: Path, publisher: Rig, upstream: str, name: str, workers: int, age: float) -> None:
        self.folder, self.office, self.keys, self.lab = folder, publisher.office, publisher.keys, publisher.lab
        folder.mkdir()
        public = publisher.state.signing_key.with_name("gateway.pem.pub")
        (folder / "gateway.pem.pub").write_bytes(public.read_bytes())
        LocalSigner.generate().save(folder / "replica.pem")
        rows = "".join(f'[model."{each}"]\nupstream = "main"\n' for each in MODELS)
        cluster = CLUSTER.format(role="replica") + f'name = "{name}"\nkey = "replica.pem"\n'
        self.path = folder / "gateway.toml"
        self.path.write_text(
            f'home = "home"\nstate = "state"\nworkers = {workers}\n[listen]\nport = 0\n[admin]\nport = 0\n'
            f'[upstream.main]\nurl = "{upstream}"\nkey = "MODEL_KEY"\n{rows}'
            + AGES.format(age=age, key='key = "gateway.pem"')
            + cluster
        )
        self.state = State(Place.read(self.path))

    until = 200
    """The status that says that it has started."""

    def wait_ready(self) -> None:
        """Until it answers so."""
        wait(lambda: self.get("/v1/models", "citizen").status == self.until, self.log)

    def version(self) -> int:
        """Of the head that came last."""
        return read_head(self.state.snapshot, self.state.public_key()).version


class Machines:
    """The publisher, its replicas, and the model's server behind all of them."""

    def __init__(self, folder: Path, server: ModelServer, replicas: int, workers: int, age: float) -> None:
        self.server = server
        self.publisher = Rig(folder, server.url, AGES.format(age=age, key=""))
        self.publisher.state.signer()
        self.replicas = [
            Replica(folder / f"eu-{number}", self.publisher, server.url, f"eu-{number}", workers, age)
            for number in range(replicas)
        ]
        listed = "".join(f'eu-{number} = "eu-{number}/replica.pem.pub"\n' for number in range(replicas))
        with self.publisher.path.open("a") as file:
            file.write(CLUSTER.format(role="publisher") + f"[cluster.replicas]\n{listed}")

    def all_filed(self) -> None:
        """Wait until no replica has anything to send any more."""
        for each in self.replicas:
            wait(lambda each=each: not list(each.state.segments.glob("*.log")), each.log)  # type: ignore[misc]


@contextmanager
def machines(
    folder: Path, dsn: str, replicas: int = 2, workers: int = 1, age: float = 30.0
) -> Iterator[tuple[Machines, ModelServer]]:
    """All of them, running; they end in order, the publisher last."""
    with ModelServer() as server, ExitStack() as running:
        made = Machines(folder, server, replicas, workers, age)
        for each in (made.publisher, *made.replicas):
            running.enter_context(each.serving(CLUSTER_DSN=dsn))
        yield made, server
