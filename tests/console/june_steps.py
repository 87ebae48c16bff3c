"""What people do in the console on the evening of a letter, step by step, as a browser does it."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from console_rig import Rig

from bylaw.access.decision import Request
from bylaw.console.foresight import Sums

LONG = 240_000
"""Milliseconds that a page may take on a machine that is busy with other things."""
MODELS = ("fable-5", "mythos-5")
Enter = Callable[[str], Any]


@contextmanager
def entrance(rig: Rig, browser: Any) -> Iterator[Enter]:
    """Lets people in, each in a browser of their own, signed in; whatever it complains about, or asks elsewhere, fails
    the test.
    """
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


def outcomes(rig: Rig, model: str = "fable-5") -> dict[str, int]:
    """How many may use a model now."""
    at = rig.desk.now()
    desk = rig.office.policy(at).over(rig.office.register(at))
    found: dict[str, int] = {}
    for id in desk.register:
        outcome = desk.decide(id, Request(model=model)).outcome
        found[outcome] = found.get(outcome, 0) + 1
    return found


def drafted(page: Any, name: str, citation: str) -> None:
    """A text that ships, as a draft."""
    page.click("nav >> text=Directives")
    page.click("text=Write down an order")
    page.check(f"input[value={name}]")
    page.click("text=Begin the draft")
    page.wait_for_selector("h2 >> text=Two people sign")
    assert citation in page.inner_text("main")


def foreseen(rig: Rig, page: Any, name: str) -> Sums:
    """Whom it would hit."""
    page.click("text=Work out whom it would hit")
    page.wait_for_selector("h1 >> text=would hit")
    page.wait_for_selector("text=worked out", timeout=LONG)
    sums = rig.desk.foresight.sums(rig.desk.drafts.find(name))
    assert sums is not None
    said = page.inner_text("main")
    assert f"{sums.people} people lose" in said or not sums.losses
    assert "citizenship" in said or not sums.needs
    return sums


def signed_here(page: Any) -> None:
    """Ana, whose key lies on the machine."""
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


def enacted(page: Any, sums: Sums) -> None:
    """With the effect on the button."""
    page.click("a >> text=Enact it")
    button, gained = page.locator("button.danger"), sum(sums.gains.values())
    said = button.inner_text().replace("\u202f", "").replace(",", "")
    assert (f"{sums.people} people lose access" if sums.people else "nobody loses access") in said
    assert (f"{gained} gain it" in said) == bool(gained)
    button.click()
    page.wait_for_selector("text=Digest")
    assert page.locator(".badge.good").first.inner_text() == "in force"
