"""What ``check`` finds in a set of rules, and what ``diff`` says of two."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from rules_texts import BASE, DIRECTIVE, LICENSE

from bylaw.access.rules.check import Complaint, check
from bylaw.access.rules.diff import diff
from bylaw.access.rules.document import Document, parse
from bylaw.access.subjects import SubjectKind

AT = datetime(2026, 6, 1, tzinfo=UTC)
RESCISSION = """\
kind = "directive"
id = "end"
title = "Withdrawn"
authority = "BIS"
programme = "orders"
citation = "A letter"
models = ["fable-5"]
effective_from = 2026-06-30T00:00:00-04:00
rescinds = ["order"]
"""


def complaints(*texts: str, models: tuple[str, ...] | None = ("fable-5",)) -> list[str]:
    return [str(each) for each in found(*texts, models=models)]


def found(*texts: str, models: tuple[str, ...] | None = ("fable-5",)) -> tuple[Complaint, ...]:
    rules = [parse(text) for text in texts]
    return check(rules, models, AT, lists=("ofac-sdn",), ownership=("ofac-50",))


def test_nothing_to_complain_about() -> None:
    ended = LICENSE + "effective_until = 2026-06-30T00:00:00-04:00\n"
    assert complaints(DIRECTIVE, RESCISSION, _top(ended), BASE) == []


def test_ids_that_nobody_has_are_told_where_they_stand() -> None:
    """A misspelt id in an annex lets nobody in."""
    assert strangers('"p-1", "\u0440-1", "p-1", "p-9"') == [
        "warning: exception@1: annexes.partners: nobody here is known as"
        " 'р-1' (it looks Latin and is Cyrillic (р); an id may not), 'p-9': misspelt, or still to be imported?"
    ]
    (many,) = strangers(", ".join(f'"x-{number}"' for number in range(9)))
    assert "'x-4' and 4 more: misspelt" in many
    assert strangers('"p-1"') == []


def strangers(members: str) -> list[str]:
    rules = [parse(LICENSE.replace('"org-1"', members))]
    return [str(each) for each in check(rules, None, AT, subjects=known) if "nobody here" in each.text]


def known(ids: Sequence[str]) -> dict[str, SubjectKind]:
    return {id: "person" for id in ids if id == "p-1"}


@pytest.mark.parametrize(
    ("change", "to", "says"),
    [
        ('["fable-5"]', '["fable-6"]', "error: order@1: models: unknown model 'fable-6'; known: fable-5"),
        ('["cn"]', '["xx"]', "error: order@1: who: unknown country 'xx'"),
        ('["cn"]', '["su"]', "warning: order@1: who: "),
        (
            'is = "citizenship"\ncountries = ["cn"]',
            'is = "listed"\nlists = ["sdn"]',
            "error: order@1: who: unknown list 'sdn'; known: ofac-sdn",
        ),
        (
            'is = "citizenship"\ncountries = ["cn"]',
            'is = "owned"\nrule = "half"',
            "error: order@1: who: unknown ownership rule 'half'; known: ofac-50",
        ),
        (
            'effect = "refuse"',
            'effect = "refuse"\neffective_until = 2026-06-01T00:00:00Z',
            "error: order@1: effective_until: ends on",
        ),
        ('effect = "refuse"', 'effect = "refuse"\nunknown = "unsafe_allow"', "warning: order@1: unknown: unsafe_allow"),
        ('effect = "refuse"', 'effect = "refuse"\nrescinds = ["order"]', "error: order@1: rescinds: it ends itself"),
        ('effect = "refuse"', 'effect = "refuse"\nsupersedes = ["x@2"]', "error: order@1: supersedes: there is no x@2"),
        ('effect = "refuse"', 'effect = "refuse"\nannexes = { x = [] }', "warning: order@1: annexes.x: is empty"),
        ('effect = "refuse"', 'effect = "refuse"\nunknown = "refuse"', "8 USC 1324b(a)(6)"),
        ('is = "foreign_person"\ncountry = "us"', 'is = "anyone"', "8 USC 1324b protects"),
        (
            'is = "foreign_person"\ncountry = "us"',
            'is = "limb"\nname = "status"\non = false\nof = { is = "foreign_person" }',
            "the limb status is switched off",
        ),
        (
            'is = "foreign_person"\ncountry = "us"',
            'is = "eligible"\ndirective = "another"',
            "eligibility under another",
        ),
    ],
)
def test_what_is_wrong_with_one(change: str, to: str, says: str) -> None:
    assert change in DIRECTIVE
    assert any(says in each for each in complaints(DIRECTIVE.replace(change, to), BASE)), says


def test_two_versions_at_once() -> None:
    second = DIRECTIVE.replace("version = 1", "version = 2")
    assert any("in force together with order@2" in each for each in complaints(DIRECTIVE, second, BASE))
    follows = second.replace('effect = "refuse"', 'effect = "refuse"\nsupersedes = ["order@1"]')
    assert not [each for each in complaints(DIRECTIVE, follows, BASE) if "version" in each]
    other = DIRECTIVE.replace("An order", "Another order")
    assert any(
        "two different documents have this id and version" in each for each in complaints(DIRECTIVE, other, BASE)
    )


def test_two_that_end_each_other() -> None:
    one = DIRECTIVE.replace('effect = "refuse"', 'effect = "refuse"\nsupersedes = ["end"]')
    assert any("put each other out of force; so both stay" in each for each in complaints(one, RESCISSION, BASE))


def test_a_rescission_that_comes_first() -> None:
    early = RESCISSION.replace("06-30", "06-01")
    assert any("comes before order@1" in each for each in complaints(DIRECTIVE, early, BASE))


def test_licenses() -> None:
    assert any("lifts nothing" in each for each in complaints(LICENSE, BASE))
    other = DIRECTIVE.replace('programme = "orders"', 'programme = "others"')
    assert any("lifts nothing" in each for each in complaints(LICENSE, other, BASE))
    assert any("outlives what it lifts" in each for each in complaints(DIRECTIVE, RESCISSION, LICENSE, BASE))
    twin = LICENSE.replace('id = "exception"', 'id = "twin"')
    assert any("overlaps with twin@1 for org-1" in each for each in complaints(DIRECTIVE, LICENSE, twin, BASE))


def test_who_ends_ordinary_access_is_told_what_that_leaves() -> None:
    """It can be meant, so it is no error; nobody should learn it from the first decision."""
    ending = RESCISSION.replace('"order"', f'"{parse(BASE).id}"')
    (told,) = complaints(BASE, ending)
    assert told.startswith("warning: base: no base rule covers fable-5 on api, batch") and "2026-06-30" in told
    assert told.endswith("every decision there will be *hold*")


def test_gaps() -> None:
    assert "error: base: there is no base rule: every decision will be *hold*" in complaints(DIRECTIVE)
    narrow = BASE.replace('models = ["*"]', 'models = ["fable-5"]\nsurfaces = ["api"]')
    texts = complaints(narrow, models=("fable-5", "mythos-5"))
    assert any("covers mythos-5 on api, batch" in each for each in texts)
    assert any("covers fable-5 on batch, weights" in each for each in texts)
    first = BASE.replace("effective_from", "effective_until = 2026-07-01T00:00:00Z\neffective_from")
    second = BASE.replace('"ordinary"', '"later"').replace("2026-01-01", "2026-07-15")
    hole = [each for each in complaints(first, second) if "no base rule covers" in each]
    assert len(hole) == 1
    assert "from 2026-07-01 00:00:00+00:00 until 2026-07-15 00:00:00+00:00" in hole[0]


def test_errors_come_first() -> None:
    bad = DIRECTIVE.replace('["cn"]', '["su", "xx"]')
    severities = [each.severity for each in found(bad)]
    assert severities == sorted(severities)


def test_diff() -> None:
    old: list[Document] = [parse(DIRECTIVE), parse(BASE), parse(LICENSE)]
    changed = LICENSE.replace('["org-1"]', '["org-2"]').replace("06-26", "06-27")
    second = DIRECTIVE.replace("version = 1", "version = 2").replace('"refuse"', '"hold"')
    new: list[Document] = [parse(second), parse(changed), parse(RESCISSION)]
    assert [str(each) for each in diff(old, new)] == [
        "end added: Withdrawn",
        "exception annexes.partners.org-1: true → —",
        "exception annexes.partners.org-2: — → true",
        'exception effective_from: "2026-06-26T00:00:00-04:00" → "2026-06-27T00:00:00-04:00"',
        'order effect: "refuse" → "hold"',
        "order version: 1 → 2",
        "ordinary removed: Ordinary access",
    ]
    assert diff(old, list(reversed(old))) == ()


def _top(text: str) -> str:
    """The last line first: TOML has no way back from a table."""
    *lines, last = text.splitlines()
    return "\n".join([last, *lines])
