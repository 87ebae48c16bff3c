"""Limits through the door, with several workers: what is set passes, and not as often as there are workers."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest
from gateway_model import ModelServer
from gateway_rig import SETTLED, WAIT, Rig, ask, gateway, wait

LIMITS = "[limits]\nkey_rate = 0.001\nburst_seconds = 20_000\nconnections = 3\n"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Rig, ModelServer]]:
    with gateway(tmp_path_factory.mktemp("limits"), SETTLED + LIMITS, "workers = 2\n") as both:
        yield both


def test_twenty_are_twenty_at_two_workers(rig: Rig) -> None:
    got = [rig.chat("foreign") for _ in range(30)]
    assert [each.status for each in got] == [200] * 20 + [429] * 10
    assert int(got[-1].headers["retry-after"]) > 900
    assert rig.chat("nobody").status == 200


def test_connections_beyond_the_cap_are_turned_away(rig: Rig) -> None:
    parts = urlsplit(rig.door)
    with ExitStack() as all:
        held = [
            all.enter_context(socket.create_connection((parts.hostname, parts.port), timeout=WAIT)) for _ in range(7)
        ]
        wait(lambda: _turned_away(rig) > 0)  # two workers have room for six
        assert len(held) == 7
    wait(lambda: _answers(rig))


def _answers(rig: Rig) -> bool:
    try:
        return rig.chat("nobody").status == 200
    except OSError:
        return False  # a worker has not heard yet that the others have gone


def _turned_away(rig: Rig) -> float:
    text = ask(rig.admin, "GET", "/metrics", {}).body.decode()
    return float(text.split("\nbylaw_turned_away_total ")[1].split()[0])
