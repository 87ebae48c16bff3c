"""Signed KYC results: what is taken, and what is refused by name."""

import base64
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from rosters import DAY, faults, put, values

from bylaw.access.roster.bring import read
from bylaw.access.roster.kyc import TYPE
from bylaw.access.roster.options import Options
from bylaw.access.subjects import Value
from bylaw.lineage import dsse
from bylaw.signing import P256, LocalSigner

VERI, OTHER = LocalSigner.generate(), LocalSigner.generate(P256)
OPTIONS = Options(today=DAY, providers={"veri": VERI.public, "other": OTHER.public})


def payload(**said: Any) -> dict[str, Any]:
    facts = [{"name": "citizenship", "values": [{"text": "Japan"}]}, {"name": "residence", "values": None}]
    result = {"document": "passport", "reference": "V-1", "date": "2026-10-02", "expires": "2031-05-01", "facts": facts}
    top = {key: said.pop(key) for key in list(said) if key in ("provider", "subject", "kind", "results", "resuls")}
    return {"provider": "veri", "subject": "p-1", "results": [{**result, **said}], **top}


def sealed(said: Any, signer: LocalSigner = VERI, type: str = TYPE) -> bytes:
    return msgspec.json.encode(dsse.seal(msgspec.json.encode(said), signer, type))


def told(folder: Path, content: bytes, options: Options = OPTIONS) -> list[str]:
    return faults(read(put(folder, content, "kyc.dsse"), options)[1])


def test_a_signed_result_is_verified_evidence(tmp_path: Path) -> None:
    ((row,), said) = read(put(tmp_path, sealed(payload()), "kyc.dsse"), replace(OPTIONS, checked="p-1"))
    assert (row.id, row.kind, said) == ("p-1", "person", [])
    assert values(row, "citizenship") == (Value(text="jp"),)
    assert values(row, "residence") is None
    fact = row.facts[0]
    assert (fact.source, fact.grade, fact.evidence) == ("veri", "verified", "passport V-1")
    assert (fact.as_of, fact.expires) == (date(2026, 10, 2), date(2031, 5, 1))


def test_one_envelope_with_line_breaks_or_one_a_line(tmp_path: Path) -> None:
    pretty = msgspec.json.format(sealed(payload()), indent=2)
    assert [row.id for row in read(put(tmp_path, pretty, "a.dsse"), OPTIONS)[0]] == ["p-1"]
    lines = sealed(payload()) + b"\n" + sealed(payload(subject="p-2", reference="V-2")) + b"\n"
    assert [row.id for row in read(put(tmp_path, lines, "b.dsse"), OPTIONS)[0]] == ["p-1", "p-2"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (sealed(payload(), OTHER), "signature: made by none of the 1 trusted keys"),
        (sealed(payload(provider="other")), "signature: made by none"),
        (sealed(payload(provider="veriq")), "the provider 'veriq' is not trusted; did you mean 'veri'?"),
        (sealed(payload(), type=dsse.STATEMENT), "envelope: its payload is"),
        (sealed(payload(date="2026-11-25")), "date: fault: V-1 is from 2026-11-25, and today is 2026-11-24"),
        (sealed(payload(date="2025-11-23")), "V-1 is stale: from 2025-11-23, more than 365 days ago"),
        (sealed(payload(expires="2026-11-24")), "V-1 has expired on 2026-11-24"),
        (sealed(payload(reference=" ")), "a result has a document and a reference"),
        (sealed(payload(facts=[{"name": "citizen", "values": []}])), "there is no fact 'citizen'"),
        (sealed(payload(facts=[{"name": "headquarters", "values": []}])), "cannot be said of kind person"),
        (sealed(payload(facts=[{"name": "born", "values": [], "grade": "verified"}])), "there is no key 'grade'"),
        (sealed(payload(resuls=[])), "there is no key 'resuls'; did you mean 'results'?"),
        (sealed(payload(kind="robot")), "Invalid enum value 'robot'"),
        (sealed(7), "the payload does not read"),
        (b'{"payload": "!", "payloadType": "x", "signatures": []}', "envelope: its payload is 'x'"),
        (b"{}", "envelope: "),
        (b"no json", "envelope: "),
    ],
)
def test_what_is_refused_is_named(tmp_path: Path, content: bytes, said: str) -> None:
    found = told(tmp_path, content)
    assert found and said in found[0], found


