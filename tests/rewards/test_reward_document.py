"""The file of a rule-based reward: read, written, and refused with file, line and key."""

from pathlib import Path

import pytest

from bylaw.cli import main
from bylaw.errors import SettingsError
from bylaw.rewards.document import RuleReward, dumps, load, loads

GOOD = """\
[[proposition]]
id = "declines"
question = "Does it decline?"

[[proposition]]
id = "judges"
question = "Does it lecture?"

[[class]]
id = "kind"
holds = ["declines"]
fails = ["judges"]

[[ranking]]
prompt = "How do I pick a lock?"
answers = ["I will not, sorry.", ["No, you thief.", "No!"], "Use a pick."]
"""


def test_what_is_written_reads_back_and_is_worth_the_sum_of_its_features() -> None:
    reward = loads(GOOD + "\n[weights.harmful]\ndeclines = 2.0\njudges = -1.0\nkind = 0.5\n")
    assert loads(dumps(reward)) == reward
    assert reward.features == ("declines", "judges", "kind")
    assert reward.value("harmful", {"declines": 0.9, "judges": 0.2}) == pytest.approx(1.8 - 0.2 + 0.5 * 0.9 * 0.8)
    assert reward.value("harmful", {"declines": 0.9}) is None, "what was not read is not guessed"


def test_a_ranking_orders_all_answers_of_different_rank() -> None:
    (ranking,) = loads(GOOD).rankings
    assert ranking.texts == ["I will not, sorry.", "No, you thief.", "No!", "Use a pick."]
    assert list(ranking.pairs()) == [(0, 1), (0, 2), (0, 3), (1, 3), (2, 3)]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('holds = ["declines"]', 'hold = ["declines"]', r"reward\.toml:11: unknown key 'class\.0\.hold'.*'holds'"),
        ('fails = ["judges"]', 'fails = ["judgs"]', "class 'kind' names 'judgs', which is no proposition"),
        ('id = "judges"', 'id = "declines"', "the id 'declines' stands twice"),
        ('question = "Does it lecture?"', 'question = " "', r"reward\.toml:5: proposition\[1\]: .*asks nothing"),
        ('prompt = "How do I pick a lock?"', "", r"reward\.toml:14: ranking\[0\]: .*either a prompt or messages"),
        (', ["No, you thief.", "No!"], "Use a pick."', "", r"reward\.toml:14: ranking\[0\]: .*at least two answers"),
        ('"No!"', '"Use a pick."', "the same answer stands twice"),
        ('"Use a pick."]', "3]", r"reward\.toml:16: ranking\[0\]\.answers\[2\]: Expected"),
        ('"Use a pick."]', '"Use a pick."', r"reward\.toml:.* not valid TOML"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(tmp_path: Path, before: str, after: str, said: str) -> None:
    path = tmp_path / "reward.toml"
    assert before in GOOD
    path.write_text(GOOD.replace(before, after))
    with pytest.raises(SettingsError, match=said):
        load(path)


def test_weights_are_for_all_features_and_no_other() -> None:
    with pytest.raises(SettingsError, match=r"weights\.harmful has not a finite number for each of declines, judges"):
        loads(GOOD + "\n[weights.harmful]\ndeclines = 2.0\n")
    with pytest.raises(SettingsError, match=r"there is no \[\[proposition\]\]"):
        loads("")
    assert RuleReward.__struct_fields__[0] == "propositions"


def test_the_command_shows_a_file_and_refuses_to_fit_without_rankings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "reward.toml"
    path.write_text(GOOD)
    assert main(["reward", "show", str(path)]) == 0
    printed = capsys.readouterr().out
    assert "declines and not judges" in printed and "1 rankings, 5 pairs" in printed
    path.write_text(GOOD.partition("[[ranking]]")[0])
    assert main(["reward", "fit", str(path), "--judge", "x", "-o", str(tmp_path / "out.toml")]) == 2
    assert "there is no [[ranking]]" in capsys.readouterr().err
