"""One gateway for all tests that leave it as it was."""

from collections.abc import Iterator

import pytest
from gateway_model import ModelServer
from gateway_rig import Rig, gateway


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Rig, ModelServer]]:
    with gateway(tmp_path_factory.mktemp("gateway")) as both:
        yield both


@pytest.fixture
def rig(running: tuple[Rig, ModelServer]) -> Rig:
    return running[0]


@pytest.fixture
def server(rig: Rig, running: tuple[Rig, ModelServer]) -> Iterator[ModelServer]:
    server = running[1]
    assert server.url in rig.path.read_text(), "the model's server that is watched is not the one the gateway asks"
    server.heard.clear()
    server.enough.clear()
    yield server
    server.enough.set()
