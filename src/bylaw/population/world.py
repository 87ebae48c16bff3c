"""Who is of which class, works where and answers for what. Everything follows from the size and the seed.

Of all subjects one in twenty is an organisation, one in fifty a service account; the annex has a hundred organisations,
fewer in a small world. Each class that has a weight is there at least once if there is room for it.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import chain
from typing import NamedTuple

from bylaw.errors import UsageError
from bylaw.population.classes import Class, Kind, Place, classes, mix
from bylaw.population.draws import Draws
from bylaw.population.evidence import EVIDENCE
from bylaw.population.names import anywhere, foreign, organization_name, person_name
from bylaw.population.organizations import LAW
from bylaw.population.status import STATUS
from bylaw.population.values import Cells, Row, one
from bylaw.population.work import LAB, WORK

LEAST = 1_000
ANNEX = 100
PREFIX: dict[Kind, str] = {"person": "p", "organization": "org", "service": "svc", "channel": "ch"}
SORTS = {"direct-channel": "direct", "reseller": "reseller", "cloud": "cloud", "unknown-channel": "reseller"}


class Drawn(NamedTuple):
    """A subject: what is true of it, and the rows that show it.

    ``name`` is its class, ``truth`` the class whose outcomes are its own, ``place`` where it is, if that is known.
    """

    id: str
    kind: Kind
    name: str
    truth: str
    place: Place
    rows: list[Row]


class World:
    """A population. Raises ``UsageError`` if it is too small to hold every class."""

    def __init__(self, size: int, seed: int) -> None:
        if size < LEAST:
            raise UsageError(f"a population has at least {LEAST} subjects, so that every class is in it; not {size}")
        self.size, self.seed = size, seed
        organizations, services, channels = size // 20, size // 50, max(20, size // 5000)
        self.sizes: dict[Kind, int] = {"organization": organizations, "service": services, "channel": channels}
        self.sizes["person"] = size - sum(self.sizes.values())
        self.listed_count = min(ANNEX, organizations // 10)

    def __iter__(self) -> Iterator[Drawn]:
        """Everybody: organisations, people, service accounts, channels."""
        return chain(self.organizations(), self.people(), self.services(), self.channels())

    @cached_property
    def ranks(self) -> Sequence[str]:
        """The class of each organisation: the lab, the annex, what the annex owns, then all others."""
        partners = max(1, self.listed_count // 12)
        placed = ["lab", *["annex-organisation"] * (self.listed_count - partners)]
        placed += ["annex-foreign-organisation"] * partners + ["annex-subsidiary"] * max(1, self.listed_count // 5)
        names = mix("organization")
        rest = range(len(placed), self.sizes["organization"])
        drawn = [names.draw(Draws(self.seed, f"rank/{number}")) for number in rest]
        return [*placed, *names, *drawn[len(names) :]]

    @cached_property
    def annex(self) -> Sequence[str]:
        """The organisations that the letter of 26 June lists."""
        return [_org(number) for number in range(1, self.listed_count + 1)]

    def organizations(self) -> Iterator[Drawn]:
        """The lab first."""
        for number, name in enumerate(self.ranks):
            each, draws = classes()[name], Draws(self.seed, _org(number))
            cells: Cells = {"name": one(organization_name(draws, number) if number else "The Lab, Inc.")}
            cells |= LAW[each.status](draws, _Earlier(self, number))
            yield Drawn(_org(number), "organization", name, name, "unknown", EVIDENCE[each.evidence](cells, draws))

    def people(self) -> Iterator[Drawn]:
        """Each with a name, and with places and days that must not matter."""
        for number in range(self.sizes["person"]):
            id, name, draws = self._begin("person", number)
            each = classes()[name]
            cells = _person(draws, each) | STATUS[each.status](draws) | WORK[each.work](draws, self)
            place = "unknown" if each.evidence == "stale" else _place(cells)
            yield Drawn(id, "person", name, name, place, EVIDENCE[each.evidence](cells, draws))

    def services(self) -> Iterator[Drawn]:
        """Each with a person responsible for it, if anybody is known."""
        for number in range(self.sizes["service"]):
            id, name, draws = self._begin("service", number)
            person, truth, _ = self._begin("person", draws.below(self.sizes["person"]))
            cells: Cells = {"responsible": one(person)}
            if not classes()[name].follows:
                cells, truth = {}, name
            cells = _placed(cells, draws)
            yield Drawn(id, "service", name, truth, _place(cells), EVIDENCE["usual"](cells, draws))

    def channels(self) -> Iterator[Drawn]:
        """Each with an operator, if any is known."""
        for number in range(self.sizes["channel"]):
            id, name, draws = self._begin("channel", number)
            operator = 0 if name == "direct-channel" else draws.below(self.sizes["organization"])
            cells: Cells = {"channel": one(SORTS[name]), "operator": one(_org(operator))}
            truth = self.ranks[operator]
            if not classes()[name].follows:
                truth = name
                del cells["operator"]
            cells = _placed(cells, draws)
            yield Drawn(id, "channel", name, truth, _place(cells), EVIDENCE["usual"](cells, draws))

    def unlisted(self, draws: Draws) -> str:
        """An organisation that is neither in the annex nor the lab."""
        first = self.listed_count + 1
        return _org(first + draws.below(self.sizes["organization"] - first))

    def listed(self, draws: Draws) -> str:
        """An organisation in the annex."""
        return draws.pick(self.annex)

    def subsidiary(self, draws: Draws) -> str:
        """An unlisted organisation owned by one in the annex."""
        return _org(self.listed_count + 1 + draws.below(max(1, self.listed_count // 5)))

    @cached_property
    def american(self) -> Sequence[int]:
        """Numbers of the organisations under the law of the United States, whose status nobody disputes."""
        return [number for number, name in enumerate(self.ranks) if name == "us-organisation"]

    @cached_property
    def foreign(self) -> Sequence[int]:
        """Numbers of those under another law."""
        return [number for number, name in enumerate(self.ranks) if name == "foreign-organisation"]

    def _begin(self, kind: Kind, number: int) -> tuple[str, str, Draws]:
        """Id, class and further draws: each class once first, then as it is drawn."""
        id, names = f"{PREFIX[kind]}-{number + 1}", mix(kind)
        draws = Draws(self.seed, id)
        drawn = names.draw(draws)
        return id, names[number] if number < len(names) else drawn, draws


class _Earlier(NamedTuple):
    """The organisations before one, to be owned by."""

    world: World
    number: int

    def american(self, draws: Draws) -> str:
        return self._one(self.world.american, draws)

    def foreign(self, draws: Draws) -> str:
        return self._one(self.world.foreign, draws)

    def listed(self, draws: Draws) -> str:
        return self.world.listed(draws)

    def _one(self, among: Sequence[int], draws: Draws) -> str:
        earlier = bisect_left(among, self.number)
        return _org(among[draws.below(earlier)]) if earlier else ""


def _org(number: int) -> str:
    return f"org-{number}" if number else LAB


def _person(draws: Draws, each: Class) -> Cells:
    residence = "us" if each.place == "home" else foreign(draws) if each.place == "abroad" else anywhere(draws)
    cells: Cells = {"name": one(person_name(draws)), "residence": one(residence)}
    if draws.chance(60):
        cells["born"] = one(draws.day(1940, 2007))
    return _placed(cells, draws, residence)


def _placed(cells: Cells, draws: Draws, usually: str = "us") -> Cells:
    """With a location, half of the time: the usual one, most of the time."""
    known = draws.below(100)
    if known < 50:
        cells["location"] = one(usually if known < 40 else anywhere(draws))
    return cells


def _place(cells: Cells) -> Place:
    said = cells.get("location")
    return "unknown" if not said else "home" if said[0].text == "us" else "abroad"
