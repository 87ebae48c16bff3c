"""A signed document comes into force: copied whole, entered in the ledger, written in the journal, in this order.

Killed in between, nothing is in force that the journal does not say, and the same command goes on: a document that lies
in the folder already is not copied again, and one that the journal has is refused. At the worst the ledger holds the
entry of an act twice, with one digest.
"""

import json
from datetime import datetime
from pathlib import Path

from bylaw.access.office.journal import Act
from bylaw.access.office.place import Office, stamp
from bylaw.access.rules.approval import approved, envelope_of
from bylaw.access.rules.document import Directive, Document
from bylaw.canonical import sha256
from bylaw.errors import UsageError
from bylaw.ledger.entries import AnyEntry, DirectiveEnacted, DirectiveRescinded, encode
from bylaw.lineage.lab import Lab
from bylaw.storage import write_bytes


def enact(office: Office, path: Path, lab: Lab, at: datetime) -> Act:
    """Bring a document with its approval into force. Raises ``UsageError``, ``VerificationError``: then it is not."""
    document = approved(path, office.approvers(), at)
    content = path.read_bytes()
    _require_new(office, document)
    ended = _ended(office, document)
    folder = office.rules_folder
    _put(folder / f"{document.name}.toml", content)
    _put(envelope_of(folder / f"{document.name}.toml"), envelope_of(path).read_bytes())
    entries = lab.enter([encode(entry) for entry in _entries(document, content, ended, office, at)])
    lab.checkpoint()
    act = Act(
        at=at,
        document=document.name,
        digest=document.digest,
        effective=document.effective_from,
        ends=tuple(ended),
        entries=tuple(entries),
    )
    office.journal.write(act)
    return act


def rescission(office: Office, id: str, citation: str, at: datetime) -> str:
    """The text of a document that ends one in force from ``at`` on. Raises ``UsageError`` if none of that id is."""
    found = [rule for rule in office.policy(at).rules if id in (rule.document.id, rule.document.name)]
    if not found:
        raise UsageError(f"nothing in force is called {id}; bylaw directive list shows what is")
    document = found[0].document
    said: dict[str, object] = {
        "kind": "directive",
        "id": f"rescind-{document.id}",
        "version": 1 + sum(act.document.startswith(f"rescind-{document.id}@") for act in office.journal.acts()),
        "title": f"End of: {document.title}",
        "authority": document.authority,
        "programme": document.programme,
        "citation": citation,
        "models": list(document.models),
        "rescinds": [document.name],
    }
    lines = [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in said.items()]
    return "\n".join([*lines, f"effective_from = {stamp(at)}", ""])


def _require_new(office: Office, document: Document) -> None:
    for act in office.journal.acts():
        if act.digest == document.digest:
            raise UsageError(f"{document.name} was enacted at {stamp(act.at)} already")
        if act.document == document.name:
            raise UsageError(f"another text was enacted as {document.name}; give this one a new version")


def _ended(office: Office, document: Document) -> list[str]:
    """The names of the enacted documents that this one rescinds. Raises ``UsageError`` for one that never was."""
    if not isinstance(document, Directive):
        return []
    names = {act.document for act in office.journal.acts()}
    ended = []
    for reference in document.rescinds:
        found = sorted(name for name in names if reference in (name, name.partition("@")[0]))
        if not found:
            raise UsageError(f"{document.name} rescinds {reference}, which was never enacted here")
        ended += found
    return ended


def _entries(document: Document, content: bytes, ended: list[str], office: Office, at: datetime) -> list[AnyEntry]:
    order = f"sha256:{sha256(content)}"
    effective = stamp(document.effective_from)
    entries: list[AnyEntry] = [
        DirectiveRescinded(
            at=stamp(at),
            directive=f"sha256:{sha256((office.rules_folder / f'{name}.toml').read_bytes())}",
            order=order,
            effective=effective,
        )
        for name in ended
    ]
    return [DirectiveEnacted(at=stamp(at), directive=order, effective=effective), *entries]


def _put(path: Path, content: bytes) -> None:
    if path.exists() and path.read_bytes() != content:
        raise UsageError(f"{path} is there with another content; move it away if it was never enacted")
    write_bytes(path, content)
