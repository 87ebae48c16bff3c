"""Precedence by hand, when a decision runs out, and a desk that remembers."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from decide_cases import document
from decide_people import foreign, person, register, standing

from bylaw.access.decide.outside import Outside, Screened
from bylaw.access.decide.policy import compile
from bylaw.access.decision import Decision, Request
from bylaw.access.rules.document import Document
from bylaw.errors import UsageError

AT = datetime(2026, 6, 27, 12, tzinfo=UTC)
EVERYBODY = register(foreign("cn"), person("us", citizenship="us"), person("nobody"))
BASE = document("base", "base", who={"is": "anyone"})
ORDER = document("directive", "order", effect="refuse", who={"is": "foreign_person"})
LICENSE = document("license", "license", subjects=["cn", "nobody"], lifts=[{"authority": "BIS", "programme": "p"}])


def decided(*rules: Document, id: str = "cn", outside: Outside | None = None, model: str = "m") -> Decision:
    return compile(rules, outside or Outside(), AT).decide(EVERYBODY, id, Request(model=model))


def order(id: str, **fields: Any) -> Document:
    found: Document = document("directive", id, **({"effect": "refuse", "who": {"is": "anyone"}} | fields))
    return found


@pytest.mark.parametrize(
    ("rules", "outcome"),
    [
        ((), "hold"),
        ((ORDER,), "refuse"),
        ((BASE,), "allow"),
        ((document("base", "base", who={"is": "foreign_person", "country": "cn"}),), "hold"),
        ((BASE, ORDER), "refuse"),
        ((BASE, ORDER, LICENSE), "allow"),
        ((BASE, ORDER, LICENSE, order("list", programme="another")), "refuse"),
        ((BASE, ORDER, LICENSE, order("list", authority="OFAC")), "refuse"),
        ((BASE, order("hold", effect="hold")), "hold"),
        ((BASE, order("hold", effect="hold"), ORDER), "refuse"),
        ((BASE, order("report", effect="report")), "allow"),
        ((BASE, order("list", effect="allow-list", who={"is": "subject", "ids": ["cn"]})), "allow"),
        ((BASE, order("list", effect="allow-list", who={"is": "subject", "ids": ["us"]})), "refuse"),
        ((BASE, ORDER, order("end", effect=None, who=None, rescinds=["order"])), "allow"),
        ((BASE, ORDER, order("milder", effect="hold", supersedes=["order@1"])), "hold"),
        ((BASE, ORDER, order("end", effect=None, who=None, rescinds=["order@2"])), "refuse"),
        # what ends is ended itself, so the order stands; two that end each other both stand
        (
            (BASE, ORDER, order("a", effect="hold", supersedes=["order"]), order("b", effect="hold", supersedes=["a"])),
            "refuse",
        ),
        ((BASE, order("a", supersedes=["b"]), order("b", effect="hold", supersedes=["a"])), "refuse"),
        # two of one id: prohibitions count, licenses and base rules do not
        (
            (
                BASE,
                ORDER,
                LICENSE,
                document(
                    "license", "license", version=2, subjects=["x"], lifts=[{"authority": "BIS", "programme": "p"}]
                ),
            ),
            "refuse",
        ),
        ((BASE, document("base", "base", version=2, who={"is": "anyone"})), "hold"),
        ((document("base", "base", version=2, supersedes=["base"], who={"is": "anyone"}), BASE), "allow"),
        # only a directive ends another kind
        (
            (
                BASE,
                ORDER,
                document(
                    "license", "x", supersedes=["order"], subjects=["y"], lifts=[{"authority": "X", "programme": "p"}]
                ),
            ),
            "refuse",
        ),
    ],
)
def test_precedence(rules: tuple[Document, ...], outcome: str) -> None:
    assert decided(*rules).outcome == outcome
    assert decided(*reversed(rules)).outcome == outcome


@pytest.mark.parametrize(
    ("unknown", "license", "outcome", "unsafe"),
    [
        ("hold", False, "hold", False),
        ("refuse", False, "refuse", False),
        ("unsafe_allow", False, "allow", True),
        ("refuse", True, "allow", False),
    ],
)
def test_unknown(unknown: str, license: bool, outcome: str, unsafe: bool) -> None:
    rule = order("order", who={"is": "foreign_person"}, unknown=unknown)
    decision = decided(BASE, rule, *([LICENSE] if license else []), id="nobody")
    assert decision.outcome == outcome
    assert decision.findings[1].unsafe is unsafe


def test_a_license_that_may_apply_holds_and_does_not_let_pass() -> None:
    maybe = document("license", "l", employees_of=["org"], lifts=[{"authority": "BIS", "programme": "p"}])
    for unknown, outcome in (("hold", "hold"), ("refuse", "refuse"), ("unsafe_allow", "hold")):
        rule = order("order", who={"is": "foreign_person"}, unknown=unknown)
        assert decided(BASE, rule, maybe).outcome == outcome


def test_a_condition_is_checked_where_it_says_how() -> None:
    asked = {
        "text": "not for residents of Cuba",
        "requires": {"is": "not", "of": {"is": "residence", "countries": ["cu"]}},
    }
    license = document(
        "license", "l", subjects=["cn"], lifts=[{"authority": "BIS", "programme": "p"}], conditions=[asked]
    )
    decision = decided(BASE, ORDER, license)
    assert decision.outcome == "hold"
    assert decision.findings[-1].conditions == ("not for residents of Cuba",)


def test_scope_and_dates() -> None:
    assert decided(BASE, order("o", models=["other"])).outcome == "allow"
    assert decided(BASE, order("o", surfaces=["batch"])).outcome == "allow"
    assert decided(BASE, order("o", effective_from=AT)).outcome == "refuse"
    assert decided(BASE, order("o", effective_from=AT + timedelta(seconds=1))).outcome == "allow"
    assert decided(BASE, order("o", effective_until=AT)).outcome == "allow"


def test_a_decision_runs_out() -> None:
    soon = AT + timedelta(hours=1)
    assert decided(BASE).until is None
    assert decided(BASE, order("o", effective_from=soon)).until == soon
    listed = Outside(lists={"l": Screened(version="1", as_of=AT.date(), max_age=1)})
    assert decided(BASE, outside=listed).until == datetime(2026, 6, 29, tzinfo=UTC)
    for fact in (
        standing("citizenship", "us", expires=date(2026, 7, 1)),
        standing("citizenship", "us@1990-01-01/2026-07-01"),
        standing("citizenship", "us; de@2026-07-01"),
    ):
        someone = register(person("x", citizenship=fact))
        decision = compile([BASE, ORDER], Outside(), AT).decide(someone, "x", Request(model="m"))
        assert (decision.outcome, decision.until) == ("allow", datetime(2026, 7, 1, tzinfo=UTC))


def test_the_evidence_is_the_subject_s_own() -> None:
    twins = register(
        foreign("one", citizenship=standing("citizenship", "cn", grade="document")),
        foreign("two", citizenship=standing("citizenship", "cn@2001-01-01", grade="verified")),
    )
    desk = compile([BASE, ORDER], Outside(), AT).over(twins)
    assert desk.ready() == 1
    for id in twins:
        used = {each.name: each for each in desk.decide(id, Request(model="m")).findings[1].used}
        assert used["citizenship"].subject == id
        assert used["citizenship"].said is twins[id].known["citizenship"]


def test_a_desk_remembers_so_many_and_no_more() -> None:
    desk = compile([BASE, ORDER], Outside(), AT).over(EVERYBODY, keep=2)
    for _ in range(3):
        for id in EVERYBODY:
            for model in ("m", "n"):
                request = Request(model=model)
                assert desk.decide(id, request) == decided(BASE, ORDER, id=id, model=model)


def test_nobody_of_that_id() -> None:
    with pytest.raises(UsageError, match="nobody in the register has the id 'ghost'"):
        decided(BASE, id="ghost")
    with pytest.raises(UsageError, match="nobody in the register"):
        compile([BASE], Outside(), AT).decide(EVERYBODY, "cn", Request(model="m", channel="ghost"))


def test_an_instant_has_a_zone() -> None:
    with pytest.raises(UsageError, match="time zone"):
        compile([BASE], Outside(), datetime(2026, 6, 27))


def test_a_policy_is_named_by_what_its_rules_say() -> None:
    same = document("directive", "order", effect="refuse", who={"is": "foreign_person"})
    assert decided(BASE, ORDER).policy == decided(same, BASE).policy
    assert decided(BASE, ORDER).policy != decided(BASE, order("order")).policy
