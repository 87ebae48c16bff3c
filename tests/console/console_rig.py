"""A console on a port of the loopback, over an office to practise in, with three people who may sign in."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pyotp
from console_server import served

from bylaw.access.office.place import Office
from bylaw.cli.practice import make
from bylaw.console.app import Console
from bylaw.console.desk import Desk
from bylaw.gateway.settings import Place
from bylaw.lineage.lab import Lab
from offices import BASE, enacted, office_in

SETTINGS = """
office = "office"
home = "home"
[listen]
port = 0
[admin]
port = 0
[console.signs.ana]
approver = "ana"
key = "KEYS/ana.pem"
[console.signs.ben]
approver = "ben"
"""
PASSWORD = "seven quiet herons wade"
PEOPLE = {"ana": "counsel", "ben": "operator", "vic": "viewer"}
Answer = tuple[int, dict[str, str], str]
"""Status, headers and text."""
FORM = "application/x-www-form-urlencoded"


class Rig:
    """The desk, its accounts, and a clock that can be moved. Without ``subjects`` it is the office of four people."""

    def __init__(self, folder: Path, subjects: int = 0, settings: str = "") -> None:
        self.folder, self.later = folder, 0.0
        self.lab = Lab.open(folder / "home")
        self.keys = folder / "office" / "practice-keys" if subjects else folder
        if subjects:
            make(folder / "office", self.lab, subjects, 1, datetime.now(UTC).replace(microsecond=0))
        else:
            enacted(office_in(folder), folder, self.lab, BASE, "base.toml")
        self.office = Office.open(folder / "office")
        (folder / "gateway.toml").write_text(SETTINGS.replace("KEYS", str(self.keys)) + settings)
        self.desk = Desk(Place.read(folder / "gateway.toml"), lambda: time.time() + self.later)
        self.secrets = {name: self.enrol(name, role) for name, role in PEOPLE.items()}

    def enrol(self, name: str, role: str, password: str = PASSWORD) -> str:
        """An account with a password of its own; its secret."""
        made = self.desk.people.add(name, role, self.desk.clock())
        self.desk.people.change(name, made.password, password)
        return parse_qs(urlsplit(made.uri).query)["secret"][0]

    def code(self, name: str) -> str:
        """A code that was not used: time goes on where it must."""
        self.later += 30
        return pyotp.TOTP(self.secrets[name]).at(int(self.desk.clock()))

    @contextmanager
    def serving(self) -> Iterator["Rig"]:
        """While it answers."""
        with served(Console(self.desk)) as self.url:
            yield self

    def sign_in(self, page: Any, name: str) -> None:
        """As a person does it."""
        page.goto(f"{self.url}/signin")
        page.fill("input[name=name]", name)
        page.fill("input[name=password]", PASSWORD)
        page.fill("input[name=code]", self.code(name))
        page.click("button.main")
        page.wait_for_url(f"{self.url}/")


class Client:
    """Requests without a browser: what a browser would not send can be sent."""

    def __init__(self, rig: Rig) -> None:
        self.rig, self.cookie, self.csrf = rig, "", ""
        self.origin = rig.url

    def sign_in(self, name: str, password: str = PASSWORD, code: str = "") -> int:
        """The status of signing in; the cookie is kept."""
        code = code or self.rig.code(name)
        status, headers, _ = self.post("/signin", name=name, password=password, code=code, csrf="")
        if status == 303:
            self.cookie = headers["set-cookie"].partition(";")[0]
            found = re.search(r'name="csrf" value="([^"]+)"', self.get("/account")[2])
            assert found
            self.csrf = found[1]
        return status

    def get(self, path: str, **headers: str) -> Answer:
        """Status, headers and text."""
        return self._ask("GET", path, b"", headers)

    def post(self, path: str, /, *, headers: dict[str, str] | None = None, **form: str) -> Answer:
        """A form, from this origin and with the session's token, unless it says otherwise."""
        body = urlencode({"csrf": self.csrf, **form}).encode()
        said = {"content-type": FORM, "origin": self.origin, **(headers or {})}
        return self._ask("POST", path, body, {name: value for name, value in said.items() if value})

    def _ask(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        connection = HTTPConnection(urlsplit(self.rig.url).netloc, timeout=60)
        try:
            connection.request(method, path, body, {**({"cookie": self.cookie} if self.cookie else {}), **headers})
            answer: HTTPResponse = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read().decode()
        finally:
            connection.close()
