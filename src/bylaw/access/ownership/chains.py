"""Where chains of ultimate parents may end: each party takes over what its possible parents lead to.

What a party leads to is a byte: bit ``SEED`` if some end may be a seed, bit ``OTHER`` if some end may be none. Most
parties have one possible parent. From such a party the chain is walked up to one that is *settled*, and what that leads
to is handed down the way that was walked; a walk that comes back to itself is a ring. So no party is walked twice,
however deep it lies, and nobody's children need be listed. Parties with several possible parents stop a walk: they, and
what stands between them, are searched for rings, tops first (Gabow 2000); then what waited below them is walked.

Time: one step for each party and each possible parent. Flat lists of numbers only: a million small objects would keep
the garbage collector busier than the search.
"""

from array import array
from collections.abc import Sequence

SEED, OTHER = 1, 2
LEADS = SEED | OTHER
SETTLED, WALKED, WAITS = 4, 8, 16
MET = SETTLED | WALKED | WAITS
NOBODY = -1
AGAIN = bytes(each if each & SETTLED else each & LEADS for each in range(256))
UNMET = bytes(not each & MET for each in range(256))
"""For ``bytearray.translate``: whoever is not settled waits no more; 1 for whom no walk has met."""


class Above:
    """The possible parents of each party: ``one[party]``, or ``NOBODY``; of the others of those with several the latest
    is in row ``more[party]`` of ``owner``, and ``earlier[row]`` has the row of the one before.
    """

    def __init__(self, size: int) -> None:
        self.one = array("i", [NOBODY]) * size
        self.more: dict[int, int] = {}
        self.owner: list[int] = []
        self.earlier: list[int] = []

    def add(self, party: int, owner: int) -> None:
        """One more possible parent."""
        if self.one[party] == NOBODY:
            self.one[party] = owner
        else:
            self.earlier.append(self.more.get(party, NOBODY))
            self.more[party] = len(self.owner)
            self.owner.append(owner)


def settle(above: Above, leads: bytearray, own: bytes | bytearray) -> bytearray:
    """What each party leads to.

    ``leads`` has what each says in any case: as an end, nothing if it is none; and ``SETTLED`` for whoever has nobody
    above. ``own`` has what each says besides where it is part of a ring.
    """
    for party in above.more:
        leads[party] |= WAITS
    _walk(above.one, leads, own)
    if above.more:
        _Search(above, leads, own).all()
        leads = leads.translate(AGAIN)
        _walk(above.one, leads, own)
    return leads


def _walk(above: Sequence[int], leads: bytearray, own: bytes | bytearray) -> None:
    """Settle all but what waits and what hangs on it; that waits too from now on."""
    for party, unmet in enumerate(leads.translate(UNMET)):
        if unmet and not leads[party] & MET:
            if leads[above[party]] & SETTLED:
                leads[party] |= leads[above[party]]
            else:
                _walk_up(party, above, leads, own)


def _walk_up(one: int, above: Sequence[int], leads: bytearray, own: bytes | bytearray) -> None:
    path: list[int] = []
    while not leads[one] & MET:
        leads[one] |= WALKED
        path.append(one)
        one = above[one]
    if not leads[one] & (SETTLED | WAITS):
        leads[one] |= SETTLED
        for member in path[path.index(one) :]:
            leads[one] |= leads[member] | own[member]
    found = leads[one]
    for each in reversed(path):
        leads[each] = found = found | leads[each]


class _Search:
    """Depth first, upwards from those with several possible parents. ``path`` has who is met and not settled, in order;
    ``place`` where in it a party is; ``bounds`` where in it components may begin. ``open`` are those of whom not all
    possible parents are looked at, each with the row of the next in ``rows``.
    """

    def __init__(self, above: Above, leads: bytearray, own: bytes | bytearray) -> None:
        self.above, self.leads, self.own = above, leads, own
        self.place = array("i", [NOBODY]) * len(leads)
        self.path, self.bounds, self.open, self.rows = list[int](), list[int](), list[int](), list[int]()

    def all(self) -> None:
        """Settle every party with several possible parents, and whoever stands above it."""
        for start in self.above.more:
            if not self.leads[start] & SETTLED:
                self._from(start)

    def _from(self, one: int) -> None:
        leads, place, bounds, rows, above = self.leads, self.place, self.bounds, self.rows, self.above
        while True:
            if leads[one] & SETTLED:
                leads[self.open[-1]] |= leads[one] & LEADS
            elif place[one] == NOBODY:
                self._enter(one)
                one = above.one[one]
                continue
            else:  # on the path, so in a ring
                leads[one] |= self.own[one]
                while bounds[-1] > place[one]:
                    bounds.pop()
            while rows[-1] == NOBODY:
                self._leave()
                if not rows:
                    return
            one = above.owner[rows[-1]]
            rows[-1] = above.earlier[rows[-1]]

    def _enter(self, one: int) -> None:
        self.place[one] = len(self.path)
        self.bounds.append(len(self.path))
        self.path.append(one)
        self.open.append(one)
        self.rows.append(self.above.more.get(one, NOBODY))

    def _leave(self) -> None:
        """All parents of the last one are looked at; if it was the first of its component, that is whole."""
        self.rows.pop()
        one = self.open.pop()
        if self.bounds[-1] == self.place[one]:
            members = self.path[self.bounds.pop() :]
            del self.path[-len(members) :]
            self._settle(members)
        if self.open:
            self.leads[self.open[-1]] |= self.leads[one] & LEADS

    def _settle(self, members: Sequence[int]) -> None:
        found, ring = SETTLED, len(members) > 1
        for one in members:
            found |= self.leads[one] | self.own[one] * ring
        for one in members:
            self.leads[one] = found
