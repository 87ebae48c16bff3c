"""A whole run whose judge is behind a server: the same stages and records, paid for once, its cost in the report."""

from pathlib import Path
from typing import Any

import pytest

from bylaw.cli import main
from bylaw.models.remote.spending import read
from bylaw.records import Label
from bylaw.run import Run
from bylaw.run.documents import costs_of
from bylaw.verify import verify
from judge_server import Faults, Judge, serving
from tiny import run_file, save_model, words

pytest.importorskip("torch")


def test_a_run_is_judged_by_a_server_and_goes_on_when_its_budget_grows(tmp_path: Path, capsys: Any) -> None:
    model = save_model(tmp_path / "tiny")
    out = tmp_path / "run"
    judge = Judge(Faults(errors=0.05))
    with serving(judge) as url:
        table = {
            "models.judge.backend": "openai_compatible",
            "models.judge.url": url,
            "models.judge.model": "mock",
            "models.judge.cache": str(tmp_path / "answers.db"),
            "models.judge.concurrency": 8,
        }
        recipe = run_file(tmp_path, model, **table)
        assert main([*words(recipe, out), "--set", "models.judge.budget_tokens=600"]) == 3
        stopped = capsys.readouterr().err
        assert "the budget is spent" in stopped and "Go on with: bylaw train" in stopped
        assert main(words(recipe, out)) == 0
    run = Run.open(out)
    labels = list(run.read(Label))
    assert labels and {one.judge for one in labels} == {"judge (mock, fp_1)"}
    paid = {(line.stage, line.about): line.calls for line in read(costs_of(out))}
    assert paid["label", "kind"] == paid["label", "true"] == 2 * len(labels)
    assert any(stage.startswith("evaluate") for stage, _ in paid), "the grader is the judge, and charged to its stage"
    assert "budget_tokens = 0" in run.settings_text, "what a run may spend is no part of what it is"
    page = (out / "report" / "index.html").read_text()
    assert "Asked of servers" in page and "mock" in page
    assert verify(out).state("file.extra") == "✓", "what servers were paid is no file of another run"


def test_the_dry_run_says_what_a_server_would_cost(tmp_path: Path, capsys: Any) -> None:
    recipe = run_file(
        tmp_path,
        tmp_path / "nothing",
        **{"models.judge.backend": "anthropic", "models.judge.model": "claude-haiku-4-5", "models.judge.cache": "off"},
    )
    assert main(["train", str(recipe), "--dry-run"]) == 0
    said = capsys.readouterr().out
    # 11 prompts, one pair each, two principles in two orders, eight votes.
    assert f"# {11 * 2 * 2 * 8} questions to claude-haiku-4-5" in said
    assert "$ at most" in said and "https://" in said and "how long it takes is not known" in said
