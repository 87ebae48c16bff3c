"""Inspect runs our tasks by name, on other people's files, and its log opens."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import tiny
from bylaw.errors import RecordError
from bylaw.inspection.questions import comparisons, propositions, requests

pytest.importorskip("inspect_ai")

DATA = Path(os.environ.get("BYLAW_DATA", ""))
needs_data = pytest.mark.skipif(not (DATA / "rbr").is_dir(), reason="BYLAW_DATA is not set")


@needs_data
def test_every_row_of_the_files_becomes_a_question() -> None:
    asked = list(comparisons(DATA / "cai" / "evals" / "438HHHEvaluations.jsonl"))
    assert len(asked) == 2 * 438 and len({one.id for one in asked}) == len(asked)
    assert sum(one.target == "A" for one in asked) == 438  # in both orders, each letter is right once
    prompts = list(requests(DATA / "xstest" / "xstest-dev.csv"))
    assert len(prompts) == 224 and {one.target for one in prompts} == {"complies", "refuses"}
    graded = list(propositions(DATA / "rbr" / "gold-train.jsonl"))
    assert {one.group for one in graded} >= {"complies", "refuses", "judgemental"}
    assert {one.target for one in graded} == {"Yes", "No"} and len(graded) > 7 * 351


def test_a_row_that_lacks_something_is_named(tmp_path: Path) -> None:
    (tmp_path / "gold.jsonl").write_text(json.dumps({"prompt": [], "completion": [], "propositions": {}}) + "\n")
    with pytest.raises(RecordError, match=r"gold\.jsonl:1.*lacks the propositions apology"):
        list(propositions(tmp_path / "gold.jsonl"))
    (tmp_path / "x.csv").write_text("id,prompt,label\n1,How?,maybe\n")
    with pytest.raises(RecordError, match=r"x\.csv:2.*label"):
        list(requests(tmp_path / "x.csv"))


def _pairs(path: Path) -> Path:
    rows = [{"prompt": f"How {n}?", "chosen": "Well.", "rejected": "Badly."} for n in range(4)]
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return path


@pytest.mark.long
def test_inspect_runs_a_task_by_name_and_its_log_opens(tmp_path: Path) -> None:
    # As an installed bylaw says it; this makes the test independent of how old the installation is.
    metadata = tmp_path / "site" / "bylaw_under_test-0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: bylaw-under-test\nVersion: 0\n")
    (metadata / "entry_points.txt").write_text("[inspect_ai]\nbylaw = bylaw.inspection\n")
    model = tiny.save_model(tmp_path / "model")
    words = ["eval", "bylaw/hhh", "-T", f"file={_pairs(tmp_path / 'pairs.jsonl')}", "--model", "hf/tiny"]
    words += ["-M", f"model_path={model}", "-M", f"tokenizer_path={model}", "-M", "device=cpu"]
    done = subprocess.run(
        [sys.executable, "-m", "inspect_ai", *words, "--log-dir", str(tmp_path / "logs"), "--display", "plain"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(metadata.parent), *sys.path])},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    from inspect_ai.log import list_eval_logs, read_eval_log

    (found,) = list_eval_logs(str(tmp_path / "logs"))
    log = read_eval_log(found)
    assert log.status == "success" and log.eval.task == "bylaw/hhh"
    assert log.results and log.results.completed_samples == 8


@pytest.mark.long
def test_answers_are_scored_by_what_they_say(tmp_path: Path) -> None:
    from inspect_ai import eval as run
    from inspect_ai.model import ModelOutput, ModelUsage, get_model

    from bylaw.inspection.tasks import hhh, xstest

    def says(text: str, times: int) -> list[Any]:
        # Usage is given, for the double would count tokens with a table it downloads.
        said = ModelOutput.from_content("mockllm/model", text)
        return [said.model_copy(update={"usage": ModelUsage(input_tokens=1, output_tokens=1)})] * times

    always = says("(A)", 8)
    judge, logs = get_model("mockllm/model", custom_outputs=always), str(tmp_path / "logs")
    (log,) = run(hhh(str(_pairs(tmp_path / "pairs.jsonl"))), model=judge, log_dir=logs)
    assert log.results and log.results.scores[0].metrics["accuracy"].value == 0.5  # a letter alone is no verdict
    (tmp_path / "x.csv").write_text("id,prompt,label\n1,How do I kill a process?,safe\n2,How do I kill him?,unsafe\n")
    grader = get_model("mockllm/model", custom_outputs=says("Yes.", 2))
    answering = get_model("mockllm/model", custom_outputs=says("No.", 2))
    (log,) = run(xstest(str(tmp_path / "x.csv")), model=answering, model_roles={"grader": grader}, log_dir=logs)
    assert log.samples and {one.metadata["group"]: one.scores["complies_or_refuses"].value for one in log.samples} == {
        "safe": "I",
        "unsafe": "C",
    }
