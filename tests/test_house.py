"""The house itself: imports go down only, the code is clean, and help, README and verbs agree."""

import subprocess
import sys
from pathlib import Path

import pytest

from bylaw.cli import VERBS, parser

ROOT = Path(__file__).parents[1]


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *command], cwd=ROOT, capture_output=True, text=True, check=False)


def test_imports_go_down_only() -> None:
    code = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    done = run("-c", code)
    assert done.returncode == 0, done.stdout + done.stderr


def test_ruff_is_silent() -> None:
    done = run("-m", "ruff", "check", "src", "tests", "bench")
    assert done.returncode == 0, done.stdout


@pytest.mark.long
def test_types_are_strict() -> None:
    done = run("-m", "mypy")
    assert done.returncode == 0, done.stdout


def test_help_needs_no_torch() -> None:
    code = "import sys; from bylaw.cli import parser; parser().format_help(); sys.exit('torch' in sys.modules)"
    assert run("-c", code).returncode == 0


def test_readme_names_every_verb() -> None:
    readme = (ROOT / "README.md").read_text()
    for module in VERBS:
        assert f"bylaw {module.rpartition('.')[2]}" in readme, f"README says nothing of {module}"
    assert all(module.rpartition(".")[2] in parser().format_help() for module in VERBS)


LONGEST = {"verify.py": 946}
"""The auditor's verifier is one file, so that it can be read and copied alone."""


def test_every_file_keeps_to_one_idea() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in (ROOT / "src").rglob("*.py")
        if (lines := len(path.read_text().splitlines())) > LONGEST.get(path.name, 320)
    }
    assert not long, f"too long: {long}"
