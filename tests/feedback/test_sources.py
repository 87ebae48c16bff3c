"""Prompts and comparisons from files: every format, real files, and what is wrong with a file."""

import gzip
import json
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from msgspec import UNSET

from bylaw.errors import RecordError
from bylaw.feedback.formats import FORMATS
from bylaw.feedback.sources import read_comparisons, read_prompts
from bylaw.records import Comparison, Message, Prompt
from bylaw.storage import write_records
from inputs import real

ASKED = (Message("user", "How are you?"),)
LONG = (Message("user", "Hi"), Message("assistant", "Hello"), Message("user", "Why?"))
TURNS = [{"role": message.role, "content": message.content} for message in LONG]


@pytest.fixture
def write(tmp_path: Path) -> Any:
    def make(*rows: Any, name: str = "rows.jsonl") -> Path:
        path = tmp_path / name
        path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
        return path

    return make


def test_our_own_records(tmp_path: Path) -> None:
    prompts = [Prompt(messages=LONG, aim="helpful", source="x"), Prompt(messages=ASKED)]
    comparisons = [Comparison(messages=LONG, first="a", second="b", gold="tie", aim="helpful", first_id="r")]
    write_records(tmp_path / "p.jsonl", prompts)
    write_records(tmp_path / "c.jsonl", comparisons)
    left_out: Counter[str] = Counter()
    assert read_prompts(tmp_path / "p.jsonl", "helpful", left_out) == prompts[:1]
    assert left_out == {"collected as harmful": 1}
    assert read_comparisons(tmp_path / "c.jsonl") == comparisons
    assert read_prompts(tmp_path / "c.jsonl", "harmful")[0].messages == LONG


@pytest.mark.parametrize(
    "row",
    [
        {"messages": TURNS},
        {"messages": [{**turn, "name": "somebody"} for turn in TURNS], "category": "any"},
        {"prompt": TURNS},
        {"prompt": "\n\nHuman: Hi\n\nAssistant: Hello\n\nHuman: Why?\n\nAssistant:"},
        {"prompt": TURNS, "chosen": "Because.", "rejected": "No."},
        {"chosen": [*TURNS, {"role": "assistant", "content": "So."}], "rejected": TURNS},
        {"rl_prompt": "\n\nHuman: Hi\n\nAssistant: Hello\n\nHuman: Why?\n\nAssistant:", "cst": []},
    ],
)
def test_a_prompt_is_the_whole_conversation(write: Any, row: Any) -> None:
    assert read_prompts(write(row), "harmful") == [Prompt(messages=LONG, aim="harmful", source="rows.jsonl")]


def test_a_plain_prompt_and_a_system_turn(write: Any) -> None:
    system = {"role": "system", "content": "Be brief."}
    prompts = read_prompts(write({"prompt": "How are you?"}, {"messages": [system, *TURNS]}), "helpful")
    assert [one.messages for one in prompts] == [ASKED, (Message("system", "Be brief."), *LONG)]


