"""Files are whole or absent, and what does not decode is named."""

import os
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from bylaw import storage
from bylaw.errors import RecordError, RunError
from bylaw.records import Label, Message, Prompt, Vote

PROMPT = Prompt(messages=(Message("user", "hello\nthere"),), source="t")
VOTE = Vote("p", False, 0.75, 1.0)
LABEL = Label(
    comparison="c",
    judge="j",
    scheme="one",
    template="paper",
    votes=(VOTE, VOTE),
    verdict="first",
    p_first=0.75,
)


def test_records_round_trip(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "labels.jsonl"
    storage.write_records(path, [LABEL, LABEL])
    assert list(storage.read_records(path, Label)) == [LABEL, LABEL]
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (
            storage.line_of(LABEL).replace(b"0.75", b'"high"', 1),
            r":2: votes\[0\].p_first: Expected `float`, got `str`",
        ),
        (
            storage.line_of(LABEL).replace(b'"judge"', b'"juge"'),
            r":2: Object (contains unknown|missing required) field",
        ),
        (b"[1, 2]\n", r":2: Expected `object`, got `array`"),
        (b'{"comparison":"\xff"}\n', r":2: "),
        (b"{nonsense\n", r":2: JSON is malformed"),
        (storage.line_of(LABEL)[:-30], r":2: the last line is cut off or does not decode"),
    ],
)
def test_a_bad_row_is_named_with_file_line_and_field(tmp_path: Path, row: bytes, said: str) -> None:
    path = tmp_path / "labels.jsonl"
    path.write_bytes(storage.line_of(LABEL) + row)
    with pytest.raises(RecordError, match=f"labels.jsonl{said}"):
        list(storage.read_records(path, Label))


def test_a_file_somebody_else_wrote_may_lack_its_last_newline(tmp_path: Path) -> None:
    path = tmp_path / "labels.jsonl"
    path.write_bytes(b"\n" + storage.line_of(LABEL).rstrip() + b"\r\n\n" + storage.line_of(LABEL).rstrip())
    assert list(storage.read_records(path, Label)) == [LABEL, LABEL]
    assert list(storage.read_records(path, Label, torn=True)) == [LABEL]


def test_a_range_of_a_file_keeps_its_line_numbers(tmp_path: Path) -> None:
    path = tmp_path / "prompts.jsonl"
    line = storage.line_of(PROMPT)
    path.write_bytes(line + line + b"{}\n" + line)
    assert list(storage.read_records(path, Prompt, start=len(line), end=2 * len(line))) == [PROMPT]
    with pytest.raises(RecordError, match=r"jsonl:3: "):
        list(storage.read_records(path, Prompt, start=2 * len(line)))
    assert b"".join(storage.read_range(path, 3, 10, block=4)) == path.read_bytes()[3:10]


@pytest.mark.parametrize("length", [0, 5, 70_000, 200_000])
def test_append_drops_a_torn_line_first(tmp_path: Path, length: int) -> None:
    path = tmp_path / "manifest.jsonl"
    storage.append_line(path, {"a": 1})
    with path.open("ab") as file:
        file.write(b"x" * length)
    storage.append_line(path, {"b": 2})
    assert path.read_bytes() == b'{"a":1}\n{"b":2}\n'
    os.truncate(path, 3)
    storage.append_line(path, {"c": 3})
    assert path.read_bytes() == b'{"c":3}\n'


def test_a_body_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    storage.write_text(path, "old")
    with pytest.raises(ZeroDivisionError), storage.writing(path) as temporary:
        temporary.write_text("half")
        raise ZeroDivisionError
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


def test_directories_appear_whole_and_replace_older_ones(tmp_path: Path) -> None:
    for name in ("old", "new"):
        with storage.writing(tmp_path / "model") as temporary:
            (temporary / "deep").mkdir(parents=True)
            (temporary / "deep" / name).touch()
            if name == "new":
                assert (tmp_path / "model/deep/old").exists()
    assert [path.name for path in (tmp_path / "model/deep").iterdir()] == ["new"]


def test_sweep_removes_only_what_writers_left(tmp_path: Path) -> None:
    (tmp_path / "models/.sft.12.partial/deep").mkdir(parents=True)
    (tmp_path / ".run.toml.12.partial").touch()
    (tmp_path / "kept.partial").touch()
    storage.sweep(tmp_path)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["kept.partial", "models"]


FULL = """
import resource, sys
from pathlib import Path
from bylaw import storage
path = Path(sys.argv[1])
storage.append_line(path / "log.jsonl", {"a": "x" * 900})
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
for write in (
    lambda: storage.append_line(path / "log.jsonl", {"a": "x" * 900}),
    lambda: storage.write_bytes(path / "big", b"x" * 2000),
):
    try:
        write()
    except Exception as error:
        print(type(error).__name__, error)
"""


def test_a_full_disk_is_a_sentence_and_keeps_what_was_there(tmp_path: Path) -> None:
    ran = subprocess.run([sys.executable, "-c", FULL, str(tmp_path)], capture_output=True, text=True, check=True)
    log, big = ran.stdout.splitlines()
    assert log.startswith(f"RunError no space left while writing {tmp_path}/log.jsonl")
    assert big.startswith(f"RunError no space left while writing {tmp_path}/big")
    assert len((tmp_path / "log.jsonl").read_bytes().splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["log.jsonl"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_no_space_left_on_device(tmp_path: Path) -> None:
    full = Path("/dev/full").open("wb", buffering=0)  # noqa: SIM115
    with full, pytest.raises(RunError, match="no space left"), storage.explained(tmp_path):
        full.write(b"x")


def test_a_place_one_may_not_write_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match=r"cannot use .*file"):
        storage.write_text(tmp_path / "file" / "inside", "x")


def test_a_write_ahead_log_is_waited_for_while_another_has_the_file(tmp_path: Path) -> None:
    other, ours = (
        sqlite3.connect(tmp_path / "new.db", timeout=0, isolation_level=None, check_same_thread=False) for _ in "ab"
    )
    other.execute("begin exclusive")
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        storage.write_ahead(ours, patience=0.02)
    release = threading.Timer(0.2, other.execute, ["commit"])
    release.start()
    assert storage.write_ahead(ours) == "wal"
    release.join()
    other.close()
    ours.close()
