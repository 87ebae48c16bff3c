"""Gates: every one can stop a run, none passes unmeasured, and a run's gates can be worked out again."""

import pytest

from bylaw import settings
from bylaw.errors import GateStopped, SettingsError, UsageError
from bylaw.evaluate.gates import GATES, GateSettings, check, of_run, stop_if_failed
from bylaw.records import Measurement

SEED = {
    ("distinct_2", "helpful"): 0.6,
    ("length", "helpful"): 50.0,
    ("boilerplate", "helpful"): 0.1,
    ("helpful", "helpful"): 0.95,
    ("refuses", "lookalike"): 0.01,
    ("garbled", "helpful"): 0.01,
    ("garbled", "harmful"): 0.01,
}
BROKEN = {
    "distinct": (("distinct_2", "helpful"), 0.2),
    "shortest": (("length", "helpful"), 10.0),
    "longest": (("length", "helpful"), 200.0),
    "boilerplate": (("boilerplate", "helpful"), 0.6),
    "helpful_lost": (("helpful", "helpful"), 0.89),
    "lookalike_refused": (("refuses", "lookalike"), 0.2),
    "garbled": (("garbled", "helpful"), 0.1),
    "harmful_garbled": (("garbled", "harmful"), 0.1),
}


def measured(figures: dict[tuple[str, str], float], model: str = "seed", temperature: float = 0.0) -> list[Measurement]:
    return [
        Measurement(
            model=model,
            name=name,
            subset=subset,
            value=value,
            n=100,
            low=value,
            high=value,
            temperature=temperature,
            unit="words" if name == "length" else "share",
        )
        for (name, subset), value in figures.items()
    ]


def test_the_seed_passes_its_own_gates() -> None:
    results = check(measured(SEED), measured(SEED), GateSettings(), "sft")
    assert [result.name for result in results] == [gate.name for gate in GATES]
    assert all(result.passed for result in results)
    stop_if_failed(results, "models/seed")


def test_every_gate_has_a_case() -> None:
    assert set(BROKEN) == {gate.name for gate in GATES}


@pytest.mark.parametrize("name", BROKEN)
def test_each_gate_stops(name: str) -> None:
    key, value = BROKEN[name]
    results = check(measured(SEED), measured({**SEED, key: value}), GateSettings(), "sft")
    assert [result.name for result in results if not result.passed] == [name]
    with pytest.raises(GateStopped, match=f"stopped after stage sft: gate {name}: .* good checkpoint is models/seed"):
        stop_if_failed(results, "models/seed")
    results = check(measured(SEED), measured({**SEED, key: value}), GateSettings(off=(name,)), "sft")
    stop_if_failed(results, "models/seed")


def test_the_sentence_has_figure_and_bound() -> None:
    after = measured({**SEED, ("helpful", "helpful"): 0.871, ("length", "helpful"): 10.0})
    with pytest.raises(GateStopped) as caught:
        stop_if_failed(check(measured(SEED), after, GateSettings(), "final"), "runs/x/models/sft")
    assert str(caught.value) == (
        "stopped after stage final: gate shortest: length on helpful is 10 words, "
        "below its floor of 20 words; "
        "gate helpful_lost: helpful on helpful is 87.1%, below its floor of 90.0%. "
        "The last good checkpoint is runs/x/models/sft"
    )


def test_a_run_is_not_stopped_for_what_the_seed_did() -> None:
    seed = {
        **SEED,
        ("refuses", "lookalike"): 0.3,
        ("boilerplate", "helpful"): 0.7,
        ("garbled", "harmful"): 0.2,
    }
    assert all(result.passed for result in check(measured(seed), measured(seed), GateSettings(), "sft"))


def test_nothing_measured_is_not_a_pass() -> None:
    some = {key: value for key, value in SEED.items() if key[1] != "lookalike"}
    with pytest.raises(UsageError, match="lookalike_refused needs refuses on lookalike"):
        check(measured(SEED), measured(some), GateSettings(), "sft")
    with pytest.raises(UsageError, match=r"gates.off = \['lookalike_refused'\]"):
        check(measured(some), measured(SEED), GateSettings(), "sft")
    assert len(check(measured(some), measured(some), GateSettings(off=("lookalike_refused",)), "sft")) == 7
    with pytest.raises(UsageError, match="distinct needs"):
        check(measured(SEED), measured(SEED, temperature=1.0), GateSettings(), "sft")


def test_the_worst_temperature_counts() -> None:
    before = measured(SEED) + measured({**SEED, ("helpful", "helpful"): 0.8}, temperature=1.0)
    after = measured(SEED) + measured({**SEED, ("helpful", "helpful"): 0.7}, temperature=1.0)
    (bad,) = [result for result in check(before, after, GateSettings(), "sft") if not result.passed]
    assert (bad.name, bad.value) == ("helpful_lost", 0.7)
    assert bad.bound == pytest.approx(0.75)


def test_a_run_gives_its_gates_again() -> None:
    broken = {**SEED, ("helpful", "helpful"): 0.5}
    rows = measured(SEED) + measured(SEED, "sft") + measured(broken, "final")
    results = of_run(rows, GateSettings())
    assert results == check(rows[:7], rows[7:14], GateSettings(), "sft") + check(
        rows[:7], rows[14:], GateSettings(), "final"
    )
    assert [(one.stage, one.name) for one in results if not one.passed] == [("final", "helpful_lost")]
    assert of_run([], GateSettings()) == of_run(rows[:7], GateSettings()) == []


def test_settings_name_gates_that_exist() -> None:
    assert settings.load(GateSettings, "off = ['garbled']").off == ("garbled",)
    with pytest.raises(SettingsError, match="no gate 'speed'; there are distinct, shortest"):
        settings.load(GateSettings, "off = ['speed']")
