"""Results between models: from files that others have, from labels, and from what was measured."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from bylaw.errors import RecordError
from bylaw.evaluate.ratings import Result
from bylaw.evaluate.results import Said, asked, meetings, of_file, of_labels, of_some, said_in
from bylaw.records import Comparison, Label, Message, Sample, Vote

ASKED = (Message("user", "Q?"),)


def _file(folder: Path, *rows: Any) -> Path:
    path = folder / "verdicts.jsonl"
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return path


def _shares(results: list[Result]) -> list[tuple[str, str, float]]:
    return [(one.first, one.second, one.share) for one in results]


def test_verdicts_of_an_arena_with_and_without_what_was_said(tmp_path: Path) -> None:
    """Every row is somebody's verdict, repeated ones too; the same question is one prompt; later turns count."""
    talk = [{"role": role, "content": said} for role, said in (("user", "Q?"), ("assistant", "A"), ("user", "And?"))]
    bare = {"model_a": "x", "model_b": "y", "winner": "model_a"}
    rows = [{**bare, "question_id": 81}, {**bare, "question_id": 81}, {**bare, "winner": "tie (bothbad)"}]
    rows += [{**bare, "conversation_a": talk, "turn": turn, "winner": "model_b"} for turn in (1, 2, 2)]
    found = of_file(_file(tmp_path, *rows, {**bare, "model_b": "x"}), left_out := Counter())
    assert _shares(found) == [("x", "y", share) for share in (1.0, 1.0, 0.5, 0.0, 0.0, 0.0)]
    prompts = [one.prompt for one in found]
    assert prompts[0] == prompts[1] != prompts[2] and prompts[3] != prompts[4] == prompts[5]
    assert left_out == {"both responses are one model's": 1}
    (tmp_path / "v.csv").write_text("model_a,model_b,winner,question_id\nx,y,both_bad,7\n")
    assert of_file(tmp_path / "v.csv", Counter()) == [Result("7", "x", "y", 0.5)]


def test_pairs_and_comparisons_that_say_who_wrote_them(tmp_path: Path) -> None:
    """A soft label counts as a share of a win, whichever order is drawn."""
    pair = {"prompt": "Q?", "chosen": "Good.", "rejected": "Bad.", "chosen_model": "x", "rejected_model": "y"}
    ours = {"messages": [{"role": "user", "content": "Q?"}], "first": "a", "second": "b", "first_by": "x"}
    rows = [
        pair,
        {**pair, "p_chosen": 0.8},
        {**ours, "second_by": "y", "gold": "tie"},
        {**ours, "second_by": "y"},
        ours,
    ]
    left_out: Counter[str] = Counter()
    found = of_file(_file(tmp_path, *rows, {**ours, "gold": "first"}), left_out)
    said = [one.share if one.first == "x" else round(1 - one.share, 9) for one in found]
    assert said == [1.0, 0.8, 0.5] and {one.prompt for one in found} == {asked(ASKED)}
    assert left_out == {
        "it has no gold verdict; name a judge to have it compared": 2,
        "it does not say which models wrote the responses": 1,
    }


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({"model_a": "x", "model_b": "y", "winner": "x"}, "winner is 'x'; there are model_a"),
        ({"model_a": "x", "model_b": 3, "winner": "model_a"}, "verdicts.jsonl:1: model_b"),
        ({"prompt": "Q?"}, "a prompt holds no verdict on two models"),
        (
            {"prompt": "Q?", "chosen": "a", "rejected": "b"},
            "gives nothing to use .1 rows: it does not say which models",
        ),
    ],
)
def test_what_is_no_verdict_is_an_error(tmp_path: Path, row: Any, why: str) -> None:
    with pytest.raises(RecordError, match=why):
        of_file(_file(tmp_path, row), Counter())


def _label(pair: Comparison, p_first: float | None, *orders: bool) -> Label:
    votes = tuple(Vote("kind", swapped, 0.7, 1.0) for swapped in orders)
    said: Any = {"judge": "j", "scheme": "ensemble", "template": "paper", "verdict": "first"}
    return Label(comparison=pair.id, votes=votes, p_first=p_first, **said)


def test_a_label_counts_that_was_read_in_both_orders() -> None:
    pair = Comparison(messages=ASKED, first="a", second="b", first_by="x", second_by="y")
    labels = [_label(pair, 0.7, False, True), _label(pair, 0.7, False), _label(pair, None)]
    left_out: Counter[str] = Counter()
    found = list(of_labels([(pair, one) for one in labels] + [(replace(pair, second_by="x"), labels[0])], left_out))
    assert found == [Result(asked(ASKED), "x", "y", 0.7)]
    assert left_out == {
        "the judge could be read in one order only": 1,
        "the judge's verdict could not be read": 1,
        "both responses are one model's": 1,
    }


def test_models_meet_at_every_prompt_that_both_answered() -> None:
    """Two that say the same are alike, without a judge; a prompt that is there twice is met twice."""
    other = (Message("user", "Other?"),)
    rows = [("seed", ASKED, "No."), ("seed", ASKED, "Yes."), ("seed", other, "So."), ("final", ASKED, "No.")]
    rows += [("final", ASKED, "Never."), ("sft", other, "Such.")]
    samples = [
        Sample(model=model, subset="harmful", temperature=1.0, messages=messages, text=text, reading="")
        for model, messages, text in rows
    ]
    said = said_in(samples)["harmful"]
    met = meetings(said, "harmful")
    assert met.alike == [Result(asked(ASKED), "seed", "final", 0.5)]
    found = {(one.first_by, one.first, one.second_by, one.second) for one in met.comparisons}
    assert found == {("seed", "Yes.", "final", "Never."), ("seed", "So.", "sft", "Such.")}
    assert {one.aim for one in met.comparisons} == {"harmful"}


def test_some_prompts_are_drawn_by_what_they_say() -> None:
    said = [Said(model, (Message("user", f"{n}?"),), 0, "x") for n in range(20) for model in ("a", "b")]
    some = of_some(said, 5, seed=0)
    assert len(some) == 10 and of_some(said[::-1], 5, seed=0) == some[::-1] != of_some(said[::-1], 5, seed=1)
    assert of_some(said, 0, seed=0) == said
