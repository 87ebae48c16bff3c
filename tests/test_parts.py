"""Models by name: from outside, bound by what they were when they were looked at."""

from pathlib import Path

import pytest

from bylaw import recipe as recipes
from bylaw.errors import RunCorrupt
from bylaw.evaluate.evaluator import Measured
from bylaw.lineage.tree import tree_digest
from bylaw.models.base import Model
from bylaw.parts import Models, Parts
from bylaw.run import Run
from hub import cached, offline


class Nobody:
    """An evaluator that asks nothing."""

    def texts(self) -> dict[str, list[str]]:
        return {}

    def measure(self, model: Model, called: str) -> Measured:
        return Measured([], [])


@pytest.fixture
def content(tmp_path: Path) -> Path:
    (tmp_path / "content").mkdir()
    (tmp_path / "content/config.json").write_text("{}")
    return tmp_path / "content"


def models(folder: Path, policy: str | Path, **digests: str) -> Models:
    run = Run.create(folder / "run", "seed = 0\n", "# none\n")
    return Models(run, recipes.read(""), Parts(str(policy), str(policy), [], Nobody(), [], digests))


def test_a_hub_id_is_bound_by_what_its_snapshot_holds(
    content: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshot = cached(offline(monkeypatch, tmp_path / "hub"), content)
    found = models(tmp_path, "org/tiny")
    assert found.read("model", "seed") == {"model": tree_digest(content)}
    assert found.verified("seed") == snapshot and found.judge_name == "seed"


def test_a_model_must_stay_what_it_was_when_it_was_looked_at(content: Path, tmp_path: Path) -> None:
    found = models(tmp_path, content, **{str(content): tree_digest(content)})
    assert found.verified("seed") == content
    (content / "config.json").write_text("[]")
    with pytest.raises(RunCorrupt, match="has changed while the run went on"):
        found.verified("seed")


def test_another_model_of_that_name_does_not_go_on(content: Path, tmp_path: Path) -> None:
    found = models(tmp_path, content)
    run = Run.open(tmp_path / "run")
    with run.lock(), run.stage("evaluate-seed", found.read("model", "seed")):
        pass
    moved = content.rename(tmp_path / "elsewhere")
    again = models(tmp_path, moved)
    again.require_same()
    (moved / "config.json").write_text("[]")
    with pytest.raises(RunCorrupt, match="evaluate-seed was made with another model than the one given now"):
        models(tmp_path, moved).require_same()
