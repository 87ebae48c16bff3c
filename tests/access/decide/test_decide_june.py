"""June 2026 by hand: the three letters of the library, on people and organisations whose outcome the text gives.

Outcomes are written as ``before / after letter 1 / after 2 / after 3`` for one model.
"""

from datetime import UTC, date, datetime

import msgspec
import pytest
from decide_people import foreign, organization, person, register, standing, subject

from bylaw.access.decide.outside import Outside, Screened
from bylaw.access.decide.policy import Policy, compile
from bylaw.access.decision import Decision, Request
from bylaw.access.rules.document import Directive, Document, parse
from bylaw.access.rules.library import library

INSTANTS = (
    datetime(2026, 6, 12, 21, 20, 59, tzinfo=UTC),  # 17:20:59 ET
    datetime(2026, 6, 12, 21, 21, tzinfo=UTC),  # 17:21 ET
    datetime(2026, 6, 27, tzinfo=UTC),
    datetime(2026, 7, 1, tzinfo=UTC),
)
MYTHOS, FABLE = "mythos-5", "fable-5"


def letters(destination: bool = False) -> tuple[Document, ...]:
    """The letters and ordinary access, with an annex of one organisation; the destination limb as told."""
    texts = {id: library()[id].text for id in ("ordinary-access", "bis-denied-persons", *LETTERS)}
    texts["june-2026-letter-2"] = texts["june-2026-letter-2"].replace("partners = []", 'partners = ["org-1", "org-2"]')
    if destination:
        texts["june-2026-letter-1"] = texts["june-2026-letter-1"].replace("on = false", "on = true")
    return tuple(parse(text, id) for id, text in texts.items())


