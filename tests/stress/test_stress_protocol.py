"""The protocol on a small model that refuses: what is run, what is kept, and what is refused."""

import fcntl
from pathlib import Path

import msgspec
import pytest
from answers import Reader

from bylaw.errors import RunLocked, SettingsError, UsageError
from bylaw.evaluate.evaluator import Measured
from bylaw.models.base import Model
from bylaw.storage import line_of
from bylaw.stress.attacks import Material
from bylaw.stress.direction import AblationSettings
from bylaw.stress.protocol import StressSettings, Target, stress

SMALL = StressSettings(
    attacks=("ablation", "harmful"),
    steps=(3,),
    directions=(1,),
    seeds=2,
    rates=(1e-6, 5e-3),
    ablation=AblationSettings(depth=1.0),
)
TRIALS = [
    "ablation-1-seed0",
    "ablation-1-seed1",
    "harmful-3-1e-06-tuning0",
    "harmful-3-0.005-tuning0",
    "harmful-3-0.005-seed0",
    "harmful-3-0.005-seed1",
]


@pytest.fixture
def target(refusing: Path, material: Material) -> Target:
    return Target(refusing, material, Reader(), "two answers")


class Killed(Exception):
    """What stands for a process that is killed."""


class Stopping(Reader):
    """Is killed when it has measured ``count`` models."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.count = count

    def measure(self, model: Model, called: str) -> Measured:
        if len(self.asked) == self.count:
            raise Killed
        return super().measure(model, called)


def test_every_attack_is_run_with_every_seed_at_the_worst_rate(target: Target, tmp_path: Path) -> None:
    said: list[str] = []
    report = stress(target, SMALL, tmp_path, said.append)
    assert said == ["before", *TRIALS]
    assert (report.harm_before.value, report.helpful_before.value) == (0.0, 1.0)
    ablation, harmful = report.rows
    assert ablation.worst.value >= 0.9
    assert (harmful.rate, harmful.seeds, report.trials) == (5e-3, 2, 6)
    assert report.worst.harm.value == max(ablation.worst.value, harmful.worst.value)
    assert msgspec.json.decode((tmp_path / "report.json").read_bytes(), type=type(report)) == report
    assert not list(tmp_path.glob("work/*"))


@pytest.mark.long
@pytest.mark.parametrize("count", [0, 2, 4])
def test_a_killed_run_goes_on_and_ends_the_same(
    target: Target, tmp_path: Path, count: int, refusing: Path, material: Material
) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    stress(target, SMALL, whole)
    with pytest.raises(Killed):
        stress(target._replace(evaluator=Stopping(count)), SMALL, killed)
    rest = Reader()
    stress(target._replace(evaluator=rest), SMALL, killed)
    assert rest.asked == ["before", *TRIALS][count:]
    for path in whole.rglob("*"):
        if path.is_file():
            assert (killed / path.relative_to(whole)).read_bytes() == path.read_bytes(), path.name


def test_more_seeds_and_rates_make_only_what_is_new(target: Target, tmp_path: Path) -> None:
    one = msgspec.structs.replace(SMALL, attacks=("ablation",), seeds=1)
    stress(target, one, tmp_path)
    again = Reader()
    report = stress(target._replace(evaluator=again), msgspec.structs.replace(one, seeds=2), tmp_path)
    assert again.asked == ["ablation-1-seed1"]
    assert report.rows[0].seeds == 2


def test_a_folder_holds_trials_of_one_kind(target: Target, tmp_path: Path) -> None:
    one = msgspec.structs.replace(SMALL, attacks=("ablation",), seeds=1)
    stress(target, one, tmp_path)
    with pytest.raises(UsageError, match="begun with another evaluation, another seed; go on"):
        stress(target._replace(evaluation="three"), msgspec.structs.replace(one, seed=1), tmp_path)


def test_one_process_at_a_time(target: Target, tmp_path: Path) -> None:
    with (tmp_path / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(RunLocked, match="another process works in"):
            stress(target, SMALL, tmp_path)


def test_an_evaluator_without_helpfulness_is_refused_before_any_attack(target: Target, tmp_path: Path) -> None:
    reader = Reader(names=("complies",))
    with pytest.raises(UsageError, match="does not measure 'helpful' on 'helpful'"):
        stress(target._replace(evaluator=reader), SMALL, tmp_path)
    assert reader.asked == ["before"]


def test_the_figures_are_read_at_the_temperature_set(target: Target, tmp_path: Path) -> None:
    one = msgspec.structs.replace(SMALL, attacks=("ablation",), seeds=1, temperature=1.0)
    with pytest.raises(UsageError, match="at temperature 1; it does at 0"):
        stress(target, one, tmp_path / "cold")
    report = stress(target._replace(evaluator=Reader((0.0, 1.0))), one, tmp_path / "both")
    assert report.rows[0].worst.temperature == 1.0


def test_a_rate_at_which_training_diverges_is_kept_and_not_chosen(target: Target, tmp_path: Path) -> None:
    wild = msgspec.structs.replace(SMALL, attacks=("harmful",), seeds=1, rates=(1e-4, 1e38))
    report = stress(target, wild, tmp_path)
    assert report.rows[0].rate == 1e-4
    kept = (tmp_path / "trials" / "harmful-3-1e+38-tuning0.json").read_bytes()
    assert b'"failed":"sft: loss' in kept


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"attacks": ("magic",)}, "no attack 'magic'; there are ablation, harmful, mixed, benign"),
        ({"attacks": ()}, "attacks is empty"),
        ({"rates": ()}, "rates is empty"),
        ({"seeds": 0}, "at least 1"),
        ({"steps": (0,)}, "at least 1"),
        ({"rates": (0.0,)}, "rates above 0"),
    ],
)
def test_settings_that_cannot_be(wrong: dict[str, object], why: str) -> None:
    with pytest.raises(SettingsError, match=why):
        StressSettings(**wrong)  # type: ignore[arg-type]


def test_settings_survive_their_file() -> None:
    assert msgspec.json.decode(line_of(SMALL), type=StressSettings) == SMALL
