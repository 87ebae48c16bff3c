"""A lab, and an office in which ordinary access is enacted."""

from pathlib import Path

import pytest

from bylaw.access.office.place import Office
from bylaw.lineage.lab import Lab
from offices import BASE, enacted, office_in


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab.open(tmp_path / "lab")


@pytest.fixture
def office(tmp_path: Path, lab: Lab) -> Office:
    made = office_in(tmp_path)
    enacted(made, tmp_path, lab, BASE, "base.toml")
    return made
