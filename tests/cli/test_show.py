"""``bylaw show`` and the manners of the command line, through the real program."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bylaw.cli import main
from bylaw.records import Label, Measurement, Message, Prompt, Response, Vote
from bylaw.run import Run

PROMPT = Prompt(messages=(Message("user", "where does she live?"),), source="made up")
RESPONSE = Response(prompt=PROMPT.id, model="seed", text="line one\nline two " + "word " * 30, tokens=40)


def label(number: int, principles: tuple[str, ...]) -> Label:
    votes = tuple(Vote(key, swapped, 0.25, 0.99) for key in principles for swapped in (False, True))
    known = {"judge": "seed", "scheme": "ensemble", "template": "principle_last", "votes": votes}
    return Label(comparison=f"comparison {number}", verdict="second", p_first=0.25, **known)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = Run.create(tmp_path_factory.mktemp("runs") / "run", "", "")
    with run.lock():
        with run.stage("respond", seed=3) as stage:
            stage.add(PROMPT, RESPONSE)
        with run.stage("label") as stage:
            stage.add(*(label(number, ("privacy", "law")[: number % 2 + 1]) for number in range(6)))
            stage.add(Measurement(model="seed", name="complies", subset="harmful", value=1.0, n=5, low=0.5, high=1))
        with pytest.raises(ZeroDivisionError), run.stage("sft"):
            raise ZeroDivisionError
    return run.path


def shown(capsys: pytest.CaptureFixture[str], *argv: str | Path) -> str:
    assert main(["show", *map(str, argv)]) == 0
    return capsys.readouterr().out


def rows(capsys: pytest.CaptureFixture[str], *argv: str | Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in shown(capsys, *argv, "--json").splitlines()]


def test_where_looks_into_votes(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert len(rows(capsys, path, "labels", "--where", "principle=privacy")) == 6
    law = rows(capsys, path, "labels", "--where", "principle=law", "p_first=0.25")
    assert [row["comparison"] for row in law] == ["comparison 1", "comparison 3", "comparison 5"]
    assert len(rows(capsys, path, "labels", "--where", "principle=law", "--where", "comparison=comparison 3")) == 1
    assert len(rows(capsys, path, "labels", "--where", "swapped=true", "--limit", "2")) == 2
    assert not rows(capsys, path, "labels", "--where", "principle=priv")


def test_the_beginning_of_an_id_is_enough(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert rows(capsys, path, "responses", "--where", f"prompt={PROMPT.id[:14]}")[0]["text"] == RESPONSE.text
    assert rows(capsys, path, "prompts", "--where", f"id={PROMPT.id}")[0]["id"] == PROMPT.id
    assert not rows(capsys, path, "prompts", "--where", "id=")


def test_readable_text(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys, path, "prompts") == (
        f"{PROMPT.id[:19]}\n  aim harmful  source made up\n  user:\n    where does she live?\n\n"
    )
    text = shown(capsys, path, "responses")
    assert f"  prompt {PROMPT.id[:19]}  model seed" in text and "\n    line one\n    line two" in text
    assert "  vote: principle law  swapped yes  p_first 0.25  mass 0.99\n" in shown(capsys, path, "labels")
    assert "name complies  subset harmful  value 1  n 5" in shown(capsys, path, "measurements")
    assert max(map(len, text.splitlines())) <= 100


def test_stages(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    respond, labelled, sft = rows(capsys, path, "stages")
    assert respond["state"] == "finished" and respond["seed"] == 3 and respond["tokens"] == 40
    assert isinstance(labelled["outputs"], list) and len(labelled["outputs"]) == 2
    assert sft == {"stage": "sft", "state": "unfinished"}
    assert "output: path records/labels.jsonl" in shown(capsys, path, "stages")


@pytest.mark.parametrize(
    ("argv", "code", "said"),
    [
        (["labels", "--where", "principal=x"], 2, "labels have no field 'principal'; known: principle"),
        (["labels", "--where", "principle"], 2, "--where reads FIELD=VALUE"),
        (["tables"], 2, "invalid choice: 'tables'"),
    ],
)
def test_a_wrong_request(path: Path, capsys: pytest.CaptureFixture[str], argv: list[str], code: int, said: str) -> None:
    try:
        assert main(["show", str(path), *argv]) == code
    except SystemExit as stopped:  # argparse's own way out
        assert stopped.code == code
    assert said in capsys.readouterr().err


def test_no_run_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", str(tmp_path), "labels"]) == 1
    assert capsys.readouterr().err == f"bylaw: error: {tmp_path} is not a run directory: it has no run.toml\n"


def test_help_answers_without_torch() -> None:
    code = "import sys; from bylaw.cli import parser; parser().format_help(); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_program_itself(path: Path) -> None:
    command = [sys.executable, "-m", "bylaw", "show", str(path), "labels"]
    ran = subprocess.run(f"{' '.join(command)} | head -n 1", shell=True, capture_output=True, text=True, check=True)
    assert ran.stdout.startswith("label-") and not ran.stderr


def test_ctrl_c_says_how_to_go_on(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    from bylaw.cli import show

    def stopped(args: object) -> int:
        args.go_on = "bylaw train run.toml"  # type: ignore[attr-defined]
        raise KeyboardInterrupt

    monkeypatch.setattr(show, "show", stopped)
    assert main(["show", "anywhere", "labels"]) == 130
    assert capsys.readouterr().err == ("\nbylaw: stopped; nothing finished is lost. Go on with: bylaw train run.toml\n")
