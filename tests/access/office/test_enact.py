"""What is enacted does what it says, is signed as it lies there, and is not forgotten; else nothing is done."""

from datetime import timedelta
from pathlib import Path

import pytest

from bylaw.access.decision import Request
from bylaw.access.office.enact import enact, rescission
from bylaw.access.office.impact import foresee
from bylaw.access.office.place import Office
from bylaw.access.rules.document import read
from bylaw.errors import SettingsError, UsageError
from bylaw.ledger.log import Log
from bylaw.lineage.lab import Lab
from offices import AT, LETTER, enacted, signed

REVERSED = LETTER + "effective_until = 2026-06-01T00:00:00Z\n"
ELSEWHERE = LETTER.replace('{ is = "foreign_person" }', '{ is = "citizenship", countries = ["xx"] }')
BAD = [
    (REVERSED, "ends on"),
    (LETTER.replace('["m"]', '["n"]'), "unknown model 'n'; known: m"),
    (ELSEWHERE, "unknown country 'xx'"),
    (LETTER + 'supersedes = ["no-such"]\n', "there is no no-such"),
]


def state(office: Office, lab: Lab) -> tuple[int, list[str], int]:
    with Log.open(lab.ledger) as log:
        return len(office.journal.acts()), sorted(path.name for path in office.rules_folder.iterdir()), log.size


@pytest.mark.parametrize(("text", "why"), BAD)
def test_a_document_with_errors_is_not_enacted_and_leaves_nothing(
    office: Office, tmp_path: Path, lab: Lab, text: str, why: str
) -> None:
    before = state(office, lab)
    with pytest.raises(UsageError, match=why):
        enacted(office, tmp_path, lab, text, "bad.toml")
    assert state(office, lab) == before


def test_who_enacts_it_all_the_same_leaves_that_in_the_journal(office: Office, tmp_path: Path, lab: Lab) -> None:
    act = enact(office, signed(tmp_path, REVERSED), lab, AT, despite_errors=True)
    assert len(act.despite) == 1 and "ends on" in act.despite[0]
    assert office.journal.acts()[-1] == act
    other = LETTER.replace('id = "letter"', 'id = "other"')
    assert enacted(office, tmp_path, lab, other, "other.toml").despite == ()  # an error of before is not this one's


def test_a_clock_that_runs_back_forgets_no_directive(office: Office, tmp_path: Path, lab: Lab) -> None:
    later = AT + timedelta(hours=2)
    enacted(office, tmp_path, lab, LETTER, "letter.toml", later)
    assert office.clock(AT) == later
    policy, basis = office.present(office.clock(AT))
    with office.subjects(later, basis.facts) as register:
        assert policy.decide(register, "foreign", Request(model="m")).outcome == "refuse"
    end = signed(tmp_path, rescission(office, "letter", "ended", later), "end.toml")
    assert foresee(office, [read(end)], AT).gains["m"] > 0
    assert enact(office, end, lab, AT).at == later


def test_only_one_process_changes_what_is_in_force(office: Office, tmp_path: Path, lab: Lab) -> None:
    before = state(office, lab)
    with office.changing(), pytest.raises(UsageError, match="another process"):
        enacted(office, tmp_path, lab, LETTER, "letter.toml")
    assert state(office, lab) == before


def test_a_rescission_ends_every_version_of_an_id_however_long(office: Office, tmp_path: Path, lab: Lab) -> None:
    long = LETTER.replace('id = "letter"', f'id = "{"x" * 64}"')
    enacted(office, tmp_path, lab, long, "one.toml")
    second = signed(tmp_path, long + "version = 2\n", "two.toml")
    enact(office, second, lab, AT, despite_errors=True)  # in force together, which is an error
    act = enacted(office, tmp_path, lab, rescission(office, "x" * 64, "ended", AT), "end.toml")
    assert act.ends == (f"{'x' * 64}@1", f"{'x' * 64}@2")
    assert [rule.document.id for rule in office.policy(AT).rules if rule.who is not None] == ["ordinary-access"]


def test_a_rescission_needs_a_citation(office: Office) -> None:
    with pytest.raises(SettingsError, match="citation"):
        rescission(office, "ordinary-access", "", AT)


def test_a_model_that_nobody_knows_is_not_decided_about(office: Office) -> None:
    policy, register = office.policy(AT), office.register(AT)
    assert policy.decide(register, "citizen", Request(model="m")).outcome == "allow"
    for name in ("M", "m ", "m-latest", ""):
        with pytest.raises(UsageError, match="nothing is decided about a model"):
            policy.decide(register, "citizen", Request(model=name))
