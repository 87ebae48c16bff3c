"""Short lessons in telling one thing from another: most is learned a token here, and answers are judged by it.

Whether an answer does what was asked is seen by its words: is each of them one that the request said? Asked about whole
answers, a small model is long in finding that out; asked about bare words in any order, which no place gives away, it
finds it within a million tokens, and answers then take little more.
"""

from itertools import pairwise

from bylaw.records import Conversation, Message
from bylaw.windtunnel import flaws, grammar, principles, wording
from bylaw.windtunnel.grammar import Goal
from bylaw.windtunnel.principles import Rule
from bylaw.windtunnel.schooling.lessons import Branch, Lesson, told
from bylaw.windtunnel.schooling.speaker import Speaker, Turns
from bylaw.windtunnel.topics import FIRST_NAMES, LAST_NAMES, TOPICS

QUESTIONS = 6  # asked about one stem

_VERBS = sorted({verb for topic in TOPICS.values() for verb in topic.verbs})
_NOUNS = sorted({item.split()[-1] for topic in TOPICS.values() for item in topic.objects})


class Telling(Speaker):
    """A goal, or mere words, as a stem, and short questions about it."""

    def _meaning(self) -> Lesson:
        """Which of the things a principle may name is meant by a goal, or none."""
        goal = grammar.draw_goal(self._rng, self._rng.choice(list(TOPICS)))
        return self._about("meaning", self._bare(goal), [self._named(goal) for _ in range(QUESTIONS)])

    def _named(self, goal: Goal) -> tuple[str, str]:
        rng = self._rng
        covered = rng.random() < 0.5
        rule = principles.forbid(rng, principles.draw_topics(rng, goal.topic, covered, self._longest))
        said = f"It is {rule.mentions[goal.topic]}." if covered else wording.NOTHING
        return wording.IS_IT.format(said=principles.listing(tuple(rule.mentions.values()))), said

    def _same(self) -> Lesson:
        """Is one goal the other, and where not: what has to be seen in an answer that nearly does what was asked."""
        goal = grammar.draw_goal(self._rng, self._rng.choice(list(TOPICS)))
        return self._about("same", self._bare(goal), [self._nearly(goal) for _ in range(QUESTIONS)])

    def _about(self, task: str, prompt: Conversation, turns: Turns) -> Lesson:
        return told(task, self._stem(prompt), [self._replies([turn]) for turn in turns])

    def _nearly(self, goal: Goal) -> tuple[str, str]:
        """The goal, or a step to it; or what nearly is one, with the words that are wrong."""
        rng = self._rng
        right = rng.random() < 0.5
        if rng.random() < 0.3:
            step = self._step(goal.topic if right else grammar.other_topic(rng, goal.topic))
            return self._is_it(step, [] if right else [step])
        change = rng.choice((grammar.with_other_name, grammar.with_other_object))
        other = goal if right else change(rng, goal)
        return self._is_it(f"to {other.text}", grammar.differences(goal, other)[:1])

    def _is_it(self, said: str, wrong: list[str]) -> tuple[str, str]:
        return wording.IS_IT.format(said=said), " ".join(f"It is not {word}." for word in wrong) or "It is."

    def _differ(self) -> Lesson:
        """Every word in which one goal is not the other, asked at the end of a conversation."""
        rng, goal, turns = self._rng, self._goal(odd=0.2), []
        prompt = self._asked_for(goal)
        for _ in range(QUESTIONS):
            draw = rng.random()
            other = goal if draw < 0.45 else grammar.varied(rng, goal) if draw < 0.65 else self._other(goal, prompt)
            turns.append(self._is_it(f"to {other.text}", grammar.differences(goal, other)))
        return self._about("same", prompt, turns)

    def _astray(self) -> Lesson:
        """Which of these steps does not lead to the goal, or not in its place."""
        goal = self._goal()
        turns = [self._is_it(*self._led(goal.topic)) for _ in range(QUESTIONS)]
        return self._about("same", self._asked_for(goal), turns)

    def _led(self, topic: str) -> tuple[str, list[str]]:
        """A step or a series of three, and what of it is wrong."""
        right, wrong, step = self._series(topic, alone=self._rng.random() < 0.5)
        return (right, []) if self._rng.random() < 0.5 else (wrong, [step])

    def _series(self, topic: str, alone: bool) -> tuple[str, str, str]:
        """What leads to a goal of the topic, what does not, and the step that is wrong in it: alone or in a series."""
        rng, place = self._rng, self._rng.randrange(3)
        right, wrong = grammar.draw_steps(rng, topic), grammar.draw_steps(rng, topic)
        wrong[place] = self._wrong_step(topic, place, alone)
        if not alone and rng.random() < 0.1:
            wrong[place] = wrong[place - 1]  # said twice
        form = f"{{{place}}}" if alone else rng.choice(wording.SERIES)
        return form.format(*right), form.format(*wrong), wrong[place]

    def _wrong_step(self, topic: str, place: int, alone: bool) -> str:
        """What does not lead there: one of the grammar's or, if any was drawn, one that the model invented."""
        own = self._invented.get(topic)
        if own and self._rng.random() < 0.5:
            return self._rng.choice(own)
        return (flaws.strange_step if alone else flaws.wrong_step)(self._rng, topic, place)

    def _found(self) -> Lesson:
        """Which of these words were not said, whatever their order and however far away: a word is known by itself."""
        said = self._words(self._rng.randrange(2, 9), [])
        stem = self._stem((Message("user", f"To {' '.join(said)}."),))
        return told("same", stem, [self._looked_for(said) for _ in range(QUESTIONS)])

    def _looked_for(self, said: list[str]) -> Branch:
        rng = self._rng
        words = self._words(rng.randrange(1, len(said) + 1), said)
        wrong = [word for word in words if word not in said]
        branch = self._replies([self._is_it(" ".join(words), wrong)])
        step = self._step(rng.choice(list(TOPICS)))
        return self._after(f"{step}.", branch) if rng.random() < 0.5 else branch

    def _words(self, count: int, among: list[str]) -> list[str]:
        """Different words; ``among`` given, of those, or in three of five cases some of them others."""
        rng = self._rng
        strange = 0.0 if among and rng.random() < 0.4 else 1.3 / count if among else 1.0
        while True:
            drawn = [self._word() if rng.random() < strange else rng.choice(among) for _ in range(count)]
            if len(set(drawn)) == count and not any(grammar.is_held_out(*pair) for pair in pairwise(drawn)):
                return drawn

    def _word(self) -> str:
        return self._rng.choice(self._rng.choices((_VERBS, _NOUNS, FIRST_NAMES, LAST_NAMES), (35, 35, 15, 15))[0])

    def _begun(self) -> Lesson:
        """Does an answer that has just begun do what was asked? A critique of its first words."""
        goal = self._goal(odd=0.2)
        prompt = self._asked_for(goal)
        return told("check", self._stem(prompt), [self._beginning(goal, prompt) for _ in range(QUESTIONS)])

    def _beginning(self, goal: Goal, prompt: Conversation) -> Branch:
        rng = self._rng
        other = goal if rng.random() < 0.5 else self._other(goal, prompt)
        step = self._step(goal.topic)
        wrong = grammar.difference(goal, other)
        form = rng.choice(("To {goal}, {step}.", "You can {goal} like this: {step}.", "Here is how to {goal}: {step}."))
        asked, _, _ = principles.texts(rng, Rule("helpful", {}))
        critique = self._incomplete(wrong) if wrong else rng.choice(wording.CLEAN)
        return self._after(form.format(goal=other.text, step=step), self._replies([(asked, critique)]))
