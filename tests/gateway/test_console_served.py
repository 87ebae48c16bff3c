"""The console on a running gateway's admin port: what is enacted there holds at the door."""

import re
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlencode, urlsplit

import pyotp
import pytest
from gateway_rig import Got, Rig, ask, letter, wait

from bylaw.access.rules.approval import sign
from bylaw.cli import main
from bylaw.console.desk import Desk
from bylaw.gateway.settings import Place
from bylaw.signing import LocalSigner

PASSWORD = "seven quiet herons wade"


class Person:
    """Somebody at the console."""

    def __init__(self, rig: Rig) -> None:
        self.rig, self.cookie, self.csrf = rig, "", ""

    def post(self, path: str, **form: str) -> Got:
        body = urlencode({"csrf": self.csrf, **form}).encode()
        kind = {"content-type": "application/x-www-form-urlencoded", "origin": self.rig.admin}
        return ask(self.rig.admin, "POST", path, {**kind, "cookie": self.cookie}, body)

    def page(self, path: str) -> str:
        got = ask(self.rig.admin, "GET", path, {"cookie": self.cookie})
        assert got.status == 200, got.body
        return got.body.decode()

    def enter(self, password: str, code: str) -> None:
        got = self.post("/signin", name="ana", password=password, code=code)
        assert got.status == 303, got.body
        self.cookie = got.headers["set-cookie"].partition(";")[0]
        found = re.search(r'name="csrf" value="([^"]+)"', self.page("/account"))
        assert found
        self.csrf = found[1]


def test_an_order_enacted_in_the_console_holds_at_the_door(rig: Rig, capsys: pytest.CaptureFixture[str]) -> None:
    where = ["--gateway", str(rig.path)]
    assert main(["console", "account", "add", "ana", "--role", "operator", *where]) == 0
    told = capsys.readouterr().out
    uri = next(line for line in told.splitlines() if line.startswith("otpauth://"))
    secret = parse_qs(urlsplit(uri).query)["secret"][0]
    first = re.search(r"with the password (\S+),", told)
    assert first
    ana = Person(rig)
    ana.enter(first[1], pyotp.TOTP(secret).now())
    assert ana.post("/account/password", old=first[1], new=PASSWORD, repeated=PASSWORD).status == 303
    assert ask(rig.admin, "GET", "/healthz", {}).status == 200
    assert rig.chat("foreign").status == 200
    desk = Desk(Place.read(rig.path))
    draft = desk.drafts.new("letter", letter("m"))
    assert ana.post("/drafts/letter/impact").status == 303
    wait(lambda: desk.foresight.sums(draft) is not None, rig.log)
    for name in ("ana", "ben"):
        sign(draft.path, LocalSigner.load(rig.folder / f"{name}.pem"))
    assert ana.post("/drafts/letter/enact", seen=draft.mark).headers["location"] == "/directives/letter@1"
    rig.wait_enforced()
    assert (rig.chat("foreign").status, rig.chat("citizen").status) == (451, 200)
    assert "in force" in ana.page("/directives/letter@1")
    assert f"{datetime.now(UTC):%Y}" in ana.page("/workers")
    assert main(["console", "account", "remove", "ana", *where]) == 0
    assert ask(rig.admin, "GET", "/directives", {"cookie": ana.cookie}).status == 303
    assert main(["console", "account", "list", *where]) == 0