def test_a_result_about_somebody_else_is_refused(tmp_path: Path) -> None:
    (found,) = told(tmp_path, sealed(payload()), replace(OPTIONS, checked="p-2"))
    assert "this is about 'p-1', and 'p-2' was to be checked" in found


def test_one_reference_for_two_subjects_is_refused(tmp_path: Path) -> None:
    (found,) = told(tmp_path, sealed(payload()) + b"\n" + sealed(payload(subject="p-2")) + b"\n")
    assert found == "line 2 p-2 reference: fault: V-1 is also the result of p-1"


def test_without_a_trusted_provider_nothing_is_taken(tmp_path: Path) -> None:
    (found,) = told(tmp_path, sealed(payload()), Options(today=DAY))
    assert "no KYC provider is trusted" in found


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_changed_byte_passes(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    envelope = msgspec.json.decode(sealed(payload()))
    content = bytearray(base64.b64decode(envelope["payload"]))
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    changed = msgspec.json.encode({**envelope, "payload": base64.b64encode(bytes(content)).decode()})
    rows, said = read(put(tmp_path_factory.mktemp("drawn"), changed, "kyc.dsse"), OPTIONS)
    assert rows == [] and len(faults(said)) == 1


def raw(text: str, signer: LocalSigner = VERI) -> bytes:
    return msgspec.json.encode(dsse.seal(text.encode(), signer, TYPE))


def test_a_key_that_comes_twice_is_refused_in_the_payload_and_around_it(tmp_path: Path) -> None:
    text = msgspec.json.encode(payload()).decode()
    (found,) = told(tmp_path, raw(text.replace('"subject"', '"subject":"p-9","subject"')))
    assert "the key 'subject' comes twice in one object" in found
    (found,) = told(tmp_path, raw(text.replace('"values":[', '"values":[{"text":"ir"}],"values":[')))
    assert "the key 'values' comes twice" in found
    (found,) = told(tmp_path, b'{"payload":"e30=",' + sealed(payload())[1:])
    assert "the key 'payload' comes twice" in found


def test_two_passports_are_one_fact_with_two_citizenships_or_the_last_would_hide_the_first(tmp_path: Path) -> None:
    first = payload(facts=[{"name": "citizenship", "values": [{"text": "ir"}]}])["results"][0]
    second = payload(reference="V-2", facts=[{"name": "citizenship", "values": [{"text": "jp"}]}])["results"][0]
    (found,) = told(tmp_path, sealed({**payload(), "results": [first, second]}))
    assert found.startswith("line 1 p-1 citizenship: fault: V-2 says something else than V-1")
    assert told(tmp_path, sealed({**payload(), "results": [first, {**first, "reference": "V-2"}]})) == []


@pytest.mark.parametrize("results", [[], [{**payload()["results"][0], "facts": []}]])
def test_a_result_that_says_nothing_makes_no_subject(tmp_path: Path, results: list[Any]) -> None:
    assert told(tmp_path, sealed(payload(results=results))) == ["line 1 p-1 results: fault: no result says anything"]


def test_a_payload_that_is_no_text_says_where(tmp_path: Path) -> None:
    content = msgspec.json.encode(dsse.seal(msgspec.json.encode(payload()).replace(b"V-1", b"\xe9-1"), VERI, TYPE))
    (found,) = told(tmp_path, content)
    assert "the payload is not UTF-8, from its byte" in found
