"""Settings of a gateway: one TOML file, read whole, checked before anything starts.

Paths are relative to the file. Secrets stand in environment variables, and the file has their names only.
``docs/gateway.md`` explains every key.
"""

import ipaddress
import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from bylaw.errors import SettingsError
from bylaw.gateway import faults
from bylaw.gateway.admin.settings import ConsoleSettings
from bylaw.gateway.cluster import settings as cluster
from bylaw.gateway.cluster.settings import ClusterSettings
from bylaw.lineage.lab import home_of
from bylaw.settings import load

Seconds = Annotated[float, Meta(gt=0)]
Bytes = Annotated[int, Meta(ge=1)]
Rate = Annotated[float, Meta(ge=0)]
Port = Annotated[int, Meta(ge=0, le=65535)]


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One table of the file."""


class ListenSettings(_Table, frozen=True, kw_only=True):
    """Where a listener listens. Port 0: any free one."""

    host: str = "127.0.0.1"
    port: Port = 8080
    certificate: str = ""
    private_key: str = ""


class UpstreamSettings(_Table, frozen=True, kw_only=True):
    """A server that answers for models. ``key`` names the environment variable with its API key, sent as ``scheme``
    says.

    ``first_byte_seconds`` may be long: a model thinks before it speaks. ``idle_seconds`` is between two pieces.
    ``keep_seconds``: an idle connection is given up before the server would, so that none is found closed.
    """

    url: str
    key: str = ""
    scheme: Literal["bearer", "x-api-key"] = "bearer"
    connect_seconds: Seconds = 5.0
    first_byte_seconds: Seconds = 600.0
    idle_seconds: Seconds = 300.0
    keep_seconds: Seconds = 4.0


class ModelSettings(_Table, frozen=True, kw_only=True):
    """A model by the name that callers and directives use: who answers for it, and the signed directory of its
    weights.
    """

    upstream: str = ""
    weights: str = ""


class SnapshotSettings(_Table, frozen=True, kw_only=True):
    """How old what is enforced may be, how often it is signed anew, how often changes are looked for."""

    max_age_seconds: Seconds = 300.0
    renew_seconds: Seconds = 60.0
    look_seconds: Seconds = 0.1
    key: str = ""


class RecordSettings(_Table, frozen=True, kw_only=True):
    """``sync = "each"``: a decision is on the disk before its answer (one fsync for all that wait). ``"system"``: it
    is with the system, which outlives a killed process and not a loss of power.
    """

    sync: Literal["each", "system"] = "each"
    commit_seconds: Seconds = 10.0
    segment_bytes: Bytes = 16 << 20
    beat_seconds: Seconds = 5.0


class CallerSettings(_Table, frozen=True, kw_only=True):
    """Who is asking, and from where.

    ``hops`` are networks of proxies whose ``X-Forwarded-For`` is believed; ``places`` a prefix CSV (``.csv``,
    ``.csv.gz``) or MMDB; ``signals`` lists of networks by name (``tor``, ``vpn``), and ``hides_location`` those of
    them that make the location unknown.
    """

    hops: tuple[str, ...] = ()
    places: str = ""
    signals: dict[str, str] = {}
    hides_location: tuple[str, ...] = ("tor", "vpn")


class IssuerSettings(_Table, frozen=True, kw_only=True):
    """Whose tokens (JWT) are taken: keys from a JWKS file, never from the network; algorithms as listed and no others.

    ``vouches`` is the organisation's id where the tokens are assertions about its end users: they are then taken beside
    that organisation's keys only, and live ``longest_seconds`` at the most.
    """

    issuer: str
    audience: str
    jwks: str
    algorithms: Annotated[
        tuple[Literal["ES256", "ES384", "EdDSA", "Ed25519", "RS256", "PS256"], ...], Meta(min_length=1)
    ] = (
        "ES256",
        "EdDSA",
    )
    subject: str = "sub"
    channel: str = ""
    vouches: str = ""
    longest_seconds: Seconds = 3600.0
    leeway_seconds: Annotated[float, Meta(ge=0, le=120)] = 10.0


class LimitSettings(_Table, frozen=True, kw_only=True):
    """Rates are requests a second, 0: no limit; ``burst`` in seconds' worth. Rates, and answers running for a key, a
    subject or an organisation, hold for all workers of the machine together; ``running`` and ``connections`` for each.
    """

    key_rate: Rate = 0.0
    subject_rate: Rate = 0.0
    organization_rate: Rate = 0.0
    burst_seconds: Seconds = 2.0
    key_running: Annotated[int, Meta(ge=0)] = 0
    subject_running: Annotated[int, Meta(ge=0)] = 0
    organization_running: Annotated[int, Meta(ge=0)] = 0
    running: int = 4096
    connections: Annotated[int, Meta(ge=1)] = 16384
    body_bytes: Bytes = 32 << 20
    header_bytes: Bytes = 32 << 10
    header_seconds: Seconds = 10.0
    body_seconds: Seconds = 60.0
    write_seconds: Seconds = 60.0
    keep_seconds: Seconds = 75.0
    drain_seconds: Seconds = 30.0


class GatewaySettings(_Table, frozen=True, kw_only=True):
    """The whole file. ``office``: the directory of rules and facts; ``state``: where the gateway keeps its own.

    ``own_authorities``: documents of these are the lab's terms (403); those of any other are law (451). ``bring_to``:
    where a caller brings a missing fact.
    """

    office: str = ""
    home: str = ""
    state: str = ""
    workers: Annotated[int, Meta(ge=1, le=256)] = 1
    bring_to: str = ""
    own_authorities: tuple[str, ...] = ("The lab", "lab")
    decision_point: bool = False
    listen: ListenSettings = ListenSettings()
    admin: ListenSettings = ListenSettings(port=8081)
    console: ConsoleSettings = ConsoleSettings()
    upstream: dict[str, UpstreamSettings] = {}
    model: dict[str, ModelSettings] = {}
    snapshot: SnapshotSettings = SnapshotSettings()
    record: RecordSettings = RecordSettings()
    caller: CallerSettings = CallerSettings()
    issuer: dict[str, IssuerSettings] = {}
    limits: LimitSettings = LimitSettings()
    cluster: ClusterSettings = ClusterSettings()


class Place(msgspec.Struct, frozen=True):
    """Settings, and the folder that their paths are relative to."""

    settings: GatewaySettings
    folder: Path
    where: str = "GATEWAY.toml"

    @classmethod
    def read(cls, path: Path) -> "Place":
        """From a file. Raises ``SettingsError``."""
        return cls(load(GatewaySettings, path), path.resolve().parent, str(path))

    def path(self, text: str) -> Path:
        """A path of the file."""
        return self.folder / Path(text).expanduser()

    @property
    def home(self) -> Path:
        """The lab's directory."""
        return self.path(self.settings.home) if self.settings.home else home_of()

    @property
    def office(self) -> Path:
        """The office's directory."""
        return self.path(self.settings.office) if self.settings.office else self.home / "access"

    @property
    def state(self) -> Path:
        """Where the gateway keeps what is its own: keys, snapshots, segments, coverage."""
        return self.path(self.settings.state) if self.settings.state else self.office / "gateway"

    def absolute(self) -> GatewaySettings:
        """The same settings with every path whole, so that they mean the same in another folder."""
        said, replace = self.settings, msgspec.structs.replace

        def whole(text: str) -> str:
            return str(self.path(text)) if text else ""

        caller = replace(
            said.caller,
            places=whole(said.caller.places),
            signals={name: whole(each) for name, each in said.caller.signals.items()},
        )
        return replace(
            said,
            office=str(self.office),
            home=str(self.home),
            state=str(self.state),
            caller=caller,
            snapshot=replace(said.snapshot, key=whole(said.snapshot.key)),
            issuer={name: replace(each, jwks=whole(each.jwks)) for name, each in said.issuer.items()},
            model={name: replace(each, weights=whole(each.weights)) for name, each in said.model.items()},
            listen=_whole(said.listen, whole),
            admin=_whole(said.admin, whole),
            cluster=said.cluster.absolute(whole),
            console=said.console.absolute(whole),
        )

    def check(self) -> None:
        """Raise ``SettingsError`` with one line about the first thing that would not work."""
        replica = self.settings.cluster.is_replica
        if not replica and not (self.office / "access.toml").is_file():
            raise SettingsError(f"there is no office in {self.office}", f"{self.where}: office")
        for fault in (
            *self._listeners(),
            *self._upstreams(),
            *self._models(),
            *self._files(),
            *self._hops(),
            *self._cluster(),
            *self.settings.console.faults(self.path),
        ):
            raise SettingsError(fault[1], f"{self.where}: {fault[0]}")

    def _listeners(self) -> list[tuple[str, str]]:
        door, admin = self.settings.listen, self.settings.admin
        if door.port == admin.port != 0:
            return [("admin.port", f"{admin.port} is the port of [listen] too; what steers needs a port of its own")]
        both = (("listen", door), ("admin", admin))
        found = [(name, faults.of_certificate(each.certificate, each.private_key, self.path)) for name, each in both]
        return [(f"{name}.certificate", fault) for name, fault in found if fault]

    def _upstreams(self) -> list[tuple[str, str]]:
        found = []
        for name, each in self.settings.upstream.items():
            if fault := faults.of_url(each.url):
                found.append((f"upstream.{name}.url", f"{each.url!r} {fault}"))
            if each.key and not os.environ.get(each.key):
                found.append((f"upstream.{name}.key", f"the environment variable {each.key} is not set"))
        return found

    def _models(self) -> list[tuple[str, str]]:
        known = self.settings.upstream
        if known and not self.settings.model:
            return [("model", "no [model.NAME] says which models there are")]
        return [
            (f"model.{name}.upstream", f"there is no [upstream.{each.upstream}]")
            if each.upstream
            else (f"model.{name}", "says neither which upstream answers for it nor where its weights are")
            for name, each in self.settings.model.items()
            if each.upstream not in known and (each.upstream or not each.weights)
        ]

    def _files(self) -> list[tuple[str, str]]:
        said = self.settings
        files = [(f"issuer.{name}.jwks", each.jwks) for name, each in said.issuer.items()]
        files += [(f"caller.signals.{name}", each) for name, each in said.caller.signals.items()]
        files += [
            ("caller.places", said.caller.places),
            ("snapshot.key", "" if said.cluster.is_replica else said.snapshot.key),
        ]
        for name, each in (("listen", said.listen), ("admin", said.admin)):
            files += [(f"{name}.certificate", each.certificate), (f"{name}.private_key", each.private_key)]
        found = [(key, faults.of_file(self.path(text))) for key, text in files if text]
        weights = [(f"model.{name}.weights", each.weights) for name, each in said.model.items() if each.weights]
        found += [(key, f"{text} is no directory") for key, text in weights if not self.path(text).is_dir()]
        return [(key, fault) for key, fault in found if fault]

    def _cluster(self) -> list[tuple[str, str]]:
        said = self.settings
        if said.cluster.is_replica and not said.upstream:
            return [("upstream", "a replica needs an [upstream.NAME]; it has no model of its own")]
        return list(cluster.faults(said.cluster, self.path, said.snapshot.key))

    def _hops(self) -> list[tuple[str, str]]:
        found = []
        for text in self.settings.caller.hops:
            try:
                ipaddress.ip_network(text)
            except ValueError as error:
                found.append(("caller.hops", str(error)))
        return found


def _whole(listen: ListenSettings, whole: Callable[[str], str]) -> ListenSettings:
    certificate, key = whole(listen.certificate), whole(listen.private_key)
    return msgspec.structs.replace(listen, certificate=certificate, private_key=key)
