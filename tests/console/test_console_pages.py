"""Pages of figures in a browser: on a phone, in the dark, by keyboard, without a script; and a list that follows."""

from collections.abc import Iterator
from typing import Any

import pytest
from evening import LETTER, Asking, Evening

from browser import NEEDS_CHROMIUM

axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
pytestmark = [NEEDS_CHROMIUM, pytest.mark.long]
LONG = 120_000
"""Milliseconds that a page may take on a machine that is busy with other things."""
PATHS = {
    "now": "/",
    "decisions": "/decisions",
    "filtered": "/decisions?outcome=refuse&country=ir",
    "none": "/decisions?organization=nobody",
    "map": "/map",
    "by-hour": "/map?span=hour&shows=refusals",
    "subjects": "/subjects",
    "found": "/subjects?q=p-1",
    "hits": "/hits",
    "licenses": "/licenses",
    "filings": "/filings",
    "filing": f"/filings/{LETTER.date()}",
    "workers": "/workers",
    "ledger": "/ledger",
}


class Window:
    """A browser's window of somebody signed in, and whatever is wrong with what it shows."""

    def __init__(self, window: Any, asking: Asking, **how: Any) -> None:
        self.address, self.wrong = asking.address, []  # type: ignore[var-annotated]
        self.context = window.new_context(**how)
        self.context.set_default_timeout(LONG)
        name, secret = next(iter(asking.cookie.items()))
        self.context.add_cookies([{"name": name, "value": secret, "url": asking.address}])
        self.page = self.context.new_page()
        self.page.on(
            "console", lambda said: self.wrong.append(said.text) if said.type in ("error", "warning") else None
        )
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("request", self._asked)

    def _asked(self, request: Any) -> None:
        if not request.url.startswith((self.address, "data:")):
            self.wrong.append(f"asked elsewhere: {request.url}")

    def open(self, path: str) -> Any:
        """A page, loaded."""
        self.page.goto(f"{self.address}{path}")
        return self.page

    def faults(self) -> list[str]:
        """What axe finds on the page that is shown."""
        found = axe.Axe().run(self.page).response["violations"]
        return [f"{each['id']} ({each['impact']}): {each['nodes'][0]['html'][:200]}" for each in found]


@pytest.fixture
def ana(evening: Evening, address: str) -> Asking:
    return Asking(evening, address, "ana", "operator")


@pytest.fixture
def looking(window: Any, ana: Asking) -> Iterator[Any]:
    windows: list[Window] = []

    def look(**how: Any) -> Window:
        windows.append(Window(window, ana, **how))
        return windows[-1]

    yield look
    for each in windows:
        each.context.close()
        assert not each.wrong, each.wrong


def subjects_of(evening: Evening) -> dict[str, str]:
    id = evening.matched[0]
    return {"subject": f"/subjects/{id}", "hit": f"/hits/ftm/{id}"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(evening: Evening, looking: Any, scheme: str) -> None:
    shown = looking(color_scheme=scheme, viewport={"width": 1200, "height": 900})
    found = {}
    for name, path in {**PATHS, **subjects_of(evening)}.items():
        shown.open(path)
        if faults := shown.faults():
            found[name] = faults
    assert not found, found


def test_facts_are_read_by_keyboard(evening: Evening, looking: Any) -> None:
    shown = looking()
    page = shown.open(f"/subjects/{evening.matched[0]}")
    page.focus("input[name=why]")
    page.keyboard.type("asked by counsel")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=What it may use now")
    assert shown.faults() == []


def test_no_page_scrolls_sideways_on_a_phone(evening: Evening, looking: Any) -> None:
    shown = looking(viewport={"width": 360, "height": 740}, is_mobile=True)
    wide = {}
    for name, path in {**PATHS, **subjects_of(evening)}.items():
        width = shown.open(path).evaluate("document.documentElement.scrollWidth")
        if width > 360:
            wide[name] = width
    assert not wide, wide


def test_pages_work_without_a_script(evening: Evening, looking: Any) -> None:
    shown = looking(java_script_enabled=False)
    page = shown.open("/decisions")
    assert page.locator("#rows tr").count() > 40
    assert page.locator("#pause").is_hidden()
    page.select_option("select[name=outcome]", "refuse")
    page.click("button:text('Show')")
    assert page.locator("#rows .badge.good").count() == 0
    assert page.locator("#rows .badge.bad").count() > 10
    page.click("a[rel=next]")
    assert page.locator("#rows .badge.bad").count() > 10


def test_the_list_follows_and_can_be_paused(evening: Evening, looking: Any) -> None:
    shown = looking()
    page = shown.open("/decisions")
    page.wait_for_selector("text=Following")
    first = evening.write_ahead(1)[0]
    page.wait_for_selector(f'#rows a[href="/decisions/{first}"]')
    page.click("#pause")
    evening.later += 1
    second = evening.write_ahead(1)[0]
    page.wait_for_timeout(2500)
    assert page.locator(f'#rows a[href="/decisions/{second}"]').count() == 0
    page.click("#pause")
    page.wait_for_selector(f'#rows a[href="/decisions/{second}"]')
    page.click(f'#rows a[href="/decisions/{second}"]')
    page.wait_for_selector(f"text={second}")
    evening.later = 0.0
