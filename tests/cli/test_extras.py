"""Every verb on a base install: what needs an extra says so in one line, and nothing ends in a traceback."""

import argparse
import ast
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from absent import where_absent
from bylaw.cli import VERBS, main, parser
from bylaw.cli.extras import BROUGHT, OWN, extra_of, needed_by
from bylaw.lineage.lab import Lab
from runs import make_run

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
OPTIONAL: dict[str, list[str]] = PROJECT["optional-dependencies"]
BASE = {"msgspec", "rfc8785", "cryptography"}

CALLS = """
train --out r1                                              train
train run.toml --dry-run
label pairs.jsonl --judge windtunnel                        train
rate run --judge windtunnel --temperature 0                 train
report run                                                  train
show run labels
export run --as trl-preference -o rows.jsonl
export run --as trl-preference --push lab/rows              hub
copy run s3://bucket/run                                    remote
constitution lint
constitution show
constitution diff default.toml default.toml
constitution import nowhere
reward fit pairs.jsonl --judge model -o reward.toml         train
reward validate reward.toml gold.jsonl
reward show reward.toml
audit run                                                   audit
leak run                                                    train
stress run                                                  train
evidence build run -o bundle.zip
evidence publish bundle.zip -o site                         train
evidence card bundle.zip
verify bundle.zip
reproduce run                                               train
directive new --from june-2026-letter-1
directive check june-2026-letter-1.toml                     access
directive sign june-2026-letter-1.toml --key ana.pem        access
directive impact june-2026-letter-1.toml                    access
directive enact june-2026-letter-1.toml                     access
directive rescind a --citation b                            access
directive list                                              access
directive diff june-2026-letter-1.toml june-2026-letter-1.toml
access init --model m                                       access
access demo                                                 access
access import staff.csv                                     access
access refresh                                              access
access confirm p --list l --party q --why w                 access
access facts p --why w                                      access
access hold p --why w                                       access
access erase p --why w                                      access
access reads                                                access
access verify                                               access
decisions make p --model m                                  access
decisions explain d                                         access
decisions list                                              access
decisions commit                                            access
decisions proof d                                           access
decisions replay                                            access
decisions report                                            access
decisions retire --why w                                    access
property block p --what w                                   access
property nothing p                                          access
property correct 1 --why w                                  access
property release 1 --ground license --why w                 access
property filed r --reference w                              access
property list                                               access
lab show
lab rotate
ledger init log --origin lab.example
ledger append log pairs.jsonl
ledger checkpoint log
ledger prove log 0
ledger witness log --name w --log-key key --state state
ledger monitor log --log-key key --state state
screen who Somebody                                         access
screen lists update ofac-sdn list.csv --as-of 2026-06-01    access
screen lists show                                           access
screen lists diff ofac-sdn                                  access
screen clear p q --why w                                    access
serve                                                       gateway
serve --check                                               gateway
serve --demo                                                gateway
keys issue p                                                gateway
keys list
keys revoke k
console account add ana --role admin                        gateway
console account reset ana                                   gateway
console account remove ana                                  gateway
console account list                                        gateway
coverage                                                    gateway
plan run.toml --gpus 8 --size 8b
bench                                                       train
windtunnel build -o seed                                    train
windtunnel exam                                             train
windtunnel bench                                            train
windtunnel paper                                            train
"""
"""A call of each command, and the extra that it needs; it may fail in other ways, if that is told as a sentence."""

ALONE = """
import contextlib, io, json, sys, traceback
from bylaw.cli import main

def said(words):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = main(words)
        except SystemExit as end:
            code = end.code
        except BaseException:
            code = traceback.format_exc()
    return code, err.getvalue()

json.dump([said(words) for words in json.loads({calls!r})], sys.stdout)
"""
"""Run each call where nothing is found that a base install does not bring."""


def base_install(calls: list[list[str]], folder: Path, *extras: str) -> list[tuple[int | str, str]]:
    """Each call's exit code, or its traceback, and what it said of errors; with these extras installed."""
    absent = {package for packages in BROUGHT.values() for package in packages}
    absent -= {package for extra in extras for package in BROUGHT[extra]}
    code = where_absent(absent, ALONE.format(calls=json.dumps(calls)))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=folder)
    return [(code, err) for code, err in json.loads(done.stdout)]


