"""June 2026 in the console, clicked through: the letter as a draft, its effect, two signatures, in force, rescinded."""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from console_rig import Rig

from browser import NEEDS_CHROMIUM, chromium
from bylaw.access.decision import Request

pytestmark = NEEDS_CHROMIUM
LONG = 240_000
"""Milliseconds that a page may take on a machine that is busy with other things."""


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with Rig(tmp_path_factory.mktemp("june"), 1000).serving() as rig:
        yield rig


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as browser:
        yield browser


Enter = Callable[[str], Any]


@pytest.fixture
def enter(rig: Rig, browser: Any) -> Iterator[Enter]:
    """A person in a browser of their own, signed in; whatever it complains about, or asks elsewhere, fails the test."""
    wrong: list[str] = []
    contexts = []

    def entering(name: str) -> Any:
        context = browser.new_context()
        context.set_default_timeout(LONG)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: wrong.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda one: None if one.url.startswith((rig.url, "data:")) else wrong.append(one.url))
        rig.sign_in(page, name)
        return page

    yield entering
    for context in contexts:
        context.close()
    assert not wrong, wrong


def outcomes(rig: Rig) -> dict[str, int]:
    """How many may use the model now."""
    at = rig.desk.now()
    desk = rig.office.policy(at).over(rig.office.register(at))
    found: dict[str, int] = {}
    for id in desk.register:
        outcome = desk.decide(id, Request(model="fable-5")).outcome
        found[outcome] = found.get(outcome, 0) + 1
    return found


@pytest.mark.long
def test_the_letter_from_draft_to_rescission(rig: Rig, enter: Enter, tmp_path: Path) -> None:
    ana, ben = enter("ana"), enter("ben")
    before = outcomes(rig)
    drafted(ana)
    mistyped(ana)
    people = foreseen(rig, ana, "june-2026-letter-1")
    signed_here(ana)
    assert ana.locator(".badge.warn").first.inner_text() == "waiting for a second approval"
    assert ana.locator("text=Enact it").count() == 0
    brought(rig, ben, "june-2026-letter-1", tmp_path)
    assert outcomes(rig) == before, "nothing may change before it is enacted"
    enacted(ben, people)
    assert "june-2026-letter-1@1 is enacted" in ben.inner_text("[role=status]")
    after = outcomes(rig)
    assert after["allow"] < before["allow"] and after["refuse"] > before.get("refuse", 0)
    rescinded(rig, ana, ben, tmp_path)
    assert outcomes(rig) == before
    told = [(each.who, each.what) for each in reversed(rig.desk.journal.read())]
    for act in (("ana", "began a draft"), ("ana", "signed"), ("ben", "brought signatures"), ("ben", "enacted")):
        assert act in told


def drafted(page: Any) -> None:
    page.click("nav >> text=Directives")
    page.click("text=Write down an order")
    page.check("input[value=june-2026-letter-1]")
    page.click("text=Begin the draft")
    page.wait_for_selector("h2 >> text=Two people sign")
    assert "15 CFR 744.22(b)" in page.inner_text("main")


def mistyped(page: Any) -> None:
    """A misspelt model is found by the check, and mended."""
    page.click("text=Edit the text")
    text = page.input_value("textarea")
    page.fill("textarea", text.replace('"fable-5"', '"fabel-5"'))
    page.click("text=Check without saving")
    assert "unknown model 'fabel-5'" in page.inner_text("main")
    page.fill("textarea", "no = ")
    page.click("text=Check without saving")
    assert "not valid TOML" in page.inner_text("main")
    page.fill("textarea", text)
    page.click("button >> text=Save")
    page.wait_for_selector("h2 >> text=Whom it would hit")


def foreseen(rig: Rig, page: Any, name: str) -> int:
    page.click("text=Work out whom it would hit")
    page.wait_for_selector("h1 >> text=would hit")
    page.wait_for_selector("text=worked out", timeout=LONG)
    sums = rig.desk.foresight.sums(rig.desk.drafts.find(name))
    assert sums is not None
    said = page.inner_text("main")
    assert f"{sums.people} people lose" in said or not sums.losses
    assert "citizenship" in said or not sums.needs
    return sums.people


def signed_here(page: Any) -> None:
    page.click("text=Back to the draft")
    page.click("a >> text=Sign as ana")
    assert "cannot be taken back" in page.inner_text("main")
    page.click("button >> text=Sign as ana")
    page.wait_for_selector("text=A second person must sign")


def brought(rig: Rig, page: Any, name: str, folder: Path) -> None:
    """Ben signs a copy elsewhere, with the command line, and brings what it wrote."""
    page.goto(f"{rig.url}/drafts/{name}")
    with page.expect_download() as download:
        page.click("text=Download it")
    copy = folder / f"{name}.toml"
    download.value.save_as(copy)
    command = ["directive", "sign", str(copy), "--key", str(rig.keys / "ben.pem")]
    where = ["--office", str(rig.office.root)]
    subprocess.run([sys.executable, "-m", "bylaw", *command, *where], check=True, capture_output=True)
    page.set_input_files("input[type=file]", copy.with_name(f"{name}.toml.dsse"))
    page.click("button >> text=Bring it")
    page.wait_for_selector("text=Two people have signed")


def enacted(page: Any, people: int) -> None:
    page.click("a >> text=Enact it")
    button = page.locator("button.danger")
    expected = f"{people} people lose access" if people else "nobody loses access"
    assert re.search(expected, button.inner_text())
    button.click()
    page.wait_for_selector("text=Digest")
    assert page.locator(".badge.good").first.inner_text() == "in force"


def rescinded(rig: Rig, ana: Any, ben: Any, folder: Path) -> None:
    ana.goto(f"{rig.url}/directives")
    assert "in force" in ana.inner_text("tr:has-text('june-2026-letter-1@1')")
    ana.click("text=Is-informed letter: two models")
    ana.click("text=End it")
    ana.fill("textarea", "Letter of 30 June 2026")
    ana.click("text=Write the rescission")
    name = "rescind-june-2026-letter-1"
    assert foreseen(rig, ana, name) == 0
    assert "gain access" in ana.inner_text("main")
    signed_here(ana)
    brought(rig, ben, name, folder)
    enacted(ben, 0)
    ben.goto(f"{rig.url}/directives")
    row = ben.inner_text("tr:has-text('june-2026-letter-1@1'):has-text('BIS') >> nth=-1")
    assert "rescinded" in row and "rescind-june-2026-letter-1@1" in row
