"""The store of lists: atomic, versioned, and it says what changed."""

import json
from pathlib import Path

import pytest
from list_files import ENTITIES, UNSEALED, contents

from bylaw.access.screening.lists import Lists
from bylaw.access.screening.parties import Seal
from bylaw.errors import DocumentError, UsageError


def entities(*ids: str, name: str = "Ivan Petrov") -> dict[str, bytes]:
    lines = [{"id": each, "schema": "Person", "properties": {"name": [f"{name} {each}"]}} for each in ids]
    return {"main": "".join(json.dumps(line) + "\n" for line in lines).encode()}


def test_an_update_says_who_came_and_went(tmp_path: Path) -> None:
    lists = Lists(tmp_path)
    first = lists.update("ftm", entities("a", "b"), "2026-11-01", UNSEALED)
    assert first.came == ("a", "b") and first.before == ""
    second = lists.update("ftm", entities("b", "c"), "2026-11-02", UNSEALED)
    assert (second.came, second.went, second.changed) == (("c",), ("a",), ())
    third = lists.update("ftm", entities("b", "c", name="Petr Ivanov"), "2026-11-02", UNSEALED)
    assert third.changed == ("b", "c") and third.before == second.after
    assert len(lists.versions("ftm")) == 3 and [party.id for party in lists.parties()] == ["b", "c"]


def test_the_same_files_give_the_same_version(tmp_path: Path) -> None:
    one, other = Lists(tmp_path / "1"), Lists(tmp_path / "2")
    for lists in (one, other):
        lists.update("ftm", contents("ftm"), "2026-11-01", UNSEALED)
    assert one.id == other.id
    assert one.update("ftm", contents("ftm"), "2026-11-01", UNSEALED).came == ()
    assert len(ENTITIES) == 3 and one.current()["ftm"].parties == 2


def test_a_refused_update_leaves_what_is_in_force(tmp_path: Path) -> None:
    lists = Lists(tmp_path)
    lists.update("ftm", entities(*"abcdefghijkl"), "2026-11-02", Seal(parties=12))
    before = lists.id
    with pytest.raises(DocumentError):
        lists.update("ftm", {"main": entities("a")["main"][:-5]}, "2026-11-03", UNSEALED)
    with pytest.raises(DocumentError, match="shrink"):
        lists.update("ftm", entities("a"), "2026-11-03", UNSEALED)
    with pytest.raises(UsageError, match="older"):
        lists.update("ftm", entities(*"abcdefghijkl"), "2026-11-01", UNSEALED)
    with pytest.raises(UsageError, match="day"):
        lists.update("ftm", entities("a"), "yesterday", UNSEALED)
    assert lists.id == before and len(lists.versions("ftm")) == 1
    assert lists.update("ftm", entities("a"), "2026-11-03", UNSEALED, shrink=True).went == tuple("bcdefghijkl")


def test_aliases_and_addresses_count_when_a_list_shrinks(tmp_path: Path) -> None:
    lists, files = Lists(tmp_path), contents("ofac-sdn")
    lists.update("ofac-sdn", files, "2026-11-01")
    before = lists.id
    for left in ("alternates", "addresses"):
        fewer = {role: content for role, content in files.items() if role != left}
        with pytest.raises(DocumentError, match=f"{'names' if left == 'alternates' else left}, and .* are in force"):
            lists.update("ofac-sdn", fewer, "2026-11-02", Seal(absent=(left,)))
    lines = files["alternates"].splitlines(keepends=True)
    half = {**files, "alternates": b"".join(lines[: len(lines) // 2] + lines[-1:])}
    with pytest.raises(DocumentError, match="names, and"):
        lists.update("ofac-sdn", half, "2026-11-02")
    assert lists.id == before
    assert lists.update("ofac-sdn", half, "2026-11-02", shrink=True).changed


def test_a_writer_killed_before_the_switch_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lists = Lists(tmp_path)
    lists.update("ftm", entities("a"), "2026-11-01", UNSEALED)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("bylaw.access.screening.lists.write_bytes", killed)
        with pytest.raises(KeyboardInterrupt):
            lists.update("ftm", entities("a", "b"), "2026-11-02", UNSEALED)
    assert [party.id for party in lists.parties()] == ["a"]
    assert lists.update("ftm", entities("a", "b"), "2026-11-02", UNSEALED).came == ("b",)


def test_a_version_changed_on_disk_is_refused(tmp_path: Path) -> None:
    lists = Lists(tmp_path)
    lists.update("ftm", entities("a", "b"), "2026-11-01", UNSEALED)
    path = next(tmp_path.rglob("list.jsonl"))
    lines = path.read_bytes().splitlines(keepends=True)
    for damaged in (lines[0], lines[0] + lines[1].replace(b"Ivan", b"Ivam"), lines[0] + lines[1][:20]):
        path.write_bytes(damaged)
        with pytest.raises(DocumentError):
            lists.parties()
    path.unlink()
    with pytest.raises(DocumentError, match="missing"):
        lists.parties()
