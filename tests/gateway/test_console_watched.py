"""A running gateway, watched from its console: what is decided at the door is seen there, and counted when filed."""

import http.client
import re
import signal
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from gateway_rig import Rig, ask, gateway, letter, wait

from bylaw.console.cookies import Cookie
from bylaw.console.desk import Desk
from bylaw.gateway.settings import Place

pytestmark = pytest.mark.long


def signed_in(rig: Rig) -> dict[str, str]:
    """A session of an operator."""
    desk = Desk(Place.read(rig.path))
    enrolment = desk.people.add("ana", "operator", time.time())
    desk.people.change("ana", enrolment.password, "seven quiet herons wade")
    return {"cookie": f"{Cookie(False).name}={desk.sessions.begin('ana', 'ana', 'operator', time.time())}"}


def test_the_door_is_watched(tmp_path: Path) -> None:
    with gateway(tmp_path) as (rig, _):
        ana = signed_in(rig)

        def page(path: str) -> str:
            got = ask(rig.admin, "GET", path, ana)
            assert got.status == 200, got.body
            return got.body.decode()

        rig.enact(letter("m"), "letter.toml")
        rig.wait_enforced()
        assert rig.chat("citizen").status == 200
        refused = rig.chat("foreign")
        assert refused.status == 451
        receipt = refused.headers["bylaw-receipt"]
        wait(lambda: 'href="/subjects/foreign"' in page("/decisions"), rig.log)
        wait(lambda: 'href="/subjects/foreign"' in page("/decisions?rule=letter&outcome=refuse"), rig.log)
        shown = page("/decisions?outcome=refuse")
        assert 'href="/subjects/citizen"' not in shown
        id = re.search(r'href="/decisions/(decision-[0-9a-f]{64})"', shown)
        assert id
        assert "REFUSED  foreign · model m" in page(f"/decisions/{id[1]}")
        assert receipt not in shown, "a receipt is the caller's"
        wait(lambda: re.search(r"<b>[1-9]\d*</b> refused", page("/")) is not None, rig.log)
        workers = page("/workers")
        assert "in time" in workers
        assert "Nobody is let through" not in workers
        wait(lambda: "in no batch" in page("/ledger") and "Root of its tree" in page("/ledger"), rig.log)

        stream = http.client.HTTPConnection(urlsplit(rig.admin).netloc, timeout=60)
        stream.request("GET", "/decisions/events", headers=ana)
        assert stream.getresponse().readline() == b"retry: 1000\n"
        rig.process.send_signal(signal.SIGTERM)
        rig.process.wait(90)
        assert rig.process.returncode == 0, "a list that follows does not hold up the end"
        stream.close()
