"""The classes of classes.toml: who there is, what is true of each, and why."""

from bisect import bisect
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import Literal

import msgspec

from bylaw.population.draws import Draws
from bylaw.settings import load

Kind = Literal["person", "organization", "service", "channel"]
Outcome = Literal["allow", "hold", "refuse"]
Place = Literal["home", "abroad", "unknown"]
Outcomes = tuple[Outcome, Outcome, Outcome, Outcome]
PHASES = ("before", "letter-1", "letter-2", "letter-3")
"""The states of the law, in the order of ``Outcomes``."""
MODELS = ("mythos-5", "fable-5")


class Class(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Subjects of whom the same is true.

    ``weight`` is how many of a thousand or so there are; 0: the world places them itself. ``follows`` names the fact
    whose subject's outcomes they take over; they have none of their own then. The other words name what facts they
    show. ``denied``: under a denied persons order.
    """

    why: str
    weight: int
    kind: Kind = "person"
    mythos: Outcomes | None = None
    fable: Outcomes | None = None
    follows: Literal["", "responsible", "operator"] = ""
    status: str = ""
    work: str = "anywhere"
    evidence: str = "usual"
    place: Literal["any", "home", "abroad"] = "any"
    denied: bool = False


class ClassFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole table."""

    classes: dict[str, Class]


@cache
def classes() -> Mapping[str, Class]:
    """All classes by name, in the order of the table."""
    return load(ClassFile, Path(__file__).with_name("classes.toml")).classes


class Mix(msgspec.Struct, frozen=True):
    """Classes to draw from, by weight."""

    names: Sequence[str]
    sums: Sequence[int]

    def __getitem__(self, place: int) -> str:
        return self.names[place]

    def __len__(self) -> int:
        return len(self.names)

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def draw(self, draws: Draws) -> str:
        """One of them."""
        return self.names[bisect(self.sums, draws.below(self.sums[-1]))]


@cache
def mix(kind: Kind) -> Mix:
    """The classes of a kind that have a weight."""
    found = {name: each.weight for name, each in classes().items() if each.kind == kind and each.weight}
    return Mix(list(found), list(accumulate(found.values())))
