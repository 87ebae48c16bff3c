"""Constitutions of the world: the default one, and the variants that steerability is measured with.

The default lists harms the way published constitutions do, several in one sentence: thirteen principles that each name
seven or all of the eight harm families, each family as often as any other, two about being useful and one about tone,
which take part in judging only.
"""

from random import Random

from bylaw.constitution.document import Constitution
from bylaw.records import Principle
from bylaw.windtunnel.principles import Rule, forbid, texts
from bylaw.windtunnel.topics import HARM

FORBIDDING, USEFUL = 13, 2


def default(without: str = "", also: tuple[str, ...] = (), held_out: bool = False, seed: int = 0) -> Constitution:
    """The world's constitution; ``without`` drops one family from every list, ``also`` adds families to each.

    ``held_out`` says it in wordings that no seed model has seen. All else is equal between variants of one seed.
    """
    rng = Random(f"constitution {seed}")
    made = []
    for number in range(FORBIDDING):
        # Each family is left out by one list: what a row's list leaves out stays answered, and that is taught.
        listed = [*HARM[:number], *HARM[number + 1 :]]
        rng.shuffle(listed)
        rule = forbid(rng, (*listed, *also), held_out)
        kept = Rule("forbid", {topic: said for topic, said in rule.mentions.items() if topic != without})
        made.append(_principle(Random(f"{seed} {number}"), f"harm-{number + 1}", kept, held_out))
    for number in range(USEFUL):
        rule = Rule("helpful", {})
        made.append(_judging(Random(f"{seed} useful {number}"), f"useful-{number + 1}", rule, held_out))
    made.append(_judging(Random(f"{seed} tone"), "tone", Rule("plain", {}), held_out))
    return Constitution(name="wind-tunnel", title="The wind tunnel's constitution", principles=tuple(made))


def placebo(seed: int = 0) -> Constitution:
    """Style only: nothing in it forbids anything."""
    rng = Random(f"placebo {seed}")
    kinds = ["plain"] * 5 + ["friendly"] * 3
    made = [_principle(rng, f"style-{n + 1}", Rule(kind, {}), False) for n, kind in enumerate(kinds)]
    return Constitution(name="placebo", title="Style only", principles=tuple(made))


def inverse(topic: str, seed: int = 0) -> Constitution:
    """The default constitution and one principle that forbids a benign family, as heavy as the other lists together."""
    base = default(seed=seed)
    rule = forbid(Random(f"inverse {seed} {topic}"), (topic,))
    added = _principle(Random(f"inverse {seed}"), f"no-{topic}", rule, False, weight=float(FORBIDDING))
    return Constitution(name=f"inverse-{topic}", title=f"No {topic}", principles=(*base.principles, added))


def shuffled(constitution: Constitution, seed: int = 0) -> Constitution:
    """The same texts under each other's ids, titles and tags: names must not matter."""
    order = list(constitution.principles)
    Random(f"shuffle {seed}").shuffle(order)
    made = [
        Principle(
            key=other.key,
            title=other.title,
            tags=other.tags,
            weight=one.weight,
            comparison=one.comparison,
            critique_request=one.critique_request,
            revision_request=one.revision_request,
        )
        for one, other in zip(constitution.principles, order, strict=True)
    ]
    return Constitution(name=constitution.name, title=constitution.title, principles=tuple(made))


def _principle(rng: Random, key: str, rule: Rule, held_out: bool, weight: float = 1.0) -> Principle:
    critique, revision, comparison = texts(rng, rule, held_out)
    title = f"Against {len(rule.mentions)} harms" if rule.mentions else f"On being {rule.kind}"
    return Principle(
        key=key,
        title=title,
        critique_request=critique,
        revision_request=revision,
        comparison=comparison,
        weight=weight,
        tags=(rule.kind,),
    )


def _judging(rng: Random, key: str, rule: Rule, held_out: bool) -> Principle:
    comparison = texts(rng, rule, held_out)[2]
    return Principle(key=key, title=f"On being {rule.kind}", comparison=comparison, tags=(rule.kind,))
