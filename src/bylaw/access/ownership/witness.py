"""Why a party is blocked: the seeds and interests that suffice, none of which can be spared, in an order to read.

**Minimal.** Each step takes the largest stakes first, of owners found blocked before, and stops at the threshold; so it
cannot do without any of them. Every step but the last is there for a later one. Take one seed or interest away, and the
step that needs it fails, then the step that needs that one, and so on to the party: nothing else in the witness blocks
it. (For ultimate parents the witness is the whole chain, or all chains where the parent is not sure: each must end in a
seed.)

``check`` replays a witness by arithmetic alone, without the graph it was found in.
"""

from collections.abc import Iterable, Sequence

import msgspec

from bylaw.access.ownership.graph import Graph
from bylaw.access.ownership.parents import parents
from bylaw.access.ownership.records import Interest
from bylaw.access.ownership.rule import Rule
from bylaw.access.ownership.solution import Solution
from bylaw.access.ownership.stake import PART, percent_text
from bylaw.errors import UsageError, VerificationError


class Step(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One party is blocked: as a seed if there are no ``interests``, else by them, of owners of earlier steps."""

    party: str
    title: str
    interests: tuple[Interest, ...] = ()

    @property
    def least(self) -> int:
        """What the interests come to at the least, in the integers of ``stake``."""
        return sum(each.stake.lower for each in self.interests)


class Witness(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why ``party`` is blocked under ``rule``: steps, each of which stands on earlier ones; the last is the party's."""

    party: str
    rule: Rule
    because: str
    steps: tuple[Step, ...]

    @property
    def seeds(self) -> tuple[str, ...]:
        """The parties that are blocked to begin with."""
        return tuple(step.party for step in self.steps if not step.interests)

    @property
    def interests(self) -> tuple[Interest, ...]:
        """All that is used of the records."""
        return tuple(row for step in self.steps for row in step.interests)


def witness(solution: Solution, party: str) -> Witness:
    """The witness for a blocked party. Raises ``UsageError`` for one that is not."""
    number = solution.graph.place(party)
    if not solution.sure.on[number]:
        raise UsageError(f"{party!r} is {solution.at(number)}: only what is blocked has a witness")
    by_stakes = solution.rule.follows == "stakes"
    steps = _stakes(solution, number) if by_stakes else _chains(solution, number)
    return Witness(party=party, rule=solution.rule, because=solution.seeds.because, steps=tuple(steps))


def _stakes(solution: Solution, party: int) -> list[Step]:
    """From the party back to the seeds, then in the order in which they were found."""
    graph, rule = solution.graph, solution.rule
    rank = {one: place for place, one in enumerate(solution.sure.order)}
    chosen: dict[int, Sequence[Interest]] = {}
    waiting = [party]
    while waiting:
        one = waiting.pop()
        if one not in chosen:
            chosen[one] = () if one in solution.seeds.sure else _enough(graph, rule, one, rank)
            waiting += [graph.number[row.owner] for row in chosen[one]]
    return [_step(graph, one, chosen[one]) for one in sorted(chosen, key=rank.__getitem__)]


def _enough(graph: Graph, rule: Rule, entity: int, rank: dict[int, int]) -> list[Interest]:
    """The largest stakes, of owners found before, that reach the threshold."""
    late = len(rank)
    before = [row for row in graph.inward(entity) if rank.get(graph.number[row.owner], late) < rank[entity]]
    taken: list[Interest] = []
    held = 0
    for row in sorted(before, key=lambda row: (-row.stake.lower, rank[graph.number[row.owner]])):
        taken.append(row)
        held += row.stake.lower
        if held >= rule.bar:
            break
    return taken


def _chains(solution: Solution, party: int) -> list[Step]:
    """All that the party's ultimate parent may be, and how; tops first."""
    graph = solution.graph
    found: dict[int, list[Interest]] = {}
    waiting = [party]
    for one in waiting:
        if one not in found:
            found[one] = parents(graph, solution.rule, one)
            waiting += [graph.number[row.owner] for row in found[one]]
    return [_step(graph, one, found[one]) for one in reversed(found)]


def _step(graph: Graph, number: int, interests: Iterable[Interest]) -> Step:
    party = graph.parties[number]
    return Step(party=party.id, title=party.title, interests=tuple(interests))


def check(witness: Witness, seeds: Iterable[str]) -> None:
    """Replay a witness by stakes: every step follows from earlier ones, and it ends at its party.

    ``seeds`` are those the reader accepts. Raises ``VerificationError``, naming the step that does not follow.
    """
    if witness.rule.follows != "stakes":
        raise UsageError("a chain of ultimate parents is shown, but cannot be checked without all interests")
    accepted, blocked = set(seeds), set[str]()
    for step in witness.steps:
        owners = {row.owner for row in step.interests}
        if not step.interests and step.party not in accepted:
            raise VerificationError("ownership", f"{step.title} is no seed, and nothing is said to block it")
        if step.interests and not (_follows(witness.rule, step) and owners <= blocked and _distinct(step)):
            raise VerificationError("ownership", f"{step.title} does not follow from the steps before it")
        blocked.add(step.party)
    if not witness.steps or witness.steps[-1].party != witness.party:
        raise VerificationError("ownership", f"the steps do not end at {witness.party}")


def _follows(rule: Rule, step: Step) -> bool:
    return step.least >= rule.bar and (rule.aggregate or len(step.interests) == 1)


def _distinct(step: Step) -> bool:
    """Each owner once, directly, in this very party."""
    owners = [row.owner for row in step.interests]
    return len(set(owners)) == len(owners) and all(row.direct and row.entity == step.party for row in step.interests)


def explain(witness: Witness) -> list[str]:
    """The steps as numbered sentences."""
    return [f"{number}. {_sentence(witness, step)}" for number, step in enumerate(witness.steps, 1)]


def _sentence(witness: Witness, step: Step) -> str:
    if not step.interests:
        return f"{step.title} {witness.because}."
    held = ", ".join(map(_held, step.interests))
    if witness.rule.follows == "parents":
        return f"{step.title}: {held}; whoever holds {witness.rule.words} is its parent."
    least = f"{'more than' if step.least % PART else 'at least'} {percent_text(step.least)}"
    total = f", together {least}" if len(step.interests) > 1 else ""
    return f"{step.title}: {held}{total}; the threshold is {witness.rule.words}."


def _held(row: Interest) -> str:
    return f"{row.owner} holds {row.stake}" + (f" [{row.where}]" if row.where else "")
