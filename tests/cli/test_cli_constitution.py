"""``bylaw constitution``, through its parser."""

import argparse
import json
from pathlib import Path

import pytest

from bylaw.cli.constitution import register
from bylaw.constitution import default, dumps, load
from bylaw.errors import ConstitutionError, UsageError


def bylaw(*words: str) -> int:
    parser = argparse.ArgumentParser(prog="bylaw")
    register(parser.add_subparsers(required=True))
    args = parser.parse_args(["constitution", *words])
    return int(args.run(args))


@pytest.fixture
def file(tmp_path: Path) -> str:
    (tmp_path / "c.toml").write_text(dumps(default()), encoding="utf-8")
    return str(tmp_path / "c.toml")


def test_lint_of_the_shipped_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert bylaw("lint") == 0
    assert capsys.readouterr().out == "A helpful assistant that does no harm: 0 errors, 0 warnings\n"


def test_lint_points_at_the_line(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = Path(file).read_text(encoding="utf-8").replace("Judge the tone", "Options: judge the tone")
    Path(file).write_text(text, encoding="utf-8")
    line = text[: text.index("Options:")].count("\n")
    assert bylaw("lint", file) == 1
    assert f"{file}:{line}: tone.critique_request: error: contains 'Options:'" in capsys.readouterr().out
    assert bylaw("lint", "--json", file) == 1
    assert json.loads(capsys.readouterr().out)[0]["principle"] == "tone"


def test_show(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert bylaw("show", file) == 0
    table = capsys.readouterr().out
    assert default().digest in table
    assert all(f"  {one.key} " in table and one.title in table for one in default().principles)
    assert max(len(line) for line in table.splitlines()) <= 120
    assert bylaw("show", "--principle", "tone") == 0
    full = capsys.readouterr().out
    assert "revision request" in full
    assert "privacy" not in full
    assert bylaw("show", "--json") == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["digest"] == default().digest
    assert len(shown["principles"]) == 16


def test_show_of_an_unknown_principle() -> None:
    with pytest.raises(UsageError, match="no principle has the id 'x'; there are violence, crime"):
        bylaw("show", "--principle", "x")


def test_diff(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert bylaw("diff", "default", file) == 0
    assert capsys.readouterr().out == "no change\n"
    text = Path(file).read_text(encoding="utf-8")
    Path(file).write_text(text.replace("Children come first", "Children first"), encoding="utf-8")
    assert bylaw("diff", "default", file) == 0
    assert capsys.readouterr().out == "principle children: changed\n    title: Children [-come -]first\n"


def test_import(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    instruction = {
        "prompt": ["CritiqueRequest: Bad?Critique:"],
        "edit_request": "RevisionRequest: Rewrite.Revision:",
    }
    (tmp_path / "CritiqueRevisionInstructions.json").write_text(json.dumps({"harmful0": instruction}))
    (tmp_path / "RLMadisonInstructions.json").write_text(json.dumps(["Choose the better. Options:"]))
    output = tmp_path / "out.toml"
    assert bylaw("import", str(tmp_path), "-o", str(output)) == 0
    assert load(output).principles[0].comparison == "Choose the better."
    with pytest.raises(UsageError, match="exists; give --force"):
        bylaw("import", str(tmp_path), "-o", str(output))
    assert bylaw("import", str(tmp_path), "-o", str(output), "--force") == 0
    capsys.readouterr()
    assert bylaw("import", str(tmp_path)) == 0
    assert capsys.readouterr().out == output.read_text(encoding="utf-8")
    with pytest.raises(UsageError, match="cannot write"):
        bylaw("import", str(tmp_path), "-o", str(tmp_path / "no" / "where.toml"))
    with pytest.raises(ConstitutionError, match="there is no such file"):
        bylaw("import", str(tmp_path / "no"))
