"""The Dockerfile, held against the files and extras that it names. No builder runs here; what it would stumble over is
told all the same.
"""

import json
import re
import shlex
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions, requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from absent import where_absent
from bylaw.cli import parser

ROOT = Path(__file__).parents[2]
KNOWN = {"FROM", "WORKDIR", "COPY", "RUN", "ENV", "USER", "EXPOSE", "ENTRYPOINT", "CMD"}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
ALONE = """
from importlib import import_module
from pkgutil import walk_packages

for room in ("gateway", "console", "access"):
    top = import_module(f"bylaw.{room}")
    for each in walk_packages(top.__path__, top.__name__ + "."):
        import_module(each.name)
"""
"""Import all that the image serves where nothing can be found that it does not install."""


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
    least = PROJECT["requires-python"].removeprefix(">=")
    assert image == "python" and tuple(map(int, re.findall(r"\d+", tag)[:2])) >= tuple(map(int, least.split(".")))


def test_what_is_copied_is_there_and_is_all_that_the_build_needs() -> None:
    names = {name for each in said("COPY") for name in shlex.split(each)[:-1]}
    assert all((ROOT / name).exists() for name in names)
    needed = {"pyproject.toml", "src", "constraints.txt", PROJECT["readme"]}
    assert needed | set(PROJECT["license-files"]) <= names
    kept = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    assert kept[0] == "*" and {each[1:] for each in kept if each.startswith("!")} == names


def test_the_extras_are_the_project_s_and_versions_are_pinned() -> None:
    (install,) = [each for each in said("RUN") if "pip install" in each]
    assert extras_of(install) == {"gateway", "cluster"} <= set(PROJECT["optional-dependencies"])
    assert "-c constraints.txt" in install


def extras_of(install: str) -> set[str]:
    """The project's extras that a pip command names."""
    return set(re.findall(r"'\.\[([\w,]+)\]'", install)[0].split(","))


def installed(wanted: list[Requirement]) -> set[str]:
    """The distributions that these need, and all that those need, by what is installed here."""
    found: set[str] = set()
    ahead = [(canonicalize_name(each.name), frozenset(each.extras)) for each in wanted]
    seen = set(ahead)
    while ahead:
        name, extras = ahead.pop()
        found.add(name)
        for each in map(Requirement, requires(name) or ()):
            one = canonicalize_name(each.name), frozenset(each.extras)
            applies = each.marker is None or any(each.marker.evaluate({"extra": extra}) for extra in (*extras, ""))
            if applies and one not in seen:
                seen.add(one)
                ahead.append(one)
    return found


def test_what_it_installs_is_enough_for_what_it_serves_and_brings_no_torch() -> None:
    (install,) = [each for each in said("RUN") if "pip install" in each]
    optional = PROJECT["optional-dependencies"]
    texts = [*PROJECT["dependencies"], *(text for extra in extras_of(install) for text in optional[extra])]
    found = installed([Requirement(text) for text in texts])
    assert not found & {"torch", "transformers", "ray"}
    absent = {
        top
        for top, names in packages_distributions().items()
        if top != "bylaw" and not found & {canonicalize_name(name) for name in names}
    }
    assert {"torch", "pytest"} <= absent
    done = subprocess.run(
        [sys.executable, "-c", where_absent(absent, ALONE)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_it_does_not_run_as_root_and_starts_what_there_is() -> None:
    order = [word for word, _ in steps()]
    (user,) = said("USER")
    assert any(f"useradd --system --home /srv {user}" in each for each in said("RUN"))
    assert order.index("USER") > max(at for at, word in enumerate(order) if word in ("RUN", "COPY"))
    entry, words = (json.loads(said(each)[0]) for each in ("ENTRYPOINT", "CMD"))
    assert entry == ["bylaw"]
    args = parser().parse_args(words)
    assert args.settings == Path("gateway.toml") and said("EXPOSE") == ["8080"]
