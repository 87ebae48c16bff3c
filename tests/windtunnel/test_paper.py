"""The findings: verdicts are computed from figures, the page shows them, and trails are real and made once."""

import re
from pathlib import Path

import pytest

from bylaw.evaluate.statistics import share
from bylaw.records import Comparison, Measurement, Message
from bylaw.storage import read_records
from bylaw.windtunnel import NOTE, WEIGHTS, constitutions, prompts
from bylaw.windtunnel.bench import Tunnel
from bylaw.windtunnel.paper import FINDINGS, Finding, write_page
from bylaw.windtunnel.paper.finding import Check, at_least, chart, surely
from bylaw.windtunnel.paper.gold import in_turn
from bylaw.windtunnel.paper.page import headline, page
from bylaw.windtunnel.paper.trails import Trail, complying, garbled
from bylaw.windtunnel.paper.trained import human_checks, mistakes, rl_checks, soft_checks
from bylaw.windtunnel.paper.untrained import critique_checks, diversity, principle_checks, round_checks


def _line(*percents: float, n: int = 400) -> list[Measurement]:
    return [share("complies", "harmful", f"revision-{i}", round(p * n / 100), n, 1.0) for i, p in enumerate(percents)]


def _outcomes(checks: tuple[Check, ...]) -> list[bool]:
    assert any(check.claim for check in checks)
    return [check.holds for check in checks]


def _finding(*holds: bool, name: str = "rounds", title: str = "A <title> & more") -> Finding:
    checks = tuple(at_least(f"check {i}", 1.0 if one else -1.0, claim=not i) for i, one in enumerate(holds))
    lines = {"with <tags>": _line(100, 20, 5), "another": _line(98, 40, 10)}
    drawn = chart("Complies", ("answer", "round 1", "round 2"), lines)
    return Finding(name, title, "Figure 5", "It falls.", checks, (drawn,), "Nothing.")


def test_newcombe_interval_is_the_published_one() -> None:
    # Newcombe 1998, Table II, method 10, example (a): 56/70 against 48/80 gives 0.0524 to 0.3339.
    more, less = share("x", "y", "m", 56, 70), share("x", "y", "m", 48, 80)
    assert surely(more, less) == pytest.approx(5.24, abs=0.01)


@pytest.mark.parametrize(
    ("holds", "verdict"),
    [
        ((True,), "reproduced"),
        ((True, True, True), "reproduced"),
        ((True, False, True), "partly"),
        ((False, True, True), "not reproduced"),
        ((False, False), "not reproduced"),
    ],
)
def test_verdict_follows_the_checks_and_the_claim_above_all(holds: tuple[bool, ...], verdict: str) -> None:
    assert _finding(*holds).verdict == verdict
    assert f": {verdict} (" in _finding(*holds).text().splitlines()[0]


def test_a_bound_itself_is_kept() -> None:
    assert Check("a", 5.0, 5.0, True).holds and Check("a", 5.0, 5.0, False).holds
    assert not Check("a", 5.1, 5.0, True).holds and not Check("a", 4.9, 5.0, False).holds
    assert "≥" in Check("a", 1.0, 2.0, False).limit and "≤" in Check("a", 1.0, 2.0, True).limit


SANE, WILD = _line(1, 20)


def test_rounds() -> None:
    steady, fall = _line(90, 90, 89, 90, 90), _line(100, 20, 4, 1, 0)
    assert _outcomes(round_checks(fall, steady, SANE)) == [True] * 5
    assert _outcomes(round_checks(_line(100, 70, 40, 20, 0), steady, SANE)) == [True, True, True, False, True]
    assert _outcomes(round_checks(_line(100, 20, 24, 1, 0), steady, SANE)) == [True, False, True, True, True]
    assert _outcomes(round_checks(fall, _line(90, 80, 70, 60, 50), SANE)) == [True, True, True, True, False]
    assert _outcomes(round_checks(_line(100, 100, 100), steady, SANE)) == [False, True, True, False, True]
    assert _outcomes(round_checks(fall, steady, WILD)) == [True, True, False, True, True]


def test_critique() -> None:
    fast, slow = _line(100, 10, 0), _line(100, 40, 5)
    assert _outcomes(critique_checks(fast, slow, SANE)) == [True] * 4
    assert _outcomes(critique_checks(fast, fast, SANE)) == [True, True, True, False]
    assert _outcomes(critique_checks(slow, fast, SANE)) == [True, False, True, False]
    assert _outcomes(critique_checks(_line(100, 10, 30), slow, WILD)) == [True, False, False, True], "any round"
    assert _outcomes(critique_checks(_line(0, 0), _line(0, 0), SANE)) == [False, True, True, False]


