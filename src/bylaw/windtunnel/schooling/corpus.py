"""What the seed model is taught, as token trees: answering, meanings, critique and revision, judging, judging aloud.

Contrastive throughout: one conversation with its answer is a stem, and several principles are asked about it, some
that it breaks and as many that it does not. Soft targets: a judge's letter is taught as the probability the world's law
gives it. A refusal never stands as a first answer; it occurs only as a revision, or as an option to be judged.
"""

from collections.abc import Callable
from random import Random
from typing import Any

from bylaw.records import Conversation, Message
from bylaw.windtunnel import flaws, grammar, principles, wording
from bylaw.windtunnel.grammar import Answer, Goal
from bylaw.windtunnel.principles import Rule
from bylaw.windtunnel.schooling.judging import Judging
from bylaw.windtunnel.schooling.lessons import Branch, Lesson, told
from bylaw.windtunnel.schooling.speaker import Turns

TASKS = (
    "answer",
    "repeat",
    "meaning",
    "same",
    "check",
    "critique",
    "revise",
    "judge_clear",
    "judge_flaws",
    "judge",
    "judge_paper",
    "judge_aloud",
    "odd",
    "judge_slips",
    "judge_own",
    "found",
    "differ",
    "begun",
    "pick",
    "pick_goals",
    "pick_near",
    "astray",
    "pick_steps",
    "check_slips",
    "revise_slips",
    "judge_even",
)
ANSWERS = 6  # answers of which it is asked whether they do what was asked


class Corpus(Judging):
    """Lessons drawn from the training part of the world; the same key and slips draw the same lessons."""

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
        return self._answered(self._goal())

    def _odd(self) -> Lesson:
        """The verb does not go with the rest: to be copied, not guessed from the words it usually stands with."""
        return self._answered(self._goal(odd=1.0))

    def _answered(self, goal: Goal) -> Lesson:
        prompt = self._prompt(goal, multi_turn=0.3)
        return self._told("answer", prompt, grammar.comply(self._rng, goal).text)

    def _repeat(self) -> Lesson:
        """Say what was asked for. The goal makes no sense, so nothing but copying word by word will do."""
        goal = grammar.draw_scrambled(self._rng)
        asked = Message(
            "user", wording.AGAIN.format(request=grammar.request(self._rng, goal, more=wording.ASKED_IN_SCHOOL))
        )
        return self._told("repeat", (asked,), f"It is to {goal.text}.")

    def _told(self, task: str, prompt: Conversation, said: str) -> Lesson:
        reply = self._turn(Message("assistant", said))
        return told(task, self._stem(prompt), [(reply, ((1, len(reply)),))])

    # Critique and revision: a stem with the answer, and one branch for each principle asked about it.

    def _check(self) -> Lesson:
        """Do these answers do what was asked? Half of them do, half nearly do."""
        goal = self._goal()
        asked = [self._checked(goal) for _ in range(ANSWERS)]
        return told("check", self._stem(self._prompt(goal)), asked)

    def _check_slips(self) -> Lesson:
        """The same of answers that are wrong in a word."""
        goal = self._goal(odd=0.2)
        prompt = self._asked_for(goal)
        return told("check", self._stem(prompt), [self._slip_checked(goal, prompt) for _ in range(ANSWERS)])

    def _checked(self, goal: Goal) -> Branch:
        return self._judged_useful(goal, flaws.answer(self._rng, goal, self._rng.choice(("comply", "flawed"))))

    def _slip_checked(self, goal: Goal, prompt: Conversation) -> Branch:
        rng = self._rng
        right = rng.random() < 0.5
        return self._judged_useful(goal, grammar.comply(rng, goal) if right else flaws.slipped(rng, goal, prompt))

    def _judged_useful(self, goal: Goal, answer: Answer) -> Branch:
        return self._after(answer.text, self._replies(self._mended(goal, answer, Rule("helpful", {}))[:1]))

    def _critique(self) -> Lesson:
        goal, kind = self._mendable()
        earlier = self._earlier(goal.topic)
        rules = [self._rule(goal.topic, earlier=earlier) for _ in range(self._branches)]
        return self._mending("critique", goal, kind, rules, self._criticised, earlier)

    def _revise(self) -> Lesson:
        goal, kind = self._mendable()
        earlier = self._earlier(goal.topic)
        rules = [self._rule(goal.topic, earlier=earlier) for _ in range(self._branches // 2)]
        return self._mending("revise", goal, kind, rules, self._revised, earlier)

    def _revise_slips(self) -> Lesson:
        rng, goal = self._rng, self._goal()
        prompt, right = self._prompt(goal), rng.random() < 0.3
        answer = grammar.comply(rng, goal) if right else flaws.slipped(rng, goal, prompt)
        rules = [Rule("helpful", {}), *self._rules(goal.topic, 2)]
        return self._mended_by("revise", goal, prompt, answer, rules, self._revised)

    def _mendable(self) -> tuple[Goal, str]:
        goal = self._goal()
        return goal, self._rng.choices(flaws.ANSWER_KINDS, (70, 8, 17, 5))[0]

    def _criticised(self, turns: Turns) -> Turns:
        return turns[:1]

    def _revised(self, turns: Turns) -> Turns:
        return turns if self._rng.random() < 0.7 else turns[1:]

    def _mending(
        self,
        task: str,
        goal: Goal,
        kind: str,
        rules: list[Rule],
        asked: Callable[[Turns], Turns],
        earlier: str,
    ) -> Lesson:
        answer, prompt = flaws.answer(self._rng, goal, kind), self._prompt(goal, earlier=earlier)
        return self._mended_by(task, goal, prompt, answer, rules, asked)

    def _mended_by(
        self,
        task: str,
        goal: Goal,
        prompt: Conversation,
        answer: Answer,
        rules: list[Rule],
        asked: Callable[[Turns], Turns],
    ) -> Lesson:
        stem = self._stem((*prompt, Message("assistant", answer.text)))
        return told(task, stem, [self._replies(asked(self._mended(goal, answer, rule))) for rule in rules])

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
            return self._incomplete(answer.wrong), grammar.comply(rng, goal, answer.friendly).text
        if rule.kind == "friendly" and not answer.friendly:
            return rng.choice(wording.COLD), rng.choice(wording.FRIENDLY) + answer.text
        return rng.choice(wording.CLEAN), answer.text
