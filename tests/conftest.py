"""What the whole suite shares: when long tests run, and what may be skipped where everything should be at hand."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# How fast a property is drawn and checked is the machine's affair, and it is shared.
settings.register_profile("shared", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared")

CI = os.environ.get("CI") == "1"
ALLOWED_SKIPS = ("BYLAW_DATA", "needs CUDA", "trl is not installed")
_skipped: list[tuple[str, str]] = []


@pytest.fixture(scope="session", autouse=True)
def _lab_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """No test signs with, or writes to, the lab of whoever runs it."""
    home = tmp_path_factory.mktemp("lab") / "home"
    before = os.environ.get("BYLAW_HOME")
    os.environ["BYLAW_HOME"] = str(home)
    yield home
    del os.environ["BYLAW_HOME"]
    if before is not None:
        os.environ["BYLAW_HOME"] = before


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if CI:
        return
    for item in items:
        if "long" in item.keywords:
            item.add_marker(pytest.mark.skip(reason="long: runs with CI=1"))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        _skipped.append((report.nodeid, reason))


def pytest_sessionfinish(session: pytest.Session) -> None:
    surprising = [(test, why) for test, why in _skipped if not any(allowed in why for allowed in ALLOWED_SKIPS)]
    if CI and surprising:
        print("\nskipped, though everything should be at hand:")
        for test, why in surprising:
            print(f"  {test}: {why}")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
