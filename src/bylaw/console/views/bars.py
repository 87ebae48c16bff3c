"""Bars of a chart: so many decisions in each of several steps of time."""

from typing import NamedTuple


class Bar(NamedTuple):
    """The step at ``place``, from 0."""

    place: int
    allow: int
    hold: int
    refuse: int

    @property
    def all(self) -> int:
        """How high it is."""
        return self.allow + self.hold + self.refuse