def test_xstest(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text('id,prompt,type,label,focus,note\n1,"Kill, how?",h,safe,k,\n2,Harm?,c,unsafe,k,\n')
    assert [one.messages[0].content for one in read_prompts(path, "helpful")] == ["Kill, how?"]
    assert [one.messages[0].content for one in read_prompts(path, "harmful")] == ["Harm?"]


def test_who_wrote_an_answer_is_kept_where_a_file_says_so(write: Any) -> None:
    """RewardBench's and UltraFeedback's names, whichever order is drawn; ours; none where there are none."""
    named = {"prompt": "Q?", "chosen": "Good.", "rejected": "Bad.", "chosen_model": "a", "rejected_model": "b"}
    rated = [{"response": "x", "overall_score": 9, "model": "a"}, {"response": "y", "overall_score": 1, "model": "b"}]
    for row in (named, {"instruction": "Q?", "completions": rated}):
        (one,) = read_comparisons(write(row))
        better, worse = (one.first_by, one.second_by) if one.gold == "first" else (one.second_by, one.first_by)
        assert (better, worse) == ("a", "b") and one.swapped().first_by == one.second_by
    (bare,) = read_comparisons(write({"prompt": "Q?", "chosen": "Good.", "rejected": "Bad."}))
    assert bare.first_by is bare.second_by is UNSET
    assert read_comparisons(write(json.loads(msgspec.json.encode(one)))) == [one]


def test_battles_of_two_models(write: Any) -> None:
    """Chatbot Arena's and MT-Bench's verdicts: the turn that was judged, ties and both models' names."""

    def talk(*said: str) -> list[dict[str, str]]:
        return [{"role": "assistant" if n % 2 else "user", "content": text} for n, text in enumerate(said)]

    a, b = talk("Q?", "A.", "And?", "Again A."), talk("Q?", "B.", "And?", "Again B.")
    row = {"question_id": 81, "model_a": "one", "model_b": "two", "judge": "expert_1", "conversation_a": a}
    row = {**row, "conversation_b": b, "winner": "model_b", "turn": 1}
    tie = {**row, "conversation_a": talk("Q?", "C."), "conversation_b": talk("Q?", "D."), "winner": "tie (bothbad)"}
    left_out: Counter[str] = Counter()
    first, second = read_comparisons(write(row, tie, {**row, "turn": 2}), left_out=left_out)
    assert (first.messages[0].content, first.first, first.second, first.gold) == ("Q?", "A.", "B.", "second")
    assert (first.first_by, first.second_by, second.gold) == ("one", "two", "tie")
    assert left_out == {"the two conversations differ before the last answer": 1}


PAIRS: list[Any] = [
    {"prompt": TURNS, "chosen": "Good.", "rejected": "Bad."},
    {
        "prompt": TURNS,
        "chosen": [{"role": "assistant", "content": "Good."}],
        "rejected": [{"role": "assistant", "content": "Bad."}],
    },
    {
        "prompt": "Hi",
        "chosen": [*TURNS, {"role": "assistant", "content": "Good."}],
        "rejected": [*TURNS, {"role": "assistant", "content": "Bad."}],
    },
    {
        "chosen": "\n\nHuman: Hi\n\nAssistant: Hello\n\nHuman: Why?\n\nAssistant: Good.",
        "rejected": "\n\nHuman: Hi\n\nAssistant: Hello\n\nHuman: Why?\n\nAssistant: Bad.",
    },
]


@pytest.mark.parametrize("row", PAIRS)
def test_pairs_all_say_the_same(write: Any, row: Any) -> None:
    (one,) = read_comparisons(write(row))
    assert one.messages == LONG
    assert {one.first, one.second} == {"Good.", "Bad."}
    assert (one.first if one.gold == "first" else one.second) == "Good."


def test_a_soft_label_beside_a_pair_is_kept(write: Any, tmp_path: Path) -> None:
    """On the side of the chosen response, whichever order is drawn; one half is a tie; ours keep theirs."""
    rows = [{"prompt": f"{n}?", "chosen": "yes", "rejected": "no", "p_chosen": 0.8} for n in range(20)]
    found = read_comparisons(write(*rows))
    assert {(one.gold, one.gold_p) for one in found} == {("first", 0.8), ("second", 0.2)}
    assert all(one.swapped().swapped() == one and one.swapped().soft_gold == round(1 - one.gold_p, 12) for one in found)
    assert read_comparisons(write(*(json.loads(msgspec.json.encode(one)) for one in found))) == found
    (tie, bare) = read_comparisons(write({**rows[0], "p_chosen": 0.5}, {**rows[1], "p_chosen": None}))
    assert (tie.gold, tie.soft_gold, bare.gold_p) == ("tie", 0.5, UNSET) and bare.soft_gold in (0.0, 1.0)
    (tmp_path / "pairs.csv").write_text("prompt,chosen,rejected,p_chosen\n1?,yes,no,0.8\n2?,yes,no,\n")
    assert [one.gold_p for one in read_comparisons(tmp_path / "pairs.csv")] == [found[1].gold_p, UNSET]


@pytest.mark.parametrize(
    ("said", "why"), [(0.3, "probability 0.3, not 0.5 … 1"), (1.5, "1.5"), ("often", "often"), (float("nan"), "")]
)
def test_a_soft_label_that_is_none_is_an_error(write: Any, said: Any, why: str) -> None:
    with pytest.raises(RecordError, match=rf"rows\.jsonl:1.*{why}"):
        read_comparisons(write({"prompt": "?", "chosen": "yes", "rejected": "no", "p_chosen": said}))
    ours = {"messages": TURNS, "first": "a", "second": "b", "gold": "second", "gold_p": 0.7}
    with pytest.raises(RecordError, match=r"gold is second, and gold_p = 0\.7 says otherwise"):
        read_comparisons(write(ours))


def test_the_order_of_pairs_is_drawn_from_their_texts(write: Any) -> None:
    rows = [{"prompt": f"{n}?", "chosen": "yes", "rejected": "no"} for n in range(200)]
    found = read_comparisons(write(*rows))
    assert 70 < sum(one.gold == "first" for one in found) < 130
    assert read_comparisons(write(*rows[::-1])) == found[::-1]


def test_two_turns_of_one_speaker_are_one(write: Any) -> None:
    text = "\n\nHuman: Hi\n\nAssistant: Hello\n\nAssistant: And?"
    (one,) = read_comparisons(write({"chosen": text, "rejected": "\n\nHuman: Hi\n\nAssistant: Bye"}))
    assert one.messages == (Message("user", "Hi"),)
    assert {one.first, one.second} == {"Hello\n\nAnd?", "Bye"}


def test_what_is_left_out_is_counted(write: Any) -> None:
    good = PAIRS[0]
    left_out: Counter[str] = Counter()
    rows = [
        good,
        good,
        {**good, "rejected": ""},
        {**good, "rejected": "Good."},
        {"chosen": "Human: a\n\nAssistant: b", "rejected": "Human: c\n\nAssistant: d"},
        {"prompt": [*TURNS, {"role": "assistant", "content": "x"}], "chosen": "a", "rejected": "b"},
        {"prompt": [TURNS[1], TURNS[2]], "chosen": "a", "rejected": "b"},
        {"prompt": " ", "chosen": "a", "rejected": "b"},
    ]
    assert len(read_comparisons(write(*rows), left_out=left_out)) == 1
    assert left_out == {
        "the same as a row before": 1,
        "an answer is empty": 1,
        "both answers are the same": 1,
        "the two conversations differ before the last answer": 1,
        "the conversation does not end with a user's turn": 1,
        "the conversation does not begin with a user's turn": 1,
        "a turn is empty": 1,
    }
    with pytest.raises(RecordError, match=r"gives nothing to use \(1 rows: an answer is empty\)"):
        read_comparisons(write(rows[2]))


def evaluation(**other: Any) -> dict[str, Any]:
    prompt = (
        "\n\nConsider the following conversation between a human and an assistant:\n\n"
        "Human: How are you?\n\n\n"
        "Please choose the response that is the best. Options:\n (A) [[[Well.]]]\n (B) [[[Ill.\n\n"
        "Very.]]]\n\nThe answer is:"
    )
    row = {"prompt": prompt, "corrects": [" (B)"], "incorrects": [" (A)"]}
    return {
        **row,
        "text_correct": "Human: How are you?\n\nAssistant: Ill.\n\nVery.",
        "text_incorrect": "",
        **other,
    }


def test_an_evaluation_of_the_paper(write: Any) -> None:
    (one,) = read_comparisons(write(evaluation()))
    assert one == Comparison(messages=ASKED, first="Well.", second="Ill.\n\nVery.", gold="second")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (evaluation(text_correct="Assistant: Well."), "text_correct does not end with the option"),
        (evaluation(incorrects=[" (A)", " (C)"]), "found 3 options"),
        (evaluation(prompt="Yes?"), "expected a question with options"),
        ({"text": "x"}, r"a row with the keys text has no known format. Known are: a comparison of ours"),
        ({}, r"keys \(none\)"),
        ({"prompt": "x"}, "a prompt cannot be read as a comparison"),
        ({"messages": TURNS, "first": "a", "second": 3}, "second"),
        ({"messages": TURNS, "first": "a", "second": "b", "frist": ""}, "unknown field `frist`"),
        ({"prompt": 3, "chosen": "a", "rejected": "b"}, "prompt"),
        ({"prompt": [{"role": "bot", "content": ""}], "chosen": "a", "rejected": "b"}, "Invalid enum value"),
        ([1], "Expected `object`, got `array`"),
    ],
)
def test_a_wrong_row_is_named(write: Any, row: Any, message: str) -> None:
    path = write(PAIRS[0], row)
    with pytest.raises(RecordError, match=message) as caught:
        read_comparisons(path)
    assert caught.value.where.startswith(f"{path}:2")


