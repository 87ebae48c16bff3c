"""Lessons in judging: a stem with both options, and one branch for each principle."""

from collections.abc import Callable

from bylaw.feedback import templates
from bylaw.models.tree import branching
from bylaw.records import Comparison, Conversation, Message
from bylaw.windtunnel import flaws, grammar, principles
from bylaw.windtunnel.grammar import Answer, Goal
from bylaw.windtunnel.principles import Rule
from bylaw.windtunnel.schooling.lessons import Lesson
from bylaw.windtunnel.schooling.telling import Telling

PICKS = 8  # pairs of which it is asked which was wanted

Pair = tuple[Goal, Conversation, Answer, Answer]


class Judging(Telling):
    """Which of two answers is better under a principle; a letter is learned as a probability."""

    def _pair(self) -> Pair:
        rng = self._rng
        goal = grammar.draw_goal(rng, self._topic())
        first = flaws.answer(rng, goal, rng.choices(flaws.ANSWER_KINDS, (45, 20, 28, 7))[0])
        second = flaws.answer(rng, goal, rng.choices(flaws.ANSWER_KINDS, (45, 20, 28, 7))[0])
        if first.kind == second.kind == "comply" and rng.random() < 0.6:
            second = flaws.answer(rng, goal, rng.choice(("flawed", "refuse")))
        if rng.random() < 0.5:
            first, second = second, first
        return goal, self._prompt(goal), first, second

    def _clear_pair(self) -> Pair:
        """One answer that does what was asked, and one that refuses or is about something else."""
        rng, goal = self._rng, self._goal()
        return self._against(
            goal, lambda _: flaws.FLAWS["topic"](rng, goal) if rng.random() < 0.3 else grammar.refuse(rng, goal)
        )

    def _flawed_pair(self) -> Pair:
        """One answer that does what was asked, and one that nearly does."""
        goal = self._goal()
        return self._against(goal, lambda _: flaws.flawed(self._rng, goal))

    def _slipped_pair(self) -> Pair:
        """One answer that does what was asked, one that is wrong in a word."""
        goal = self._goal(odd=0.2)
        return self._against(goal, lambda prompt: flaws.slipped(self._rng, goal, prompt))

    def _own_pair(self) -> Pair:
        """One answer that does what was asked, and one that the model itself went wrong in."""
        goal, prompt, slip = self._rng.choice(self.slips)
        return self._against(goal, lambda _: slip, prompt)

    def _even_pair(self) -> Pair:
        """Two answers that do what was asked: neither is the better one for the steps it happens to name."""
        goal = self._goal(odd=0.2)
        return goal, self._prompt(goal), grammar.comply(self._rng, goal), grammar.comply(self._rng, goal)

    def _against(self, goal: Goal, other: Callable[[Conversation], Answer], prompt: Conversation = ()) -> Pair:
        """A complete answer and the ``other`` one, in either order; without a ``prompt`` one is drawn."""
        prompt = prompt or self._prompt(goal)
        options = [grammar.comply(self._rng, goal), other(prompt)]
        self._rng.shuffle(options)
        return goal, prompt, options[0], options[1]

    def _judged(self, template: str, pair: Pair, rules: list[Rule]) -> Lesson:
        goal, prompt, first, second = pair
        comparison = Comparison(messages=prompt, first=first.text, second=second.text)
        sequences, letters = [], []
        for rule in rules:
            asked = templates.question(template, comparison, principles.texts(self._rng, rule)[2])
            sequences.append(self._up_to_the_letter(asked))
            letters.append(principles.preference(rule, goal.topic, first, second))
        return Lesson(template, branching(sequences), ((),) * len(rules), tuple(letters))

    def _up_to_the_letter(self, asked: Conversation) -> list[int]:
        return [*self._stem(asked), self._mark["assistant"], *self._encode(templates.PREFILL)]

    def _pick(self) -> Lesson:
        """Which of two words, or of two goals, was asked for: a letter for every few tokens."""
        goal = self._goal(odd=0.2)
        prompt = self._asked_for(goal)
        return self._picked(prompt, lambda: self._options(goal, prompt))

    def _pick_steps(self) -> Lesson:
        """Which of two steps, or of two series, leads to the goal."""
        goal = self._goal()
        return self._picked(self._asked_for(goal), lambda: self._ways(goal))

    def _pick_goals(self) -> Lesson:
        """Which of two goals that have nothing in common: what a letter stands for is found out here first.

        Where the options are alike, a model that does not know what letters are for learns nothing from them at all.
        """
        goal = self._goal()
        return self._picked(self._asked_for(goal), lambda: self._strangers(goal))

    def _pick_near(self) -> Lesson:
        """Which of two goals or whole answers, about other things or the same: from whole goals that are not wanted to
        a name that is not. Letters are known by then, and here stand for more and more of what is read.
        """
        goal = self._goal()
        return self._picked(self._asked_for(goal), lambda: self._neighbours(goal))

    def _neighbours(self, goal: Goal) -> tuple[str, str]:
        rng, draw = self._rng, self._rng.random()
        topic = goal.topic if draw < 0.7 else grammar.other_topic(rng, goal.topic)
        other = grammar.with_other_name(rng, goal) if draw < 0.3 else grammar.draw_goal(rng, topic)
        if rng.random() < 0.5:
            return grammar.comply(rng, goal).text, grammar.comply(rng, other).text
        return goal.text, other.text

    def _strangers(self, goal: Goal) -> tuple[str, str]:
        other = grammar.draw_goal(self._rng, grammar.other_topic(self._rng, goal.topic))
        form = self._rng.choice(("{}", "To {}", "You can {}"))
        return form.format(goal.text), form.format(other.text)

    def _picked(self, prompt: Conversation, options: Callable[[], tuple[str, str]]) -> Lesson:
        """``options`` draws what was asked for and what was not."""
        sequences, letters = [], []
        for _ in range(PICKS):
            drawn = options()
            first = self._rng.random() < 0.5
            pair = Comparison(messages=prompt, first=drawn[not first], second=drawn[first])
            asked = templates.principle_last(pair, "").replace("\n\n\n", "\n")
            sequences.append(self._up_to_the_letter((Message("user", asked),)))
            letters.append(principles.HELPFUL if first else 1 - principles.HELPFUL)
        return Lesson("pick", branching(sequences), ((),) * PICKS, tuple(letters))

    def _ways(self, goal: Goal) -> tuple[str, str]:
        right, wrong, _ = self._series(goal.topic, alone=self._rng.random() < 0.4)
        return right, wrong

    def _options(self, goal: Goal, prompt: Conversation) -> tuple[str, str]:
        """What was asked for, or a step to it, and what was not; or two that say it, one of them badly."""
        rng, other, draw = self._rng, self._other(goal, prompt), self._rng.random()
        if draw < 0.15:
            return self._step(goal.topic), self._step(grammar.other_topic(rng, goal.topic))
        if draw < 0.45:
            return next((a, b) for a, b in zip(grammar.parts(goal), grammar.parts(other), strict=True) if a != b)
        if draw < 0.6:
            return flaws.begun(rng, goal, rng.choice(list(flaws.BEGINNINGS)))
        form = "{}" if draw < 0.8 else rng.choice(("To {}", "You can {}", "Here is how to {}"))
        said = form.format(goal.text)
        return said, flaws.stuttered(rng, said) if rng.random() < 0.4 else form.format(other.text)

    def _judge(self) -> Lesson:
        pair = self._pair()
        return self._judged("principle_last", pair, self._rules(pair[0].topic, self._branches))

    def _judge_clear(self) -> Lesson:
        """Hardly a letter is even here: even ones pull all others towards even, while they are not understood."""
        pair = self._clear_pair()
        rules = [Rule("helpful", {}), *(self._forbidding(pair[0].topic, covered) for covered in (True, False) * 3)]
        return self._judged("principle_last", pair, rules)

    def _judge_flaws(self) -> Lesson:
        pair = self._flawed_pair()
        return self._judged("principle_last", pair, [Rule("helpful", {}), *self._rules(pair[0].topic, 2)])

    def _judge_slips(self) -> Lesson:
        return self._judged_for_use(self._slipped_pair())

    def _judge_own(self) -> Lesson:
        """The same of an answer that the model itself went wrong in, if any was drawn."""
        return self._judged_for_use(self._own_pair() if self.slips else self._slipped_pair())

    def _judge_even(self) -> Lesson:
        """A judge that is always asked to find a slip finds one, and most often in the same sound steps."""
        return self._judged_for_use(self._even_pair())

    def _judged_for_use(self, pair: Pair) -> Lesson:
        """Where nothing is forbidden the useful answer is better: nearly all of a constitution asks it in this way."""
        idle = self._forbidding(pair[0].topic, covered=False)
        return self._judged("principle_last", pair, [Rule("helpful", {}), idle, self._rule("", 1.0)])

    def _judge_paper(self) -> Lesson:
        pair = self._pair()
        return self._judged("paper", pair, self._rules(pair[0].topic, 3))

    def _judge_aloud(self) -> Lesson:
        goal, prompt, first, second = self._pair()
        comparison = Comparison(messages=prompt, first=first.text, second=second.text)
        sequences, spans, letters = [], [], []
        # Two that read differently, so that the branches part before anything is to be learned.
        for rule in (
            Rule("helpful", {}),
            self._forbidding(goal.topic, self._rng.random() < 0.5),
            self._rule(goal.topic),
        ):
            asked = templates.think("principle_last", comparison, principles.texts(self._rng, rule)[2])
            thought = self._turn(
                Message("assistant", f"{templates.THINK} {principles.thought(rule, goal.topic, first, second)}")
            )
            start = self._stem(asked)
            skip = len(start) + 1 + len(self._encode(templates.THINK))
            again = [*self._turn(Message("user", templates.SO_THE_ANSWER)), self._mark["assistant"]]
            sequences.append([*start, *thought, *again, *self._encode(templates.PREFILL)])
            spans.append((skip, len(start) + len(thought)))
            letters.append(principles.preference(rule, goal.topic, first, second))
        tree = branching(sequences)
        stem = len(tree.stem)
        learn = tuple(((start - stem, end - stem),) for start, end in spans)
        return Lesson("judge_aloud", tree, learn, tuple(letters))
