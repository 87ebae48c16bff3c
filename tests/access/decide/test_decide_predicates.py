"""Each predicate by hand: yes, no, unknown, and what would settle it."""

from datetime import UTC, date, datetime
from typing import Any

import msgspec
import pytest
from decide_cases import document
from decide_people import foreign, organization, person, register, standing, subject

from bylaw.access.decide.outside import Outside, Ownership, Screened
from bylaw.access.decide.policy import compile
from bylaw.access.decision import Finding, Request
from bylaw.access.rules.meanings import PREDICATES

AT = datetime(2026, 6, 27, 12, tzinfo=UTC)
BASE = document("base", "base", who={"is": "anyone"})
HITS = {"p-hit": "confirmed", "p-open": "open", "p-cleared": "cleared", "p-new": "unscreened"}
OUTSIDE = Outside(
    lists={
        "sdn": Screened(version="7", as_of=date(2026, 6, 26), max_age=2, hits=HITS),
        "old": Screened(version="1", as_of=date(2026, 6, 1), max_age=2, hits=HITS),
        "early": Screened(version="1", as_of=date(2026, 7, 1), hits=HITS),
    },
    ownership={
        "half": Ownership(
            version="3",
            as_of=date(2026, 6, 26),
            statuses={"o-bad": "blocked", "o-fine": "clear", "o-odd": "undetermined"},
        )
    },
)
EVERYBODY = register(
    person("nobody"),
    foreign("cn"),
    foreign("garbage", citizenship="zz"),
    foreign("soviet", citizenship="su"),
    foreign("montenegrin", citizenship="cs"),
    foreign("moved", citizenship="ru@1980-01-01; cn@2010-01-01", permanent_residency="none"),
    foreign("moved-resident", citizenship="ru@1980-01-01", permanent_residency="cn@2015-01-01"),
    foreign("was", citizenship="ru@1980-01-01/2011-01-01; de@2010-01-01"),
    foreign("undated", citizenship="ru; cn"),
    foreign("both-watched", citizenship="ru; kp"),
    foreign("coming", citizenship="ru@2027-01-01; de"),
    foreign("expired", citizenship=standing("citizenship", "cn", expires=date(2026, 6, 27))),
    foreign("expires", citizenship=standing("citizenship", "cn", expires=date(2026, 6, 28))),
    foreign("declared", citizenship=standing("citizenship", "cn", grade="declared")),
    person("home", residence="cn", location="cn"),
    foreign("hired", employer="o-fine!employee; o-bad!contractor"),
    foreign("hired-by-stranger", employer="o-nowhere!employee"),
    *(person(id) for id in HITS),
    organization("o-bad", headquarters="cn", incorporation="sg", ultimate_parent="none"),
    organization("o-fine", headquarters="de", incorporation="de", ultimate_parent="o-bad"),
    organization("o-odd", headquarters="de", ultimate_parent="o-nowhere"),
    organization("o-new"),
    subject("service", "svc", responsible="cn"),
    subject("service", "svc-hit", responsible="p-hit"),
    subject("service", "svc-lost"),
    subject("channel", "ch", operator="o-bad", channel="reseller"),
    subject("channel", "ch-lost"),
    person("eligible", eligible="order!yes; other!no"),
    person("ineligible", eligible="order!no"),
    person("both", eligible="order!no; order!yes"),
    subject("service", "svc-eligible", responsible="eligible"),
)
ASIA = {"countries": ["cn", "kp"]}
CASES: list[tuple[str, dict[str, Any], dict[str, str]]] = [
    ("anyone", {}, {"nobody": "yes"}),
    (
        "foreign_person",
        {},
        {"nobody": "unknown", "cn": "yes", "o-bad": "yes", "o-new": "unknown", "svc": "yes", "ch": "yes"},
    ),
    ("foreign_person", {"country": "cn"}, {"cn": "no", "svc": "no", "svc-lost": "unknown"}),
    (
        "citizenship",
        ASIA,
        {
            "cn": "yes",
            "nobody": "unknown",
            "garbage": "unknown",
            "undated": "yes",
            "o-bad": "no",
            "svc": "yes",
            "ch": "no",
        },
    ),
    ("citizenship", ASIA, {"expired": "unknown", "expires": "yes", "moved-resident": "no"}),
    ("citizenship", {"countries": ["ru"]}, {"soviet": "unknown", "was": "no", "coming": "no"}),
    ("citizenship", {"countries": ["rs", "me", "xk"]}, {"montenegrin": "yes", "soviet": "no"}),
    (
        "citizenship",
        {"countries": ["cn"], "which": "latest"},
        {"moved": "yes", "moved-resident": "yes", "undated": "unknown"},
    ),
    (
        "citizenship",
        {"countries": ["ru", "kp"], "which": "latest"},
        {"both-watched": "yes", "moved": "no", "nobody": "unknown"},
    ),
    ("citizenship", {"countries": ["ru"], "which": "ever"}, {"was": "yes", "moved": "yes", "cn": "no", "coming": "no"}),
    ("citizenship", {"countries": ["cn"], "which": "ever"}, {"moved-resident": "yes"}),
    ("permanent_residency", ASIA, {"moved-resident": "yes", "cn": "no", "nobody": "unknown", "o-bad": "no"}),
    ("protected", ASIA, {"cn": "no", "nobody": "unknown"}),
    ("residence", ASIA, {"home": "yes", "nobody": "unknown", "o-bad": "no"}),
    ("location", ASIA, {"home": "yes", "nobody": "unknown"}),
    (
        "incorporation",
        {"countries": ["sg"]},
        {"o-bad": "yes", "o-fine": "no", "o-odd": "unknown", "cn": "no", "ch": "yes"},
    ),
    ("headquarters", ASIA, {"o-bad": "yes", "o-fine": "no", "o-new": "unknown", "cn": "no"}),
    (
        "parent_headquarters",
        ASIA,
        {"o-fine": "yes", "o-bad": "yes", "o-odd": "unknown", "o-new": "unknown", "cn": "no", "ch": "yes"},
    ),
    (
        "employer",
        {"who": {"is": "headquarters", **ASIA}},
        {"hired": "no", "hired-by-stranger": "unknown", "cn": "unknown"},
    ),
    (
        "employer",
        {"role": "contractor", "who": {"is": "headquarters", **ASIA}},
        {"hired": "yes", "hired-by-stranger": "no"},
    ),
    ("employer", {"role": "any", "who": {"is": "headquarters", **ASIA}}, {"hired": "yes", "o-bad": "no"}),
    ("employer", {"who": {"is": "subject", "ids": ["o-nowhere"]}}, {"hired-by-stranger": "yes", "hired": "no"}),
    (
        "owned",
        {"rule": "half"},
        {"o-bad": "yes", "o-fine": "no", "o-odd": "unknown", "o-new": "unknown", "cn": "no", "ch": "yes"},
    ),
    ("owned", {"rule": "absent"}, {"o-fine": "unknown", "cn": "no"}),
    (
        "listed",
        {"lists": ["sdn"]},
        {
            "p-hit": "yes",
            "p-open": "unknown",
            "p-cleared": "no",
            "p-new": "unknown",
            "nobody": "no",
            "svc-hit": "yes",
            "svc": "no",
        },
    ),
    ("listed", {"lists": ["sdn"]}, {"svc-lost": "unknown", "ch-lost": "unknown"}),
    ("listed", {"lists": ["old"]}, {"p-hit": "yes", "nobody": "unknown", "p-cleared": "unknown"}),
    ("listed", {"lists": ["early"]}, {"nobody": "unknown"}),
    ("listed", {"lists": ["never-given"]}, {"nobody": "unknown"}),
    (
        "subject",
        {"ids": ["cn", "o-bad"]},
        {"cn": "yes", "nobody": "no", "svc": "yes", "ch": "yes", "ch-lost": "unknown"},
    ),
    ("annex", {"name": "x"}, {"home": "yes", "cn": "no"}),
    ("kind", {"kinds": ["service"]}, {"svc": "yes", "cn": "no"}),
    ("channel", {"channels": ["reseller"]}, {"ch": "yes", "ch-lost": "unknown", "cn": "unknown"}),
    ("through", {"who": {"is": "anyone"}}, {"cn": "unknown"}),
    (
        "eligible",
        {"directive": "order"},
        {"eligible": "yes", "ineligible": "no", "both": "unknown", "svc-eligible": "yes", "cn": "unknown"},
    ),
    ("evidence", {"at_least": "attested", "of": {"is": "citizenship", **ASIA}}, {"cn": "yes", "declared": "unknown"}),
    ("limb", {"name": "limb", "of": {"is": "anyone"}}, {"cn": "yes"}),
    ("not", {"of": {"is": "citizenship", **ASIA}}, {"cn": "no", "nobody": "unknown", "was": "yes"}),
    ("all", {"of": [{"is": "anyone"}, {"is": "citizenship", **ASIA}]}, {"cn": "yes", "nobody": "unknown", "was": "no"}),
    (
        "any",
        {"of": [{"is": "citizenship", **ASIA}, {"is": "kind", "kinds": ["service"]}]},
        {"nobody": "unknown", "was": "no"},
    ),
    (
        "agree",
        {"of": [{"is": "citizenship", **ASIA}, {"is": "anyone"}]},
        {"cn": "yes", "nobody": "yes", "was": "unknown"},
    ),
]


