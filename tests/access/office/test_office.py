"""The office: what is enacted counts from then on, decisions are kept, proved and made again."""

from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from bylaw.access.decide.outside import Outside, Screened
from bylaw.access.decision import Decision, Finding, Request, Used
from bylaw.access.office import archive
from bylaw.access.office.enact import enact, rescission
from bylaw.access.office.impact import impact
from bylaw.access.office.made import Made
from bylaw.access.office.place import Office, instant, stamp
from bylaw.access.office.remake import replay
from bylaw.access.office.reports import period
from bylaw.access.office.words import explain
from bylaw.access.rules.document import parse
from bylaw.access.subjects import Fact, Standing, Value
from bylaw.canonical import canonical
from bylaw.errors import UsageError, VerificationError
from bylaw.ledger.entries import DecisionBatch, DirectiveRescinded, decode, reference
from bylaw.ledger.merkle import check_inclusion, leaf_hash
from bylaw.ledger.proof import prove
from bylaw.ledger.salts import check_commitment
from bylaw.ledger.stores import DirectoryStore
from bylaw.lineage.lab import Lab
from offices import AT, BASE, LETTER, enacted, keep, office_in, person, signed

EFFECT = 'effect = "refuse"\n'
REQUEST = Request(model="m")
PEOPLE = ("citizen", "resident", "foreign", "nobody")


def outcomes(office: Office, at: object = AT) -> list[str]:
    policy = office.policy(at)  # type: ignore[arg-type]
    register = office.register(at)  # type: ignore[arg-type]
    return [policy.decide(register, each, REQUEST).outcome for each in PEOPLE]


def decided(office: Office) -> list[str]:
    policy, register = office.policy(AT), office.register(AT)
    basis = office.basis(AT, policy)
    return office.archive.keep([Made(decision=policy.decide(register, each, REQUEST), basis=basis) for each in PEOPLE])


def test_with_nothing_enacted_everybody_is_held(tmp_path: Path) -> None:
    assert outcomes(office_in(tmp_path)) == ["hold"] * 4


def test_a_directive_counts_once_it_is_enacted(office: Office, tmp_path: Path, lab: Lab) -> None:
    assert outcomes(office) == ["allow"] * 4
    act = enacted(office, tmp_path, lab, LETTER, "letter.toml", AT)
    assert outcomes(office) == ["allow", "allow", "refuse", "hold"]
    assert act.document == "letter@1" and len(act.entries) == 1
    assert outcomes(office, AT - timedelta(seconds=1)) == ["hold"] * 4  # nothing had been enacted then


def test_a_withdrawal_restores_what_was_before(office: Office, tmp_path: Path, lab: Lab) -> None:
    before = outcomes(office)
    enacted(office, tmp_path, lab, LETTER, "letter.toml")
    text = rescission(office, "letter", "Letter of 30 June 2026", AT)
    act = enacted(office, tmp_path, lab, text, "end.toml")
    assert act.ends == ("letter@1",)
    assert outcomes(office) == before
    with pytest.raises(UsageError, match="nothing in force is called letter"):
        rescission(office, "letter", "again", AT)
    kinds = [type(decode(entry)) for entry in _entries(lab)]
    assert DirectiveRescinded in kinds


def test_one_signature_or_a_changed_byte_is_not_enough(office: Office, tmp_path: Path, lab: Lab) -> None:
    one = signed(tmp_path, LETTER, "one.toml", by=("ana",))
    with pytest.raises(VerificationError, match="ana has signed"):
        enact(office, one, lab, AT)
    changed = signed(tmp_path, LETTER, "changed.toml")
    changed.write_text(LETTER.replace("refuse", "hold"))
    with pytest.raises(VerificationError, match="byte for byte"):
        enact(office, changed, lab, AT)
    assert len(office.journal.acts()) == 1
    assert outcomes(office) == ["allow"] * 4


