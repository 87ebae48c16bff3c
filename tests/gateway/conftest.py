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
def server(rig: Rig, running: tuple[Rig, ModelServer]) -> ModelServer:
    assert running[0] is rig and running[1].url in rig.path.read_text()
    running[1].heard.clear()
    return running[1]
