"""Each row by itself: its id, and every fact against ``FACTS``."""

from collections.abc import Iterable

from bylaw.access.roster.characters import id_fault
from bylaw.access.roster.checker import Checker
from bylaw.access.roster.rows import Remark, Row, fault, note
from bylaw.access.subjects import Fact


def sift(rows: Iterable[Row], checker: Checker) -> tuple[list[Row], list[Remark]]:
    """The rows, countries as codes, and what there is to say of them."""
    sifted: list[Row] = []
    remarks: list[Remark] = []
    for row in rows:
        if odd := id_fault(row.id):
            remarks.append(fault(row.line, row.id, "id", odd))
        changed: list[Fact] = []
        for place, fact in enumerate(row.facts):
            checked = checker.check(fact, row.kind)
            if checked is not None:
                changed = changed or list(row.facts)
                changed[place] = checked.fact
                remarks += (fault(row.line, row.id, fact.name, text) for text in checked.faults)
                remarks += (note(row.line, row.id, fact.name, text) for text in checked.notes)
        sifted.append(Row(row.line, row.id, row.kind, tuple(changed)) if changed else row)
    return sifted, remarks
