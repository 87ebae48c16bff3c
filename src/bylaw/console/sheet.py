"""A table as a CSV file, for a spreadsheet, in which no cell can become a formula."""

import csv
import io
from collections.abc import Iterable, Sequence

from starlette.responses import Response

from bylaw.console.csvs import cell


def sheet(name: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """The file, to be saved as ``name``.csv; UTF-8 with a mark, which spreadsheets look for."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(head)
    writer.writerows([_cell(each) for each in row] for row in rows)
    headers = {"content-disposition": f'attachment; filename="{name}.csv"'}
    return Response("\ufeff" + text.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


def _cell(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, int | float):
        return value
    return cell(str(value))
