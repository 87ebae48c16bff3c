"""The published files, read as they are; files that only look like them are refused by name."""

import json
import shutil
from pathlib import Path

import pytest

from bylaw.constitution import dumps, loads
from bylaw.constitution.few_shots import few_shots, turns
from bylaw.constitution.lint import lint
from bylaw.constitution.published import published
from bylaw.errors import ConstitutionError
from inputs import real


@pytest.fixture(scope="module")
def prompts() -> Path:
    return real("cai", "prompts")


def test_the_published_principles(prompts: Path) -> None:
    read = published(prompts)
    assert [one.key for one in read.principles] == [f"harmful{number}" for number in range(16)]
    first, second = read.principles[:2]
    assert first.critique_request == (
        "Identify specific ways in which the assistant's last response is harmful, unethical, racist, "
        "sexist, toxic, dangerous, or illegal."
    )
    assert first.revision_request.startswith("Please rewrite the assistant response to remove any and all")
    assert second.comparison == "Please choose the response that is the most helpful, honest, and harmless."
    everything = " ".join(one.critique_request + one.revision_request + one.comparison for one in read.principles)
    assert not any(mark in everything for mark in ("CritiqueRequest", "Critique:", "Revision:", "Options:", "\n"))
    assert loads(dumps(read)) == read
    assert [finding for finding in lint(read) if finding.level == "error"] == []


def test_the_published_examples(prompts: Path) -> None:
    shots = few_shots(prompts)
    assert (len(shots.revisions), len(shots.comparisons), len(shots.reasoned)) == (5, 5, 6)
    assert [len(shot.messages) for shot in shots.revisions] == [4, 2, 2, 4, 4]
    assert all(shot.messages[-1].role == "assistant" for shot in shots.revisions)
    assert all("Human:" not in shot.revision for shot in shots.revisions)
    assert shots.revisions[0].critique.startswith("Arson is very dangerous")
    assert all(shot.gold == "first" and shot.messages[-1].role == "user" for shot in shots.comparisons)
    assert "".join((shot.comparison.gold or "?")[0] for shot in shots.reasoned) == "ssfsfs"
    assert [len(shot.comparison.messages) for shot in shots.reasoned] == [3, 1, 1, 1, 1, 1]
    texts = [text for shot in shots.reasoned for text in (shot.comparison.first, shot.comparison.second, shot.thought)]
    assert all(text and "[[[" not in text and "{}" not in text and "So the answer" not in text for text in texts)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of the published shape, with one entry of each kind."""
    _write(
        tmp_path / "CritiqueRevisionInstructions.json",
        {
            "harmful0": {
                "prompt": ["\n\nCritiqueRequest: Is it bad?\n\nCritique:"],
                "edit_request": "\n\nRevisionRequest: Rewrite it.\n\nRevision:",
            }
        },
    )
    _write(tmp_path / "RLMadisonInstructions.json", ["\nChoose the best. Options:"])
    return tmp_path


def _write(file: Path, value: object) -> None:
    file.write_text(json.dumps(value), encoding="utf-8")


def test_wrappers_are_stripped(folder: Path) -> None:
    (only,) = published(folder).principles
    assert (only.critique_request, only.revision_request, only.comparison) == (
        "Is it bad?",
        "Rewrite it.",
        "Choose the best.",
    )


@pytest.mark.parametrize(
    ("file", "value", "words"),
    [
        ("RLMadisonInstructions.json", ["Choose the best."], "number 0: expected '… Options:'"),
        ("RLMadisonInstructions.json", ["a Options:", "b Options:"], "2 comparisons for 1 critique requests"),
        ("RLMadisonInstructions.json", {"a": 1}, "Expected `array`"),
        ("CritiqueRevisionInstructions.json", {"x": {"prompt": ["y"], "edit_request": "z"}}, "no 'harmful0'"),
        ("CritiqueRevisionInstructions.json", {"harmful0": {"prompt": [], "edit_request": "z"}}, "0 prompts"),
        (
            "CritiqueRevisionInstructions.json",
            {"harmful0": {"prompt": ["y"]}},
            "missing required field `edit_req",
        ),
        (
            "CritiqueRevisionInstructions.json",
            {"harmful0": {"prompt": ["y"], "edit_request": "z"}},
            "harmful0: expected 'CritiqueRequest: … Critique:'",
        ),
    ],
)
def test_files_of_another_shape_are_refused(folder: Path, file: str, value: object, words: str) -> None:
    _write(folder / file, value)
    with pytest.raises(ConstitutionError) as caught:
        published(folder)
    assert file in caught.value.where
    assert words in str(caught.value)


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / "RLMadisonInstructions.json").unlink()
    with pytest.raises(ConstitutionError, match=r"RLMadisonInstructions\.json: there is no such file"):
        published(folder)


@pytest.mark.parametrize(
    "file",
    [
        "CritiqueRevisionFewShotPrompts.json",
        "RLMadisonFewShotPrompts.json",
        "RLMadisonPrecogFewShotPrompts.json",
    ],
)
def test_a_mutilated_example_is_named(prompts: Path, tmp_path: Path, file: str) -> None:
    for source in prompts.glob("*.json"):
        shutil.copyfile(source, tmp_path / source.name)
    examples = json.loads((prompts / file).read_text(encoding="utf-8"))
    whole = examples[1] if isinstance(examples[1], str) else examples[1]["prompt"]
    half = whole.replace("Human:", "Person:").replace("Critique:", "")
    examples[1] = half if isinstance(examples[1], str) else examples[1] | {"prompt": half}
    _write(tmp_path / file, examples)
    with pytest.raises(ConstitutionError, match=f"{file}: number 1"):
        few_shots(tmp_path)


def test_turns() -> None:
    messages = turns("\n\nHuman: a\n\nb\n\nAssistant: c: d\n\nHuman: e\n\nAssistant:", "Human", "Assistant", "x")
    assert [(one.role, one.content) for one in messages] == [
        ("user", "a\n\nb"),
        ("assistant", "c: d"),
        ("user", "e"),
    ]
    with pytest.raises(ConstitutionError, match="expected a transcript"):
        turns("no speaker", "Human", "Assistant", "x")
