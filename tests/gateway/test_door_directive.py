"""A directive reaches the wire: refused at once, answers under way cut, others unbroken, every decision on record."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from gateway_model import ModelServer
from gateway_rig import WAIT, Rig, Stream, gateway, letter, wait

from bylaw.access.decision import Request
from bylaw.access.office.enact import rescission
from bylaw.access.office.made import Made
from bylaw.access.office.remake import replay
from bylaw.canonical import canonical
from bylaw.gateway.record import coverage
from bylaw.ledger.merkle import check_inclusion, leaf_hash
from bylaw.ledger.salts import check_commitment


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Rig, ModelServer]]:
    with gateway(
        tmp_path_factory.mktemp("directive"), head="workers = 2\nbring_to = 'https://lab.example/facts'\n"
    ) as both:
        yield both


def test_refused_streams_are_cut_and_others_go_on(rig: Rig, server: ModelServer) -> None:
    """How fast is the bench's question; here the refused end though the model's server goes on for ever."""
    who = ["citizen", "foreign", "nobody"] * 4
    streams = [Stream(rig, each, "fable-5") for each in who] + [Stream(rig, "foreign", "mythos-5")]
    rig.enact(letter("fable-5"), "letter.toml")
    cut = [stream for stream, each in zip(streams, who, strict=False) if each != "citizen"]
    kept = [stream for stream in streams if stream not in cut]
    assert not any(stream.end().whole for stream in cut)
    rig.wait_enforced()
    lengths = [len(stream.read) for stream in kept]
    wait(lambda: all(len(stream.read) > before for stream, before in zip(kept, lengths, strict=True)))
    assert all(stream.goes_on for stream in kept)
    server.enough.set()
    assert all(stream.end().whole for stream in kept)


def test_refusals_say_why_as_a_class_and_what_to_bring(rig: Rig, server: ModelServer) -> None:
    refused, held = rig.chat("foreign", model="fable-5"), rig.chat("nobody", model="fable-5")
    assert refused.status == 451 and refused.json["reason"] == "law"
    assert "letter" not in refused.body.decode()
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json["decision"] == refused.headers["bylaw-receipt"]
    assert held.status == 403 and held.json["reason"] == "fact-missing"
    facts = {each["fact"] for each in held.json["missing"]}  # type: ignore[index, attr-defined]
    assert facts == {"citizenship", "permanent_residency", "protected"}
    assert held.json["bring_to"] == "https://lab.example/facts"
    assert rig.chat("citizen", model="fable-5").status == 200
    assert all(json.loads(each.body).get("model") != "fable-5" or "42" in each.path for each in server.heard[:-1])


def test_the_list_of_models_shows_what_is_the_callers(rig: Rig) -> None:
    names = {who: {each["id"] for each in rig.get("/v1/models", who).json["data"]} for who in rig.keys}  # type: ignore[index, attr-defined]
    assert names["citizen"] - names["foreign"] == {"fable-5"}
    assert rig.get("/v1/models/fable-5", "citizen").status == 200
    assert rig.get("/v1/models/fable-5", "foreign").status == 404


def test_every_answer_is_in_a_batch_under_its_receipt_and_comes_out_again(rig: Rig) -> None:
    receipts = [rig.chat(who, model="fable-5").headers["bylaw-receipt"] for who in ("citizen", "foreign", "nobody") * 3]
    assert len(set(receipts)) == 9
    found = _committed(rig, set(receipts))
    assert set(found) == set(receipts)
    for made in found.values():
        opened = rig.office.archive.opened(made.id)
        value = canonical(opened.made)
        check_commitment(opened.committed, value, bytes.fromhex(opened.salt))
    assert all(each.same for each in replay(rig.office, found.values()))


def test_a_rescission_opens_the_door_again(rig: Rig) -> None:
    rig.enact(rescission(rig.office, "letter", "Letter of 30 June 2026", _now()), "end.toml")
    rig.wait_enforced()
    assert {rig.chat(who, model="fable-5").status for who in rig.keys for _ in range(4)} == {200}


def test_a_revoked_key_is_refused_everywhere_and_its_streams_end(rig: Rig, server: ModelServer) -> None:
    rig.keys["leaked"] = rig.key("citizen")
    rig.wait_enforced()
    stream = Stream(rig, "leaked", "m")
    rig.state.keys.revoke(rig.keys["leaked"], "leaked", _now())
    rig.wait_enforced()
    assert not stream.end().whole
    assert {rig.chat("leaked").status for _ in range(20)} == {401}
    assert rig.chat("citizen").status == 200


def test_workers_attest_what_they_enforced(rig: Rig) -> None:
    found = list(coverage.intervals(coverage.read(rig.state.coverage), time.time()))
    workers = {each.worker for each in found}
    assert len(workers) == 2
    last = set()
    for worker in workers:
        own = [each for each in found if each.worker == worker and each.policy]
        assert len({each.policy for each in own}) >= 2, (
            "the letter and its end; one that starts late misses what was before"
        )
        assert all(before.end == after.start for before, after in pairwise(own))
        last.add(own[-1].policy)
    assert len(last) == 1 and len({each.policy for each in found if each.policy}) == 3
    assert sum(each.cut for each in found) >= 8
    assert not any(each.gap for each in found)


def _committed(rig: Rig, receipts: set[str]) -> dict[str, Made]:
    """The decisions of receipts, once they are in batches: found by the tree's own leaves."""
    until = time.time() + WAIT
    while True:
        found = {}
        for made in rig.office.archive.between("2026", "2027"):
            try:
                opened = rig.office.archive.opened(made.id)
            except Exception:  # noqa: BLE001  not in a batch yet
                continue
            leaf = leaf_hash(opened.committed.encode())
            path = [bytes.fromhex(each) for each in opened.path]
            root = json.loads(bytes.fromhex(opened.entry))["decisions"]
            check_inclusion(leaf, opened.index, opened.count, path, bytes.fromhex(root))
            if leaf.hex() in receipts:
                found[leaf.hex()] = made
        if len(found) == len(receipts) or time.time() > until:
            return found
        time.sleep(0.3)


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def test_a_decision_says_the_request_it_was_about(rig: Rig) -> None:
    receipt = rig.chat("citizen", model="mythos-5").headers["bylaw-receipt"]
    made = _committed(rig, {receipt})[receipt]
    assert made.decision.request == Request(model="mythos-5")
    assert made.call.startswith("w") and made.decision.outcome == "allow"
