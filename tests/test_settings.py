"""Settings: what is written is what is read, and every mistake is told with its place."""

import tomllib
from pathlib import Path
from typing import Literal

import hypothesis
import msgspec
import pytest
from hypothesis import strategies as st

from bylaw import settings
from bylaw.errors import SettingsError
from bylaw.toml import key_lines


class Train(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the policy is trained."""

    learning_rate: float = 1e-4
    epochs: int = 1
    method: Literal["dpo", "grpo"] = "dpo"
    lora_rank: int | None = None


class Gate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str
    bound: float = 0.5


class Model(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    path: str = ""
    chat_template: str = ""
    stop: tuple[str, ...] = ()


class Feedback(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    rounds: int = 4
    judge: Model = Model()
    mix: dict[str, float] = {}


class Whole(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A run."""

    seed: int = 0
    train: Train = Train()
    feedback: Feedback = Feedback()
    second: Train | None = None
    gates: tuple[Gate, ...] = (Gate(name="collapse"), Gate(name="helpful", bound=0.9))


def test_the_text_spells_out_every_default() -> None:
    assert settings.dumps(Whole()) == (
        "# A run.\nseed = 0\n# second is not set\n"
        "\n# How the policy is trained.\n[train]\n"
        'learning_rate = 0.0001\nepochs = 1\nmethod = "dpo"\n# lora_rank is not set\n'
        "\n[feedback]\nrounds = 4\nmix = {}\n"
        '\n[feedback.judge]\npath = ""\nchat_template = ""\nstop = []\n'
        '\n[[gates]]\nname = "collapse"\nbound = 0.5\n'
        '\n[[gates]]\nname = "helpful"\nbound = 0.9\n'
    )


TEXTS = st.text(max_size=60) | st.text(alphabet='\n\t\r\x7f"\\ {}#ab', max_size=90)
FLOATS = st.floats(allow_nan=False)
TRAIN = st.builds(
    Train,
    learning_rate=FLOATS,
    epochs=st.integers(-(2**63), 2**63 - 1),
    lora_rank=st.none() | st.integers(0, 9),
)
MODEL = st.builds(Model, path=TEXTS, chat_template=TEXTS, stop=st.lists(TEXTS, max_size=3).map(tuple))
FEEDBACK = st.builds(Feedback, judge=MODEL, mix=st.dictionaries(TEXTS, FLOATS, max_size=3))
GATES = st.lists(st.builds(Gate, name=TEXTS), max_size=3).map(tuple)


@hypothesis.settings(max_examples=40, deadline=None)
@hypothesis.given(st.builds(Whole, train=TRAIN, feedback=FEEDBACK, second=st.none() | TRAIN, gates=GATES))
def test_what_is_written_is_what_is_read(whole: Whole) -> None:
    text = settings.dumps(whole)
    assert settings.load(Whole, text) == whole
    assert settings.dumps(settings.load(Whole, text)) == text


def test_an_empty_text_is_all_defaults(tmp_path: Path) -> None:
    (tmp_path / "run.toml").write_text("")
    assert settings.load(Whole, tmp_path / "run.toml") == Whole()


TEXT = """\
# a comment
seed = 3

[train]
note = '''
epochs = 2
'''
[feedback.judge]
path = "m"
"""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "[train]\n\nlerning_rate = 1\n",
            "t:3: unknown key 'train.lerning_rate'; the nearest .* 'learning_rate'",
        ),
        ("[trian]\nepochs = 1\n", "t:1: unknown key 'trian'; the nearest known one is 'train'"),
        ("learning_rate = 1\n", "t:1: unknown key .* is 'train.learning_rate'"),
        ("[train]\nzzzzzzzz = 1\n", "t:2: .*; known here: learning_rate, epochs, method, lora_rank"),
        ("[[gates]]\nname='a'\n[[gates]]\nname='b'\nbond = 1", "t:5: unknown key 'gates.1.bond'; .* 'bound'"),
        ("[train]\nepochz=1\nmethot='dpo'", "t:2: .* 'epochs'\nt:3: .* 'method'"),
        ("[second]\nepochz=1", "t:2: .* 'epochs'"),
        ("feedback = { judge = { pth = 'x' } }", "t:1: unknown key 'feedback.judge.pth'; .* 'path'"),
        ("feedback.judge.pth = 'x'", "t:1: unknown key 'feedback.judge.pth'; .* 'path'"),
        ("[train]\n\nepochs = 'two'", "t:3: train.epochs: Expected `int`, got `str`"),
        ("[train]\nepochs = 1.5", "t:2: train.epochs: Expected `int`, got `float`"),
        ("[train]\nmethod = 'ppo'", "t:2: train.method: Invalid enum value 'ppo'; the nearest known one is 'dpo'"),
        ("[train]\nmethod = 'gprpo'", "t:2: train.method: Invalid enum value 'gprpo'; the nearest known one is 'grpo'"),
        ("train = 3", "t:1: train: Expected `object`, got `int`"),
        (
            "[[gates]]\nname='a'\n[[gates]]\nbound = 1",
            r"t:3: gates\[1\]: Object missing required field `name`",
        ),
        ("[[gates]]\nname='a'\nbound = true", r"t:3: gates\[0\].bound: Expected `float`, got `bool`"),
        ("[feedback.mix]\na = 'x'", r"t:1: feedback.mix\[...\]: Expected `float`, got `str`"),
        ("seed = \n", "t:1: not valid TOML: Invalid value"),
        ("seed = 1\nseed = 2\n", "t:2: not valid TOML: Cannot overwrite a value"),
        ("a = '''", "t:1: not valid TOML: "),
        (TEXT, "t:5: unknown key 'train.note'"),
    ],
)
def test_a_mistake_is_told_with_its_place(text: str, said: str) -> None:
    with pytest.raises(SettingsError, match="^" + said):
        settings.load(Whole, text, where="t")


