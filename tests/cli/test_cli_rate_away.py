"""``bylaw rate`` on models behind servers, and on a run behind a URL."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bylaw.cli import main
from bylaw.records import Message, Sample
from bylaw.run import Run
from bylaw.signing import P256, LocalSigner
from judge_server import Faults, Judge, serving
from tiny import CONSTITUTION, prompt_file


@pytest.fixture
def servers() -> Iterator[dict[str, tuple[Judge, str]]]:
    """Two models, each behind a server of its own, with its URL; the first one is fit to judge."""
    old, new = Judge(), Judge(Faults(words="Gladly: take two eggs"))
    with serving(old) as here, serving(new) as there:
        yield {"old": (old, here), "new": (new, there)}


def server_file(folder: Path, name: str, url: str, **more: object) -> Path:
    table = {"backend": "openai_compatible", "url": url, "model": "mock", "cache": "off", **more}
    path = folder / f"{name}.toml"
    path.write_text("[models.judge]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in table.items()))
    return path


def answered(servers: dict[str, tuple[Judge, str]]) -> dict[str, int]:
    return {name: sum(judge.answered.values()) for name, (judge, _) in servers.items()}


def test_models_behind_servers_are_asked_once_within_a_budget(
    servers: dict[str, tuple[Judge, str]], tmp_path: Path, capsys: Any
) -> None:
    """What they cost stands beside their answers; a larger budget goes on, and nothing is asked again."""
    asked = prompt_file(tmp_path / "helpful.jsonl", [f"How do I bake cake {n}?" for n in range(4)])
    files = {name: server_file(tmp_path, name, url) for name, (_, url) in servers.items()}
    (tmp_path / "c.toml").write_text(CONSTITUTION)
    models = (f"old={files['old']}", f"new={files['new']}", "--helpful", asked)
    judge = ("--models", files["old"], "--constitution", tmp_path / "c.toml", "-o", tmp_path / "out", "--json")
    words = [str(one) for one in ("rate", *models, *judge)]

    (tmp_path / "lab.pub").write_bytes(LocalSigner.generate(P256).public.pem)
    assert main([*words, "--dry-run", "--trusted-key", str(tmp_path / "lab.pub")]) == 0
    said, warned = capsys.readouterr()
    assert warned.count("mock: it is behind a server, and no signature of it was checked") == 3, "two models, a judge"
    assert "answers of old: 4 questions to mock" in said and "answers of new: 4 questions to mock" in said
    assert "\n16 questions to mock" in said, "4 pairs, 2 orders, 2 principles"
    assert answered(servers) == {"old": 0, "new": 0} and not (tmp_path / "out").exists()

    server_file(tmp_path, "new", servers["new"][1], budget_tokens=1)
    assert main(words) == 3
    assert "the budget is spent" in capsys.readouterr().err
    server_file(tmp_path, "new", servers["new"][1])
    assert main(words) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["judged"]["rates_itself"] == "old"
    assert {one["model"] for one in printed["subsets"]["helpful"]["ratings"]} == {"old", "new"}
    assert printed["subsets"]["helpful"]["results"] == 4
    kept = sorted((tmp_path / "out" / "answers").glob("*.jsonl"))
    assert sum("Gladly: take two eggs" in file.read_text() for file in kept) == 1 and len(kept) == 2
    assert all(file.with_name(f"{file.name}.costs.db").exists() for file in kept)

    before = answered(servers)
    assert main(words) == 0
    assert json.loads(capsys.readouterr().out) == printed and answered(servers) == before


def test_what_a_model_would_be_asked_is_counted_where_the_judge_is_here(
    servers: dict[str, tuple[Judge, str]], tmp_path: Path, capsys: Any
) -> None:
    asked = prompt_file(tmp_path / "harmful.jsonl", ["How do I break a lock?"])
    files = [server_file(tmp_path, name, url) for name, (_, url) in servers.items()]
    words = ["rate", *(f"{file.stem}={file}" for file in files), "--harmful", str(asked), "--judge", "windtunnel"]
    assert main([*words, "--dry-run"]) == 0
    said = capsys.readouterr().out
    assert said.count("1 questions to mock") == 2 and said.startswith("answers of old: ")
    assert main(["rate", *map(str, files), "--harmful", str(asked), "--judge", "windtunnel"]) == 2
    assert "two models are called mock: give them names, as in new=mock" in capsys.readouterr().err
    (tmp_path / "none.toml").write_text('policy = "x"\n')
    assert main([*words[:2], f"new={tmp_path / 'none.toml'}", *words[3:]]) == 2
    assert "none.toml names no server" in capsys.readouterr().err


def test_a_run_behind_a_url_is_rated(
    servers: dict[str, tuple[Judge, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    pytest.importorskip("fsspec")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    made = Run.create(tmp_path / "heron", 'policy = "tiny"\nseed = 0\n', CONSTITUTION)
    with made.lock():
        for name in ("seed", "sft", "final"):
            with made.stage(f"evaluate-{name}", {"model": "a" * 64}) as stage:
                stage.add(*(_sample(name, n) for n in range(3)))
    url, judge = f"file://{tmp_path}/bucket/heron", server_file(tmp_path, "judge", servers["old"][1])
    assert main(["copy", str(made.path), url]) == 0
    capsys.readouterr()
    printed = []
    for place in (str(made.path), url):
        out = tmp_path / f"{len(printed)}.ratings"
        assert main(["rate", place, "--models", str(judge), "-o", str(out), "--json"]) == 0
        printed.append(json.loads(capsys.readouterr().out))
    assert printed[0] == printed[1] and printed[0]["subsets"]["harmful"]["results"] == 9
    assert main(["rate", f"{url}-none", "--models", str(judge)]) == 2
    assert "holds no run" in capsys.readouterr().err


def _sample(model: str, number: int) -> Sample:
    asked, text = (Message("user", f"harmful {number}?"),), f"{model} says {number}"
    return Sample(model=model, subset="harmful", temperature=1.0, messages=asked, text=text, reading="")