def test_a_document_changed_after_it_was_enacted_stops_every_decision(office: Office, tmp_path: Path, lab: Lab) -> None:
    enacted(office, tmp_path, lab, LETTER, "letter.toml")
    path = office.rules_folder / "letter@1.toml"
    path.write_text(path.read_text().replace("foreign_person", "anyone"))
    with pytest.raises(VerificationError, match="byte for byte"):
        office.policy(AT)
    path.unlink()
    with pytest.raises(Exception, match=r"letter@1\.toml"):
        office.policy(AT)


def test_the_same_document_twice_and_another_text_under_its_name(office: Office, tmp_path: Path, lab: Lab) -> None:
    with pytest.raises(UsageError, match="already"):
        enacted(office, tmp_path, lab, BASE, "again.toml")
    with pytest.raises(UsageError, match="new version"):
        enacted(office, tmp_path, lab, BASE.replace("Everybody", "All"), "other.toml")
    with pytest.raises(UsageError, match="never enacted"):
        text = LETTER.replace("LETTER", "x").replace('who = { is = "foreign_person" }', 'rescinds = ["no-such"]')
        enacted(office, tmp_path, lab, text.replace('effect = "refuse"\n', ""), "ends.toml")


def test_impact_says_who_loses_and_who_only_lacks_a_fact(office: Office, tmp_path: Path) -> None:
    decided(office)
    draft = parse(LETTER)
    found = impact(
        *office.policies(AT, (draft,)),
        office.register(AT),
        ("m",),
        office.archive.traffic("2026"),
    )
    assert {loss.subject: loss.after for loss in found.losses} == {"foreign": "refuse", "nobody": "hold"}
    assert (found.settled, found.unsettled, found.over_blocking) == (1, 1, 0.5)
    assert found.needs["citizenship"] == 1
    assert found.totals[0].before["allow"] == 4 and found.totals[0].after == {"allow": 2, "hold": 1, "refuse": 1}
    assert {row.group for row in found.countries} == {"us", "cn", "unknown"}
    assert found.traffic[0].after == {"allow": 2, "hold": 1, "refuse": 1}
    assert outcomes(office) == ["allow"] * 4


def test_decisions_come_out_the_same_after_facts_and_rules_changed(office: Office, tmp_path: Path, lab: Lab) -> None:
    enacted(office, tmp_path, lab, LETTER, "letter.toml")
    decided(office)
    with office.store() as store:
        store.record(
            [person("nobody", "us"), person("foreign", "cn", "us")], source="hr", digest="1" * 64, by="ana", at=AT
        )
    enacted(office, tmp_path, lab, rescission(office, "letter", "ended", AT), "end.toml")
    kept = list(office.archive.between("2026", "2027"))
    assert [each.same for each in replay(office, kept)] == [True] * 4
    assert outcomes(office) == ["allow"] * 4


def test_a_decision_that_was_altered_does_not_come_out_the_same(office: Office, tmp_path: Path, lab: Lab) -> None:
    enacted(office, tmp_path, lab, LETTER, "letter.toml")
    made = office.archive.find(decided(office)[2])
    forged = msgspec.structs.replace(made, decision=msgspec.structs.replace(made.decision, outcome="allow"))
    (found,) = replay(office, [forged])
    assert not found.same and "comes out refuse" in found.why
    elsewhere = msgspec.structs.replace(made, basis=msgspec.structs.replace(made.basis, rules="0" * 64))
    with pytest.raises(VerificationError, match="rules"):
        list(replay(office, [elsewhere]))


def test_what_was_erased_cannot_be_made_again_and_that_is_said(office: Office, tmp_path: Path) -> None:
    kept = [office.archive.find(id) for id in decided(office)]
    with office.store() as store:
        store.erase("foreign", by="ana", why="asked to")
    found = {each.id: each for each in replay(office, kept)}
    assert not found[kept[2].id].same and "erased" in found[kept[2].id].why
    assert found[kept[0].id].same


