"""Documents agree with the code. ``BYLAW_WRITE_DOCS=1 pytest tests/test_docs.py`` writes the generated parts anew."""

import argparse
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bylaw.cli import parser
from bylaw.recipe import Recipe, read
from bylaw.settings import dumps, known_keys

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
PAGES += sorted(DOCS.glob("*.md"))
TOML = re.compile(r"(?<=^```toml\n).*?(?=^```$)", re.DOTALL | re.MULTILINE)
CLI_HEAD = """\
# The command line

What every verb's `--help` prints. Exit codes: 0 done · 1 it could not be done · 2 the request or a text is wrong ·
3 a gate stopped the run · 4 something does not verify · 130 interrupted. Errors and progress go to stderr, results to
stdout.
"""


def helps(one: argparse.ArgumentParser) -> Iterator[tuple[str, str]]:
    """(command, its ``--help``) of a parser and of every verb below it, in order."""
    yield one.prog, one.format_help()
    for action in one._actions:
        if isinstance(action, argparse._SubParsersAction):
            for verb in action.choices.values():
                yield from helps(verb)


def cli_page() -> str:
    sections = [f"## `{command}`\n\n```text\n{text.strip()}\n```\n" for command, text in helps(parser())]
    return "\n".join([CLI_HEAD, *sections])


def settings_page() -> str:
    """The page with its first TOML block made anew; what is around it is written by hand."""
    return TOML.sub(lambda _: dumps(Recipe()), (DOCS / "settings.md").read_text(), count=1)


def normal(text: str) -> str:
    """Help without what differs between versions of Python: how it is wrapped, ``-o FILE, --output FILE``."""
    return "".join(re.sub(r"(-\w) [A-Z]+, (?=--)", r"\1, ", text).split())


@pytest.fixture(autouse=True, scope="module")
def pages() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", "100")
        if os.environ.get("BYLAW_WRITE_DOCS") == "1":
            (DOCS / "settings.md").write_text(settings_page())
            (DOCS / "cli.md").write_text(cli_page())
        yield


def test_every_help_stands_in_the_cli_page() -> None:
    assert normal((DOCS / "cli.md").read_text()) == normal(cli_page())


def test_the_settings_page_has_every_default() -> None:
    assert (DOCS / "settings.md").read_text() == settings_page()


def test_the_settings_page_explains_every_key_and_no_other() -> None:
    """A row's key stands in backticks; ``*.epochs`` speaks for every table of the training loop."""
    said = re.findall(r"^\| `([\w.*]+)` \|", (DOCS / "settings.md").read_text(), re.MULTILINE)
    loops = ("sft", "preference", "optimise")
    explained = [key.replace("*", loop) for key in said for loop in (loops if "*" in key else ("",))]
    assert sorted(explained) == sorted(known_keys(Recipe))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_recipes_shown_are_recipes() -> None:
    shown = TOML.findall((ROOT / "README.md").read_text())
    assert shown
    assert all(isinstance(read(text), Recipe) for text in shown)