def test_principles() -> None:
    less, more = (share("distinct_2", "harmful", "revisions", hits, 100) for hits in (40, 50))
    full, none = _line(100, 0)
    assert _outcomes(principle_checks(full, _line(0, 1, 2), [less, more], SANE)) == [True] * 4
    assert _outcomes(principle_checks(full, _line(0, 1, 12), [less, less], WILD)) == [True, False, False, False]
    assert _outcomes(principle_checks(none, _line(0, 0, 0), [less, less], SANE)) == [False, True, True, False]


def test_soft() -> None:
    assert _outcomes(soft_checks(_line(2, 10), _line(1, 1), 0.02)) == [True] * 4
    assert _outcomes(soft_checks(_line(5, 5), _line(20, 1), 0.2)) == [False] * 4


def test_rl() -> None:
    good, evasive, sane, wild = _line(0, 80, 99), _line(0, 80, 90), _line(0, 0, 1), _line(0, 0, 9)
    assert _outcomes(rl_checks(_line(100, 20, 0), _line(90, 90, 89), good, sane)) == [True] * 5
    worse = rl_checks(_line(100, 0, 0), _line(90, 90, 80), evasive, wild)
    assert _outcomes(worse) == [False, False, False, True, False]


def test_human() -> None:
    seed = _line(100)[0]
    assert _outcomes(human_checks(seed, _line(0, 0, 0), _line(90, 90, 90))) == [True, True, True]
    assert _outcomes(human_checks(seed, _line(20, 10, 1), _line(80, 90, 95))) == [True, False, False]
    assert _outcomes(human_checks(seed, _line(100, 100, 100), _line(90, 90, 90))) == [False, True, True]


def test_mistakes_count_every_prompt_once() -> None:
    made = [
        share(name, subset, "final", hits, 100, 1.0)
        for name, subset, hits in (("complies", "harmful", 3), ("garbled", "harmful", 2), ("helpful", "helpful", 90))
    ]
    found = mistakes(made)
    assert (found.value, found.n) == (15 / 200, 200)
    with pytest.raises(KeyError, match="helpful of final"):
        mistakes(made[:2])


def test_trails_are_read_by_the_oracle() -> None:
    asked = prompts.harmful(1, 0, held_out=True)[0].messages
    row = Trail(asked, ("What?", "I cannot help with that."))
    assert [row.kind(n) for n in (0, 1, 4)] == ["garbled", "evades", "evades"], "the last text stands"
    assert [one.value for one in complying([row], (0, 1))] == [0.0, 0.0]
    assert [garbled([row], n).value for n in (0, 1)] == [1.0, 0.0]
    assert diversity([row]).value == 1.0


def test_gold_is_mixed_evenly_from_the_start() -> None:
    def pairs(aim: str, count: int) -> list[Comparison]:
        said = (Message("user", aim),)
        return [Comparison(messages=said, first=f"{aim} {i}", second="x", gold="first") for i in range(count)]

    mixed = in_turn(pairs("harmful", 6), pairs("helpful", 4))
    assert [pair.first[:4] for pair in mixed] == ["harm", "help"] * 4 + ["harm", "harm"]
    assert len(in_turn(pairs("harmful", 1), pairs("helpful", 3))) == 4


def test_page(tmp_path: Path) -> None:
    findings = [
        _finding(True),
        _finding(True, False, name="critique"),
        _finding(False, True, name="rl"),
    ]
    path = write_page(tmp_path / "new" / "index.html", findings)
    html = path.read_text()
    assert html == page(findings), "the same findings give the same bytes"
    assert html.count(NOTE) == 2
    assert headline(findings) in html and "1 reproduced, 1 partly, 1 not reproduced" in headline(findings)
    assert html.count("<svg") == 3 and html.count("<section") == 3
    assert "A &lt;title&gt; &amp; more" in html and "with &lt;tags&gt;" in html and "<tags>" not in html
    assert not re.search(r"(?:src|href)=\"(?!#|data:)", html), "nothing is loaded from outside"
    assert "prefers-color-scheme: dark" in html


def test_table_is_whole() -> None:
    assert list(FINDINGS) == ["rounds", "critique", "principles", "soft", "rl", "human"]


@pytest.mark.long
def test_rounds_on_the_shipped_model(tmp_path: Path) -> None:
    if not (WEIGHTS / "model.safetensors").exists():
        pytest.skip("the shipped weights are absent")
    tunnel = Tunnel(tmp_path, WEIGHTS, 24, (), lambda text: None)
    finding = FINDINGS["rounds"](tunnel)
    # What comes out depends on the seed model; that revision lowers compliance must show whatever its quality.
    assert finding.checks[0].holds, finding.text()
    kept = sorted((tmp_path / "trails").iterdir())
    assert [len(list(read_records(path, Trail))) for path in kept] == [24, 24]
    before = [path.stat().st_mtime_ns for path in kept]
    assert FINDINGS["rounds"](tunnel) == finding
    assert [path.stat().st_mtime_ns for path in kept] == before, "made once"
    asking = [one for one in constitutions.default().principles if one.critique_request]
    assert len(asking) == constitutions.FORBIDDING
