"""Whether the office says what the ledger says: nothing taken out, put in, exchanged or listed as something else.

The journal and the archive lie where somebody may change them; what was entered in the ledger stays. Every act has its
entries and every entry its act, every batch its decisions and every decision its commitment, every filing its own.

Several offices may share a ledger. An entry names its office, so what another one entered is no difference here; the
ledger itself says that it is another's, and ``others`` counts it, since an office that was emptied and given a new name
would look like that. Entries from before offices had names may be anybody's, and are told as such.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from bylaw.access.filings.calendar import day_of
from bylaw.access.office import filing
from bylaw.access.office.archive import leaves_of
from bylaw.access.office.batches import Batch, Entered
from bylaw.access.office.journal import Act
from bylaw.access.office.made import made_of, summary
from bylaw.access.office.place import Office, stamp
from bylaw.access.office.retire import over
from bylaw.access.rules.approval import keys_of
from bylaw.access.rules.folder import documents
from bylaw.canonical import sha256
from bylaw.errors import RecordError, SettingsError, VerificationError
from bylaw.ledger.entries import (
    AnyEntry,
    DecisionBatch,
    DirectiveEnacted,
    DirectiveRescinded,
    Reference,
    ReportsFiled,
    decode,
    kind_of,
)
from bylaw.ledger.log import log_vkey
from bylaw.ledger.merkle import root
from bylaw.ledger.monitor import Monitor
from bylaw.ledger.policy import Policy
from bylaw.ledger.salts import commitment
from bylaw.ledger.stores import DirectoryStore
from bylaw.lineage.lab import Lab

OfOffice = DirectiveEnacted | DirectiveRescinded | DecisionBatch | ReportsFiled
Entries = Mapping[int, OfOffice]
"""What the ledger holds of acts, decisions and filings, by index."""
OURS = {"directive-enacted.v1", "directive-rescinded.v1", "decision-batch.v1", "reports-filed.v1"}


def differences(office: Office, lab: Lab, at: datetime) -> Iterator[str]:
    """A sentence for each difference. Raises ``VerificationError`` if the ledger itself is not in order."""
    acts = office.journal.acts()
    entries = {index: each for index, each in entered(lab.ledger).items() if each.office in (None, office.known_as)}
    yield from _facts(office)
    yield from _signatures(office, acts)
    yield from _journal(office, acts, entries)
    yield from _folder(office, acts)
    yield from _archive(office, entries, at)
    yield from filing.changed(
        office, {index: each for index, each in entries.items() if isinstance(each, ReportsFiled)}
    )


def others(office: Office, lab: Lab) -> Counter[Reference]:
    """How many entries of acts, decisions and filings the ledger has of other offices, by what they call themselves."""
    return Counter(each.office for each in entered(lab.ledger).values() if each.office not in (None, office.known_as))


def entered(ledger: Path) -> Entries:
    """The entries of acts, decisions and filings that the last checkpoint covers, every hash of the log made anew."""
    found: dict[int, OfOffice] = {}

    def take(index: int, content: bytes) -> None:
        if kind_of(content) in OURS and isinstance(entry := decode(content), OfOffice):
            found[index] = entry

    with TemporaryDirectory() as memory:
        Monitor(DirectoryStore(ledger), Policy.unwitnessed(log_vkey(ledger)), Path(memory)).look(take)
    return found


def _facts(office: Office) -> Iterator[str]:
    """Whether the files are whole, and the facts those that the last decision was made from, or later ones."""
    office.outside.current()
    latest = office.archive.latest()
    with office.store() as store:
        yield from store.damage()
        last = store.last_import()
    if latest is not None:
        try:
            told = made_of(*latest).basis.facts
        except (RecordError, VerificationError) as error:
            yield str(error)
            return
        if told > last:
            yield f"{latest[0]} was made from what import {told} had told; the facts here end with import {last}"


def _signatures(office: Office, acts: Sequence[Act]) -> Iterator[str]:
    """Whether every act's document is signed as it was."""
    try:
        office.rules(datetime.now(UTC), len(acts))
    except (VerificationError, SettingsError) as error:
        yield str(error)
        return
    approvers = office.approvers() if acts else None
    for act in acts:
        there = keys_of(office.rules_folder / f"{act.document}.toml", approvers) if approvers else ()
        for key in sorted(set(act.keys) - set(there)):
            yield (
                f"{act.document} was enacted with a signature of the key {key}: it is not there any more, or"
                " approvers.toml no longer says whose it is"
            )


