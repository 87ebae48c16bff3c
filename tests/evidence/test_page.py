"""The page for the public, in a browser: it checks the bundle beside it, and asks nobody else for anything."""

import functools
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from browser import NEEDS_CHROMIUM, chromium
from bylaw.evidence.build import Wishes, build
from bylaw.evidence.page import publish
from bylaw.lineage.lab import Lab
from runs import make_run

pytestmark = NEEDS_CHROMIUM


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def site(tmp_path: Path) -> Path:
    lab = Lab.open(tmp_path / "lab")
    run = make_run(tmp_path / "tiny", lab).path
    wishes = Wishes(redact={"runs/tiny/samples/evaluate-seed.json": "names a person"})
    bundle = build([run], tmp_path / "bundle.zip", lab, wishes)
    return publish(bundle, tmp_path / "site", lab.signer.public).parent


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def served(site: Path) -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://localhost:{server.server_port}/"
    server.shutdown()
    server.server_close()


def verdict(browser: Any, address: str) -> tuple[str, list[str], list[str]]:
    """(the verdict, the marks, what was asked from elsewhere or said on the console)."""
    heard: list[str] = []
    page = browser.new_page()
    page.on("pageerror", lambda error: heard.append(f"error: {error}"))
    page.on("request", lambda request: heard.append(request.url))
    page.goto(address)
    page.wait_for_function("!/needs a script|checking/.test(document.getElementById('verdict').textContent)", timeout=0)
    said = page.locator("#verdict").inner_text()
    marks = page.locator("#files td.mark").all_inner_texts()
    page.close()
    return said, marks, [each for each in heard if not each.startswith((address, "data:"))]


def test_an_untouched_bundle_is_found_whole(browser: Any, served: str) -> None:
    said, marks, elsewhere = verdict(browser, served)
    assert said.startswith("✓ all") and ", 1 taken out" in said and not elsewhere
    assert sum(mark.startswith("✓") for mark in marks) == len(marks) - 1
    assert [mark for mark in marks if mark.startswith("–")] == ["– taken out; the reason is above"]


@pytest.mark.parametrize("file", ["runs/tiny/measurements.jsonl", "bundle.json"])
def test_a_changed_byte_is_shown(browser: Any, served: str, site: Path, file: str) -> None:
    path = site / "bundle" / file
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    said, marks, _ = verdict(browser, served)
    assert said.startswith("✗") and sum(mark.startswith("✗") for mark in marks) == 1


def test_a_missing_file_is_shown(browser: Any, served: str, site: Path) -> None:
    (site / "bundle/runs/tiny/run.toml").unlink()
    said, marks, _ = verdict(browser, served)
    assert said.startswith("✗ 1 of") and "✗ runs/tiny/run.toml is not there (404)" in marks


def test_from_the_disk_it_says_that_it_did_not_check(browser: Any, site: Path) -> None:
    said, marks, _ = verdict(browser, (site / "index.html").as_uri())
    assert "not checked: browsers do this only over HTTPS" in said and {mark[0] for mark in marks} == {"–"}


def test_it_says_what_it_proves_and_what_was_not_measured(site: Path) -> None:
    page = (site / "index.html").read_text()
    for said in ("integrity, not honesty", "tiny.audit", "no differential privacy", "bylaw.local/ledger"):
        assert said in page
    assert "https://" not in page.replace("https://bylaw.dev", "").replace("https://slsa.dev", "")