def test_one_decision_is_proved_while_the_rest_stays_closed(office: Office, lab: Lab) -> None:
    ids = decided(office)
    with pytest.raises(UsageError, match="no batch"):
        office.archive.opened(ids[2])
    assert office.archive.commit(lab, reference(b"rules")) == 4
    assert office.archive.commit(lab, reference(b"rules")) == 0
    opened = office.archive.opened(ids[2])
    check_commitment(opened.committed, canonical(opened.made), bytes.fromhex(opened.salt))
    entry = decode(bytes.fromhex(opened.entry))
    assert isinstance(entry, DecisionBatch) and entry.count == 4
    path = [bytes.fromhex(node) for node in opened.path]
    check_inclusion(
        leaf_hash(opened.committed.encode()), opened.index, opened.count, path, bytes.fromhex(entry.decisions)
    )
    assert _entries(lab)[opened.place] == bytes.fromhex(opened.entry)


def test_what_has_piled_up_is_entered_in_batches_of_a_bounded_size(
    office: Office, lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "BATCH", 3)
    ids = decided(office)
    assert office.archive.commit(lab, reference(b"rules")) == 4
    assert [office.archive.opened(each).count for each in ids] == [3, 3, 3, 1]
    assert office.archive.commit(lab, reference(b"rules")) == 0


def test_an_erased_decision_is_gone_and_the_batch_still_stands(office: Office, lab: Lab) -> None:
    ids = decided(office)
    office.archive.commit(lab, reference(b"rules"))
    office.archive.erase([ids[0]], "ten years are over")
    with pytest.raises(UsageError, match="1 were erased, and their ids with them"):
        office.archive.find(ids[0])
    assert office.archive.opened(ids[1]).count == 4
    assert len(list(office.archive.between("2026", "2027"))) == 3


def test_a_report_is_drafted_for_a_refusal_that_asks_for_one(office: Office, tmp_path: Path, lab: Lab) -> None:
    enacted(office, tmp_path, lab, LETTER, "letter.toml")
    decided(office)
    found = period(office.archive.numbered("2026", "2027"), {"filer": "The lab"}, office.outside.read)
    assert found.outcomes == {"allow": 2, "hold": 1, "refuse": 1}
    assert (found.unsettled, found.over_blocking) == (1, 0.5)
    (draft,) = found.drafts
    assert draft.fields["authority"] == "Letter of 12 June 2026" and draft.fields["filer"] == "The lab"
    assert "value" in draft.open and not draft.ready


def test_an_explanation_names_rule_fact_source_and_what_to_bring(office: Office, tmp_path: Path, lab: Lab) -> None:
    enacted(office, tmp_path, lab, LETTER, "letter.toml")
    ids = decided(office)
    refused, held = (explain(office.archive.find(id).decision) for id in ids[2:])
    for word in ("REFUSED", "letter@1", "Letter of 12 June 2026", "cn (attested, hr, 2026-06-01)", "Duty: report"):
        assert word in refused
    assert "settle it with citizenship" in held and "nothing is known" in held


def test_ids_by_their_beginning_and_instants(office: Office) -> None:
    id = decided(office)[0]
    assert office.archive.find(id[:22]).id == office.archive.find(id.removeprefix("decision-")).id == id
    with pytest.raises(UsageError, match="no decision"):
        office.archive.find("decision-zz")
    assert stamp(instant("2026-06-12T17:21:00-04:00")) == "2026-06-12T21:21:00Z"
    with pytest.raises(UsageError, match="instant"):
        instant("yesterday")


