"""The Dockerfile, held against the files and extras that it names. No builder runs here; what it would stumble over is
told all the same.
"""

import json
import re
import shlex
import tomllib
from pathlib import Path

from bylaw.cli import parser

ROOT = Path(__file__).parents[2]
KNOWN = {"FROM", "WORKDIR", "COPY", "RUN", "USER", "EXPOSE", "ENTRYPOINT", "CMD"}


def steps() -> list[tuple[str, str]]:
    """(instruction, rest) of every line that is no comment."""
    text = re.sub(r"\\\n", " ", (ROOT / "Dockerfile").read_text())
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in lines)]


def said(word: str) -> list[str]:
    """What stands behind an instruction, each time."""
    return [rest for each, rest in steps() if each == word]


def test_every_step_is_one_that_builders_know_and_it_begins_with_an_image() -> None:
    assert {word for word, _ in steps()} <= KNOWN and steps()[0][0] == "FROM"
    image, _, tag = said("FROM")[0].partition(":")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    least = project["requires-python"].removeprefix(">=")
    assert image == "python" and tuple(map(int, re.findall(r"\d+", tag)[:2])) >= tuple(map(int, least.split(".")))


def test_what_is_copied_is_there_and_is_all_that_the_build_needs() -> None:
    copied = [shlex.split(each)[:-1] for each in said("COPY")]
    names = {name for each in copied for name in each}
    assert all((ROOT / name).exists() for name in names)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    needed = {"pyproject.toml", "src", "constraints.txt", project["project"]["readme"]}
    assert needed | set(project["project"]["license-files"]) <= names


def test_the_extras_are_the_project_s_and_versions_are_pinned() -> None:
    (install,) = [each for each in said("RUN") if "pip install" in each]
    extras = set(re.findall(r"'\.\[([\w,]+)\]'", install)[0].split(","))
    known = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert extras == {"gateway", "cluster"} and extras <= set(known)
    assert "-c constraints.txt" in install


def test_it_does_not_run_as_root_and_starts_what_there_is() -> None:
    order = [word for word, _ in steps()]
    (user,) = said("USER")
    assert any(f"useradd --system --home /srv {user}" in each for each in said("RUN"))
    assert order.index("USER") > max(at for at, word in enumerate(order) if word in ("RUN", "COPY"))
    entry, words = (json.loads(said(each)[0]) for each in ("ENTRYPOINT", "CMD"))
    assert entry == ["bylaw"]
    args = parser().parse_args(words)
    assert args.settings == Path("gateway.toml") and said("EXPOSE") == ["8080"]
