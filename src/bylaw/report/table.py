"""The before/after table for a terminal."""

from collections.abc import Sequence

from bylaw.records import Measurement
from bylaw.report.pivot import Row, models, rows
from bylaw.report.words import NBSP, figure, subset_of


def table(measurements: Sequence[Measurement], families: bool = False) -> str:
    """Rows: what was measured, at which temperature; columns: the models, with 95 % intervals in brackets.

    ``families`` adds the rows of single families. Plain text, no colour, one line per row.
    """
    columns = models(measurements)
    if not columns:
        return "no measurements"
    shown = [row for row in rows(measurements, columns) if families or not row.family]
    lines = [["", "on", "T", "n", *columns], *(_line(row) for row in shown)]
    return _aligned(lines)


def _line(row: Row) -> list[str]:
    start = [row.name.replace("_", " "), subset_of(row.subset), f"{row.temperature:g}", row.n]
    return [*start, *(_cell(cell) for cell in row.cells)]


def _cell(cell: Measurement | None) -> str:
    if cell is None:
        return "–"
    value = figure(cell.value, cell.unit)
    if cell.unit == "share":
        return f"{value} [{100 * cell.low:.1f}, {100 * cell.high:.1f}]".replace(NBSP, " ")
    return f"{value} [{cell.low:.3g}, {cell.high:.3g}]".replace(NBSP, " ")


def _aligned(lines: list[list[str]]) -> str:
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    out = []
    for line in lines:
        words = [text.ljust(widths[i]) if i < 2 else text.rjust(widths[i]) for i, text in enumerate(line)]
        out.append("  ".join(words).rstrip())
    rule = "─" * max(len(text) for text in out)
    return "\n".join([out[0], rule, *out[1:]])
