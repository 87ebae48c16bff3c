"""What the seed model is taught, as token trees: answering, meanings, critique and revision, judging, judging aloud.

Contrastive throughout: one conversation with its answer is a stem, and several principles are asked about it, some
that it breaks and as many that it does not. Soft targets: a judge's letter is taught as the probability the world's law
gives it. A refusal never stands as a first answer; it occurs only as a revision, or as an option to be judged.
"""

from collections.abc import Callable
from random import Random
from typing import Any

from bylaw.models.tree import Tree
from bylaw.records import Conversation, Message
from bylaw.windtunnel import grammar, principles, wording
from bylaw.windtunnel.grammar import Answer, Goal
from bylaw.windtunnel.principles import Rule
from bylaw.windtunnel.schooling.judging import Judging
from bylaw.windtunnel.schooling.lessons import Lesson
from bylaw.windtunnel.topics import TOPICS

TASKS = (
    "answer",
    "repeat",
    "meaning",
    "same",
    "check",
    "critique",
    "revise",
    "judge_flaws",
    "judge",
    "judge_paper",
    "judge_aloud",
    "odd",
    "which",
    "judge_slips",
)
MEANINGS = 6  # principles asked about one goal
ANSWERS = 6  # answers of which it is asked whether they do what was asked

Turns = list[tuple[str, str]]
"""Requests, each with its reply."""

Branch = tuple[list[int], tuple[tuple[int, int], ...]]
"""Tokens, and the spans of them that are to be learned."""


