"""The page shows every class. ``BYLAW_WRITE_DOCS=1 pytest tests/population`` writes its table anew."""

import os
from pathlib import Path

from bylaw.population.classes import Class, classes

PAGE = Path(__file__).parents[2] / "docs" / "population.md"
MARK = "<!-- classes: written by BYLAW_WRITE_DOCS=1 pytest tests/population -->\n"


def outcomes(each: Class) -> str:
    if each.follows:
        return f"as its {each.follows} | as its {each.follows}"
    return " | ".join(" ".join(said) for said in (each.mythos, each.fable) if said)


def table() -> str:
    rows = [f"| {each.kind} | {name} | {outcomes(each)} | {each.why} |" for name, each in classes().items()]
    return "\n".join(["", "| kind | class | Mythos 5 | Fable 5 | why |", "|---|---|---|---|---|", *rows, ""])


def test_the_page_shows_every_class() -> None:
    head, mark, shown = PAGE.read_text(encoding="utf-8").partition(MARK)
    assert mark
    if os.environ.get("BYLAW_WRITE_DOCS") == "1":
        shown = table()
        PAGE.write_text(head + mark + shown, encoding="utf-8")
    assert shown == table()
