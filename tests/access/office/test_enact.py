"""What is enacted does what it says, is signed as it lies there, and is not forgotten; else nothing is done."""

from datetime import timedelta
from pathlib import Path

import pytest

from bylaw.access.decision import Request
from bylaw.access.office.enact import complaints, enact, rescission
from bylaw.access.office.impact import foresee
from bylaw.access.office.place import Office
from bylaw.access.office.status import statuses
from bylaw.access.rules.document import parse, read
from bylaw.errors import RecordError, SettingsError, UsageError
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


def test_an_order_that_is_to_come_can_be_taken_back_before_it_does(office: Office, tmp_path: Path, lab: Lab) -> None:
    text = LETTER.replace("2026-06-12", "2026-07-12")
    enacted(office, tmp_path, lab, text, "letter.toml")
    enact(office, signed(tmp_path, rescission(office, "letter", "a slip", AT), "end.toml"), lab, AT)
    later = AT + timedelta(days=60)
    assert [each.words for each in statuses(office, later)][1] == "rescinded by rescind-letter@1"
    with pytest.raises(
        UsageError, match="nothing in force is called letter; letter@1 is rescinded by rescind-letter@1"
    ):
        rescission(office, "letter", "again", later)


def test_who_enacts_what_was_put_out_is_told_by_what_and_how_it_comes_back(
    office: Office, tmp_path: Path, lab: Lab
) -> None:
    enacted(office, tmp_path, lab, LETTER, "letter.toml")
    with pytest.raises(UsageError, match=r"already$"):
        enacted(office, tmp_path, lab, LETTER, "letter-again.toml")
    enact(office, signed(tmp_path, rescission(office, "letter", "ended", AT), "end.toml"), lab, AT)
    with pytest.raises(UsageError, match="already, and is rescinded by rescind-letter@1; give it a new version"):
        enacted(office, tmp_path, lab, LETTER, "letter-again-2.toml")


def test_what_would_have_no_effect_is_told_of_a_new_document_and_of_no_old_one(
    office: Office, tmp_path: Path, lab: Lab
) -> None:
    over = parse(LETTER + "effective_until = 2026-06-13T00:00:00Z\n", "over.toml")
    (told,) = (str(each) for each in complaints(office, [*office.rules(AT), over], AT))
    assert told.startswith("warning: letter@1: effective_until: ended on 2026-06-13")
    enacted(office, tmp_path, lab, LETTER, "letter.toml")
    enact(office, signed(tmp_path, rescission(office, "letter", "ended", AT), "end.toml"), lab, AT)
    again = parse(rescission(office, "ordinary-access", "x", AT).replace("ordinary-access@1", "letter"), "again.toml")
    told_again = [str(each) for each in complaints(office, [*office.rules(AT), again], AT)]
    assert told_again == [
        "warning: rescind-ordinary-access@1: rescinds: letter is rescinded by rescind-letter@1 already"
    ]


def test_a_journal_whose_last_line_is_cut_off_says_how_to_go_on(office: Office, tmp_path: Path, lab: Lab) -> None:
    enacted(office, tmp_path, lab, LETTER, "letter.toml")
    path = office.journal.path
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    with pytest.raises(RecordError, match="take that line out, and enact again"):
        office.journal.acts()
    path.write_bytes(whole.splitlines(keepends=True)[0])
    enact(office, tmp_path / "letter.toml", lab, AT)
    assert len(office.journal.acts()) == 2