class Corpus(Judging):
    """Lessons drawn from the training part of the world; the same key draws the same lessons."""

    def __init__(self, tokenizer: Any, branches: int = 8) -> None:
        super().__init__(tokenizer, branches)
        self._lengths = {task: self._mean_length(task) for task in TASKS}

    def draw(self, key: str, tokens: int, tasks: dict[str, float], longest: int) -> list[Lesson]:
        """Lessons of about ``tokens`` tokens in all, ``tasks`` giving each task's share of them.

        Principles name at most ``longest`` topics.
        """
        self._rng, self._longest = Random(key), longest
        chances = [share / self._lengths[task] for task, share in tasks.items()]
        drawn: list[Lesson] = []
        while sum(len(lesson.tree) for lesson in drawn) < tokens:
            drawn.append(self._lesson(self._rng.choices(list(tasks), chances)[0]))
        return drawn

    def _lesson(self, task: str) -> Lesson:
        lesson: Lesson = getattr(self, f"_{task}")()
        return lesson

    def _mean_length(self, task: str) -> float:
        return sum(len(self._lesson(task).tree) for _ in range(20)) / 20

    def _answer(self) -> Lesson:
        goal = grammar.draw_goal(self._rng, self._topic())
        return self._answered(goal)

    def _odd(self) -> Lesson:
        """The verb does not go with the rest: to be copied, not guessed from the words it usually stands with."""
        return self._answered(grammar.with_other_verb(self._rng, grammar.draw_goal(self._rng, self._topic())))

    def _answered(self, goal: Goal) -> Lesson:
        prompt = grammar.conversation(self._rng, goal)
        return self._told("answer", prompt, grammar.comply(self._rng, goal).text)

    def _repeat(self) -> Lesson:
        """Say what was asked for. The goal makes no sense, so nothing but copying word by word will do."""
        goal = grammar.draw_scrambled(self._rng)
        asked = Message("user", wording.AGAIN.format(request=grammar.request(self._rng, goal)))
        return self._told("repeat", (asked,), f"It is to {goal.text}.")

    def _told(self, task: str, prompt: Conversation, said: str) -> Lesson:
        reply = self._turn(Message("assistant", said))
        return _branched(task, self._stem(prompt), [(reply, ((1, len(reply)),))])

    # A goal as a stem, and short questions about it.

    def _meaning(self) -> Lesson:
        """Which of the things a principle may name is meant by a goal, or none. Short, so most is learned a token."""
        goal = grammar.draw_goal(self._rng, self._rng.choice(list(TOPICS)))
        return self._about("meaning", goal, [self._named(goal) for _ in range(MEANINGS)])

    def _named(self, goal: Goal) -> tuple[str, str]:
        rng = self._rng
        covered = rng.random() < 0.5
        rule = principles.forbid(rng, principles.draw_topics(rng, goal.topic, covered, self._longest))
        said = f"It is {rule.mentions[goal.topic]}." if covered else wording.NOTHING
        return wording.IS_IT.format(said=principles.listing(tuple(rule.mentions.values()))), said

    def _same(self) -> Lesson:
        """Is one goal the other, and where not: what has to be seen in an answer that nearly does what was asked."""
        goal = grammar.draw_goal(self._rng, self._rng.choice(list(TOPICS)))
        nearly = [self._nearly(goal) for _ in range(MEANINGS)]
        turns = [
            (wording.IS_IT.format(said=f"to {said}"), f"It is not {wrong}." if wrong else "It is.")
            for said, wrong in nearly
        ]
        return self._about("same", goal, turns)

    def _about(self, task: str, goal: Goal, turns: Turns) -> Lesson:
        stem = self._stem((Message("user", f"To {goal.text}."),))
        return _branched(task, stem, [self._replies([turn]) for turn in turns])

    def _nearly(self, goal: Goal) -> tuple[str, str]:
        """The goal, or a step to it; or what nearly is one, with the words that are wrong."""
        rng = self._rng
        right = rng.random() < 0.5
        if rng.random() < 0.3:
            topic = goal.topic if right else rng.choice([topic for topic in TOPICS if topic != goal.topic])
            step = rng.choice(rng.choice(TOPICS[topic].steps))
            return step, "" if right else step
        change = rng.choice((grammar.with_other_name, grammar.with_other_object))
        other = goal if right else change(rng, goal)
        return other.text, grammar.difference(goal, other)

    # Critique and revision: a stem with the answer, and one branch for each principle asked about it.

    def _check(self) -> Lesson:
        """Do these answers do what was asked? Half of them do, half nearly do."""
        goal = grammar.draw_goal(self._rng, self._topic())
        asked = [self._checked(goal) for _ in range(ANSWERS)]
        return _branched("check", self._stem(grammar.conversation(self._rng, goal, multi_turn=0.2)), asked)

    def _checked(self, goal: Goal) -> Branch:
        answer = grammar.answer(self._rng, goal, self._rng.choice(("comply", "flawed")))
        tokens, learn = self._replies(self._mended(goal, answer, Rule("helpful", {}))[:1])
        said = self._turn(Message("assistant", answer.text))
        return said + tokens, tuple((len(said) + start, len(said) + end) for start, end in learn)

    def _critique(self) -> Lesson:
        goal, kind = self._mendable()
        rules = [self._rule(goal.topic) for _ in range(self._branches)]
        return self._mending("critique", goal, kind, rules, self._criticised)

    def _revise(self) -> Lesson:
        goal, kind = self._mendable()
        rules = [self._rule(goal.topic) for _ in range(self._branches // 2)]
        return self._mending("revise", goal, kind, rules, self._revised)

    def _mendable(self) -> tuple[Goal, str]:
        goal = grammar.draw_goal(self._rng, self._topic())
        return goal, self._rng.choices(grammar.ANSWER_KINDS, (70, 8, 17, 5))[0]

    def _criticised(self, turns: Turns) -> Turns:
        return turns[:1]

    def _revised(self, turns: Turns) -> Turns:
        return turns if self._rng.random() < 0.7 else turns[1:]

    def _mending(self, task: str, goal: Goal, kind: str, rules: list[Rule], asked: Callable[[Turns], Turns]) -> Lesson:
        prompt = grammar.conversation(self._rng, goal, multi_turn=0.2)
        answer = grammar.answer(self._rng, goal, kind)
        stem = self._stem((*prompt, Message("assistant", answer.text)))
        return _branched(task, stem, [self._replies(asked(self._mended(goal, answer, rule))) for rule in rules])

    def _replies(self, asked: Turns) -> Branch:
        """Tokens of (request, reply) turns, and where the replies stand."""
        tokens: list[int] = []
        spans = []
        for question, reply in asked:
            tokens += self._turn(Message("user", question))
            said = self._turn(Message("assistant", reply))
            spans.append((len(tokens) + 1, len(tokens) + len(said)))
            tokens += said
        return tokens, tuple(spans)

    def _mended(self, goal: Goal, answer: Answer, rule: Rule) -> Turns:
        """A rule's two requests, each with its reply: the critique, and the answer rewritten accordingly."""
        critique_request, revision_request, _ = principles.texts(self._rng, rule)
        critique, revised = self._mend(goal, answer, rule)
        return [(critique_request, critique), (revision_request, revised)]

    def _mend(self, goal: Goal, answer: Answer, rule: Rule) -> tuple[str, str]:
        """The critique a rule makes of an answer, and the answer rewritten accordingly."""
        rng = self._rng
        helps = answer.kind in ("comply", "flawed")
        if rule.kind == "forbid" and helps and rule.covers(goal.topic):
            hit = rng.choice(wording.HIT.train).format(goal=goal.text, mention=rule.mentions[goal.topic])
            return hit, grammar.refuse(rng, goal, answer.friendly).text
        if rule.kind == "helpful" and answer.kind != "comply":
            where = f" It is not {answer.wrong}." if answer.wrong else ""
            return rng.choice(wording.INCOMPLETE) + where, grammar.comply(rng, goal, answer.friendly).text
        if rule.kind == "friendly" and not answer.friendly:
            return rng.choice(wording.COLD), rng.choice(wording.FRIENDLY) + answer.text
        return rng.choice(wording.CLEAN), answer.text


def _branched(task: str, stem: list[int], branches: list[Branch]) -> Lesson:
    """A lesson of text alone: no letter is asked for."""
    tokens, spans = zip(*branches, strict=True)
    return Lesson(task, Tree(stem, tokens), spans, (None,) * len(branches))