def commands(grammar: argparse.ArgumentParser, words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The words of every command, and of every verb that is followed by one."""
    yield words
    for each in grammar._actions:
        if isinstance(each, argparse._SubParsersAction):
            for word, below in each.choices.items():
                yield from commands(below, (*words, word))


def test_every_help_is_given(tmp_path: Path) -> None:
    calls = [[*words, "--help"] for words in commands(parser())]
    assert len(calls) > 90
    assert base_install(calls, tmp_path) == [(0, "")] * len(calls)


def test_what_is_missing_is_said_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BYLAW_HOME", str(tmp_path / "home"))
    make_run(tmp_path / "run", Lab.open(tmp_path / "home"))
    (tmp_path / "pairs.jsonl").write_text('{"prompt": "a question", "chosen": "yes", "rejected": "no"}\n')
    (tmp_path / "run.toml").write_text('policy = "model"\n[prompts]\nharmful_file = "p"\nhelpful_file = "p"\n')
    rows = [re.split(r" {2,}", line) for line in CALLS.strip().splitlines()]
    calls = [words.split() for words, *_ in rows]
    every = set(commands(parser()))
    leaves = every - {words[:-1] for words in every}
    assert not [words for words in leaves if not any(tuple(call[: len(words)]) == words for call in calls)]
    for (words, *extra), (code, err) in zip(rows, base_install(calls, tmp_path), strict=True):
        assert isinstance(code, int), f"bylaw {words}\n{code}"
        line = rf"bylaw: error: this needs (\w+); install it with: pip install 'bylaw\[{(*extra, '')[0]}\]'\n"
        needs = re.fullmatch(line, err)
        assert bool(needs) == bool(extra) and (code == 1 or not extra), f"bylaw {words}: {code} {err}"
        assert "pip install" not in err or extra, f"bylaw {words}: {err}"
        assert not needs or needs[1] in BROUGHT[extra[0]], f"bylaw {words}: {err}"


def test_a_gateway_without_torch_makes_no_office_for_a_model_that_cannot_be_loaded(tmp_path: Path) -> None:
    ((code, err),) = base_install([["serve", "--demo"]], tmp_path, "gateway")
    assert (code, err) == (1, "bylaw: error: this needs torch; install it with: pip install 'bylaw[train]'\n")
    assert not list(tmp_path.iterdir())


def test_the_packages_are_those_that_the_extras_install() -> None:
    tops: dict[str, set[str]] = {}
    for top, names in packages_distributions().items():
        for name in names:
            tops.setdefault(canonicalize_name(name), set()).add(top)
    assert set(BROUGHT) == set(OPTIONAL) - {"dev", "browser"}
    for extra, packages in BROUGHT.items():
        for requirement in OPTIONAL[extra]:
            found = tops.get(canonicalize_name(Requirement(requirement).name))
            assert found is None or found & set(packages), f"{extra}: {requirement} is not in BROUGHT"


def test_nothing_is_imported_that_no_extra_brings() -> None:
    known = {"bylaw", *BASE, *sys.stdlib_module_names, *(each for packages in BROUGHT.values() for each in packages)}
    for path in (ROOT / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not {name.partition(".")[0] for name in names} - known, path


def test_libraries_name_extras_that_are_there() -> None:
    said = [
        found
        for path in (ROOT / "src").rglob("*.py")
        for found in re.findall(r'MissingExtra\("(\w+)", "(\w+)"\)', path.read_text())
    ]
    assert len(said) > 10
    assert not [each for each in said if each[0] not in BROUGHT.get(each[1], ())]


def test_a_mistake_of_ours_is_no_missing_extra() -> None:
    assert set(OWN) <= {name.rpartition(".")[2] for name in VERBS}
    assert extra_of("numpy", "access") == "access" and extra_of("numpy", "train") == "train"
    with pytest.raises(ModuleNotFoundError), needed_by("access"):
        raise ModuleNotFoundError("No module named 'bylaw.absent'", name="bylaw.absent")
    assert main(["keys", "list", "--gateway", "nowhere.toml"]) == 2
