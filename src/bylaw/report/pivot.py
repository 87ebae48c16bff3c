"""Measurements turned into rows (what was measured) and columns (which model)."""

import re
from collections.abc import Iterable, Sequence

import msgspec

from bylaw.records import Measurement
from bylaw.report.words import NAMES, STAGES

MAIN = (
    ("complies", "harmful"),
    ("helpful", "helpful"),
    ("refuses", "lookalike"),
    ("non_evasive", "harmful"),
)

_ROUND = re.compile(r"revision-(\d+)")


class Row(msgspec.Struct, frozen=True):
    """One name × subset × temperature; ``cells`` has one entry per model, None where it was not measured."""

    name: str
    subset: str
    temperature: float
    unit: str
    cells: tuple[Measurement | None, ...]

    @property
    def family(self) -> str:
        """``privacy`` of ``harmful/privacy``; empty for a whole subset."""
        return self.subset.partition("/")[2]

    @property
    def n(self) -> str:
        """Number of rows measured, a range where models differ."""
        counts = sorted({cell.n for cell in self.cells if cell})
        return f"{counts[0]:,}" if len(counts) == 1 else f"{counts[0]:,}–{counts[-1]:,}"


def models(measurements: Iterable[Measurement]) -> tuple[str, ...]:
    """The measured models in stage order; single rounds and the judge are no models of their own."""
    seen = dict.fromkeys(one.model for one in measurements)
    stages = [stage for stage in STAGES if stage in seen and stage != "preference"]
    others = [name for name in seen if name not in STAGES and name != "judge" and not _ROUND.fullmatch(name)]
    known = [*stages, *others]
    return tuple(sorted(known, key=lambda name: name == "final"))


def rounds(measurements: Iterable[Measurement]) -> tuple[str, ...]:
    """``revision-1`` … in order, with the model they started from first if it was measured."""
    seen = {one.model for one in measurements}
    found = sorted((name for name in seen if _ROUND.fullmatch(name)), key=lambda name: int(name.split("-")[1]))
    return ("seed", *found) if found and "seed" in seen and "revision-0" not in seen else tuple(found)


def rows(measurements: Sequence[Measurement], columns: Sequence[str]) -> tuple[Row, ...]:
    """All rows in which one of ``columns`` was measured, main figures first, families last.

    Where a figure was measured twice the later one counts.
    """
    cells: dict[tuple[str, str, float, str], dict[str, Measurement]] = {}
    for one in measurements:
        if one.model in columns:
            cells.setdefault((one.name, one.subset, one.temperature, one.unit), {})[one.model] = one
    made = [Row(*key, tuple(found.get(model) for model in columns)) for key, found in cells.items()]
    return tuple(sorted(made, key=_order))


def _order(row: Row) -> tuple[bool, int, int, str, str, float]:
    main = (row.name, row.subset)
    names = list(NAMES)
    return (
        bool(row.family),
        MAIN.index(main) if main in MAIN else len(MAIN),
        names.index(row.name) if row.name in names else len(names),
        row.name,
        row.subset,
        row.temperature,
    )
