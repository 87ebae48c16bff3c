"""What is trained on is looked through first: masked, left out or stopped, and it adds up."""

from pathlib import Path

import msgspec
import pytest

from bylaw.errors import GateStopped
from bylaw.guard import Item, look_through
from bylaw.leak.findings import read
from bylaw.leak.screening import LeakSettings
from bylaw.run import Run

ITEMS = [
    Item("a", "revision", ("nothing to see",)),
    Item("b", "revision", ("write to ada.lovelace@example-mail.org today",)),
    Item("c", "comparison", ("fine", "my card is 4539 1488 0343 6467, take it")),
    Item("d", "comparison", ("one two three four five six seven eight nine ten eleven twelve thirteen fourteen", "b")),
]
SETS = {"held-out": ["zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"]}


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run.create(tmp_path / "run", "seed = 0\n", "# none\n")


def test_secrets_are_masked_and_evaluation_texts_left_out(run: Run) -> None:
    passed = look_through(run, "sft", ITEMS, SETS, LeakSettings())
    assert passed.texts["a"] == ("nothing to see",)
    assert passed.texts["b"] == ("write to [EMAIL] today",)
    assert passed.texts["c"] == ("fine", "my card is [CARD], take it")
    assert set(passed.texts) == {"a", "b", "c"} and passed.left_out == {"overlap": 1}


def test_rows_can_be_dropped_whole(run: Run) -> None:
    passed = look_through(run, "sft", ITEMS, SETS, LeakSettings(secrets="drop"))
    assert set(passed.texts) == {"a"} and passed.left_out == {"secrets": 2, "overlap": 1}


def test_a_stop_is_filed_before_it_stops(run: Run) -> None:
    with pytest.raises(GateStopped, match="2 rows hold secrets"):
        look_through(run, "sft", ITEMS, SETS, LeakSettings(secrets="stop"))
    assert read(run.findings()["leak"]).before["sft"].stops


def test_findings_of_stages_stand_beside_each_other_and_hold_no_secret(run: Run) -> None:
    look_through(run, "sft", ITEMS[:2], SETS, LeakSettings())
    look_through(run, "final", ITEMS[2:], SETS, LeakSettings())
    content = run.findings()["leak"]
    assert set(read(content).before) == {"sft", "final"}
    assert b"lovelace" not in content and b"4539" not in content
    assert msgspec.json.decode(content)["before"]["sft"]["stages"][0]["hits"] == {"EMAIL": 1}


def test_the_same_item_twice_is_one(run: Run) -> None:
    assert set(look_through(run, "sft", [ITEMS[0], ITEMS[0]], {}, LeakSettings()).texts) == {"a"}
