"""A model behind a server, at the same seam as a local one: it runs programs.

Programs are begun one after another, each when there is a slot that no begun one waits for: so the questions of one row
follow each other closely, while its prefix is warm in the server, and rows do not wait for each other. When something
ends the run, calls under way are waited for and kept; only then is it raised.
"""

import asyncio
from collections.abc import Iterable, Sequence

from bylaw.errors import BudgetSpent, RemoteError
from bylaw.models.base import Ask, Choice, Choose, Completion, Generate, Program, T, Usage
from bylaw.models.remote import replies
from bylaw.models.remote.asked import Backend, Reply, Request
from bylaw.models.remote.cache import Cache
from bylaw.models.remote.caller import Caller
from bylaw.models.remote.calling import Refused
from bylaw.models.remote.drift import ANCHORS, Watch
from bylaw.models.remote.settings import RemoteSettings
from bylaw.models.remote.spending import Spending


class RemoteModel:
    """Runs programs on a server. Sampled backends are asked for votes, the others for log-probabilities."""

    def __init__(self, settings: RemoteSettings, backend: Backend, cache: Cache, spending: Spending) -> None:
        self.name = settings.name
        self.usage = Usage()
        self.settings = settings
        self.spending = spending
        self._cache = cache
        self._backend = backend
        self._watch = Watch(settings, spending)
        self._caller = Caller(settings, backend, cache, spending, self.usage, self._watch)
        self._runner = asyncio.Runner()
        self._anchored = 0

    @property
    def rows(self) -> int:
        """How many rows a chunk should have."""
        return self.settings.rows

    @property
    def served(self) -> str:
        """Who answers, by the server's own words; "" before anything was asked."""
        return self._watch.served

    def run(self, programs: Iterable[Program[T]]) -> list[T]:
        """Run all programs to their end and return what they returned, in order."""
        return self._runner.run(self._all(list(programs)))

    def close(self) -> None:
        """Give connections and files back."""
        self._runner.run(self._backend.close())
        self._runner.close()
        self._cache.close()
        self.spending.close()

    async def _all(self, programs: Sequence[Program[T]]) -> list[T]:
        caller = self._caller
        caller.begin()
        if not self._watch.served:
            await self._open()
        under_way: list[asyncio.Task[T]] = []
        for program in programs:
            await caller.limit.room()
            if caller.is_stopped():
                break
            under_way.append(asyncio.create_task(self._drive(program)))
            await asyncio.sleep(0)
        made = await asyncio.gather(*under_way, return_exceptions=True)
        if isinstance(caller.stopped, BudgetSpent):
            caller.heard.settle()  # nothing says that the server is not well, and what was paid is kept
        caller.require_going_on()
        for one in made:
            if isinstance(one, BaseException):
                raise one
        await self._settle()
        self._remember()
        return made  # type: ignore[return-value]

    async def _drive(self, program: Program[T]) -> T:
        answer: Completion | Choice | None = None
        try:
            while True:
                try:
                    ask = program.send(answer)
                except StopIteration as stop:
                    return stop.value  # type: ignore[no-any-return]
                answer = await self._answer(ask)
        except Exception as error:
            self._caller.stop(error)
            raise

    async def _answer(self, ask: Ask) -> Completion | Choice:
        if isinstance(ask, Generate):
            return await self._completion(ask)
        choice = await (self._votes(ask) if self._backend.sampled else self._logprobs(ask))
        self.usage.choices += len(choice.logprobs)
        await self._anchors()
        return choice

    async def _completion(self, ask: Generate) -> Completion:
        [reply] = await self._caller.ask([self._backend.generate(ask)])
        text = reply.text
        if ask.prefill and text.lstrip().startswith(ask.prefill):
            text = text.lstrip()[len(ask.prefill) :]
        finish = reply.finish if reply.finish in ("length", "too_long") else "stop"
        return Completion("" if finish == "too_long" else text, reply.generated_tokens, finish)  # type: ignore[arg-type]

    async def _logprobs(self, ask: Choose) -> Choice:
        requests = self._backend.choose(ask, _subjects(ask))
        answers = await self._caller.ask(requests)
        rows = [self._row(request, reply) for request, reply in zip(requests, answers, strict=True)]
        return Choice(tuple(rows), self.served)

    def _row(self, request: Request, reply: Reply) -> tuple[float, ...] | None:
        if reply.finish == "too_long":
            return None
        return replies.row(request, reply, self.settings.exact)

    async def _votes(self, ask: Choose) -> Choice:
        """Several samples of each question; their first ones warm the prefix for all."""
        numbers = range(self.settings.votes)
        samples = [self._backend.choose(ask, _subjects(ask), vote) for vote in numbers]
        by_question = [[sample[place] for sample in samples] for place in range(len(ask.conversations))]
        flat = [request for requests in by_question for request in requests]
        answers = iter(await self._caller.ask(flat))
        rows, notes = [], []
        for requests in by_question:
            said = [next(answers) for _ in requests]
            row, note = _counted(ask, said)
            rows.append(row)
            notes.append(note)
        return Choice(tuple(rows), self.served, tuple(notes))

    async def _open(self) -> None:
        """A run that goes on asks what is kept before it asks the server; a new one sees who is there first."""
        if self.spending.said("answers") == "votes":
            self._backend.sampled = True
        if self._watch.known():
            self._caller.meet = self._meet
        else:
            await self._meet()

    async def _meet(self) -> None:
        """The first calls of all: who is there, and how it answers the anchors."""
        try:
            first, *others = self._anchor_requests()
            [reply] = await self._caller.fresh([first])
            self._watch.first(reply)
            if not self._backend.sampled and reply.top is None and not replies.is_silence(reply):
                raise Refused(f"{self.settings.where} gives no log-probabilities")
        except Refused as refused:
            if self._backend.sampled or self.settings.answers != "auto":
                raise
            if self._watch.anchored:  # votes beside what was read from log-probabilities would be of another judge
                raise RemoteError(
                    f"{refused}, and gave them before. Everything finished is kept: mend the server, or begin another "
                    "run with models.judge.answers = 'votes'"
                ) from refused
            await self._vote_instead(refused)
            return
        self._note_named([first], [reply])
        if not self._backend.sampled:
            self._hold([first, *others], [reply, *await self._caller.fresh(others)])

    async def _vote_instead(self, refused: Refused) -> None:
        """The server has no log-probabilities to give: letters are sampled, from here to the end of the run."""
        self._backend.sampled = True
        [first, *_] = self._anchor_requests()
        try:
            [reply] = await self._caller.fresh([first])
        except Refused:
            raise refused from None
        self._watch.first(reply)
        self._note_named([first], [reply])
        self.spending.say("answers", "votes")

    async def _anchors(self) -> None:
        """Ask the anchors again when enough has been answered since."""
        due = self._caller.paid // self.settings.anchors
        if self._backend.sampled or due <= self._anchored:
            return
        self._anchored = due
        requests = self._anchor_requests()
        self._hold(requests, await self._caller.fresh(requests))

    async def _settle(self) -> None:
        """Before anything is handed on in which answers named no option: does the server name any to the anchors?

        If not, these are not the model's own answers, and must become no labels; they are asked anew. A judge that has
        named options, and never knew any for the anchors, is believed.
        """
        heard = self._caller.heard
        if heard.unsure:
            requests = self._anchor_requests()
            answers = await self._caller.fresh(requests)
            if not await self._are_named(requests, answers) and (self.spending.said("named") or not heard.any):
                raise heard.mute(f"{len(heard.unsure)} answers could not be read, nor those to {len(requests)} anchors")
            if not self._backend.sampled:
                self._hold(requests, answers)
        heard.settle()

    async def _are_named(self, requests: list[Request], answers: list[Reply]) -> bool:
        """Whether any anchor's answer names an option; a sampled judge, which may miss, is given all its votes."""
        named = self._note_named(requests, answers)
        if named or not self._backend.sampled:
            return named
        more = [one for vote in range(1, self.settings.votes) for one in self._anchor_requests(vote)]
        return self._note_named(more, await self._caller.fresh(more))

    def _note_named(self, requests: list[Request], answers: list[Reply]) -> bool:
        """Whether any answer names an option; that this model does so is noted for whoever asks it next."""
        named = any(map(self._caller.heard.names, requests, answers))
        if named and not self.spending.said("named"):
            self.spending.say("named", "yes")
        return named

    def _hold(self, requests: list[Request], answers: list[Reply]) -> None:
        for reply in answers:
            self._watch.same(reply)
        self._note_named(requests, answers)
        rows = [replies.row(one, reply, self.settings.exact) for one, reply in zip(requests, answers, strict=True)]
        self._watch.hold(rows, list(map(self._caller.heard.names, requests, answers)))

    def _anchor_requests(self, vote: int = 0) -> list[Request]:
        about = [""] * len(ANCHORS.conversations)
        return self._backend.choose(ANCHORS, about, vote if self._backend.sampled else None)

    def _remember(self) -> None:
        """What a later dry run goes by."""
        usual = self._caller.usual
        if usual is not None:
            self._cache.saw(f"{self.settings.url} {self.settings.model}", self.served, usual, *self._caller.sizes)


def _counted(ask: Choose, said: list[Reply]) -> tuple[tuple[float, ...] | None, str]:
    if any(reply.finish == "too_long" for reply in said):
        return None, ""
    return replies.voted(ask.options, said)


def _subjects(ask: Choose) -> Sequence[str]:
    return ask.about or [""] * len(ask.conversations)
