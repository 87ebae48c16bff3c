"""Companies House, persons with significant control: bands, numbers, who is missing, and what is refused."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from ownership_cases import DAY, MAJORITY, OFAC

from bylaw.access.ownership import psc
from bylaw.access.ownership.graph import Graph
from bylaw.access.ownership.records import Records
from bylaw.access.ownership.rule import Rule
from bylaw.access.ownership.seeds import Seeds
from bylaw.access.ownership.solution import Solution, solve
from bylaw.access.ownership.stake import Stake, between
from bylaw.errors import RecordError

LINKS = "/company/{}/persons-with-significant-control/{}"
SHARES = "ownership-of-shares-{}-percent"


def line(company: str, who: str, *natures: str, kind: str = "individual", **more: Any) -> dict[str, Any]:
    data = {
        "kind": f"{kind}-person-with-significant-control",
        "links": {"self": LINKS.format(company, who)},
        "name": who,
        "natures_of_control": list(natures),
        "notified_on": "2016-04-06",
        "etag": "e",
    }
    return {"company_number": company, "data": {**data, **more}}


def corporate(company: str, who: str, number: str, country: str, *natures: str) -> dict[str, Any]:
    identification = {"registration_number": number, "country_registered": country, "legal_form": "Limited"}
    return line(company, who, *natures, kind="corporate-entity", identification=identification)


def loaded(folder: Path, *lines: dict[str, Any]) -> Records:
    path = folder / "psc.txt"
    path.write_text("\n".join(map(json.dumps, lines)) + "\n")
    return psc.load(path)


def asked(records: Records, who: str, rule: Rule = OFAC, at: date = DAY) -> Solution:
    graph = Graph.build(records.interests, records.parties, at=at, conflict="widen")
    return solve(graph, rule, Seeds.where(graph, lambda party: party.name == who))


@pytest.mark.parametrize(
    ("nature", "stake"),
    [
        ("ownership-of-shares-25-to-50-percent", between(25, 50, above=True)),
        ("ownership-of-shares-50-to-75-percent", between(50, 75, above=True, below=True)),
        ("ownership-of-shares-75-to-100-percent", between(75, 100)),
        ("right-to-share-surplus-assets-75-to-100-percent-limited-liability-partnership", between(75, 100)),
        ("part-right-to-share-surplus-assets-25-to-50-percent", between(25, 50, above=True)),
        ("ownership-of-shares-more-than-25-percent-registered-overseas-entity", between(25, 100, above=True)),
        ("ownership-of-shares-75-to-100-percent-as-trust", Stake(0, between(75, 100).upper)),
        ("ownership-of-shares-more-than-25-percent-as-control-over-firm-registered-overseas-entity", psc.ANY),
        ("voting-rights-75-to-100-percent", psc.UNSTATED),
        ("significant-influence-or-control-as-firm", psc.UNSTATED),
        ("a-nature-nobody-knows-yet", psc.ANY),
    ],
)
def test_natures(tmp_path: Path, nature: str, stake: Stake) -> None:
    records = loaded(tmp_path, line("01", "Ann", nature))
    through = [row.stake for row in records.interests if row.part == "through"]
    assert (through or [records.interests[0].stake]) == [stake]


def test_more_than_half_is_a_majority(tmp_path: Path) -> None:
    bands = {"01": "50-to-75", "02": "25-to-50"}
    records = loaded(tmp_path, *(line(one, "Ann", SHARES.format(band)) for one, band in bands.items()))
    assert [asked(records, "Ann", MAJORITY).status(one) for one in ("01", "02")] == ["blocked", "clear"]
    assert [asked(records, "Ann", OFAC).status(one) for one in ("01", "02")] == ["blocked", "undetermined"]


def test_a_chain_through_company_numbers(tmp_path: Path) -> None:
    records = loaded(
        tmp_path,
        line("00000007", "Ann", SHARES.format("75-to-100")),
        corporate("SC000008", "Seven Ltd", " 7 ", "England", SHARES.format("75-to-100")),
        corporate("00000009", "Eight Ltd", "sc8", "Scotland", SHARES.format("75-to-100")),
        corporate("00000010", "Seven GmbH", "7", "Germany", SHARES.format("75-to-100")),
    )
    found = asked(records, "Ann")
    assert all(found.status(one) == "blocked" for one in ("00000007", "SC000008", "00000009"))
    assert found.status("00000010") == "clear"


def test_ceased(tmp_path: Path) -> None:
    half = SHARES.format("75-to-100")
    records = loaded(tmp_path, line("01", "Ann", half, ceased_on="2020-01-01"), line("02", "Ann", half, ceased=True))
    assert asked(records, "Ann", at=date(2019, 12, 31)).status("01") == "blocked"
    assert asked(records, "Ann", at=date(2020, 1, 1)).status("01") == "clear"
    assert records.left_out == {"ceased without a date": 1}


@pytest.mark.parametrize(
    "data",
    [
        {"kind": "super-secure-person-with-significant-control", "description": "super-secure"},
        {"kind": "persons-with-significant-control-statement", "statement": "psc-exists-but-not-identified"},
        {"kind": "persons-with-significant-control-statement", "statement": "a-statement-nobody-knows-yet"},
    ],
)
def test_who_is_missing_may_be_anyone(tmp_path: Path, data: dict[str, str]) -> None:
    records = loaded(tmp_path, {"company_number": "01", "data": {**data, "links": {"self": "/company/01/x"}}})
    assert asked(records, "nobody").status("01") == "undetermined"


def test_what_hides_nobody_is_counted(tmp_path: Path) -> None:
    kind, statement = "persons-with-significant-control-statement", "no-individual-or-entity-with-signficant-control"
    records = loaded(
        tmp_path,
        {"company_number": "01", "data": {"kind": kind, "statement": statement}},
        {"company_number": "02", "data": {"kind": "exemptions", "exemptions": {}}},
        {"data": {"kind": "totals#persons-of-significant-control-snapshot", "statements_count": 1}},
    )
    assert records.interests == () and sum(records.left_out.values()) == 3


def test_control_is_kept(tmp_path: Path) -> None:
    records = loaded(tmp_path, line("01", "Ann", SHARES.format("25-to-50"), "right-to-appoint-and-remove-directors"))
    assert [(one.entity, one.nature) for one in records.control] == [("01", "right-to-appoint-and-remove-directors")]


def test_joint_holders_are_not_sure(tmp_path: Path) -> None:
    records = loaded(tmp_path, *(line("01", who, SHARES.format("75-to-100")) for who in ("Ann", "Bob")))
    with pytest.raises(RecordError, match="hold at least 150 %"):
        Graph.build(records.interests, records.parties, at=DAY)
    assert asked(records, "Ann").status("01") == "undetermined"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"company_number": "01", "data": {"kind": 7}}', r"psc\.txt:2: data\.kind: Expected `str`"),
        ('{"company_number": "01", "data": {"kind": "x", "ceased_on": "soon"}}', r"psc\.txt:2: data\.ceased_on"),
        ('{"company_number": "01"}', r"psc\.txt:2: Object missing required field `data`"),
        ('{"company_number": "01", "data": {"kind"', r"psc\.txt:2: "),
    ],
)
def test_wrong_lines(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "psc.txt"
    path.write_text(json.dumps(line("01", "Ann", SHARES.format("25-to-50"))) + "\n" + text)
    with pytest.raises(RecordError, match=said):
        psc.load(path)


def test_a_company_line_without_a_company(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="names no company"):
        loaded(tmp_path, {"data": line("01", "Ann", SHARES.format("25-to-50"))["data"]})
