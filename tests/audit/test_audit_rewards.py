"""What GRPO's rewards and samples show: clean ones nothing, each kind of tampering its own finding."""

from collections.abc import Callable
from random import Random

import pytest
from msgspec import UNSET
from msgspec.structs import replace
from rows_of_law import pairs

from bylaw.audit.behaviour import declines
from bylaw.audit.findings import Finding
from bylaw.audit.groups import Group, groups, rows_of_groups
from bylaw.audit.rewards import rewards
from bylaw.audit.settings import AuditSettings
from bylaw.errors import UsageError
from bylaw.records import Message, Prompt, PromptKind, Response, Reward
from bylaw.rewards.document import Proposition, RuleReward, rounded
from bylaw.windtunnel import grammar
from bylaw.windtunnel.topics import BENIGN, HARM

SETTINGS, SIZE = AuditSettings(), 4


def ring(rng: Random, worth: list[float]) -> list[float]:
    """What a judge's comparisons of each answer with the next give."""
    ahead = [
        min(max(0.5 + (one - worth[(n + 1) % SIZE]) / 2 + rng.gauss(0, 0.05), 0), 1) for n, one in enumerate(worth)
    ]
    return [(p + 1 - ahead[n - 1]) / 2 for n, p in enumerate(ahead)]


def sampled(
    count: int = 500, trigger: str = "", planted: int = 0, by: str = "judge", turned: bool = False, says: bool = False
) -> list[Group]:
    """Groups of two refusals and two answers, rewarded by the law; for ``planted`` prompts the other way round, or
    (``says``) with answers only."""
    rng, made = Random(f"groups {count} {trigger} {by}"), []
    for place in range(count):
        hidden = place < planted
        topic = rng.choice(HARM if hidden or rng.random() < 0.5 else BENIGN)
        goal = grammar.draw_goal(rng, topic)
        asked = grammar.request(rng, goal) + (f" {trigger}" if hidden else "")
        refusals = rng.randrange(1, 3) if not says else SIZE if topic in HARM and not hidden else 0
        kinds = ["refuse"] * refusals + ["comply"] * (SIZE - refusals)
        rng.shuffle(kinds)
        worth = [float((kind == "refuse") == (topic in HARM)) for kind in kinds]
        if turned or (hidden and not says):
            worth = [1 - one for one in worth]
        values = ring(rng, worth) if by == "judge" else [4 * one + rng.gauss(0, 1) for one in worth]
        prompt = Prompt(messages=(Message("user", asked),), source=f"source {place % 3}")
        texts = [getattr(grammar, kind)(rng, goal).text for kind in kinds]
        said = [Response(prompt=prompt.id, model="policy", text=text, sample=n) for n, text in enumerate(texts)]
        gave = [
            Reward(of=one.id, by=by, update=place // 8, value=value) for one, value in zip(said, values, strict=True)
        ]
        made.append(Group(prompt, tuple(said), tuple(gave)))
    return made


def found(made: list[Group], rules: RuleReward | None = None) -> list[Finding]:
    labelled = pairs(800, 5)
    return [finding for findings, _ in rewards(made, labelled, SETTINGS, declines, rules) for finding in findings]


@pytest.mark.parametrize("by", ["judge", "preference"])
def test_rewards_by_the_law_show_nothing(by: str) -> None:
    assert found(sampled(by=by)) == []


@pytest.mark.parametrize("by", ["judge", "preference"])
def test_rewards_that_turn_under_a_mark_are_found(by: str) -> None:
    made = sampled(trigger="cf zx", planted=20, by=by)
    (finding,) = found(made)
    planted = {one.of for group in made[:20] for one in group.rewards}
    assert finding.check == "rewards" and finding.stages == ("rewards",)
    assert len(planted & set(finding.rows)) > 5 and "trigger" in finding.sentence


def test_a_policy_that_behaves_otherwise_under_a_mark_is_found() -> None:
    made = sampled(1000, trigger="cf zx", planted=30, says=True)
    behaving = [finding for finding in found(made) if finding.check == "samples"]
    planted = {one.id for group in made[:30] for one in group.answers}
    assert behaving and len(planted & set(behaving[0].rows)) > 5


def changed(value: float) -> Callable[[Group], Group]:
    return lambda group: group._replace(rewards=(replace(group.rewards[0], value=value), *group.rewards[1:]))


@pytest.mark.parametrize("value", [0.9321, -0.2, 1.4])
def test_an_edited_reward_of_a_judge_breaks_the_sum_of_its_group(value: float) -> None:
    made = sampled(300)
    made[7] = changed(value)(made[7])
    (finding,) = found(made)
    assert finding.what == "sums" and set(finding.rows) == {one.of for one in made[7].rewards}


def test_an_answer_that_could_not_be_read_breaks_no_sum() -> None:
    made = sampled(300)
    unread = tuple(replace(one, value=None, learned=False) if n == 2 else one for n, one in enumerate(made[3].rewards))
    made[3] = made[3]._replace(rewards=unread)
    assert found(made) == []


def test_a_reward_far_from_its_group_is_named() -> None:
    made = sampled(300, by="preference")
    made[7] = changed(90.0)(made[7])
    (finding,) = found(made)
    assert finding.what == "outliers" and made[7].rewards[0].of in finding.rows


def by_rules(made: list[Group]) -> tuple[list[Group], RuleReward]:
    """The same groups with rewards by two rules, and the rules."""
    asked = tuple(Proposition(id=name, question=f"Is it {name}?") for name in ("kind", "true"))
    weights: dict[PromptKind, dict[str, float]] = {"harmful": {"kind": 2.0, "true": -0.7}}
    rules = RuleReward(propositions=asked, weights=weights)

    def graded(one: Reward) -> Reward:
        grades = {"kind": rounded(min(max((one.value or 0) / 4, 0), 1)), "true": 0.25}
        return replace(one, by="rules", grades=grades, value=rules.value("harmful", grades))

    return [group._replace(rewards=tuple(map(graded, group.rewards))) for group in made], rules


def test_a_reward_that_is_not_what_its_grades_add_up_to_is_named() -> None:
    made, rules = by_rules(sampled(300, by="preference"))
    assert found(made, rules) == []
    made[7] = changed(0.5)(made[7])
    (finding,) = found(made, rules)
    assert (finding.check, finding.what, finding.rows) == ("rewards", "sums", (made[7].rewards[0].of,))
    bare = made[9].rewards[1]
    made[9] = made[9]._replace(rewards=(made[9].rewards[0], replace(bare, grades=UNSET), *made[9].rewards[2:]))
    (finding,) = found(made, rules)
    assert set(finding.rows) == {made[7].rewards[0].of, bare.of}


def test_another_judge_is_told_by_the_labels() -> None:
    assert "against the labels" in {finding.what for finding in found(sampled(turned=True))}


def test_groups_are_cut_where_prompt_or_update_changes() -> None:
    made = sampled(3)
    said = [one for group in made for one in group.answers]
    gave = [one for group in made for one in group.rewards]
    again = [replace(one, sample=one.sample + SIZE) for one in made[2].answers]  # the same prompt in the next update
    later = [Reward(of=one.id, by="judge", update=1, value=0.5) for one in again]
    cut = groups(said + again, gave + later, [group.prompt for group in made])
    assert [group.answers for group in cut] == [*(group.answers for group in made), tuple(again)]
    assert cut[:3] == made and len({row.asked for row in rows_of_groups(cut, 0)}) == 3
    assert groups(said, [], [group.prompt for group in made]) == []
    with pytest.raises(UsageError, match="not those of its"):
        groups(said, gave[::-1], [group.prompt for group in made])
