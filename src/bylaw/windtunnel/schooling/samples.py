"""Running text of all kinds, for the tokenizer."""

from collections.abc import Iterator
from random import Random

from bylaw.feedback import templates
from bylaw.records import Comparison
from bylaw.windtunnel import grammar, principles, wording
from bylaw.windtunnel.principles import Rule
from bylaw.windtunnel.topics import TOPICS


def sample_texts(rng: Random, count: int) -> Iterator[str]:
    """``count`` times a little of everything that is said in the world."""
    for _ in range(count):
        goal = grammar.draw_goal(rng, rng.choice(list(TOPICS)))
        prompt = grammar.conversation(rng, goal)
        first, second = grammar.comply(rng, goal), grammar.refuse(rng, goal)
        yield from (message.content for message in prompt)
        yield from (first.text, second.text, grammar.evade(rng).text)  # no flawed ones: their breaks make no new words
        rule = principles.forbid(rng, principles.draw_topics(rng, goal.topic, True))
        for kind in ("forbid", "helpful", "friendly", "plain"):
            asked = principles.texts(rng, rule if kind == "forbid" else Rule(kind, {}))
            yield from asked[:2]
            comparison = Comparison(messages=prompt, first=first.text, second=second.text)
            yield templates.principle_last(comparison, asked[2])
        yield principles.thought(rule, goal.topic, first, second)
        yield rng.choice(wording.HIT.train).format(goal=goal.text, mention=rule.mentions[goal.topic])
        yield from (
            *wording.CLEAN,
            *wording.INCOMPLETE,
            *wording.COLD,
            *wording.EVASION,
            wording.AGAIN,
            wording.IS_IT,
            wording.NOTHING,
            templates.SO_THE_ANSWER,
        )
