"""Labels made again: how many of how many, how far apart; and only of the run that the bundle is of."""

from math import log
from pathlib import Path
from random import Random

import pytest

from bylaw import recipe as recipes
from bylaw.cli import main
from bylaw.cli.reproduce import _bundled
from bylaw.errors import RunCorrupt, RunError, UsageError, VerificationError
from bylaw.evidence.build import build
from bylaw.lineage.lab import Lab
from bylaw.models.scripted import ScriptedModel
from bylaw.recipe import Recipe
from bylaw.records import Label
from bylaw.reproduce import Redone, Verdict, reproduce_labels, require_bundled, require_judge
from bylaw.run import Run
from runs import RULES, make_run

ASKED = ("label.scheme='one'", "label.template='paper'", "label.both_orders=false", "label.pool='mean'", "chunk=5")


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab.open(tmp_path / "lab")


@pytest.fixture
def run(tmp_path: Path, lab: Lab) -> Run:
    """Twelve labels, p_first 0.25 each."""
    return make_run(tmp_path / "run", lab)


@pytest.fixture
def recipe() -> Recipe:
    return recipes.read("", ASKED)


def judge(odds: float) -> ScriptedModel:
    """One that gives the first option ``odds`` to one."""

    return ScriptedModel(lambda ask: (log(odds / (1 + odds)), log(1 / (1 + odds))))


def test_whole_chunks_are_made_again_and_counted(run: Run, recipe: Recipe) -> None:
    verdict = reproduce_labels(run, recipe, judge(1 / 3), RULES, 1, Random(3))
    assert (verdict.rows, verdict.chunks, verdict.chunks_in_all) == (12, 1, 3) and len(verdict.made) in (5, 2)
    assert not verdict.differ and verdict.largest < 1e-9
    verdict = reproduce_labels(run, recipe, judge(1 / 3), RULES, 99, Random(3))
    assert {each.comparison for each in verdict.made} == {one.comparison for one in run.read(Label)}
    assert verdict.text().startswith("12 of 12 labels were made again, 3 of 3 chunks: 12 came out as they were filed")


def test_another_judge_shows(run: Run, recipe: Recipe) -> None:
    verdict = reproduce_labels(run, recipe, judge(1.0), RULES, 3, Random(0))
    assert len(verdict.differ) == 12 and verdict.largest == pytest.approx(0.25)
    said = "0 came out as they were filed; p_first differs by 0.25 at most (bound 0.001)\n✗ comparison-"
    assert said in verdict.text()


def test_at_least_one_chunk_of_a_run_that_has_labels(run: Run, recipe: Recipe, tmp_path: Path) -> None:
    for chunks in (0, -1):
        with pytest.raises(UsageError, match="ask for one at least"):
            reproduce_labels(run, recipe, judge(1.0), RULES, chunks, Random(0))
    empty = Run.create(tmp_path / "empty", "seed = 0\n", "# none\n")
    with pytest.raises(RunError, match="no labels yet"):
        reproduce_labels(empty, recipe, judge(1.0), RULES, 1, Random(0))
    with pytest.raises(RunError, match="no labels yet"):
        require_judge(empty, "a" * 64)


def test_the_judge_must_be_the_one_that_labelled(run: Run) -> None:
    require_judge(run, "a" * 64)
    with pytest.raises(RunCorrupt, match=f"labelled by a judge with digest {'a' * 64}; this one has b"):
        require_judge(run, "b" * 64)


@pytest.mark.parametrize(
    ("filed", "now", "agrees"),
    [(0.5, 0.5009, True), (0.5, 0.5011, False), (None, None, True), (None, 0.5, False), (0.5, None, False)],
)
def test_the_bound_holds_for_what_can_be_read(filed: float | None, now: float | None, agrees: bool) -> None:
    redone = Redone("comparison-0", filed, now)
    assert redone.agrees is agrees and (redone in Verdict([redone], 1, 1, 1).differ) is not agrees


def test_a_bundle_of_another_run_is_refused_by_name(run: Run, lab: Lab, tmp_path: Path) -> None:
    bundled = _bundled(build([run.path], tmp_path / "b.zip", lab), [])
    assert require_bundled(run, "b.zip", bundled) == "run"
    other = make_run(tmp_path / "other", lab, weights=b"\x01" * 100)
    with pytest.raises(VerificationError, match=r"b\.zip is not a bundle of .*other: run has another manifest\.jsonl"):
        require_bundled(other, "b.zip", bundled)
    (run.path / "constitution.toml").write_text("# others\n")
    with pytest.raises(VerificationError, match=r"run has another constitution\.toml$"):
        require_bundled(run, "b.zip", bundled)


def test_a_bundle_that_does_not_hold_is_refused(run: Run, lab: Lab, tmp_path: Path) -> None:
    bundle = build([run.path], tmp_path / "bundle", lab)
    (bundle / "runs/run/manifest.jsonl").write_text("")
    with pytest.raises(VerificationError, match=r"file\.digest: .* does not hold"):
        _bundled(bundle, [])


def test_a_run_whose_texts_are_none_is_refused_in_words(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, content, said in (
        ("run.toml", b"\xff", "run.toml is not UTF-8 text"),
        ("run.toml", b"x=" + b"[" * 10**5, "nested too deep"),
        ("constitution.toml", b"\xff", "constitution.toml is not UTF-8 text"),
    ):
        was = (run.path / name).read_bytes()
        (run.path / name).write_bytes(content)
        assert main(["reproduce", str(run.path)]) in (1, 2)
        assert said in capsys.readouterr().err
        (run.path / name).write_bytes(was)
