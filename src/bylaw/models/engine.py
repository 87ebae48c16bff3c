"""Continuous batching: every running program has a row, and each step feeds every row what its slot still
lacks.

A row that lacks one token is decoding; one that has just got a new ask lacks the part of its conversation
that the slot does not hold yet, so going from a response to its critique costs the critique request alone.
Nobody waits for anybody: rows stand at different steps of their programs, and a finished row goes to the next
program at once.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any, Generic

from bylaw.models.attention import hidden_packed
from bylaw.models.base import Ask, Choice, Choose, Completion, Generate, Program, T, Usage
from bylaw.models.cache import Slots, Step
from bylaw.models.chat import Chat, common_prefix
from bylaw.models.choices import Chooser, Question
from bylaw.models.sampling import sample, uniforms
from bylaw.models.tree import branching, head

_WAVE = 8  # choices are gathered until they fill this many passes, so that what they share is found


class Job(Generic[T]):
    """A program on its way. ``tokens`` is its conversation so far, ``held`` how many of it its row holds."""

    def __init__(self, number: int, program: Program[T]) -> None:
        self.number = number
        self.program = program
        self.row = -1
        self.tokens: list[int] = []
        self.held = 0
        self.prompt = self.last = 0
        self.temperature = 0.0
        self.continued = False
        self.draws: list[float] = []

    def begin(self, ask: Generate, tokens: list[int], context: int) -> None:
        """Take up an ask whose prompt is ``tokens``; what the slot holds of it stays."""
        self.held = min(common_prefix(self.tokens[: self.held], tokens), len(tokens) - 1)
        self.tokens, self.prompt = tokens, len(tokens)
        self.last = min(len(tokens) + ask.max_tokens, context)
        self.temperature = ask.temperature
        self.continued = bool(ask.prefill) or ask.messages[-1].role == "assistant"
        self.draws = uniforms(ask.seed, self.last - self.prompt) if ask.temperature > 0 else []

    @property
    def draw(self) -> float:
        """The uniform number for the token to come."""
        return self.draws[len(self.tokens) - self.prompt] if self.draws else 0.0


Queued = tuple[Generate, list[int]]


class Engine(Generic[T]):
    """One run of programs over ``slots``. ``context`` bounds a conversation with its answer, ``budget`` a
    pass.
    """

    def __init__(self, model: Any, chat: Chat, slots: Slots, usage: Usage, context: int, budget: int) -> None:
        self.model, self.chat, self.slots, self.usage = model, chat, slots, usage
        self.context, self.budget = context, budget
        self._like = next(model.parameters())
        self._chooser = Chooser(model, budget, usage)
        self._rows: list[Job[T]] = []
        self._ready: deque[tuple[Job[T], Queued]] = deque()
        self._asked: list[tuple[Job[T], list[int], int, Question]] = []
        self._asked_tokens = 0
        self._results: dict[int, T] = {}

    def run(self, programs: Iterable[Program[T]]) -> list[T]:
        """Run all programs to their end; what they return, in order."""
        source = enumerate(programs)
        while True:
            self._admit(source)
            if self._asked and (not self._rows or self._asked_tokens >= _WAVE * self.budget):
                self._choose()
            elif self._rows:
                self._step()
            else:
                return [self._results[number] for number in sorted(self._results)]

    def _admit(self, source: Iterator[tuple[int, Program[T]]]) -> None:
        """Fill the free rows, unless enough choices wait to be made first."""
        while len(self._rows) < self.slots.rows and self._asked_tokens < _WAVE * self.budget:
            if not self._ready:
                started = next(source, None)
                if started is None:
                    return
                self._go_on(Job(*started), None)
            if self._ready:
                job, queued = self._ready.popleft()
                job.row = len(self._rows)
                self._rows.append(job)
                self._begin(job, queued)

    def _go_on(self, job: Job[T], answer: Completion | Choice | None) -> None:
        """Hand a program its answer, and deal with what it asks next.

        A generation continues in the job's row if it has one, else it waits in ``_ready``; a choice waits in
        ``_asked`` and gives the row up; so does the end.
        """
        while True:
            try:
                ask = job.program.send(answer)
            except StopIteration as stop:
                self._results[job.number] = stop.value
                return self._release(job)
            answer = self._queue(job, ask)
            if answer is None:
                return None

    def _queue(self, job: Job[T], ask: Ask) -> Completion | Choice | None:
        """Put an ask where it will be answered; the answer itself where that needs no model."""
        if isinstance(ask, Choose):
            return self._queue_choice(job, ask)
        tokens = self.chat.tokens(ask.messages, ask.prefill)
        if len(tokens) >= self.context:
            return Completion("", 0, "too_long")
        if ask.max_tokens < 1:
            return Completion("", 0, "length")
        if job.row < 0:
            self._ready.append((job, (ask, tokens)))
        else:
            self._begin(job, (ask, tokens))
        return None

    def _queue_choice(self, job: Job[T], ask: Choose) -> Choice | None:
        read = [self.chat.options(messages, ask.prefill, ask.options) for messages in ask.conversations]
        fits = [i for i, (tokens, _) in enumerate(read) if 0 < len(tokens) <= self.context]
        if not fits:
            return Choice((None,) * len(read))
        question = Question(tuple(read[i][0] for i in fits), tuple(read[i][1] for i in fits))
        self._asked.append((job, fits, len(read), question))
        self._asked_tokens += len(branching(question.sequences))
        self._release(job)
        return None

    def _choose(self) -> None:
        """Answer all choices that wait, in one wave."""
        asked, self._asked, self._asked_tokens = self._asked, [], 0
        answers = self._chooser.answer([question for *_, question in asked])
        for (job, fits, count, _), rows in zip(asked, answers, strict=True):
            found = dict(zip(fits, rows, strict=True))
            self._go_on(job, Choice(tuple(found.get(i) for i in range(count))))

    def _begin(self, job: Job[T], queued: Queued) -> None:
        job.begin(*queued, self.context)
        self.slots.reserve(job.last)
        self.usage.prompt_tokens += job.prompt
        self.usage.reused_tokens += job.held

    def _release(self, job: Job[T]) -> None:
        """Give a job's row up; the last row moves into the hole, so that decoding stays contiguous."""
        if job.row < 0:
            return
        last = self._rows.pop()
        if last is not job:
            self.slots.move(last.row, job.row, last.held)
            self._rows[job.row] = last
            last.row = job.row
        job.row, job.held = -1, 0

    def _fed(self) -> list[Job[T]]:
        """Who is fed in this step, decoding rows first: all of them, and new prompts up to the budget."""
        fed = [job for job in self._rows if len(job.tokens) - job.held == 1]
        room = self.budget
        for job in self._rows:
            lacking = len(job.tokens) - job.held
            if lacking > 1 and (lacking <= room or not fed):
                fed.append(job)
                room -= lacking
        return fed

    def _step(self) -> None:
        """One forward pass: every row that is fed gets one token more."""
        fed = self._fed()
        for job, token in zip(fed, self._next_tokens(fed), strict=True):
            job.held = len(job.tokens)
            job.tokens.append(token)
        ended = [job for job in fed if len(job.tokens) == job.last or job.tokens[-1] in self.chat.stops]
        for job in ended:
            self._go_on(job, self._completion(job))

    def _next_tokens(self, fed: list[Job[T]]) -> list[int]:
        ids: list[int] = []
        positions: list[int] = []
        ends: list[int] = []
        for job in fed:
            ids.extend(job.tokens[job.held :])
            positions.extend(range(job.held, len(job.tokens)))
            ends.append(len(ids) - 1)
        plan = Step(self.slots, [(job.row, job.held, len(job.tokens) - job.held) for job in fed], self._like)
        hidden = hidden_packed(self.model, ids, positions, plan)
        logits = head(self.model, hidden if len(ids) == len(ends) else hidden[ends])
        return sample(logits, [job.temperature for job in fed], [job.draw for job in fed])

    def _completion(self, job: Job[T]) -> Completion:
        prompt, new = job.tokens[: job.prompt], job.tokens[job.prompt :]
        self.usage.generated_tokens += len(new)
        text = self.chat.answer(prompt, new, job.continued)
        return Completion(text, len(new), "stop" if new[-1] in self.chat.stops else "length")
