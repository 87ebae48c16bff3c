"""What one stage made from what: an in-toto Statement v1 whose predicate is SLSA provenance v1, in a DSSE envelope.

``subject`` is what the stage made, ``resolvedDependencies`` what it read: documents, models, the statements of the
stages it builds on, and the code. The meaning of the parameters is that of ``BUILD_TYPE`` (docs/lineage.md).
"""

from typing import Any

import msgspec

from bylaw.canonical import canonical
from bylaw.errors import MalformedError
from bylaw.lineage import code
from bylaw.lineage.rows import Rows

TYPE = "https://in-toto.io/Statement/v1"
PREDICATE = "https://slsa.dev/provenance/v1"
BUILD_TYPE = "https://bylaw.dev/stage/v1"
BUILDER = "https://bylaw.dev/train/v1"
LINE, SO_FAR = "manifest.jsonl", "manifest.jsonl, so far"
"""By-products: the stage's *finished* line, and the manifest from its beginning to the end of that line."""

Digest = dict[str, str]
"""Algorithm → hex digits: ``sha256`` of bytes, ``dirHash`` of a directory."""


class Thing(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A resource descriptor (in-toto attestation v1): a file, a range of one, a directory, or a named value."""

    name: str
    digest: Digest
    uri: str = ""
    annotations: dict[str, Any] = {}


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """What became of what a stage took: ``taken`` is ``made`` plus all that was ``dropped``, by reason."""

    taken: int
    made: int
    dropped: dict[str, int] = {}

    @property
    def agree(self) -> bool:
        """Whether nothing went missing."""
        return self.taken == self.made + sum(self.dropped.values())


class StageRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a statement says of a stage. Times are UTC, ISO 8601."""

    stage: str
    seed: int
    started: str
    finished: str
    made: tuple[Thing, ...]
    read: tuple[Thing, ...]
    parameters: dict[str, Any]
    counts: Counts | None
    line: str
    """SHA-256 of the manifest's *finished* line, its line end included."""
    so_far: str
    """SHA-256 of the whole manifest up to the end of that line."""


def statement(record: StageRecord) -> dict[str, Any]:
    """The statement as JSON's types."""
    dependencies = [
        *record.read,
        Thing(name="bylaw", uri=f"pkg:pypi/bylaw@{code.versions()['bylaw']}", digest={"dirHash": code.code_digest()}),
    ]
    byproducts = [
        Thing(name=LINE, digest={"sha256": record.line}),
        Thing(name=SO_FAR, digest={"sha256": record.so_far}),
    ]
    return {
        "_type": TYPE,
        "subject": [msgspec.to_builtins(thing) for thing in record.made],
        "predicateType": PREDICATE,
        "predicate": {
            "buildDefinition": {
                "buildType": BUILD_TYPE,
                "externalParameters": {"stage": record.stage, **record.parameters},
                "internalParameters": {
                    "seed": record.seed,
                    "machine": code.machine(),
                    "counts": msgspec.to_builtins(record.counts),
                },
                "resolvedDependencies": [msgspec.to_builtins(thing) for thing in dependencies],
            },
            "runDetails": {
                "builder": {"id": BUILDER, "version": code.versions()},
                "metadata": {"startedOn": record.started, "finishedOn": record.finished},
                "byproducts": [msgspec.to_builtins(thing) for thing in byproducts],
            },
        },
    }


def payload(record: StageRecord) -> bytes:
    """What is signed."""
    return canonical(statement(record))


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """A statement whose signature has been checked, as far as a reader of runs needs it."""

    stage: str
    made: tuple[Thing, ...]
    read: tuple[Thing, ...]
    line: str
    so_far: str
    content: bytes
    """The payload: what a ledger's entry names by digest."""

    def rows(self, path: str) -> Rows | None:
        """The commitment to the rows of a file it made, if it made that file."""
        for thing in self.made:
            if thing.name == path and "rows" in thing.annotations:
                return msgspec.convert(thing.annotations["rows"], Rows)
        return None


def parse(payload: bytes) -> Statement:
    """The statement in a payload whose signature has been checked. Raises ``MalformedError``."""
    try:
        said = msgspec.json.decode(payload)
        build = said["predicate"]["buildDefinition"]
        told = {each["name"]: each["digest"]["sha256"] for each in said["predicate"]["runDetails"]["byproducts"]}
        if (said["_type"], said["predicateType"], build["buildType"]) != (TYPE, PREDICATE, BUILD_TYPE):
            raise MalformedError("statement", "it is of another type than a stage's")
        return Statement(
            stage=build["externalParameters"]["stage"],
            made=msgspec.convert(said["subject"], tuple[Thing, ...]),
            read=msgspec.convert(build["resolvedDependencies"], tuple[Thing, ...]),
            line=told[LINE],
            so_far=told.get(SO_FAR, ""),  # older statements do not say it
            content=payload,
        )
    except (msgspec.MsgspecError, KeyError, TypeError, UnicodeDecodeError) as error:
        raise MalformedError("statement", f"it lacks what a stage's statement says: {error!r}") from error
