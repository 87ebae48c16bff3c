"""Directories of a machine stay on it: in a run's shown settings and in statements stand last names and digests."""

from pathlib import Path

import pytest

from bylaw.canonical import sha256
from bylaw.errors import RunCorrupt, RunError
from bylaw.lineage.tree import tree_digest
from bylaw.run import Run, local


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "ada's home"
    (folder / "models/mine").mkdir(parents=True)
    (folder / "models/mine/config.json").write_text("{}")
    (folder / "asked.jsonl").write_text("{}\n")
    monkeypatch.chdir(folder)
    return folder


def test_what_leads_somewhere_on_this_machine_is_a_place(here: Path) -> None:
    places = ["models/mine", f"{here}/asked.jsonl", "~/models/x", "/home/ada/gone.jsonl"]
    others = ["", "windtunnel", "asked.jsonl", "org/model", "a / b", "/", "/no_think", "models/mine\n", "x" * 5000]
    assert all(map(local.is_place, places)) and not any(map(local.is_place, others))


def test_statements_hold_last_names_and_digests(here: Path) -> None:
    said = local.bare(
        {"evaluate": {"file": f"{here}/asked.jsonl", "grader": "models/mine", "n": 3, "hub": "org/model"}}
    )
    assert said["evaluate"] == {
        "file": {"name": "asked.jsonl", "sha256": sha256(b"{}\n")},
        "grader": {"name": "mine", "dirHash": tree_digest(here / "models/mine")},
        "n": 3,
        "hub": "org/model",
    }
    assert local.bare({"gone": "/home/ada/gone.jsonl"}) == {"gone": {"name": "gone.jsonl"}}


def test_a_run_shows_no_directory_and_goes_on_with_all_of_them(here: Path, tmp_path: Path) -> None:
    text = (
        f'# asked\npolicy = "models/mine"\n[prompts]\nfile = "{here}/asked.jsonl"\nhub = "org/model"\nnames = ["a"]\n'
    )
    run = Run.create(tmp_path / "run", text, "# none\n")
    shown = (run.path / "run.toml").read_text()
    assert (
        "ada" not in shown and "models/" not in shown and 'hub = "org/model"' in shown and shown.startswith("# asked")
    )
    assert run.settings_text == Run.create(run.path, text, "# none\n").settings_text == text
    assert run.document_digest("run.toml") == sha256(shown.encode())
    with pytest.raises(RunError, match=r"its run\.toml is not the one given now"):
        Run.create(run.path, text.replace("org/model", "org/other"), "# none\n")
    (here / "asked.jsonl").unlink()  # what is shown does not depend on what still lies here
    assert Run.open(run.path).settings_text == text

    kept = run.path / "local.toml"
    for old, new in (("org/model", "org/other"), ("asked.jsonl", "other.jsonl"), ('["a"]', '["a", "b"]')):
        kept.write_text(text.replace(old, new))
        with pytest.raises(RunCorrupt, match="differ in more than the directories"):
            _ = run.settings_text
    kept.write_text(text.replace(str(here), "/another/home"))
    assert "/another/home" in run.settings_text


def test_without_places_there_is_one_text(tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", 'policy = "windtunnel"\n', "# none\n")
    assert {path.name for path in run.path.iterdir()} == {"run.toml", "constitution.toml", ".lock"}


def test_paths_that_cannot_be_kept_out_are_refused(here: Path, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="between double quotes"):
        Run.create(tmp_path / "run", f"file = '{here}/asked.jsonl'\n".replace("'s", "s"), "# none\n")