LETTERS = ("june-2026-letter-1", "june-2026-letter-2", "june-2026-letter-3")
OUTSIDE = Outside(lists={"bis-dpl": Screened(version="9", as_of=date(2026, 6, 1), hits={"denied": "confirmed"})})
EVERYBODY = register(
    person("citizen", citizenship="us"),
    person("citizen-in-beijing", citizenship="us", location="cn", residence="cn"),
    person("naturalised", citizenship="cn@1985-01-01/2019-06-30; us@2019-06-30"),
    person("dual", citizenship="us; ir"),
    person("resident", citizenship="cn", permanent_residency="us"),
    person("resident-only", permanent_residency="us"),
    person("refugee", citizenship="none", permanent_residency="none", protected="us"),
    foreign("engineer-on-a-visa", residence="us", location="us"),
    foreign("renounced", citizenship="us@1970-01-01/2020-01-01; de@2000-01-01"),
    foreign("lapsed-resident", permanent_residency="us@1990-01-01/2001-01-01"),
    foreign("soviet", citizenship="su"),
    foreign("jobless", employer="none"),
    foreign("annex-employee", employer="org-1@2020-01-01!employee"),
    foreign("annex-contractor", employer="org-1!contractor"),
    foreign("annex-role-unknown", employer="org-1"),
    foreign("annex-two-jobs", employer="org-9!employee; org-1!employee"),
    foreign("annex-former", employer="org-1@2020-01-01/2026-06-01!employee"),
    foreign("annex-coming", employer="org-1@2026-09-01!employee"),
    foreign("lab-employee", employer="lab!employee"),
    foreign("lab-contractor", employer="lab!contractor"),
    foreign("elsewhere", employer="org-9!employee"),
    foreign("disputed", citizenship=standing("citizenship", "cn", against="us")),
    person("nobody-knows"),
    person("passport-only", citizenship="cn"),
    person("nobody-knows-at-annex", employer="org-1!employee"),
    person("eligible", eligible="june-2026-letter-1!yes"),
    person("ineligible", eligible="june-2026-letter-1!no", employer="none"),
    person("eligible-for-another", eligible="another!yes", employer="none"),
    foreign("eligible-and-foreign", eligible="june-2026-letter-1!yes", employer="none"),
    person("denied", citizenship="us"),
    organization("lab", incorporation="us"),
    organization("org-1", incorporation="us"),
    organization("org-2", incorporation="de"),
    organization("org-9", incorporation="gb", headquarters="us"),
    organization("org-treaty", incorporation="none"),
    organization("org-unknown", headquarters="us"),
    subject("service", "bot-of-employee", responsible="annex-employee"),
    subject("service", "bot-of-citizen", responsible="citizen"),
    subject("service", "bot-of-bot", responsible="bot-of-citizen"),
    subject("service", "bot-of-nobody"),
    subject("service", "bot-in-a-circle", responsible="bot-in-a-circle"),
    subject("channel", "own", operator="lab", channel="direct"),
    subject("channel", "partner", operator="org-2", channel="cloud"),
    subject("channel", "reseller", operator="org-9", channel="reseller"),
    subject("channel", "somebody"),
)
OPEN, SHUT, HELD = "allow allow allow allow", "allow refuse refuse allow", "hold hold hold hold"
FLOWS, UNKNOWN = "allow refuse allow allow", "allow hold hold allow"
ON_MYTHOS = {
    "citizen": OPEN,
    "citizen-in-beijing": OPEN,  # status decides, not geography
    "naturalised": OPEN,
    "dual": OPEN,
    "resident": OPEN,
    "resident-only": OPEN,
    "refugee": OPEN,  # 8 USC 1324b(a)(3)
    "engineer-on-a-visa": "allow refuse hold allow",  # nobody said for whom: after letter 2 that decides
    "renounced": "allow refuse hold allow",
    "lapsed-resident": "allow refuse hold allow",
    "soviet": "allow refuse hold allow",
    "jobless": SHUT,
    "annex-employee": FLOWS,
    "annex-contractor": SHUT,
    "annex-role-unknown": "allow refuse hold allow",
    "annex-two-jobs": FLOWS,
    "annex-former": SHUT,
    "annex-coming": SHUT,
    "lab-employee": FLOWS,
    "lab-contractor": SHUT,
    "elsewhere": SHUT,
    "disputed": UNKNOWN,
    "nobody-knows": UNKNOWN,
    "passport-only": UNKNOWN,
    "nobody-knows-at-annex": "allow hold allow allow",  # whoever he is, letter 2 lets him
    "eligible": OPEN,
    "ineligible": SHUT,
    "eligible-for-another": UNKNOWN,
    "eligible-and-foreign": UNKNOWN,  # the two ways to know contradict each other
    "denied": "refuse refuse refuse refuse",
    "lab": OPEN,
    "org-1": OPEN,
    "org-2": FLOWS,
    "org-9": SHUT,
    "org-treaty": SHUT,
    "org-unknown": UNKNOWN,
    "bot-of-employee": FLOWS,
    "bot-of-citizen": OPEN,
    "bot-of-bot": OPEN,
    "bot-of-nobody": HELD,  # nobody knows whether a denied person answers for it
    "bot-in-a-circle": HELD,
    "own": OPEN,
    "partner": FLOWS,
    "reseller": SHUT,
    "somebody": HELD,
}


def policy(at: datetime, rules: tuple[Document, ...] | None = None) -> Policy:
    return compile(rules or letters(), OUTSIDE, at)


def outcomes(id: str, model: str) -> str:
    return " ".join(policy(at).decide(EVERYBODY, id, Request(model=model)).outcome for at in INSTANTS)


def on(
    id: str, at: datetime, model: str = MYTHOS, rules: tuple[Document, ...] | None = None, place: str = ""
) -> Decision:
    return policy(at, rules).decide(EVERYBODY, id, Request(model=model, location=place))


@pytest.mark.parametrize("id", EVERYBODY)
def test_mythos(id: str) -> None:
    assert outcomes(id, MYTHOS) == ON_MYTHOS[id]


@pytest.mark.parametrize("id", EVERYBODY)
def test_fable_is_shut_until_the_withdrawal(id: str) -> None:
    """The second letter does not speak of it."""
    before, first, _, after = ON_MYTHOS[id].split()
    assert outcomes(id, FABLE) == f"{before} {first} {first} {after}"


@pytest.mark.parametrize("id", EVERYBODY)
def test_other_models_are_not_concerned(id: str) -> None:
    """Only by what holds all the time: the denial order."""
    first = ON_MYTHOS[id].split()[0]
    assert outcomes(id, "opus-4") == " ".join([first] * 4)


