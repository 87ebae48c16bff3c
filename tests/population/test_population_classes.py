"""The table of what is true: complete, in agreement with itself, and every word in it has a maker."""

import pytest

from bylaw.population.classes import PHASES, Class, classes, mix
from bylaw.population.evidence import EVIDENCE
from bylaw.population.organizations import LAW
from bylaw.population.status import STATUS
from bylaw.population.work import WORK

CLASSES = classes()


@pytest.mark.parametrize("name", CLASSES)
def test_a_class_has_outcomes_of_its_own_or_follows_somebody(name: str) -> None:
    each = CLASSES[name]
    assert bool(each.follows) != bool(each.mythos) and bool(each.mythos) == bool(each.fable)
    assert each.why.endswith(".")


@pytest.mark.parametrize("name", CLASSES)
def test_the_facts_of_a_class_can_be_made(name: str) -> None:
    each = CLASSES[name]
    if each.kind == "person":
        assert each.status in STATUS and each.work in WORK
    if each.kind == "organization":
        assert each.status in LAW
    assert each.evidence in EVIDENCE


@pytest.mark.parametrize("name", [name for name, each in CLASSES.items() if each.mythos])
def test_withdrawal_restores_what_was_before(name: str) -> None:
    for outcomes in (CLASSES[name].mythos, CLASSES[name].fable):
        said = dict(zip(PHASES, outcomes or (), strict=True))
        assert said["before"] == said["letter-3"]


def test_the_second_letter_only_opens_mythos() -> None:
    """But for those of whom something else changed between the letters."""
    changed = {"runs-out", "resident-between"}
    for name, each in CLASSES.items():
        if each.fable and name not in changed:
            assert each.fable[1] == each.fable[2], name
    opened = {name for name, each in CLASSES.items() if each.mythos and each.mythos[1:3] == ("refuse", "allow")}
    assert {"annex-foreign-employee", "lab-foreign-employee", "annex-foreign-organisation"} <= opened
    assert not {name for name in opened if "contractor" in name or "consultant" in name}


def test_a_denied_persons_order_stands_all_the_time() -> None:
    for each in CLASSES.values():
        if each.denied:
            assert set(each.mythos or ()) | set(each.fable or ()) == {"refuse"}


def test_every_outcome_and_every_kind_is_there() -> None:
    drawn = [each for each in CLASSES.values() if each.weight]
    assert {outcome for each in drawn for outcome in each.mythos or ()} == {"allow", "hold", "refuse"}
    assert all(len(mix(kind)) for kind in ("person", "organization", "service", "channel"))


def test_a_class_refuses_unknown_words() -> None:
    with pytest.raises(TypeError):
        Class(why=".", weight=1, nationality="us")