def finding(who: dict[str, Any], id: str, request: Request | None = None, **fields: Any) -> Finding:
    rule = document("directive", "rule", effect="refuse", who=who, annexes={"x": ["home"]}, **fields)
    decision = compile([BASE, rule], OUTSIDE, AT).decide(EVERYBODY, id, request or Request(model="m"))
    return next(each for each in decision.findings if each.rule == "rule@1")


@pytest.mark.parametrize(("name", "fields", "answers"), CASES)
def test_predicate(name: str, fields: dict[str, Any], answers: dict[str, str]) -> None:
    found = {id: finding({"is": name, **fields}, id).concerns for id in answers}
    assert found == answers


def test_each_is_tried() -> None:
    assert {name for name, *_ in CASES} == set(PREDICATES)


PLACES = [("cn", "yes"), ("us", "no"), ("", "unknown"), ("zz", "unknown")]
PLACES += [("CN", "yes"), ("CHN", "yes"), ("China ", "yes"), ("US", "no"), ("-", "unknown"), ("?", "unknown")]


@pytest.mark.parametrize(("place", "answer"), PLACES)
def test_location_of_the_request(place: str, answer: str) -> None:
    assert finding({"is": "location", **ASIA}, "cn", Request(model="m", location=place)).concerns == answer


def test_location_in_two_ways() -> None:
    assert finding({"is": "location", **ASIA}, "home", Request(model="m", location="kp")).concerns == "yes"
    assert finding({"is": "location", **ASIA}, "home", Request(model="m", location="us")).concerns == "unknown"


