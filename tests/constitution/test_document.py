"""A constitution reads back as it was written, and every fault is named with file, line and field."""

import math
import tomllib
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bylaw.constitution import Constitution, default, dumps, load, loads
from bylaw.constitution.toml import quoted
from bylaw.errors import ConstitutionError
from bylaw.records import Principle

GOOD = '''\
title = "House rules"

# a comment, then a trap: a header inside a text
[[principle]]
id = "privacy"
critique_request = """
Say whether it reveals a private fact.
[[principle]]
weight = 7
"""
revision_request = "Rewrite it without private facts."
comparison = "Which response is more careful?"

[[principle]]
id = "tone"
critique_request = "Is it kind?"
revision_request = "Rewrite it kindly."
comparison = "Which response is kinder?"
weight = 2
tags = [
  "tone",  # with a comment
]
'''

ODD = st.text(max_size=250) | st.text(alphabet=" \n\t\r\\\"'ab#[]\x00\x85\u2028é😀", max_size=250)
TEXT = ODD.map(str.strip).filter(bool)
KEY = st.from_regex(r"[a-z0-9_é][a-z0-9._-]{0,20}", fullmatch=True)
PRINCIPLE = st.builds(
    Principle,
    key=KEY,
    title=ODD.map(str.strip),
    critique_request=TEXT,
    revision_request=TEXT,
    comparison=TEXT,
    weight=st.floats(min_value=0, exclude_min=True, allow_infinity=False, allow_nan=False),
    tags=st.lists(TEXT, max_size=3).map(tuple),
)
CONSTITUTION = st.builds(
    Constitution,
    name=KEY,
    title=TEXT,
    version=ODD.map(str.strip),
    principles=st.lists(PRINCIPLE, min_size=1, max_size=4, unique_by=lambda one: one.key).map(tuple),
)


@settings(deadline=None)
@given(CONSTITUTION)
def test_what_is_written_reads_back_equal(constitution: Constitution) -> None:
    text = dumps(constitution)
    assert loads(text) == constitution
    assert dumps(loads(text)) == text
    assert loads(text).digest == constitution.digest


@settings(deadline=None)
@given(st.text(alphabet=' \n\\"a', max_size=300))
def test_any_string_is_written_so_that_toml_reads_it(text: str) -> None:
    assert tomllib.loads(f"x = {quoted(text)}") == {"x": text}


