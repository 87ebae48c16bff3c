"""June 2026 in the console, clicked through: each letter as a draft, its effect, two signatures, in force, its end."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from console_rig import Rig
from june_steps import MODELS, Enter, brought, drafted, enacted, entrance, foreseen, outcomes, signed_here

from browser import NEEDS_CHROMIUM, chromium

pytestmark = NEEDS_CHROMIUM
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}
PARTNERS = ("org-1", "org-2")


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with Rig(tmp_path / "june", 1000).serving() as rig:
        yield rig


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def enter(rig: Rig, browser: Any) -> Iterator[Enter]:
    with entrance(rig, browser) as entering:
        yield entering


@pytest.mark.long
def test_the_letter_from_draft_to_rescission(rig: Rig, enter: Enter, tmp_path: Path) -> None:
    ana, ben = enter("ana"), enter("ben")
    before = outcomes(rig)
    drafted(ana, "june-2026-letter-1", "15 CFR 744.22(b)")
    mistyped(ana)
    sums = foreseen(rig, ana, "june-2026-letter-1")
    signed_here(ana)
    assert ana.locator(".badge.warn").first.inner_text() == "waiting for a second approval"
    assert ana.locator("text=Enact it").count() == 0
    brought(rig, ben, "june-2026-letter-1", tmp_path)
    assert outcomes(rig) == before, "nothing may change before it is enacted"
    enacted(ben, sums)
    assert "june-2026-letter-1@1 is enacted" in ben.inner_text("[role=status]")
    after = outcomes(rig)
    assert after["allow"] < before["allow"] and after["refuse"] > before.get("refuse", 0)
    rescinded(rig, ana, ben, tmp_path)
    assert outcomes(rig) == before
    told = [(each.who, each.what) for each in reversed(rig.desk.journal.read())]
    for act in (("ana", "began a draft"), ("ana", "signed"), ("ben", "brought signatures"), ("ben", "enacted")):
        assert act in told


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


def rescinded(rig: Rig, ana: Any, ben: Any, folder: Path) -> None:
    ana.goto(f"{rig.url}/directives")
    assert "in force" in ana.inner_text("tr:has-text('june-2026-letter-1@1')")
    ana.click("text=Is-informed letter: two models")
    ana.click("text=End it")
    ana.fill("textarea", "Letter of 30 June 2026")
    ana.click("text=Write the rescission")
    name = "rescind-june-2026-letter-1"
    sums = foreseen(rig, ana, name)
    assert sums.people == 0
    assert "gain access" in ana.inner_text("main")
    signed_here(ana)
    brought(rig, ben, name, folder)
    enacted(ben, sums)
    ben.goto(f"{rig.url}/directives")
    row = ben.inner_text("tr:has-text('june-2026-letter-1@1'):has-text('BIS') >> nth=-1")
    assert "rescinded" in row and "rescind-june-2026-letter-1@1" in row


@pytest.mark.long
def test_the_second_letter_and_the_third(rig: Rig, enter: Enter, tmp_path: Path) -> None:
    """The first stands. A license lets an annex back to one model; then both are withdrawn by one document."""
    ana, ben = enter("ana"), enter("ben")
    before = {model: outcomes(rig, model) for model in MODELS}
    through(rig, ana, ben, "june-2026-letter-1", tmp_path)
    shut = {model: outcomes(rig, model) for model in MODELS}
    drafted(ana, "june-2026-letter-2", "Letter of 26 June 2026")
    annexed(ana)
    sums = foreseen(rig, ana, "june-2026-letter-2")
    assert not sums.losses and sums.gains["mythos-5"] and not sums.gains["fable-5"]
    let_in(ana, sums.gains["mythos-5"])
    signed_here(ana)
    brought(rig, ben, "june-2026-letter-2", tmp_path)
    enacted(ben, sums)
    after = {model: outcomes(rig, model) for model in MODELS}
    assert after["fable-5"] == shut["fable-5"]
    assert after["mythos-5"]["allow"] == shut["mythos-5"]["allow"] + sums.gains["mythos-5"]
    assert "june-2026-letter-2@1" in fits_a_phone(ana, f"{rig.url}/")
    fits_a_phone(ana, f"{rig.url}/licenses")
    through(rig, ana, ben, "june-2026-letter-3", tmp_path)
    assert {model: outcomes(rig, model) for model in MODELS} == before
    ana.goto(f"{rig.url}/directives")
    for name in ("june-2026-letter-1@1", "june-2026-letter-2@1"):
        row = ana.inner_text(f"tr:has-text('{name}'):has-text('BIS') >> nth=-1")
        assert "rescinded" in row and "june-2026-letter-3@1" in row


def through(rig: Rig, ana: Any, ben: Any, name: str, folder: Path) -> None:
    """A letter as it ships, from draft to force; each page of it fits a phone."""
    drafted(ana, name, "June 2026")
    sums = foreseen(rig, ana, name)
    signed_here(ana)
    brought(rig, ben, name, folder)
    for page in ("", "/impact", "/sign"):
        fits_a_phone(ana, f"{rig.url}/drafts/{name}{page}")
    enacted(ben, sums)


def annexed(page: Any) -> None:
    """The annex as it ships is empty, and lets nobody in; whom nobody knows is found; then it names two."""
    first = page.locator(".steps .card").first.inner_text()
    assert "annexes.partners" in first and "empty" in first, "what is about the draft stands first"
    assert "annex:partners (nobody stands in it)" in page.inner_text("main")
    page.click("text=Edit the text")
    text = page.input_value("textarea")
    page.fill("textarea", text.replace("partners = []", 'partners = ["org-1", "og-2"]'))
    page.click("text=Check without saving")
    assert "nobody here is known as 'og-2'" in page.inner_text("main")
    page.fill("textarea", text.replace("partners = []", 'partners = ["org-1", "org-2"]'))
    page.click("button >> text=Save")
    page.wait_for_selector("h2 >> text=Whom it would hit")
    assert "annex:partners (org-1, org-2)" in page.inner_text("main")


def let_in(page: Any, count: int) -> None:
    """Everybody who gains access stands there, of the annex or the lab's own, and changes come before the rest."""
    rows = page.locator("[aria-label='People who gain access'] tbody tr").all_inner_texts()
    assert len(rows) == count
    for row in rows:
        subject, *_, works = row.split("\t")
        assert {subject, *works.split(", ")} & {*PARTNERS, "lab"}, row
    shown = page.locator("[aria-label='By organisation'] tbody tr").all_inner_texts()
    changed = [row.split()[1] for row in shown if "\u2192" in row]
    assert set(PARTNERS) <= set(changed) and [row.split()[1] for row in shown[: len(changed)]] == changed


def fits_a_phone(page: Any, url: str) -> str:
    """Nothing stands beyond its edge; what the page says."""
    page.set_viewport_size(PHONE)
    page.goto(url)
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, (url, wide)
    page.set_viewport_size(DESK)
    return str(page.inner_text("main"))