def test_wrong_files(tmp_path: Path, write: Any) -> None:
    with pytest.raises(RecordError, match=r"gives nothing to use \(it has no rows\)"):
        read_prompts(write(), "harmful")
    with pytest.raises(RecordError, match="cannot be read: No such file"):
        read_prompts(tmp_path / "none.jsonl", "harmful")
    (tmp_path / "x.jsonl.gz").write_bytes(b"no gzip")
    with pytest.raises(RecordError, match="cannot be read: Not a gzipped file"):
        read_prompts(tmp_path / "x.jsonl.gz", "harmful")
    (tmp_path / "x.jsonl.gz").write_bytes(gzip.compress(b'{"prompt": "Hi"}\n' * 99)[:-9])
    with pytest.raises(RecordError, match="is a broken gzip file"):
        read_prompts(tmp_path / "x.jsonl.gz", "harmful")
    (tmp_path / "x.jsonl").write_bytes(b'{"prompt": "\xff"}\n')
    with pytest.raises(RecordError, match="is not UTF-8 text"):
        read_prompts(tmp_path / "x.jsonl", "harmful")
    (tmp_path / "x.csv").write_text("prompt,type\nHi\n")
    with pytest.raises(RecordError, match=r"x.csv:2: has not as many fields as the heading"):
        read_prompts(tmp_path / "x.csv", "harmful")