def test_a_file_as_people_write_it(tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    file.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    read = load(file)
    assert (read.name, read.title, read.version) == ("house-rules", "House rules", "")
    assert [one.key for one in read.principles] == ["privacy", "tone"]
    assert read.principles[0].critique_request.startswith("Say whether")
    assert read.principles[0].critique_request.endswith("weight = 7")
    assert read.principles[1].weight == 2.0
    assert read.principles[1].tags == ("tone",)
    assert read == loads(GOOD)


def test_the_digest_binds_every_field_and_the_order() -> None:
    base = loads(GOOD)
    first, second = base.principles
    changed = [
        msgspec.structs.replace(base, title="Other"),
        msgspec.structs.replace(base, principles=(second, first)),
        msgspec.structs.replace(base, principles=(msgspec.structs.replace(first, weight=1.5), second)),
    ]
    assert len({one.digest for one in [base, *changed]}) == 4
    assert base.id == f"constitution-{base.digest}"


# each row: what is changed in GOOD, the place and the words of the error
FAULTS = {
    "syntax": ('id = "tone"', 'id = "tone', "rules.toml:15", "not valid TOML"),
    "syntax at the end": ('"tone",  # with a comment\n]', '"tone",', "rules.toml:21", "not valid TOML"),
    "key twice": ("weight = 2", "weight = 2\nweight = 3", "rules.toml:20", "not valid TOML"),
    "unknown field": ("weight = 2", "wieght = 2", "rules.toml:19: wieght", "did you mean weight?"),
    "unknown field, far": ("weight = 2", "zzz = 2", "rules.toml:19: zzz", "known are id, title"),
    "unknown field at the top": ('title = "H', 'titel = "H', "rules.toml:1: titel", "did you mean title?"),
    "misplaced": ("weight = 2", 'version = "2"', "rules.toml:19: version", "above the first [[principle]]"),
    "plural": (
        "[[principle]]\nid",
        "[[principles]]\nid",
        "rules.toml:4: principles",
        "did you mean principle?",
    ),
    "no title": ('title = "House rules"', "", "rules.toml: title", "the constitution has no title"),
    "empty title": ('"House rules"', '" "', "rules.toml:1: title", "the text is empty"),
    "title no text": ('"House rules"', "3", "rules.toml:1: title", "must be a text in quotes, not a number"),
    "bad name": ("\n\n#", '\nname = "a b"\n#', "rules.toml:2: name", "'a b' is not a short name"),
    "no id": ('id = "tone"\n', "", "rules.toml:14: id", "this principle has no id"),
    "no comparison": (
        'comparison = "Which response is kinder?"',
        "",
        "rules.toml:14: comparison",
        "has no comp",
    ),
    "same id": ('"tone"\nc', '"privacy"\nc', "rules.toml:15: id", "already has the id 'privacy'"),
    "bad id": ('"tone"\nc', '"a tone"\nc', "rules.toml:15: id", "is not a short name"),
    "empty text": ('"Is it kind?"', '"""\n \n"""', "rules.toml:16: critique_request", "the text is empty"),
    "a number for a text": ('"Is it kind?"', "1979-05-27", "rules.toml:16: critique_request", "not a date"),
    "a list for a text": (
        '"Rewrite it kindly."',
        '["a"]',
        "rules.toml:17: revision_request",
        "must be a text",
    ),
    "text weight": ("weight = 2", 'weight = "2"', "rules.toml:19: weight", "must be a number, not a text"),
    "true weight": ("weight = 2", "weight = true", "rules.toml:19: weight", "not true or false"),
    "zero weight": (
        "weight = 2",
        "weight = 0",
        "rules.toml:19: weight",
        "must be a finite number above 0, not 0",
    ),
    "negative weight": ("weight = 2", "weight = -1.5", "rules.toml:19: weight", "not -1.5"),
    "infinite weight": ("weight = 2", "weight = inf", "rules.toml:19: weight", "not inf"),
    "no number": ("weight = 2", "weight = nan", "rules.toml:19: weight", "not nan"),
    "huge weight": ("weight = 2", f"weight = 1{'0' * 400}", "rules.toml:19: weight", "too large"),
    "endless weight": ("weight = 2", f"weight = 1{'0' * 5000}", "rules.toml", "not valid TOML"),
    "one tag": (
        'tags = [\n  "tone",  # with a comment\n]',
        'tags = "x"',
        "rules.toml:20: tags",
        "a list of texts",
    ),
    "number tags": ('"tone",  #', "1,  #", "rules.toml:20: tags", "not a list of other things"),
    "empty tag": ('"tone",  #', '"",  #', "rules.toml:20: tags", "a tag is empty"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_names_file_line_and_field(fault: str, tmp_path: Path) -> None:
    old, new, place, words = FAULTS[fault]
    assert old in GOOD
    file = tmp_path / "rules.toml"
    file.write_text(GOOD.replace(old, new, 1) if fault != "plural" else GOOD.replace(old, new))
    with pytest.raises(ConstitutionError) as caught:
        load(file)
    assert caught.value.where == str(tmp_path / place)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("", "c", "the file is empty"),
        (" \n\n", "c", "the file is empty"),
        ("# only a comment\n", "c: title", "no title"),
        ('title = "x"\n', "c", "there are no principles"),
        ('title = "x"\nprinciple = []\n', "c", "there are no principles"),
        ('title = "x"\nprinciple = "y"\n', "c:2: principle", "must be [[principle]] tables"),
        ('title = "x"\nprinciple = [1]\n', "c:2: principle", "must be [[principle]] tables"),
        ('title = "x"\n\n[principle]\nid = "y"\n', "c:3: principle", "in double brackets"),
        ('title = "x"\nprinciple = [{id = "y"}]\n', "c:2: comparison", "has no comparison"),
        ("x = " + "[" * 5000, "c", "not valid TOML"),
    ],
)
def test_a_text_that_is_no_constitution(text: str, place: str, words: str) -> None:
    with pytest.raises(ConstitutionError) as caught:
        loads(text, "c")
    assert caught.value.where == place
    assert words in str(caught.value)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConstitutionError, match=r"missing\.toml: there is no such file"):
        load(tmp_path / "missing.toml")
    with pytest.raises(ConstitutionError, match="this is a directory"):
        load(tmp_path)
    latin = tmp_path / "latin.toml"
    latin.write_bytes(b'title = "x"\n\n# caf\xe9\n')
    with pytest.raises(ConstitutionError, match=r"latin\.toml:3: not UTF-8"):
        load(latin)


def _principle(**fields: object) -> Principle:
    given = {"key": "k", "critique_request": "C?", "revision_request": "R.", "comparison": "W?"} | fields
    return Principle(**given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "fields",
    [
        {"key": ""},
        {"key": "a b"},
        {"comparison": " W?"},
        {"comparison": ""},
        {"title": "x\n"},
        {"tags": ("",)},
    ]
    + [{"weight": weight} for weight in (0.0, -1.0, math.nan, math.inf)],
)
def test_code_cannot_build_what_a_file_cannot_hold(fields: dict[str, object]) -> None:
    with pytest.raises(ConstitutionError, match="principle "):
        Constitution(name="n", title="t", principles=(_principle(**fields),))


def test_code_cannot_build_an_empty_or_ambiguous_one() -> None:
    with pytest.raises(ConstitutionError, match="at least one principle"):
        Constitution(name="n", title="t", principles=())
    with pytest.raises(ConstitutionError, match="already has the id 'k'"):
        Constitution(name="n", title="t", principles=(_principle(), _principle(title="u")))


def test_the_shipped_constitution() -> None:
    shipped = default()
    assert len(shipped.principles) == 16
    assert shipped.name == "default"
    assert all(one.title and one.tags for one in shipped.principles)
    assert loads(dumps(shipped)) == shipped
    texts = [getattr(one, field) for one in shipped.principles for field in ("critique_request", "comparison")]
    assert len(set(texts)) == 32
    assert all("  " not in text and "\n" not in text for text in texts)
