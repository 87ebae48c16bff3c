"""``bylaw label --models``: whatever goes wrong at the server in mid-run, the same command goes on as if it had not."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import tiny
from bylaw.cli import main
from judge_server import Faults, Judge, serving

ROWS = 160


@pytest.fixture
def given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    rows = [{"prompt": f"How do I break lock {n}?", "chosen": f"No, {n}.", "rejected": "Yes."} for n in range(ROWS)]
    (tmp_path / "pairs.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    (tmp_path / "c.toml").write_text(tiny.CONSTITUTION)
    monkeypatch.setenv("JUDGE_KEY", "secret")
    return tmp_path


def label(folder: Path, url: str, out: str, *more: str) -> int:
    """A cache of its own for each file that is made: nothing comes from the other."""
    (folder / f"{out}.toml").write_text(
        f'[models.judge]\nbackend = "openai_compatible"\nurl = "{url}"\nmodel = "mock"\nkey = "JUDGE_KEY"\n'
        f'cache = "{folder / out}.db"\nconcurrency = 8\nattempts = 2\n'
    )
    line = ["label", folder / "pairs.jsonl", "--constitution", folder / "c.toml", "--models", folder / f"{out}.toml"]
    return main([*map(str, line), "-o", str(folder / f"{out}.jsonl"), *more])


@pytest.mark.parametrize(
    ("then", "said", "again"),
    [
        ("key", "does not accept the key in JUDGE_KEY (401: key: key); it may have expired", "does not accept the key"),
        ("model", "now 'another, fp_1' answers", "asked for 'mock', and 'another' answered"),
        ("format", "gave no log-probabilities this time", "gives no log-probabilities, and gave them before"),
        ("half", "what came is not an answer in this API's form", "what came is not an answer in this API's form"),
        ("language", "names none of the options", "but not as before: to the anchor"),
    ],
)
def test_the_same_command_goes_on(
    given: Path, then: str, said: str, again: str, capsys: pytest.CaptureFixture[str]
) -> None:
    judge = Judge(Faults(after=100, then=then))  # of 640 questions
    with serving(Judge()) as url:
        assert label(given, url, "untroubled") == 0
    with serving(judge) as url:
        for words in (said, again):  # the second time the server is asked first who it is
            assert label(given, url, "troubled") == 1
            told = capsys.readouterr().err
            assert words in told and "bylaw: nothing finished is lost. Go on with: the same command" in told
            assert "Traceback" not in told and "secret" not in told
        judge.faults.then = ""
        assert label(given, url, "troubled") == 0
    assert (given / "troubled.jsonl").read_bytes() == (given / "untroubled.jsonl").read_bytes()
    wasted = {"language": 300, "half": 200}.get(then, 100)  # no verdicts; half ones, each asked again; else under way
    assert sum(judge.answered.values()) < 4 * ROWS + wasted


@pytest.mark.parametrize("after", [0, 102], ids=["from the start", "in mid-run"])
def test_rows_that_a_server_gone_wrong_spoilt_are_not_filed(
    given: Path, after: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """Chunks of fewer questions than it takes to tell a judge from none; here the command is given until it goes on."""
    with serving(Judge()) as url:
        assert label(given, url, "untroubled", "--chunk", "5") == 0
    judge = Judge(Faults(after=after, then="language"))
    with serving(judge) as url:
        assert label(given, url, "troubled", "--chunk", "5") == 1
        told = capsys.readouterr().err
        assert "names none of the options" in told and "Go on with: the same command" in told
        judge.faults.then = ""
        assert label(given, url, "troubled", "--chunk", "5") == 0
    assert (given / "troubled.jsonl").read_bytes() == (given / "untroubled.jsonl").read_bytes()


def test_broken_files_and_addresses_are_told_before_anything_is_asked(
    given: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (given / "troubled.db").write_bytes(b"no database" * 1000)
    assert label(given, "http://127.0.0.1:9/v1", "troubled") == 1
    told = capsys.readouterr().err
    assert "or remove it" in told and "Go on with: the same command" in told
    assert label(given, "http://me:pass-word@127.0.0.1:9/v1", "other") == 2
    assert "pass-word" not in capsys.readouterr().err


def test_connections_are_given_back_however_it_ends(given: Path) -> None:
    """aiohttp says on stderr of a session that was left open, when the process ends."""
    judge = Judge(Faults(then="key"))
    with serving(judge) as url:
        assert label(given, url, "told") == 0  # writes the file of settings
        line = [
            sys.executable,
            "-m",
            "bylaw",
            "label",
            "pairs.jsonl",
            "--constitution",
            "c.toml",
            "--models",
            "told.toml",
        ]
        judge.faults.after = sum(judge.answered.values()) + 4  # the anchors of the next
        for out, code in (("well", 0), ("badly", 1)):
            if code:
                (given / "told.db").unlink()
            done = subprocess.run([*line, "-o", f"{out}.jsonl"], cwd=given, capture_output=True, text=True, check=False)
            assert done.returncode == code and "nclosed" not in done.stderr
