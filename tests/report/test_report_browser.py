"""The page in headless Chromium: opened from disk, used with the keyboard, on a phone, in the dark."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from browser import NEEDS_CHROMIUM, chromium
from bylaw.report.data import ReportData
from bylaw.report.render import render

pytestmark = NEEDS_CHROMIUM


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def file(data: ReportData, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "index.html"
    path.write_text(render(data), encoding="utf-8")
    return path


@pytest.fixture
def opened(browser: Any, file: Path) -> Iterator[Any]:
    """Opens the page with options of a browser context; fails on console output, errors and requests."""
    heard: list[str] = []
    contexts = []

    def open_page(**options: Any) -> Any:
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: heard.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: heard.append(f"error: {error}"))
        page.on("request", lambda request: heard.append(request.url))
        page.goto(file.as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert set(heard) <= {file.as_uri(), "data:,"}


def background(page: Any) -> int:
    """Brightness of the page's background, 0 to 765."""
    colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
    return sum(int(part) for part in colour.removeprefix("rgb(").removesuffix(")").split(","))


def test_opens_from_disk(opened: Any) -> None:
    page = opened()
    assert "complies with" in page.inner_text("h1")
    assert page.locator("main > section").count() == 9


def test_keyboard_reaches_every_control_and_opens_a_transcript(opened: Any) -> None:
    page = opened()
    seen = []
    where = "(e => e.id || e.closest('[id]')?.id || e.tagName)(document.activeElement)"
    for _ in range(80):
        page.keyboard.press("Tab")
        seen.append(page.evaluate(where))
        if page.evaluate("document.activeElement.matches('#t1 summary')"):
            break
    assert {"theme", "by-principle", "by-words", "only-changed", "plain", "open-all", "close-all"} <= set(seen)
    assert not page.locator("#t1 .rounds").is_visible()
    page.keyboard.press("Enter")
    assert page.locator("#t1 .rounds").is_visible()
    assert page.locator("#t1 .critique").first.is_visible()


def test_filters(opened: Any, data: ReportData) -> None:
    page = opened()
    shown = page.locator(".transcript:visible")
    assert shown.count() == len(data.transcripts)
    key = data.principles[0].principle.key
    page.select_option("#by-principle", key)
    expected = sum(any(step.principle == key for step in one.rounds) for one in data.transcripts)
    assert 0 < expected < len(data.transcripts) and shown.count() == expected
    assert page.inner_text("#shown") == f"{expected} shown"
    page.fill("#by-words", "nowhere-in-any-text")
    assert shown.count() == 0 and page.locator("#none-shown").is_visible()


def test_a_principle_leads_to_its_transcripts(opened: Any, data: ReportData) -> None:
    page = opened()
    key = data.principles[2].principle.key
    page.locator(".texts summary").nth(2).click()
    page.locator(".texts button").nth(2).click()
    assert page.input_value("#by-principle") == key


def test_plain_text_hides_what_was_removed(opened: Any) -> None:
    page = opened()
    page.locator("#t1 summary").click()
    removed = page.locator("#t1 .diff del").first
    assert removed.is_visible()
    page.check("#plain")
    assert not removed.is_visible()


def test_a_link_opens_its_transcript(opened: Any) -> None:
    page = opened()
    page.evaluate("location.hash = '#t7'")
    page.locator("#t7 .conversation").wait_for(state="visible")


def test_a_phone_scrolls_tables_not_the_page(opened: Any) -> None:
    page = opened(viewport={"width": 360, "height": 740}, has_touch=True)
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    wide = page.evaluate("[...document.querySelectorAll('.scroll')].filter(e => e.scrollWidth > e.clientWidth).length")
    assert wide > 0


def test_dark_and_light(opened: Any) -> None:
    dark, light = opened(color_scheme="dark"), opened(color_scheme="light")
    assert background(dark) < 150 < 600 < background(light)
    dark.click("#theme")  # automatic → light
    assert background(dark) > 600
    dark.reload()
    assert background(dark) > 600, "the choice is remembered"


def test_readable_without_script(opened: Any) -> None:
    page = opened(java_script_enabled=False)
    page.locator("#t1 summary").click()
    assert page.locator("#t1 .rounds").is_visible()
    assert not page.locator(".controls").is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground(opened: Any, scheme: str) -> None:
    """WCAG AA, 4.5 to 1, for the colours that carry text."""
    page = opened(color_scheme=scheme)
    ratios = page.evaluate(
        """() => {
          const style = getComputedStyle(document.documentElement);
          const light = (name) => {
            const hex = style.getPropertyValue(name).trim().slice(1);
            const [r, g, b] = [0, 2, 4].map((i) => parseInt(hex.slice(i, i + 2), 16) / 255)
              .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
            return 0.2126 * r + 0.7152 * g + 0.0722 * b;
          };
          const pairs = [["--ink", "--paper"], ["--soft", "--paper"], ["--soft", "--sunk"],
            ["--accent", "--paper"],
            ["--seed", "--paper"], ["--ins", "--ins-bg"], ["--del", "--del-bg"], ["--ink", "--warn-bg"],
            ["--good", "--paper"], ["--bad", "--paper"]];
          return pairs.map(([a, b]) => {
            const [x, y] = [light(a), light(b)].sort((m, n) => n - m);
            return [`${a} on ${b}`, (x + 0.05) / (y + 0.05)];
          });
        }"""
    )
    assert [pair for pair in ratios if pair[1] < 4.5] == []
