"""Builds a bundle: a directory or a zip file, whole or not there."""

import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from bylaw import storage
from bylaw.canonical import sha256
from bylaw.errors import UsageError
from bylaw.evidence.claims import claims
from bylaw.evidence.clauses import clauses
from bylaw.evidence.index import NAME, Decision, Predicate, Redaction, seal
from bylaw.evidence.reading import Bundle
from bylaw.evidence.samples import personal, samples
from bylaw.ledger.entries import now
from bylaw.ledger.policy import Policy
from bylaw.lineage.lab import Lab
from bylaw.run.handout import Handout

REPORTS = ("leak", "audit", "stress")
NOT_RUN = "this test was not run"
LIMITS = (
    "The statements say what the lab's own programs made and read; no hardware attests that these programs ran.",
    "A ledger shows what was entered in it, not what never was.",
    "Nothing here says which model answers when somebody asks the lab's service.",
    "There is no differential privacy.",
)
FORMAT = "%Y-%m-%dT%H:%M:%SZ"
_NOT_IN_NAMES = re.compile(r"[^a-z0-9._-]+")
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The time of every file in a zip: the same bundle is the same bytes."""


class Wishes(msgspec.Struct, frozen=True, kw_only=True):
    """What the one who hands a bundle out adds to it.

    ``redact``: path in the bundle → reason. ``supersedes``: the bundle that this one replaces. ``policy`` (default: the
    lab's): without one that asks for witnesses, and is met, nothing is called witnessed.
    """

    valid_until: str | None = None
    supersedes: Path | None = None
    decision: Decision | None = None
    limits: tuple[str, ...] = ()
    redact: dict[str, str] = {}
    policy: Path | None = None


def build(runs: Sequence[Path], out: Path, lab: Lab, wishes: Wishes | None = None) -> Path:
    """Make a bundle of finished runs at ``out``: a zip file if it is called so, else a directory.

    Raises ``RunError``, ``RunCorrupt`` or ``UsageError``; then nothing is at ``out`` that was not there.
    """
    if out.exists():
        raise UsageError(f"{out} is there already; a bundle that was handed out is superseded, not overwritten")
    wishes = wishes or Wishes()
    policy = Policy.load(wishes.policy) if wishes.policy else lab.policy
    handouts = _handouts(runs, lab, policy)
    files = dict(_files(handouts))
    if unknown := sorted(set(wishes.redact) - set(files)):
        raise UsageError(f"{unknown[0]} is no file of this bundle, so it cannot be redacted")
    redact = personal(files) | wishes.redact
    predicate = _predicate(handouts, files, wishes, redact, policy)
    kept = {path: content for path, content in files.items() if path not in redact}
    _write(out, {NAME: seal(kept, predicate, lab.signer), **kept})
    return out


def is_time(text: str) -> bool:
    """Whether a text is a time as a bundle writes it."""
    try:
        return datetime.strptime(text, FORMAT).strftime(FORMAT) == text
    except ValueError:
        return False


def _handouts(runs: Sequence[Path], lab: Lab, policy: Policy | None) -> dict[str, Handout]:
    names = [_NOT_IN_NAMES.sub("-", run.resolve().name.lower()).strip("-._") or "run" for run in runs]
    if len(set(names)) != len(names):
        raise UsageError(f"two runs have the same name: {', '.join(names)}")
    return {name: Handout(run, lab, policy) for name, run in zip(names, runs, strict=True)}


def _files(handouts: Mapping[str, Handout]) -> Iterator[tuple[str, bytes]]:
    for name, handout in handouts.items():
        for path, content in handout.files().items():
            yield f"runs/{name}/{path}", content
        for path, content in samples(handout):
            yield f"runs/{name}/{path}", content
        findings = handout.findings()
        for report in REPORTS:
            if report in findings:
                yield f"reports/{name}.{report}.json", findings[report].report
                yield f"reports/{name}.{report}.statement", findings[report].statement


def _predicate(
    handouts: Mapping[str, Handout],
    files: Mapping[str, bytes],
    wishes: Wishes,
    redact: Mapping[str, str],
    policy: Policy | None,
) -> Predicate:
    seen = {name: policy is not None and handout.witnessed(policy) for name, handout in handouts.items()}
    claimed = tuple(claims(seen, files))
    missing = [f"{name}.{report}" for name in handouts for report in REPORTS]
    return Predicate(
        made=now(),
        runs=tuple(handouts),
        claims=claimed,
        not_run={name: NOT_RUN for name in missing if f"reports/{name}.json" not in files},
        limits=(*LIMITS, *wishes.limits),
        clauses=clauses(claimed),
        redactions=tuple(
            Redaction(path=path, sha256=sha256(files[path]), reason=reason) for path, reason in redact.items()
        ),
        valid_until=wishes.valid_until,
        supersedes=sha256(Bundle(wishes.supersedes).payload) if wishes.supersedes else None,
        decision=wishes.decision,
    )


def _write(out: Path, files: Mapping[str, bytes]) -> None:
    with storage.writing(out) as temporary:
        if out.suffix == ".zip":
            with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
                for path, content in files.items():
                    archive.writestr(zipfile.ZipInfo(path, EPOCH), content, zipfile.ZIP_DEFLATED)
            return
        for path, content in files.items():
            (temporary / path).parent.mkdir(parents=True, exist_ok=True)
            (temporary / path).write_bytes(content)
