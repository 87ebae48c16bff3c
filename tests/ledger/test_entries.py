"""Typed entries and salted commitments: nothing but digests, and what can be forgotten."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledgers import KEY, VKEY, new_log, unhurried

from bylaw.canonical import canonical
from bylaw.errors import LedgerError, MalformedError, UsageError, VerificationError
from bylaw.ledger.entries import (
    KINDS,
    AnyEntry,
    CanaryPlan,
    DecisionBatch,
    DirectiveEnacted,
    DirectiveRescinded,
    MeasurementEntry,
    ReportsFiled,
    StatementEntry,
    decode,
    encode,
    kind_of,
)
from bylaw.ledger.log import Log
from bylaw.ledger.monitor import Monitor
from bylaw.ledger.policy import Policy
from bylaw.ledger.proof import prove
from bylaw.ledger.salts import Salts, check_commitment, commitment
from bylaw.ledger.stores import DirectoryStore

AT, SHA, SALTED = "2026-11-24T08:00:00Z", "sha256:" + "a" * 64, "salted:" + "b" * 64
EVERY: list[AnyEntry] = [
    StatementEntry(at=AT, statement=SHA, predicate="https://slsa.dev/provenance/v1"),
    DirectiveEnacted(at=AT, directive=SHA, effective=AT),
    DirectiveRescinded(at=AT, directive=SHA, order=SALTED, effective=AT),
    DecisionBatch(at=AT, decisions="c" * 64, count=3, first=AT, last=AT, rules=SHA),
    DirectiveEnacted(at=AT, directive=SHA, effective=AT, office=SHA),
    DecisionBatch(at=AT, decisions="c" * 64, count=3, first=AT, last=AT, rules=SHA, office=SHA),
    ReportsFiled(at=AT, filing=SALTED, count=2, office=SHA),
    CanaryPlan(at=AT, plan=SALTED, planted=40, held_out=200),
    MeasurementEntry(at=AT, measurement=SHA, name="harmless", model=SHA),
]


@pytest.mark.parametrize("entry", EVERY, ids=lambda entry: type(entry).__name__)
def test_every_kind_round_trips_and_says_what_it_is(entry: AnyEntry) -> None:
    content = encode(entry)
    assert decode(content) == entry
    assert KINDS[kind_of(content)] is type(entry)
    assert len(content) < 1000


def test_the_kinds_are_all_here() -> None:
    assert {type(entry) for entry in EVERY} == set(KINDS.values())


@pytest.mark.parametrize("entry", EVERY, ids=lambda entry: type(entry).__name__)
def test_no_field_takes_a_text(entry: AnyEntry) -> None:
    """A name, a prompt or an address fits nowhere."""
    for field in entry.__struct_fields__:
        if isinstance(getattr(entry, field), str):
            for text in ("Jane Doe", "jane@example.com", SHA + "\n", ""):
                with pytest.raises(UsageError, match=field):
                    encode(msgspec.structs.replace(entry, **{field: text}))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b'{"kind":"statement.v9"}',
        encode(EVERY[0]) + b" ",
        encode(EVERY[0]).replace(b'"at"', b'"at" '),
        encode(EVERY[0]).replace(b"}", b',"note":"hello"}'),
        b"[" * 60_000,
        b"\xff" * 10,
        b" " * 70_000,
    ],
)
def test_what_is_no_entry(content: bytes) -> None:
    with pytest.raises(MalformedError):
        decode(content)


def test_counts_are_counts() -> None:
    with pytest.raises(UsageError, match="count"):
        encode(DecisionBatch(at=AT, decisions="c" * 64, count=0, first=AT, last=AT, rules=SHA))


@unhurried
@given(st.binary(max_size=100), st.binary(min_size=32, max_size=32), st.binary(max_size=100))
def test_a_commitment_opens_to_one_value(value: bytes, salt: bytes, other: bytes) -> None:
    if salt == bytes(32):
        return
    committed = commitment(value, salt)
    check_commitment(committed, value, salt)
    if other != value:
        with pytest.raises(VerificationError, match="commitment"):
            check_commitment(committed, other, salt)


def test_salts_are_kept_and_destroyed(tmp_path: Path) -> None:
    salts = Salts(tmp_path / "private" / "salts")
    first, second = salts.commit([b"alice", b"alice"])
    assert first != second
    assert salts.path.stat().st_mode & 0o777 == 0o600
    check_commitment(first, b"alice", salts.salt(first))
    kept, gone = salts.salt(second), salts.salt(first)
    salts.destroy(first)
    with pytest.raises(LedgerError, match="was destroyed"):
        salts.salt(first)
    assert salts.salt(second) == kept
    assert gone not in salts.path.read_bytes()
    assert kept in salts.path.read_bytes()
    with pytest.raises(LedgerError, match="no salt of"):
        salts.salt(SALTED)
    with pytest.raises(UsageError, match="salted:"):
        salts.salt(SHA)


def test_half_a_record_of_a_killed_process_is_dropped(tmp_path: Path) -> None:
    salts = Salts(tmp_path / "salts")
    (first,) = salts.commit([b"one"])
    with salts.path.open("ab") as file:
        file.write(b"half a record")
    (second,) = salts.commit([b"two"])
    check_commitment(first, b"one", salts.salt(first))
    check_commitment(second, b"two", salts.salt(second))
    assert salts.path.stat().st_size == 128


def test_after_erasure_the_log_still_verifies(tmp_path: Path) -> None:
    """The directive about a person is forgotten; every entry, proof and signature stays as it was."""
    root, salts = new_log(tmp_path / "log"), Salts(tmp_path / "salts")
    fact = canonical({"name": "Jane Doe", "listed": True})
    (committed,) = salts.commit([fact])
    entry = encode(DirectiveEnacted(at=AT, directive=committed, effective=AT))
    with Log.open(root) as log:
        log.append([encode(EVERY[0]), entry, encode(EVERY[5])])
        log.checkpoint(KEY)
    before = prove(DirectoryStore(root), 1)
    salts.destroy(committed)
    assert prove(DirectoryStore(root), 1) == before
    assert before[0].check(entry, Policy.unwitnessed(VKEY)).checkpoint.size == 3
    assert Monitor(DirectoryStore(root), Policy.unwitnessed(VKEY), tmp_path / "state").look().verdict.log == VKEY
    with pytest.raises(LedgerError, match="nobody can open"):
        check_commitment(committed, fact, salts.salt(committed))