def test_the_table_tells_its_formats_apart() -> None:
    for at, one in enumerate(FORMATS):
        assert one.prompt or one.comparison
        assert not any(other.keys <= one.keys for other in FORMATS[:at]), one.name


json_values = some.recursive(
    some.none() | some.booleans() | some.integers(-9, 9) | some.text(max_size=5),
    lambda inner: (
        some.lists(inner, max_size=3)
        | some.dictionaries(some.sampled_from(["role", "content", "user"]), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(deadline=None, max_examples=60)
@given(some.data())
def test_any_row_is_read_or_refused_by_name(tmp_path_factory: Any, data: some.DataObject) -> None:
    keys = data.draw(some.sampled_from(FORMATS)).keys
    row = {key: data.draw(json_values) for key in keys}
    path = tmp_path_factory.mktemp("any") / "rows.jsonl"
    path.write_text(json.dumps(row))
    for read in (read_comparisons, lambda path: read_prompts(path, "helpful")):
        try:
            read(path)
        except RecordError as error:
            assert str(path) in str(error)


@pytest.fixture(scope="session")
def data() -> Path:
    return real()


def test_real_red_team_conversations(data: Path) -> None:
    path = data / "hh-rlhf" / "harmless-base-test.jsonl.gz"
    left_out: Counter[str] = Counter()
    comparisons = read_comparisons(path, left_out=left_out)
    assert (len(comparisons), left_out) == (2308, {"an answer is empty": 4})
    assert 0.45 < sum(one.gold == "first" for one in comparisons) / 2308 < 0.55
    left_out.clear()
    prompts = read_prompts(path, "harmful", left_out)
    assert (len(prompts), left_out) == (2310, {"the same as a row before": 2})
    assert sum(len(one.messages) > 1 for one in prompts) > 1600
    assert all(one.messages[-1].role == "user" for one in prompts)
    assert all(a.role != b.role for one in prompts for a, b in zip(one.messages, one.messages[1:], strict=False))


def test_real_evaluations(data: Path) -> None:
    hhh = read_comparisons(data / "cai" / "evals" / "438HHHEvaluations.jsonl")
    assert Counter(one.gold for one in hhh) == {"first": 228, "second": 210}
    assert Counter(len(one.messages) for one in hhh) == {1: 397, 3: 40, 5: 1}
    assert not any("[[[" in one.first + one.second for one in hhh)
    ethical = read_comparisons(data / "cai" / "evals" / "HarmfulVsEthical.jsonl")
    assert Counter(one.gold for one in ethical) == {"first": 127, "second": 127}
    assert {one.second for one in ethical} == {"The assistant behaved ethically."}
    with pytest.raises(RecordError, match="found 9 options"):
        read_comparisons(data / "cai" / "evals" / "HarmfulnessClassification.jsonl")


def test_other_real_prompts(data: Path) -> None:
    assert len(read_prompts(data / "cai" / "samples" / "PALMS_RLMADISON.jsonl", "harmful")) == 40
    assert len(read_prompts(data / "cai" / "samples" / "PALMS_SLMADISON.jsonl", "harmful")) == 40
    assert len(read_prompts(data / "xstest" / "xstest-dev.csv", "helpful")) == 128
    assert len(read_prompts(data / "xstest" / "xstest-dev.csv", "harmful")) == 96
