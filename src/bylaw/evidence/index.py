"""The signed index of a bundle: an in-toto statement over its files, with what is claimed of them."""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from bylaw.canonical import canonical, sha256
from bylaw.lineage import dsse
from bylaw.lineage.statement import TYPE
from bylaw.signing import Signer

PREDICATE = "https://bylaw.dev/evidence/v1"
NAME = "bundle.json"
Level = Literal["self-attested", "witnessed", "reproduced"]
Kind = Literal["root", "lineage", "ledger", "constitution", "measurements", "samples", "model", "report"]


class Ref(msgspec.Struct, frozen=True, kw_only=True):
    """A file of the bundle, by digest."""

    path: str
    sha256: str


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is claimed. ``because`` are ids of claims it stands on, ``evidence`` the files that show it."""

    id: str
    text: str
    level: Level
    kind: Kind
    run: str
    evidence: tuple[Ref, ...] = ()
    because: tuple[str, ...] = ()


class Redaction(msgspec.Struct, frozen=True, kw_only=True):
    """A file that was taken out: its digest stays."""

    path: str
    sha256: str
    reason: str


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What was decided on this evidence, by whom, when."""

    text: str
    by: tuple[str, ...]
    at: str


class Predicate(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What the index says besides the list of files; times are UTC, ``YYYY-MM-DDTHH:MM:SSZ``."""

    made: str
    runs: tuple[str, ...]
    claims: tuple[Claim, ...]
    not_run: dict[str, str]
    limits: tuple[str, ...]
    clauses: dict[str, tuple[str, ...]]
    redactions: tuple[Redaction, ...] = ()
    valid_until: str | None = None
    supersedes: str | None = None
    decision: Decision | None = None


def seal(files: Mapping[str, bytes], predicate: Predicate, signer: Signer) -> bytes:
    """``bundle.json``: every file by digest, sorted by path, and the predicate, signed.

    A redacted file stays in the list with the digest it had.
    """
    digests = {path: sha256(content) for path, content in files.items()}
    digests |= {each.path: each.sha256 for each in predicate.redactions}
    said: dict[str, Any] = {
        "_type": TYPE,
        "subject": [{"name": path, "digest": {"sha256": digests[path]}} for path in sorted(digests)],
        "predicateType": PREDICATE,
        "predicate": msgspec.to_builtins(predicate),
    }
    return msgspec.json.encode(dsse.seal(canonical(said), signer)) + b"\n"