def test_want_of_a_base_rule_is_no_want_of_a_fact(tmp_path: Path, lab: Lab) -> None:
    """The same decision counts alike in a dry run and in a report."""
    bare = office_in(tmp_path)
    assert period(_kept(bare), {}, bare.outside.read).unsettled == 0
    enacted(bare, tmp_path, lab, BASE, "base.toml")
    end = parse(LETTER.replace('who = { is = "foreign_person" }', 'rescinds = ["ordinary-access"]').replace(EFFECT, ""))
    found = impact(*bare.policies(AT, (end,)), bare.register(AT), ("m",))
    assert (len(found.losses), found.settled, found.unsettled) == (4, 4, 0)
    narrow = BASE.replace('{ is = "anyone" }', '{ is = "citizenship", countries = ["us"] }').replace(
        "ordinary", "narrow"
    )
    found = impact(*bare.policies(AT, (end, parse(narrow))), bare.register(AT), ("m",))
    assert {loss.subject: loss.unsettled for loss in found.losses} == {
        "resident": False,
        "foreign": False,
        "nobody": True,
    }


def test_what_is_refused_for_certain_is_settled_whatever_else_is_unknown(office: Office, tmp_path: Path) -> None:
    other = LETTER.replace('"letter"', '"other"').replace(
        '{ is = "foreign_person" }', '{ is = "residence", countries = ["cu"] }'
    )
    found = impact(*office.policies(AT, (parse(LETTER), parse(other))), office.register(AT), ("m",))
    (loss,) = [each for each in found.losses if each.subject == "foreign"]
    assert (loss.after, loss.rules, loss.unsettled, loss.settles) == ("refuse", ("letter@1",), False, ())


def test_one_decision_reads_one_subject_and_whom_it_leads_to(office: Office) -> None:
    policy, basis = office.present(AT)
    with office.subjects(AT, basis.facts) as register:
        assert policy.decide(register, "foreign", REQUEST) == policy.decide(office.register(AT), "foreign", REQUEST)
        assert list(register) == list(PEOPLE) and len(register) == 4 and "stranger" not in register
    with office.store() as store:
        assert [(read.subject, read.why) for read in store.reads()][:1] == [("foreign", "to decide")]


def test_a_report_names_the_lists_a_party_is_on_and_no_others(office: Office, tmp_path: Path, lab: Lab) -> None:
    hits = {"sdn": "confirmed", "un": "open", "csl": "confirmed"}
    lists = {
        name: Screened(version="1", as_of=AT.date(), hits={"foreign": hit, "citizen": "open"})  # type: ignore[dict-item]
        for name, hit in hits.items()
    }
    office.outside.put(Outside(lists=lists))
    text = LETTER.replace('{ is = "foreign_person" }', '{ is = "listed", lists = ["sdn", "un", "csl"] }')
    enacted(office, tmp_path, lab, text, "listed.toml")
    (draft,) = period(_kept(office), {}, office.outside.read).drafts
    assert draft.fields["target"] == "foreign, on csl@1, sdn@1"


def test_nothing_in_an_explanation_turns_the_direction_of_a_terminal(office: Office) -> None:
    fact = Fact(name="citizenship", values=(Value(text="cn"),), source="h\u202er", grade="attested", as_of=AT.date())
    used = Used("p", "citizenship", Standing(fact))
    finding = Finding(rule="r", kind="base", clause="c\x1b[2J", concerns="yes", outcome="allow", used=(used,))
    said = explain(Decision(subject="p", request=REQUEST, outcome="allow", findings=(finding,), policy=""))
    assert "h\\u{202e}r" in said and "\u202e" not in said and "\x1b" not in said


def _kept(office: Office) -> list[tuple[int, Made]]:
    decided(office)
    return list(office.archive.numbered("2026", "2027"))


def _entries(lab: Lab) -> list[bytes]:
    store = DirectoryStore(lab.ledger)
    size = int(lab.checkpoint().split(b"\n")[1])
    return [prove(store, index)[1] for index in range(size)]


def test_a_decision_without_an_id_is_none_though_there_is_only_one(office: Office) -> None:
    keep(office, "foreign")
    with pytest.raises(UsageError, match="give the id of a decision"):
        office.archive.find("")
