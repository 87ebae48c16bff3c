"""What is trained on is looked through first: masked, left out or stopped, and it adds up."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from bylaw.errors import GateStopped, RunCorrupt
from bylaw.guard import Samples, look_through
from bylaw.leak.findings import read
from bylaw.leak.screen import NOT_LEARNED, Row
from bylaw.leak.screening import LeakSettings
from bylaw.records import Comparison, Message, Prompt, Response, Reward
from bylaw.run import Run

MAIL = "write to ada.lovelace@example-mail.org today"
LONG = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen"
SETS = {"held-out": [f"zero {LONG} fifteen"]}


def answer(text: str, sample: int = 0) -> Response:
    return Response(prompt="prompt-0", model="seed", text=text, sample=sample)


def pair(first: str, second: str) -> Comparison:
    return Comparison(messages=(Message("user", "hello"),), first=first, second=second)


PLAIN, MASKED = answer("nothing to see"), answer(MAIL)
CARD, SHARED = pair("fine", "my card is 4539 1488 0343 6467, take it"), pair(LONG, "b")
ROWS = [Row("respond", PLAIN), Row("respond", MASKED), Row("compare", CARD), Row("compare", SHARED)]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run.create(tmp_path / "run", "seed = 0\n", "# none\n")


def test_secrets_are_masked_and_evaluation_texts_left_out(run: Run) -> None:
    passed = look_through(run, "sft", ROWS, SETS, LeakSettings())
    assert passed.of([PLAIN, MASKED]) == [PLAIN, answer("write to [EMAIL] today")]
    assert passed.of([SHARED, CARD]) == [pair("fine", "my card is [CARD], take it")]
    assert passed.left_out == {"overlap": 1}


def test_rows_can_be_dropped_whole(run: Run) -> None:
    passed = look_through(run, "sft", ROWS, SETS, LeakSettings(secrets="drop"))
    assert list(passed.kept) == [PLAIN.id] and passed.left_out == {"secrets": 2, "overlap": 1}


def test_what_is_not_trained_on_is_neither_looked_at_nor_counted_as_left_out(run: Run) -> None:
    passed = look_through(run, "sft", [ROWS[0], Row("respond", MASKED, learned=False)], SETS, LeakSettings())
    assert list(passed.kept) == [PLAIN.id] and passed.left_out == {}
    (stage,) = read(run.findings()["leak"]).before["sft"].stages
    assert (stage.rows, stage.kept, stage.dropped, stage.hits) == (2, 1, {NOT_LEARNED: 1}, {})


def test_of_a_prompt_every_turn_is_looked_at(run: Run) -> None:
    turns = (Message("user", MAIL), Message("assistant", "no"), Message("user", "why not"))
    prompt = Prompt(messages=turns)
    (found,) = look_through(run, "final", [Row("prompts", prompt)], SETS, LeakSettings()).of([prompt])
    assert found.messages == (Message("user", "write to [EMAIL] today"), *turns[1:])


def test_a_stop_is_filed_before_it_stops(run: Run) -> None:
    with pytest.raises(GateStopped, match="2 rows hold secrets"):
        look_through(run, "sft", ROWS, SETS, LeakSettings(secrets="stop"))
    assert read(run.findings()["leak"]).before["sft"].stops


def test_findings_of_stages_stand_beside_each_other_and_hold_no_secret(run: Run) -> None:
    look_through(run, "sft", ROWS[:2], SETS, LeakSettings())
    look_through(run, "final", ROWS[2:], SETS, LeakSettings())
    content = run.findings()["leak"]
    assert set(read(content).before) == {"sft", "final"}
    assert b"lovelace" not in content and b"4539" not in content
    assert msgspec.json.decode(content)["before"]["sft"]["stages"][0]["hits"] == {"EMAIL": 1}


def test_a_record_that_stands_there_twice_is_two_rows_of_one_fate(run: Run) -> None:
    passed = look_through(run, "sft", [ROWS[1], ROWS[1]], {}, LeakSettings(secrets="drop"))
    assert passed.of([MASKED, MASKED]) == [] and passed.left_out == {"secrets": 1}
    assert read(run.findings()["leak"]).before["sft"].stages[0].dropped == {"secrets": 2}


@pytest.fixture
def watched(run: Run, tmp_path: Path) -> Callable[..., Samples]:
    """A new look at the samples of one training, as after a kill."""
    return lambda **settings: Samples(run, "optimise", SETS, LeakSettings(**settings), tmp_path / "samples")


def test_samples_are_looked_through_update_by_update_and_reported_together(
    run: Run, watched: Callable[..., Samples]
) -> None:
    first: list[Response] = [PLAIN, MASKED, answer(LONG)]
    assert watched(duplicates="drop").passing(0, first) == [True, False, False]
    again = [answer("nothing to see at all", n) for n in range(1, 4)]
    assert watched(duplicates="drop").passing(1, again) == [True] * 3, "the policy may say the same again"
    assert watched(duplicates="drop").passing(1, again) == [True] * 3, "an update that is made again counts once"
    assert watched(duplicates="drop").report(2) == ([*first, *again], 2)
    worth = [Reward(of=one.id, by="judge", update=0, value=0.5, learned=n == 0) for n, one in enumerate(first)]
    watched().rewarded(worth)
    assert watched().rewards(1) == worth
    with pytest.raises(RunCorrupt, match=r"is gone: .*00000001\.rewards\.jsonl"):
        watched().rewards(2)
    with pytest.raises(RunCorrupt, match=r"is gone: .*00000002\.jsonl"):
        watched().report(3)
    report = read(run.findings()["leak"]).before["final-samples"]
    (stage,) = report.stages
    assert (stage.stage, stage.rows, stage.kept, stage.masked) == ("optimise", 6, 4, 0)
    assert stage.dropped == {"overlap": 1, "secrets": 1}
    assert report.duplicates.rows == 3


def test_a_sample_stops_the_training_where_it_is_asked_to(run: Run, watched: Callable[..., Samples]) -> None:
    with pytest.raises(GateStopped, match="1 rows hold secrets"):
        watched(secrets="stop").passing(0, [MASKED])
    assert read(run.findings()["leak"]).before["final-samples"].stops
