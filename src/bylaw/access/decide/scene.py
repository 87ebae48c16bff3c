"""Whom a predicate is asked about: a profile, how one got there, the request, and the sources of lists."""

from collections.abc import Mapping

import msgspec

from bylaw.access.decide.logic import Missing, Slot, Verdict
from bylaw.access.decide.needs import HOPS, Mark
from bylaw.access.decide.profile import Seen, View
from bylaw.access.decision import Answer, Request
from bylaw.access.subjects import FactName


class Source(msgspec.Struct, frozen=True):
    """A list or the statuses of an ownership rule: ``name@version``, and why it cannot be relied on, if so."""

    label: str
    fault: str = ""


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """Whom a predicate is asked about. ``steps`` lead there from the subject, or from the channel if ``through``.

    ``stale_hits``: a hit in a source that cannot be relied on is a hit still; else it is unknown like all of it.
    """

    view: View
    request: Request
    sources: Mapping[Mark, Source]
    channel: View | None = None
    through: bool = False
    steps: tuple[tuple[FactName, int], ...] = ()
    grade: int = 0
    hops: int = HOPS
    stale_hits: bool = False

    def slot(self, name: FactName) -> Slot:
        """Where a fact of this subject stands."""
        return Slot(name, self.steps, self.through)

    def values(self, name: FactName) -> tuple[Seen, ...] | None:
        """The values of a fact whose evidence is good enough; None: unknown."""
        known = self.view.facts.get(name)
        return None if known is None or known.grade < self.grade else known.values

    def unknown(self, name: FactName, why: str = "", detail: str = "") -> Verdict:
        """Unknown, and this fact would settle it."""
        slot = self.slot(name)
        return Verdict(answer="unknown", used=(slot,), missing=(Missing(slot, why or name, detail),))

    def said(self, name: FactName, answer: Answer) -> Verdict:
        """An answer that rests on this fact."""
        return Verdict(answer=answer, used=(self.slot(name),))

    @property
    def at_channel(self) -> "Scene":
        """The request's channel, of which nothing may be known."""
        return msgspec.structs.replace(self, through=True, steps=())

    def by_channel(self) -> "Scene | None":
        """The request's channel; None: it came by an unknown one."""
        if self.channel is None:
            return None
        return msgspec.structs.replace(self, view=self.channel, through=True, steps=(), hops=HOPS)

    def step(self, name: FactName, place: int, hops: int = HOPS) -> "Scene | None":
        """Whom a value of a fact leads to; None: nobody who is looked at."""
        views = self.view.links.get(name, ())
        view = views[place] if place < len(views) else None
        if view is None:
            return None
        return msgspec.structs.replace(self, view=view, steps=(*self.steps, (name, place)), hops=hops)
