"""The Denied Persons List of the Bureau of Industry and Security: a tab-separated file with one header line.

It has no end mark and no numbers: a party's id is made from its row. The list does not tell persons from firms.
"""

import re
from collections import Counter
from collections.abc import Mapping

from bylaw.access.countries import split_countries
from bylaw.access.screening.parties import Name, Party
from bylaw.access.screening.table import rows
from bylaw.canonical import digest
from bylaw.errors import DocumentError

COLUMNS = [
    "Name", "Street_Address", "City", "State", "Country", "Postal_Code", "Effective_Date", "Expiration_Date",
    "Standard_Order", "Last_Update", "Action", "FR_Citation",
]  # fmt: skip
LIST = "bis-dpl"

_DATE = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")


def parse(files: Mapping[str, bytes]) -> list[Party]:
    """The parties of the file ``main``."""
    lines = rows(files["main"], "main", len(COLUMNS), delimiter="\t")
    if (header := next(lines, (1, []))[1]) != COLUMNS:
        raise DocumentError(f"the header is not that of the Denied Persons List: {header}", "main:1")
    seen: Counter[str] = Counter()
    return [_party(dict(zip(COLUMNS, row, strict=True)), f"main:{number}", seen) for number, row in lines]


def _party(row: dict[str, str], where: str, seen: Counter[str]) -> Party:
    if not row["Name"].strip():
        raise DocumentError("a party without a name", where)
    if row["Standard_Order"].upper() not in ("Y", "N", ""):
        raise DocumentError(f"Standard_Order is {row['Standard_Order']!r} instead of Y or N", where)
    key = digest(row)[:16]
    seen[key] += 1
    codes, unread = split_countries([row["Country"]])
    return Party(
        list=LIST,
        id=key if seen[key] == 1 else f"{key}-{seen[key]}",
        kind="entity",
        names=(Name(row["Name"].strip(), "primary"),),
        countries=codes,
        unread=unread,
        addresses=(", ".join(row[key] for key in COLUMNS[1:6] if row[key]),),
        programs=("DPL",),
        listed=_date(row["Effective_Date"], where),
        ends=_date(row["Expiration_Date"], where),
        remarks=row["FR_Citation"],
    )


def _date(text: str, where: str) -> str:
    """ISO date; empty for none. Raises ``DocumentError`` for anything else."""
    if not text.strip():
        return ""
    found = _DATE.fullmatch(text.strip())
    if not found:
        raise DocumentError(f"a date as month/day/year is expected, not {text!r}", where)
    return f"{found[3]}-{int(found[1]):02}-{int(found[2]):02}"
