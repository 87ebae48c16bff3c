"""What was found when a run was looked at (audit, leak, stress): an in-toto Statement v1 of its own.

``subject`` is the report's file by digest; ``materials`` are what was looked at, the statements of the run's stages
among them, so that a finding of one run is none of another (docs/lineage.md).
"""

from typing import Any

import msgspec

from bylaw.canonical import canonical
from bylaw.errors import MalformedError
from bylaw.lineage import code
from bylaw.lineage.statement import TYPE, Thing

PREDICATE = "https://bylaw.dev/finding/v1"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """``at`` is UTC, ``YYYY-MM-DDTHH:MM:SSZ``."""

    at: str
    report: Thing
    materials: tuple[Thing, ...]


def payload(finding: Finding) -> bytes:
    """What is signed."""
    tool = Thing(name="bylaw", uri=f"pkg:pypi/bylaw@{code.versions()['bylaw']}", digest={"dirHash": code.code_digest()})
    said: dict[str, Any] = {
        "_type": TYPE,
        "subject": [msgspec.to_builtins(finding.report)],
        "predicateType": PREDICATE,
        "predicate": {
            "madeOn": finding.at,
            "materials": msgspec.to_builtins(finding.materials),
            "tool": msgspec.to_builtins(tool),
        },
    }
    return canonical(said)


def parse(payload: bytes) -> Finding:
    """The finding in a payload. Raises ``MalformedError``."""
    try:
        said = msgspec.json.decode(payload)
        if (said["_type"], said["predicateType"]) != (TYPE, PREDICATE):
            raise MalformedError("finding", "it is the statement of something else")
        (report,) = msgspec.convert(said["subject"], tuple[Thing, ...])
        predicate = said["predicate"]
        materials = msgspec.convert(predicate["materials"], tuple[Thing, ...])
        return Finding(at=msgspec.convert(predicate["madeOn"], str), report=report, materials=materials)
    except (msgspec.MsgspecError, KeyError, TypeError, ValueError) as error:
        raise MalformedError("finding", f"it lacks what a finding's statement says: {error!r}") from error