def _journal(office: Office, acts: Sequence[Act], entries: Entries) -> Iterator[str]:
    """Acts against entries, both ways."""
    said: Counter[tuple[str, str, str]] = Counter()
    for act in acts:
        expected = _entries_of(office, act)
        found = [entries.get(index) for index in act.entries]
        if found != expected:
            yield f"the ledger does not say at {', '.join(map(str, act.entries))} that {act.document} was enacted so"
        said.update(map(_digests, expected))
    for index, entry in entries.items():
        if isinstance(entry, DirectiveEnacted | DirectiveRescinded) and not said[_digests(entry)]:
            yield (
                f"entry {index} of the ledger, of {entry.at}, is an act that the journal does not have: it was taken"
                " out, or is another office's"
            )


def _entries_of(office: Office, act: Act) -> list[AnyEntry]:
    """What was entered of an act, by the documents that lie here."""
    order, at, effective = _reference(office, act.document), stamp(act.at), stamp(act.effective)
    ended = [
        DirectiveRescinded(
            at=at, directive=_reference(office, name), order=order, effective=effective, office=act.office
        )
        for name in act.ends
    ]
    enacted = DirectiveEnacted(at=at, directive=order, effective=effective, office=act.office, approval=act.approval)
    return [enacted, *ended]


def _reference(office: Office, name: str) -> str:
    path = office.rules_folder / f"{name}.toml"
    return f"sha256:{sha256(path.read_bytes() if path.is_file() else b'')}"


def _digests(entry: AnyEntry) -> tuple[str, str, str]:
    """What tells an act from others, but for its time: one that was killed in between is entered twice."""
    match entry:
        case DirectiveRescinded():
            return "rescinded", entry.directive, entry.order
        case DirectiveEnacted():
            return "enacted", entry.directive, ""
        case _:
            return "", "", ""


def _folder(office: Office, acts: Sequence[Act]) -> Iterator[str]:
    """Documents without an act: whoever takes a line out of the journal leaves them."""
    enacted = {act.document for act in acts}
    for path in documents(office.rules_folder):
        if path.stem not in enacted:
            yield f"{path.name} lies among the rules, and the journal has no act of it: enact it again, or move it away"


def _archive(office: Office, entries: Entries, at: datetime) -> Iterator[str]:
    """Batches against entries, both ways, and each decision against its commitment."""
    known = set()
    for batch in office.archive.batches():
        said = decode(batch.entry)
        if batch.place is not None and entries.get(batch.place) != said:
            yield f"entry {batch.place} of the ledger is not the batch of decisions {batch.first} to {batch.last}"
        if not isinstance(said, DecisionBatch) or (said.decisions, said.count) != _root(batch):
            yield f"the commitments of decisions {batch.first} to {batch.last} are not those that were entered"
        known.add(batch.place)
        yield from filter(None, (_changed(each, said, at) for each in batch.decisions))
    for index, entry in entries.items():
        if isinstance(entry, DecisionBatch) and index not in known:
            yield f"entry {index} of the ledger, of {entry.at}, is a batch of {entry.count} decisions that is not here"


def _root(batch: Batch) -> tuple[str, int]:
    leaves = leaves_of(each.committed for each in batch.decisions)
    return root(leaves, len(leaves)).hex(), len(leaves)


def _changed(one: Entered, batch: AnyEntry, at: datetime) -> str:
    """What is wrong with a decision; empty: nothing."""
    if one.body is None:
        return _gone(one, batch, at)
    if one.salt is None or commitment(one.body, one.salt) != one.committed:
        return f"{one.id} is not the decision that was entered as number {one.number}"
    try:
        as_it_is = one.id == f"decision-{sha256(one.body)}" and one.listed == summary(one.body)
    except RecordError:
        as_it_is = False
    return "" if as_it_is else f"{one.id} is listed as something else than it is"


def _gone(one: Entered, batch: AnyEntry, at: datetime) -> str:
    """What is wrong with a decision that is not there: nobody forgets one before its time, whatever he writes down."""
    if not one.erased:
        return f"decision {one.number} was entered and is gone, and nothing says why"
    when = one.listed[0]
    if not isinstance(batch, DecisionBatch) or not batch.first <= when <= batch.last:
        return f"decision {one.number} was erased, and is listed as of {when}, when its batch was not made"
    if not over(when, day_of(at)):
        return f"decision {one.number} of {when} was erased before its time to be kept was over ({one.erased})"
    return f"decision {one.number} was erased, and its salt was not" if one.salt else ""
