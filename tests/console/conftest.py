"""One evening for all tests of pages of figures, and a browser."""

from collections.abc import Iterator
from typing import Any

import pytest
from evening import Evening, console


@pytest.fixture(scope="session")
def evening(tmp_path_factory: pytest.TempPathFactory) -> Evening:
    return Evening(tmp_path_factory.mktemp("evening"))


@pytest.fixture(scope="session")
def address(evening: Evening) -> Iterator[str]:
    with console(evening) as address:
        yield address


@pytest.fixture(scope="module")
def window() -> Iterator[Any]:
    from browser import chromium

    with chromium() as browser:
        yield browser
