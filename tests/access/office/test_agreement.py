"""Whoever takes something out of the office, or puts something in, is found by what the ledger holds."""

import re
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from bylaw.access.office.agreement import differences, others
from bylaw.access.office.commit import commit
from bylaw.access.office.enact import enact, rescission
from bylaw.access.office.place import Office, stamp
from bylaw.access.store.errors import StoreError
from bylaw.errors import VerificationError
from bylaw.ledger.entries import DirectiveEnacted, encode
from bylaw.lineage.dsse import parse
from bylaw.lineage.lab import Lab
from bylaw.signing import P256, LocalSigner
from offices import AT, BASE, LETTER, enacted, keep, office_in, signed


@pytest.fixture
def office(office: Office, tmp_path: Path, lab: Lab) -> Office:
    """Three acts, four decisions entered, one more that is not yet."""
    enacted(office, tmp_path, lab, LETTER, "letter.toml")
    keep(office, "citizen", "resident", "foreign", "nobody")
    commit(office, lab)
    enacted(office, tmp_path, lab, rescission(office, "letter", "ended", AT), "end.toml")
    keep(office, "foreign")
    return office


def changed(office: Office, statement: str) -> None:
    with sqlite3.connect(office.archive.path) as base:
        base.execute(statement)


def without_the_letter(office: Office) -> None:
    path = office.journal.path
    path.write_text("".join(line for line in path.read_text().splitlines(True) if '"letter@1","digest"' not in line))


def without_anything(office: Office) -> None:
    office.journal.path.write_text("")


def another_day(office: Office) -> None:
    path = office.journal.path
    path.write_text(
        path.read_text().replace('"effective":"2026-06-12T21:21:00Z"', '"effective":"2099-06-12T21:21:00Z"')
    )


def other_approval(before: str, after: str) -> Callable[[Office], object]:
    """The line of the letter's act says something else of who approved it, or in spite of what."""

    def tamper(office: Office) -> None:
        lines = office.journal.path.read_text().splitlines(True)
        made = [re.sub(before, after, line) if '"document":"letter@1"' in line else line for line in lines]
        assert made != lines
        office.journal.path.write_text("".join(made))

    return tamper


TAMPERED: list[tuple[Callable[[Office], object], str]] = [
    (without_the_letter, "an act that the journal does not have"),
    (without_the_letter, "letter@1.toml lies among the rules, and the journal has no act of it"),
    (without_anything, "entry 1 of the ledger"),
    (another_day, "that letter@1 was enacted so"),
    (other_approval('"despite":\\[]', '"despite":["an error"]'), "that letter@1 was enacted so"),
    (other_approval('"keys":\\[[^]]+]', '"keys":[]'), "that letter@1 was enacted so"),
    (other_approval('"keys":\\["[^"]+",', '"keys":['), "that letter@1 was enacted so"),
    (lambda office: (office.rules_folder / "letter@1.toml").write_text("x"), "byte for byte"),
    (lambda office: changed(office, "DELETE FROM decisions WHERE number = 3"), "decision 3 was entered and is gone"),
    (lambda office: changed(office, "UPDATE decisions SET outcome = 'allow' WHERE number = 3"), "listed as something"),
    (lambda office: changed(office, "UPDATE decisions SET subject = 'x' WHERE number = 3"), "listed as something else"),
    (
        lambda office: changed(office, "UPDATE decisions SET body = (SELECT body FROM decisions WHERE number = 1)"),
        "is not the decision that was entered as number 3",
    ),
    (lambda office: changed(office, "UPDATE decisions SET body = X'7B7D' WHERE number = 2"), "as number 2"),
    (
        lambda office: changed(office, "UPDATE decisions SET body = NULL, erased = 'over' WHERE number = 3"),
        "decision 3 of 2026-06-13T12:00:00Z was erased before its time",
    ),
    (
        lambda office: changed(office, "UPDATE decisions SET body = NULL, erased = 'x', at = '1999-01-01T00:00:00Z'"),
        "when its batch was not made",
    ),
    (lambda office: changed(office, "DELETE FROM batches"), "is a batch of 4 decisions that is not here"),
    (lambda office: changed(office, "UPDATE batches SET place = 0"), "entry 0 of the ledger is not the batch"),
    (lambda office: changed(office, "DELETE FROM commitments WHERE number = 4"), "are not those that were entered"),
]


def test_an_office_that_nobody_touched_agrees(office: Office, lab: Lab) -> None:
    assert list(differences(office, lab, AT)) == []


@pytest.mark.parametrize(("tamper", "said"), TAMPERED)
def test_what_was_changed_is_told(office: Office, lab: Lab, tamper: Callable[[Office], object], said: str) -> None:
    tamper(office)
    found = list(differences(office, lab, AT))
    assert any(said in each for each in found), found


