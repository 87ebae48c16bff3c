"""Decisions are forgotten when their time is over, and not a day before; holds and preservation beat it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bylaw.access.decision import Request
from bylaw.access.office.agreement import differences
from bylaw.access.office.commit import commit
from bylaw.access.office.made import Made
from bylaw.access.office.place import Office
from bylaw.access.office.retire import retire, retirement
from bylaw.canonical import canonical
from bylaw.errors import LedgerError, UsageError
from bylaw.lineage.lab import Lab
from offices import AT, LETTER, enacted, keep

OVER = datetime(2036, 6, 13, 12, tzinfo=UTC)
PEOPLE = ("citizen", "resident", "foreign", "nobody")


@pytest.fixture
def office(office: Office) -> Office:
    """Four decisions, of everybody."""
    keep(office, *PEOPLE)
    return office


def ids(office: Office) -> list[str]:
    return [made.id for made in office.archive.between("2026", "2027")]


def test_not_a_day_too_early_and_nothing_in_a_dry_run(office: Office, lab: Lab) -> None:
    commit(office, lab)
    kept = ids(office)
    assert retirement(office, OVER - timedelta(days=1)).due == ()
    assert retirement(office, OVER).due == tuple(kept) and ids(office) == kept


def test_the_ledger_verifies_after_and_nothing_is_left_to_open(office: Office, lab: Lab) -> None:
    commit(office, lab)
    opened = [office.archive.opened(id) for id in ids(office)]
    found = retire(office, OVER, by="ana", why="ten years are over")
    assert len(found.due) == 4 and found.kept == {} and ids(office) == []
    assert list(differences(office, lab, OVER)) == []
    early = list(differences(office, lab, OVER - timedelta(days=1)))
    assert len(early) == 4 and all("before its time to be kept was over" in each for each in early)
    content = b"".join(path.read_bytes() for path in office.archive.path.parent.iterdir())
    for one in opened:
        assert canonical(one.made) not in content and one.made.id.encode() not in content
        assert bytes.fromhex(one.salt) not in content
        with pytest.raises(LedgerError, match="destroyed"):
            office.archive._salts.salt(one.committed)
    assert b"ana, 2036-06-13: ten years are over" in content
    assert retire(office, OVER, by="ana", why="again").due == ()


def test_a_hold_on_one_or_on_everybody_beats_it(office: Office, lab: Lab) -> None:
    commit(office, lab)
    with office.store() as store:
        one = store.hold("foreign", by="ben", why="subpoena")
    found = retire(office, OVER, by="ana", why="over")
    assert len(found.due) == 3 and list(found.kept.values()) == ["hold 1, by ben: subpoena"]
    with office.store() as store:
        store.lift(one, by="ben", why="settled")
        store.hold(None, by="ben", why="audit")
    assert retire(office, OVER, by="ana", why="over").due == ()
    with office.store() as store:
        store.lift(2, by="ben", why="done")
    assert len(retire(office, OVER, by="ana", why="over").due) == 1


def test_what_a_directive_in_force_preserves_stays(office: Office, tmp_path: Path, lab: Lab) -> None:
    preserve = LETTER.replace('effect = "refuse"', 'effect = "preserve"').replace('duties = ["report"]', "")
    enacted(office, tmp_path, lab, preserve, "preserve.toml")
    policy, basis = office.present(AT)
    with office.subjects(AT, basis.facts) as register:
        office.archive.keep([Made(decision=policy.decide(register, "foreign", Request(model="m")), basis=basis)])
    commit(office, lab)
    found = retire(office, OVER, by="ana", why="over")
    assert len(found.due) == 4
    assert list(found.kept.values()) == ["letter@1 is in force and asks to preserve it"]


def test_what_the_ledger_does_not_have_stays(office: Office) -> None:
    found = retire(office, OVER, by="ana", why="over")
    assert found.due == () and set(found.kept.values()) == {"it is in no batch of the ledger: bylaw decisions commit"}


def test_who_and_why_are_kept(office: Office) -> None:
    with pytest.raises(UsageError, match="say who"):
        retire(office, OVER, by="ana", why=" ")
