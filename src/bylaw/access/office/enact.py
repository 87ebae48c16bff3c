"""A signed document comes into force: copied whole, entered in the ledger, written in the journal, in this order.

Killed in between, nothing is in force that the journal does not say, and the same command goes on: a document that lies
in the folder already is not copied again, and one that the journal has is refused. At the worst the ledger holds the
entry of an act twice, with one digest.

A document that ``check`` finds errors in is not enacted: it would do something else than it says, such as nothing, for
a misspelt model. Whoever has to do so all the same says so, and the journal keeps what the errors were.
"""

import json
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import msgspec

from bylaw.access.office.journal import Act
from bylaw.access.office.place import Office, stamp
from bylaw.access.office.status import LIVE, idle, statuses
from bylaw.access.ownership.rule import rules
from bylaw.access.rules.approval import approved, envelope_of, keys_of
from bylaw.access.rules.check import Complaint, check
from bylaw.access.rules.document import Directive, Document, parse
from bylaw.access.rules.predicates import LONGEST
from bylaw.errors import UsageError, VerificationError
from bylaw.ledger.entries import AnyEntry, DirectiveEnacted, DirectiveRescinded, encode, reference
from bylaw.lineage.lab import Lab
from bylaw.storage import write_bytes


def enact(office: Office, path: Path, lab: Lab, at: datetime, *, despite_errors: bool = False) -> Act:
    """Bring a document with its approval into force. Raises ``UsageError``, ``VerificationError``: then it is not.

    It is done at ``at``, or with the last act if the clock is behind that.
    """
    with office.changing():
        return _enact(office, path, lab, office.clock(at), despite_errors)


def complaints(office: Office, documents: Iterable[Document], at: datetime) -> tuple[Complaint, ...]:
    """What is wrong with a set of documents, by the models, lists and subjects of this office."""
    documents = tuple(documents)
    without_effect = tuple(
        Complaint(severity="warning", rule=name, field=field, text=text)
        for name, field, text in idle(office, documents, at)
    )
    with office.store() as store:
        return without_effect + check(
            documents,
            models=office.settings.models,
            at=at,
            lists=tuple(office.lists.current()),
            ownership=tuple(rules()),
            subjects=store.kinds,
        )


def _enact(office: Office, path: Path, lab: Lab, at: datetime, despite_errors: bool) -> Act:
    document = approved(path, office.approvers(), at)
    _require_new(office, document, at)
    ended = _ended(office, document)
    errors = _errors(office, document, at)
    if errors and not despite_errors:
        raise UsageError(
            f"{document.name} is not enacted: {'; '.join(errors)}. Mend it and have it signed again, or give"
            " --despite-errors, which is kept"
        )
    content = _copied(office, document, path, at)
    act = Act(
        at=at,
        document=document.name,
        digest=document.digest,
        effective=document.effective_from,
        ends=tuple(ended),
        despite=errors,
        office=office.name(),
        keys=keys_of(office.rules_folder / f"{document.name}.toml", office.approvers()),
    )
    entries = lab.enter([encode(entry) for entry in _entries(act, content, office)])
    lab.checkpoint()
    act = msgspec.structs.replace(act, entries=tuple(entries))
    office.journal.write(act)
    return act


def rescission(office: Office, id: str, citation: str, at: datetime) -> str:
    """The text of a document that ends one in force, all versions of an id, from ``at`` on; or one that is to come, if
    none of that id is in force yet.

    Raises ``UsageError`` if there is none, ``SettingsError`` for a citation that says nothing.
    """
    mine = [each for each in statuses(office, at) if id in (each.document.id, each.document.name)]
    found = [each.document for each in mine if each.state == "in force"]
    found = found or [each.document for each in mine if each.state == "to come"]
    if not found:
        known = f"; {mine[-1].document.name} is {mine[-1].words}" if mine else ""
        raise UsageError(f"nothing in force is called {id}{known}; bylaw directive list shows what is")
    document = found[0]
    name = f"rescind-{document.id}"[:LONGEST]
    said: dict[str, object] = {
        "kind": "directive",
        "id": name,
        "version": 1 + sum(act.document.startswith(f"{name}@") for act in office.journal.acts()),
        "title": f"End of: {document.title}",
        "authority": document.authority,
        "programme": document.programme,
        "citation": citation,
        "models": list(document.models),
        "rescinds": [each.name for each in found],
    }
    lines = [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in said.items()]
    text = "\n".join([*lines, f"effective_from = {stamp(at)}", ""])
    parse(text, name)
    return text


def _require_new(office: Office, document: Document, at: datetime) -> None:
    for act in office.journal.acts():
        if act.digest == document.digest:
            gone = [each.words for each in statuses(office, at) if each.act == act and each.state not in LIVE]
            again = f", and is {gone[0]}; give it a new version to enact it again" if gone else ""
            raise UsageError(f"{document.name} was enacted at {stamp(act.at)} already{again}")
        if act.document == document.name:
            raise UsageError(f"another text was enacted as {document.name}; give this one a new version")


def _errors(office: Office, document: Document, at: datetime) -> tuple[str, ...]:
    """The errors that were not there before this document."""
    known = office.rules(at)
    before = {each for each in complaints(office, known, at) if each.severity == "error"}
    found = [each for each in complaints(office, (*known, document), at) if each.severity == "error"]
    return tuple(str(each).removeprefix("error: ") for each in found if each not in before)


def _copied(office: Office, document: Document, path: Path, at: datetime) -> bytes:
    """The document's bytes, in the folder of rules with its signatures. What lies there is what was approved."""
    copy = office.rules_folder / f"{document.name}.toml"
    content, signatures = path.read_bytes(), envelope_of(path).read_bytes()
    _put(copy, content)
    _put(envelope_of(copy), signatures)
    if approved(copy, office.approvers(), at).digest != document.digest:
        raise VerificationError("approval", f"{path} was changed while it was read")
    return content


def _ended(office: Office, document: Document) -> list[str]:
    """The names of the enacted documents that this one rescinds. Raises ``UsageError`` for one that never was."""
    if not isinstance(document, Directive):
        return []
    names = {act.document for act in office.journal.acts()}
    ended = []
    for each in document.rescinds:
        found = sorted(name for name in names if each in (name, name.partition("@")[0]))
        if not found:
            raise UsageError(f"{document.name} rescinds {each}, which was never enacted here")
        ended += found
    return ended


def _entries(act: Act, content: bytes, office: Office) -> list[AnyEntry]:
    order, at, effective, name = reference(content), stamp(act.at), stamp(act.effective), act.office
    entries: list[AnyEntry] = [
        DirectiveRescinded(
            at=at,
            directive=reference((office.rules_folder / f"{each}.toml").read_bytes()),
            order=order,
            effective=effective,
            office=name,
        )
        for each in act.ends
    ]
    enacted = DirectiveEnacted(at=at, directive=order, effective=effective, office=name, approval=act.approval)
    return [enacted, *entries]


def _put(path: Path, content: bytes) -> None:
    if path.exists() and path.read_bytes() != content:
        raise UsageError(f"{path} is there with another content; move it away if it was never enacted")
    write_bytes(path, content)