@pytest.mark.parametrize(
    ("id", "place", "limb_off", "limb_on"),
    [
        ("citizen-in-beijing", "", "allow", "refuse"),
        ("citizen", "us", "allow", "allow"),
        ("citizen", "cn", "allow", "refuse"),
        ("citizen", "", "allow", "hold"),
        ("citizen-in-beijing", "us", "allow", "hold"),  # the connection and the fact contradict each other
        ("jobless", "us", "refuse", "refuse"),
    ],
)
def test_the_destination_limb_is_a_switch(id: str, place: str, limb_off: str, limb_on: str) -> None:
    assert on(id, INSTANTS[1], place=place).outcome == limb_off
    assert on(id, INSTANTS[1], rules=letters(destination=True), place=place).outcome == limb_on


def test_the_clause_that_applied_is_named() -> None:
    status, both = on("jobless", INSTANTS[1]), on("citizen", INSTANTS[1], rules=letters(True), place="cn")
    assert _finding(status, "june-2026-letter-1@1").clause.startswith("foreign person as in 15 CFR 772.1")
    assert _finding(both, "june-2026-letter-1@1").clause == "export, reexport or transfer to any destination"


def test_a_license_is_relied_on_by_name_with_its_conditions() -> None:
    decision = on("annex-employee", INSTANTS[2])
    assert _finding(decision, "june-2026-letter-1@1").lifted_by == "june-2026-letter-2@1"
    assert "not its contractors" in _finding(decision, "june-2026-letter-2@1").conditions[0]
    assert [each.name for each in _finding(decision, "june-2026-letter-2@1").used] == ["employer"]


def test_an_annex_does_not_lift_what_it_does_not_name() -> None:
    rules = tuple(each for each in letters())
    denied = Outside(lists={"bis-dpl": Screened(version="9", as_of=date(2026, 6, 1), hits={"org-2": "confirmed"})})
    decision = compile(rules, denied, INSTANTS[2]).decide(EVERYBODY, "org-2", Request(model=MYTHOS))
    assert decision.outcome == "refuse"
    assert _finding(decision, "bis-denied-persons@1").lists == ("bis-dpl@9",)


def test_the_withdrawal_restores_what_was() -> None:
    """All but the moment: the same outcomes and the same findings."""
    before, after = policy(INSTANTS[0]), policy(INSTANTS[3])
    for id in EVERYBODY:
        for model in (MYTHOS, FABLE):
            early, late = (each.decide(EVERYBODY, id, Request(model=model)) for each in (before, after))
            assert late == msgspec.structs.replace(early, until=None)


def test_a_hold_names_the_fact_and_how_to_bring_it() -> None:
    settles = dict(_finding(on("passport-only", INSTANTS[1]), "june-2026-letter-1@1").settles)
    assert settles.keys() == {"permanent_residency", "protected", "eligible"}
    assert "residence card" in settles["permanent_residency"]
    role = dict(_finding(on("annex-role-unknown", INSTANTS[2]), "june-2026-letter-1@1").settles)
    assert "employee or contractor" in role["employer"]
    bot = dict(_finding(on("bot-of-nobody", INSTANTS[1]), "june-2026-letter-1@1").settles)
    assert "responsible" in bot
    circle = dict(_finding(on("bot-in-a-circle", INSTANTS[1]), "june-2026-letter-1@1").settles)
    assert "circle" in circle["responsible"]


def test_duties_come_of_those_concerned() -> None:
    assert on("jobless", INSTANTS[1]).duties == (
        ("preserve", "june-2026-letter-1@1"),
        ("cut-streams", "june-2026-letter-1@1"),
    )
    assert on("annex-employee", INSTANTS[2]).duties == ()
    assert on("citizen", INSTANTS[1]).duties == ()


def test_a_decision_runs_out_at_the_next_letter() -> None:
    assert [on("citizen", at).until for at in INSTANTS] == [
        datetime(2026, 6, 12, 21, 21, tzinfo=UTC),
        datetime(2026, 6, 26, 4, tzinfo=UTC),
        datetime(2026, 6, 30, 4, tzinfo=UTC),
        None,
    ]


def test_letters_are_directives_and_a_license() -> None:
    kinds = {each.id: type(each) for each in letters()}
    assert kinds["june-2026-letter-1"] is kinds["june-2026-letter-3"] is Directive


def _finding(decision: Decision, rule: str):  # type: ignore[no-untyped-def]
    return next(each for each in decision.findings if each.rule == rule)
