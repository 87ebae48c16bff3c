"""The runner of the benches: what was measured is kept, whatever comes after it."""

import ast
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

BENCH = Path(__file__).parents[1] / "bench"
ALL = """
from series import run
raise SystemExit(run("", {"first": "first.py", "middle": "middle.py", "last": "last.py"}))
"""
MEASURES = """
from reporting import report
print("something that is no figure")
raise SystemExit(0 if report(__file__, 1, 1) else 1)
"""
SHORT = MEASURES.replace("1, 1)", "0, 1)")
DIES = {
    "error": "from reporting import report\nreport('before', 1, 1)\nraise ValueError('no')",
    "said why": "from reporting import report\nreport('before', 0, 1)\nraise SystemExit('nobody answers')",
    "killed": "import os\nfrom reporting import report\nreport('before', 1, 1)\nos.kill(os.getpid(), 9)",
}


@pytest.fixture
def parts(tmp_path: Path) -> Path:
    """A runner of three parts."""
    for name in ("series.py", "reporting.py"):
        (tmp_path / name).write_text((BENCH / name).read_text())
    (tmp_path / "all.py").write_text(ALL)
    for name in ("first", "middle", "last"):
        (tmp_path / f"{name}.py").write_text(MEASURES)
    return tmp_path


def started(parts: Path, *words: str) -> tuple[int, list[dict[str, Any]], str]:
    """Exit code, the figures printed, and what was said besides."""
    command = [sys.executable, "all.py", "--json", "kept.json", *words]
    done = subprocess.run(command, cwd=parts, capture_output=True, text=True, check=False)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines() if "verdict" in line], done.stderr


@pytest.mark.parametrize("how", DIES)
def test_a_part_that_dies_takes_no_figure_with_it_and_is_run_again(parts: Path, how: str) -> None:
    (parts / "middle.py").write_text(DIES[how])
    code, figures, _ = started(parts)
    assert code == 1 and len(figures) == 4
    assert figures[1]["figure"] == "before" and figures[2]["figure"] == "middle: run to its end"
    assert figures[2]["verdict"] == "short" and figures[3]["verdict"] == "reached"
    kept = json.loads((parts / "kept.json").read_text())
    assert [each for said in kept.values() for each in said["figures"]] == figures
    (parts / "middle.py").write_text(MEASURES)
    code, figures, said = started(parts)
    assert code == 0 and len(figures) == 1 and said.count("measured before") == 2


def test_a_part_that_is_short_has_been_run_and_one_that_lacks_something_is_named(parts: Path) -> None:
    (parts / "middle.py").write_text(SHORT)
    (parts / "last.py").write_text("raise SystemExit(1)")
    code, _, said = started(parts)
    assert code == 1 and "short: " in said and "not everything was measured: last" in said
    again, figures, said = started(parts)
    assert again == 1 and not figures and said.count("measured before") == 3
    assert started(parts, "--only", "first")[0] == 0
    assert len(started(parts, "--only", "first", "--", "--another")[1]) == 1, "other words are another measurement"


@pytest.mark.parametrize("series", ["access", "gateway", "prove", "scale"])
def test_every_part_of_a_series_is_there_and_takes_a_smoke_run(series: str) -> None:
    """That a word for it is among a part's own is seen in its text: to ask it would import what it measures."""
    tree = ast.parse((BENCH / f"{series}.py").read_text())
    tables = {
        each.targets[0].id: ast.literal_eval(each.value)  # type: ignore[attr-defined]
        for each in tree.body
        if isinstance(each, ast.Assign)
    }
    for part, script in tables["PARTS"].items():
        text = (BENCH / script).read_text()
        words = tables.get("QUICK", {}).get(part, ["--quick"])
        asked = "options(" in text and words == ["--quick"]  # which gives every bench of the gateway its own
        assert asked or all(f'"{word}"' in text for word in words if word.startswith("--")), part


def test_no_bench_of_the_gateway_is_left_out() -> None:
    text = (BENCH / "gateway.py").read_text()
    alone = [path.name for path in BENCH.glob("gateway_*.py") if "__main__" in path.read_text()]
    assert len(alone) > 5 and all(f'"{name}"' in text for name in alone)
