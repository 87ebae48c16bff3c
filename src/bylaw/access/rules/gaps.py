"""Where nobody has access: models and surfaces, and days, that no base rule covers."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import get_args

from bylaw.access.decision import Surface
from bylaw.access.rules.document import EVERY, Base, Document
from bylaw.access.rules.relations import end_of

SURFACES: tuple[Surface, ...] = get_args(Surface)
Span = tuple[datetime, datetime | None]


def gaps(
    documents: Sequence[Document], models: Collection[str] | None, at: datetime, *, put_out: bool = False
) -> Iterator[str]:
    """A sentence for each gap from ``at`` on. Without a list of models, those that the rules name. ``put_out``: what
    base rules leave that others end, too; else each covers what its own dates say.
    """
    bases = [each for each in documents if isinstance(each, Base)]
    if not bases:
        yield "there is no base rule: every decision will be *hold*"
        return
    named = {model for each in documents for model in each.models} if models is None else set(models)
    for model in sorted(named - {EVERY}):
        found: dict[tuple[Span, ...], list[str]] = {}
        for surface in SURFACES:
            covering = [each for each in bases if each.covers(model, surface)]
            ends = [end_of(each, documents) if put_out else each.effective_until for each in covering]
            spans = [(each.effective_from, end) for each, end in zip(covering, ends, strict=True)]
            found.setdefault(tuple(uncovered(spans, at)), []).append(surface)
        for holes, surfaces in found.items():
            for start, end in holes:
                until = f" until {end}" if end else " on"
                yield f"no base rule covers {model} on {', '.join(surfaces)} from {start}{until}"


def uncovered(spans: Collection[Span], at: datetime) -> Iterator[Span]:
    """The times after ``at`` that no span covers."""
    reached = at
    for start, end in sorted(spans, key=lambda span: span[0]):
        if end is not None and end <= max(reached, start):
            continue
        if start > reached:
            yield reached, start
        if end is None:
            return
        reached = end
    yield reached, None