def test_a_signature_taken_out_is_missed_though_two_are_left(office: Office, tmp_path: Path, lab: Lab) -> None:
    third = LocalSigner.generate(P256)
    third.save(tmp_path / "cleo.pem")
    path = office.root / "approvers.toml"
    path.write_text(f'{path.read_text()}\n[[approver]]\nname = "cleo"\nkey = """\n{third.public.pem.decode()}"""\n')
    order = signed(tmp_path, LETTER.replace('"letter"', '"third"'), "third.toml", by=("ana", "ben", "cleo"))
    act = enact(office, order, lab, AT)
    assert third.public.id in act.keys and list(differences(office, lab, AT)) == []
    envelope = office.rules_folder / "third@1.toml.dsse"
    whole = parse(envelope.read_bytes())
    for left in (whole.signatures[:2], whole.signatures[1:]):
        envelope.write_bytes(msgspec.json.encode(msgspec.structs.replace(whole, signatures=left)))
        (said,) = differences(office, lab, AT)
        assert "is not there any more" in said


def test_an_act_from_before_approvals_were_entered_is_no_difference(office: Office, tmp_path: Path, lab: Lab) -> None:
    enacted(office, tmp_path, lab, LETTER.replace('"letter"', '"third"'), "third.toml")
    act = msgspec.structs.replace(office.journal.acts()[-1], keys=())
    assert act.approval is None
    entry = DirectiveEnacted(at=stamp(act.at), directive=f"sha256:{'0' * 64}", effective=stamp(act.effective))
    assert b"approval" not in encode(entry)


def test_an_act_that_was_entered_twice_after_a_kill_is_one(office: Office, tmp_path: Path, lab: Lab) -> None:
    path = office.journal.path
    before = path.read_bytes()
    third = signed(tmp_path, LETTER.replace('"letter"', '"third"'), "third.toml")
    enact(office, third, lab, AT)
    path.write_bytes(before)  # killed between the ledger and the journal
    assert any("the journal does not have" in each for each in differences(office, lab, AT))
    enact(office, third, lab, AT)
    assert list(differences(office, lab, AT)) == []


def test_a_decision_exchanged_for_another_is_not_read(office: Office) -> None:
    ids = [made.id for made in office.archive.between("2026", "2027")]
    changed(office, "UPDATE decisions SET body = (SELECT body FROM decisions WHERE number = 1) WHERE number = 3")
    with pytest.raises(VerificationError, match="was changed"):
        office.archive.find(ids[2])
    with pytest.raises(VerificationError, match="was changed"):
        list(office.archive.between("2026", "2027"))


def test_two_offices_share_a_ledger(office: Office, tmp_path: Path, lab: Lab) -> None:
    """Neither takes the other's acts for its own, and each still finds what was taken out of it."""
    (tmp_path / "second").mkdir()
    second = office_in(tmp_path / "second")
    enacted(second, tmp_path / "second", lab, BASE, "base.toml")
    keep(second, "citizen")
    commit(second, lab)
    assert list(differences(office, lab, AT)) == list(differences(second, lab, AT)) == []
    assert others(office, lab) == {second.known_as: 2} and sum(others(second, lab).values()) == 5
    without_the_letter(office)
    assert any("an act that the journal does not have" in each for each in differences(office, lab, AT))
    assert list(differences(second, lab, AT)) == []


def test_facts_that_are_gone_damaged_or_older_ones_are_told(office: Office, lab: Lab) -> None:
    facts = office.root / "facts" / "facts.sqlite"
    content = facts.read_bytes()
    page = int.from_bytes(content[16:18], "big")
    facts.write_bytes(content[: 2 * page] + b"\xff" * page + content[3 * page :])
    assert any("is damaged" in each for each in differences(office, lab, AT))
    facts.unlink()
    with pytest.raises(StoreError, match=r"facts\.sqlite is gone"):
        list(differences(office, lab, AT))
    with pytest.raises(StoreError, match="bring back a copy"):
        office.present(AT)
    shutil.rmtree(facts.parent)
    assert any("the facts here end with import 0" in each for each in differences(office, lab, AT))


def test_an_office_under_another_name_disowns_its_entries(office: Office, lab: Lab) -> None:
    named = office.known_as
    (office.root / "office.name").write_text("f" * 64)
    assert any("was enacted so" in each for each in differences(office, lab, AT))
    assert others(office, lab) == {named: 5}


def test_an_act_from_before_offices_had_names_stands(office: Office, tmp_path: Path, lab: Lab) -> None:
    """Its entries and its line name none; whoever takes it out is found all the same."""
    (tmp_path / "older").mkdir()
    older = office_in(tmp_path / "older")
    (older.root / "office.name").unlink()
    older_name, older.name = older.known_as, lambda: None  # type: ignore[method-assign,assignment,return-value]
    enacted(older, tmp_path / "older", lab, BASE, "base.toml")
    del older.name
    assert older_name is None and list(differences(older, lab, AT)) == []
    older.name()
    assert list(differences(older, lab, AT)) == []
    older.journal.path.write_text("")
    assert any("an act that the journal does not have" in each for each in differences(older, lab, AT))