def test_the_line_of_every_key() -> None:
    assert key_lines(TEXT) == {
        ("seed",): 2,
        ("train",): 4,
        ("train", "note"): 5,
        ("feedback",): 8,
        ("feedback", "judge"): 8,
        ("feedback", "judge", "path"): 9,
    }
    assert key_lines('"a b".c = 1\n[[x]]\n[[x]]\n[x.y]\nz = [\n  ["w"],\n]\n["q]"]\n') == {
        ("a b",): 1,
        ("a b", "c"): 1,
        ("x",): 2,
        ("x", "0"): 2,
        ("x", "1"): 3,
        ("x", "1", "y"): 4,
        ("x", "1", "y", "z"): 5,
        ("q]",): 8,
    }


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"none.toml: cannot be read: No such file"):
        settings.load(Whole, tmp_path / "none.toml")
    (tmp_path / "latin.toml").write_bytes(b"# \xe4")
    with pytest.raises(SettingsError, match=r"latin.toml: is not UTF-8"):
        settings.load(Whole, tmp_path / "latin.toml")


@pytest.mark.parametrize(
    ("override", "read"),
    [
        ("train.learning_rate=1e-5", Whole(train=Train(learning_rate=1e-5))),
        ("train.lora_rank = 8", Whole(train=Train(lora_rank=8))),
        ("train.method=grpo", Whole(train=Train(method="grpo"))),
        ("feedback.judge.path=2026-11-23", Whole(feedback=Feedback(judge=Model(path="2026-11-23")))),
        ("feedback.judge.path=owner/name=x", Whole(feedback=Feedback(judge=Model(path="owner/name=x")))),
        ('feedback.judge.path="a b"', Whole(feedback=Feedback(judge=Model(path="a b")))),
        ('feedback.judge.stop=["a", "b"]', Whole(feedback=Feedback(judge=Model(stop=("a", "b"))))),
        ("second.epochs=3", Whole(second=Train(epochs=3))),
        ("gates=[]", Whole(gates=())),
        ("feedback.mix={a = 1}", Whole(feedback=Feedback(mix={"a": 1.0}))),
    ],
)
def test_an_override(override: str, read: Whole) -> None:
    assert settings.load(Whole, "", [override]) == read


def test_the_last_override_wins_over_the_text() -> None:
    read = settings.load(Whole, "[train]\nepochs = 5", ["train.epochs=6", "train.epochs=7"])
    assert read.train.epochs == 7


@pytest.mark.parametrize(
    ("override", "said"),
    [
        (
            "train.epoch=1",
            "--set train.epoch=1: unknown key 'train.epoch'; the nearest known one is 'epochs'",
        ),
        ("train.epochs=many", "--set train.epochs=many: train.epochs: Expected `int`, got `str`"),
        ("seed.x=1", "--set seed.x=1: unknown key 'seed.x'"),
        ("train.epochs", "--set train.epochs: an override reads table.key=value"),
        ("trian.epochs=2", "--set trian.epochs=2: unknown key 'trian'; the nearest known one is 'train'"),
        ("train=1", "--set train=1: train: Expected `object`, got `int`"),
    ],
)
def test_a_wrong_override_is_named(override: str, said: str) -> None:
    with pytest.raises(SettingsError, match="^" + said):
        settings.load(Whole, "[train]\nepochs = 5", [override])


def test_known_keys_are_what_overrides_reach() -> None:
    keys = settings.known_keys(Whole)
    assert keys[:2] == ["seed", "train.learning_rate"]
    assert "feedback.judge.chat_template" in keys and "second.lora_rank" in keys and "gates" in keys


def test_written_text_is_toml_for_everybody() -> None:
    strange = Feedback(judge=Model(chat_template='{% if x %}\n  "a\\\n\'\'\'"""' + "x" * 40), mix={"a b": 1.0})
    assert tomllib.loads(settings.dumps(strange)) == {
        "rounds": 4,
        "mix": {"a b": 1.0},
        "judge": {"path": "", "chat_template": strange.judge.chat_template, "stop": []},
    }


class Named(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    gate: dict[str, Gate] = {}


def test_tables_with_names_of_their_own_are_read_written_and_checked() -> None:
    named = Named(gate={"a b": Gate(name="x"), "c.d": Gate(name="y", bound=0.25)})
    assert settings.load(Named, settings.dumps(named)) == named
    assert settings.load(Named, settings.dumps(Named())) == Named()
    with pytest.raises(SettingsError, match=r"t:3: unknown key 'gate.one.bond'; the nearest known one is 'bound'"):
        settings.load(Named, '[gate.one]\nname = "x"\nbond = 1\n', where="t")


def test_brackets_and_quotes_inside_strings_open_nothing() -> None:
    text = (
        '''a = """
[x]
b = "{" \\"""
still [ """"
c = '{'  # [ "
d = {e = ["]", '[']}
f = '''
        + "'''"
        + """
g = 1 [
"""
        + "'''"
        + """
h = "\\"["
i = [  # one "
  "j", # two '
]
"""
    )
    assert list(tomllib.loads(text)) == ["a", "c", "d", "f", "h", "i"]
    assert key_lines(text) == {("a",): 1, ("c",): 5, ("d",): 6, ("f",): 7, ("h",): 10, ("i",): 11}


def test_the_lines_of_a_long_list_are_each_looked_at_once() -> None:
    """An annex of 30,000 ids, one a line, took an hour."""
    text = "a = [\n" + "".join(f'  "org-{number}",\n' for number in range(30_000)) + "]\nb = 1\n"
    assert key_lines(text) == {("a",): 1, ("b",): 30_003}