def test_the_channel_of_the_request() -> None:
    request = Request(model="m", channel="ch")
    assert finding({"is": "channel", "channels": ["reseller"]}, "cn", request).concerns == "yes"
    through = finding({"is": "through", "who": {"is": "headquarters", **ASIA}}, "nobody", request)
    assert through.concerns == "yes"
    assert [(each.subject, each.name) for each in through.used] == [("ch", "operator"), ("o-bad", "headquarters")]


@pytest.mark.parametrize(
    ("who", "id", "name", "says"),
    [
        ({"is": "listed", "lists": ["sdn"]}, "p-open", "name", "open hit on sdn"),
        ({"is": "listed", "lists": ["sdn"]}, "p-new", "name", "screened against sdn"),
        ({"is": "owned", "rule": "half"}, "o-odd", "owner", "owners with their stakes"),
        ({"is": "citizenship", "countries": ["cn"], "which": "latest"}, "undated", "citizenship", "since when"),
        ({"is": "foreign_person"}, "ch-lost", "operator", "operates the channel"),
        ({"is": "eligible", "directive": "order"}, "cn", "eligible", "eligibility under order"),
        ({"is": "channel", "channels": ["cloud"]}, "cn", "channel", "of the channel"),
        (
            {"is": "employer", "who": {"is": "headquarters", **ASIA}},
            "hired-by-stranger",
            "headquarters",
            "of o-nowhere:",
        ),
        (
            {"is": "agree", "of": [{"is": "citizenship", **ASIA}, {"is": "residence", **ASIA}]},
            "torn",
            "citizenship",
            "contradicts itself",
        ),
    ],
)
def test_what_would_settle_it(who: dict[str, Any], id: str, name: str, says: str) -> None:
    torn = foreign("torn", citizenship="de", residence="cn")
    rule = document("directive", "rule", effect="refuse", who=who)
    decision = compile([BASE, rule], OUTSIDE, AT).decide({**EVERYBODY, "torn": torn}, id, Request(model="m"))
    settles = dict(next(each for each in decision.findings if each.rule == "rule@1").settles)
    assert says in settles[name]  # type: ignore[index]


@pytest.mark.parametrize(
    ("list", "fault"), [("old", "stale"), ("early", "after the decision"), ("absent", "not given")]
)
def test_a_source_that_cannot_be_relied_on(list: str, fault: str) -> None:
    found = finding({"is": "listed", "lists": [list]}, "nobody", unknown="unsafe_allow")
    assert (found.outcome, found.unsafe) == ("hold", False)
    assert fault in found.fault
    assert finding({"is": "listed", "lists": [list]}, "p-hit").concerns == ("unknown" if list == "absent" else "yes")


def test_a_rule_that_raises_never_allows() -> None:
    """Documents cannot say such a thing, so it is made by hand."""

    class Broken(msgspec.Struct, frozen=True):
        pass

    rule = msgspec.structs.replace(
        document("directive", "rule", effect="refuse", unknown="unsafe_allow", who={"is": "anyone"}), who=Broken()
    )
    decision = compile([BASE, rule], OUTSIDE, AT).decide(EVERYBODY, "nobody", Request(model="m"))
    assert decision.outcome == "hold"
    assert "could not be evaluated" in decision.findings[1].fault
