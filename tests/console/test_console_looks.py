"""The pages of directives as they are seen: axe finds nothing, a phone shows them whole, keys alone get through."""

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from console_rig import PASSWORD, Rig

from browser import NEEDS_CHROMIUM, chromium
from bylaw.console.headers import CSP
from offices import LETTER

pytestmark = [NEEDS_CHROMIUM, pytest.mark.long]
PAGES = (
    "/directives",
    "/directives/new",
    "/directives/ordinary-access@1",
    "/directives/ordinary-access@1/rescind",
    "/drafts/letter",
    "/drafts/letter/edit",
    "/drafts/letter/impact",
    "/drafts/letter/sign",
    "/drafts/letter/enact",
    "/drafts/none",
    "/journal",
    "/sessions",
    "/account",
    "/again",
)
PHONE = {"width": 360, "height": 740}


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with Rig(tmp_path_factory.mktemp("looks")).serving() as rig:
        rig.secrets["adam"] = rig.enrol("adam", "admin")
        draft = rig.desk.drafts.new("letter", LETTER.replace("2026-06-12", "2036-06-12"))
        rig.desk.foresight.start(draft)
        yield rig


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as browser:
        yield browser


def seen(rig: Rig, browser: Any, **how: Any) -> Any:
    """A page of somebody who has signed in."""
    context = browser.new_context(**how)
    context.set_default_timeout(240_000)
    secret = rig.desk.sessions.begin("adam", "adam", "admin", rig.desk.clock())
    context.add_cookies([{"name": "bylaw-session", "value": secret, "url": rig.url}])
    return context.new_page()


def faults(page: Any) -> list[tuple[str, str]]:
    """What axe finds, from the least on."""
    return [(each["id"], each["nodes"][0]["html"][:200]) for each in Axe().run(page).response["violations"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_stands_in_anybody_s_way_on_a_phone(rig: Rig, browser: Any, scheme: str) -> None:
    page = seen(rig, browser, viewport=PHONE, color_scheme=scheme)
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    for path in PAGES:
        page.goto(rig.url + path)
        if path.endswith("/impact"):
            page.wait_for_selector("text=worked out")
        assert page.evaluate(wide) == 0, f"{path} is wider than the phone"
        assert faults(page) == [], path
    page.context.close()


def test_somebody_with_a_keyboard_signs_in_without_scripts(rig: Rig, browser: Any) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{rig.url}/signin?back=/directives")
    assert page.evaluate("document.activeElement.name") == "name", "the first field has the focus"
    for text in ("adam", PASSWORD, rig.code("adam")):
        page.keyboard.type(text)
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # the button comes next
    page.wait_for_url(f"{rig.url}/directives")
    page.wait_for_selector("h1")
    assert page.title().startswith("Directives")
    context.close()


def test_a_script_in_a_page_would_not_run(rig: Rig, browser: Any) -> None:
    page = seen(rig, browser)
    said: list[str] = []
    page.on("console", lambda one: said.append(one.text))
    page.goto(f"{rig.url}/directives")
    page.evaluate("document.body.append(Object.assign(document.createElement('script'), {text: 'window.ran = 1'}))")
    assert page.evaluate("window.ran") is None
    assert any("Content Security Policy" in each for each in said), CSP
    page.context.close()
