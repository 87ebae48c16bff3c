"""The files themselves: versions, damage, full disks, killed writers, readers beside a writer."""

import os
import resource
import signal
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from stores import DAY, fact, person, record, store

from bylaw.access.store import schema
from bylaw.access.store.database import Database, statements
from bylaw.access.store.errors import StoreBusy, StoreError
from bylaw.access.store.store import Store

__all__ = ["store"]


def test_statements_are_read_one_by_one_triggers_too() -> None:
    script = "CREATE TABLE a (b TEXT);\nCREATE TRIGGER t BEFORE DELETE ON a\nBEGIN SELECT 1; END;\n"
    assert [statement.strip() for statement in statements(script)] == [
        "CREATE TABLE a (b TEXT);",
        "CREATE TRIGGER t BEFORE DELETE ON a\nBEGIN SELECT 1; END;",
    ]


def test_an_older_store_becomes_a_newer_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Store.open(tmp_path) as old:
        record(old, person("p-1", fact("residence", "us")))
        before = old.register(DAY)
    newer = (*schema.FACTS, "CREATE TABLE added (one TEXT) STRICT;\nINSERT INTO added VALUES ('here');")
    monkeypatch.setattr(schema, "FACTS", newer)
    with Store.open(tmp_path) as new:
        assert new.register(DAY) == before
    with sqlite3.connect(tmp_path / "facts.sqlite") as file:
        assert file.execute("SELECT one FROM added").fetchall() == [("here",)]
        assert [version for (version,) in file.execute("SELECT version FROM migrations")] == [1, 2]
        assert file.execute("PRAGMA user_version").fetchone() == (2,)
    monkeypatch.undo()
    with pytest.raises(StoreError, match="has version 2, and this program knows 1"):
        Store.open(tmp_path)


def test_a_migration_that_fails_leaves_the_older_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Store.open(tmp_path) as old:
        record(old, person("p-1"))
    with monkeypatch.context() as patch:
        patch.setattr(
            schema, "FACTS", (*schema.FACTS, "CREATE TABLE added (one TEXT);\nCREATE TABLE imports (x TEXT);")
        )
        with pytest.raises(StoreError, match="already exists"):
            Store.open(tmp_path)
    with Store.open(tmp_path) as old:
        assert list(old.register(DAY)) == ["p-1"]


@pytest.mark.parametrize("content", [b"no database at all, but a text that somebody left here" * 9, b"x" * 5000])
def test_what_is_no_store_is_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "facts.sqlite").write_bytes(content)
    with pytest.raises(StoreError, match="is no SQLite file, or its head is damaged"):
        Store.open(tmp_path)
    assert (tmp_path / "facts.sqlite").read_bytes() == content


def test_a_database_of_something_else_is_refused(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "facts.sqlite") as other:
        other.execute("CREATE TABLE recipes (cake TEXT)")
    before = (tmp_path / "facts.sqlite").read_bytes()
    with pytest.raises(StoreError, match="something else"):
        Store.open(tmp_path)
    assert (tmp_path / "facts.sqlite").read_bytes() == before


def test_a_damaged_store_says_so(tmp_path: Path) -> None:
    with Store.open(tmp_path) as made:
        record(made, *(person(f"p-{number}", fact("name", f"Name {number}")) for number in range(3000)))
    path = tmp_path / "facts.sqlite"
    content = bytearray(path.read_bytes())
    content[len(content) // 4 : len(content) // 4 * 3] = os.urandom(len(content) // 4 * 2)
    path.write_bytes(content)
    with pytest.raises(StoreError, match="damaged"), Store.open(tmp_path) as broken:
        broken.register(DAY)


def test_a_full_disk_leaves_the_state_before(store: Store) -> None:
    """The limit on pages gives SQLite's own error for a disk without room."""
    record(store, person("p-1", fact("residence", "us")))
    before = store.register(DAY)
    connection = store._facts.connection
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages + 3}")
    many = [person(f"p-{number}", fact("name", f"Name {number}")) for number in range(30_000)]
    with pytest.raises(StoreError, match="no space is left"):
        record(store, *many)
    assert store.register(DAY) == before
    connection.execute("PRAGMA max_page_count = 1000000")
    assert record(store, *many[1:][:10]) == 2, "with room it goes on"


def test_what_was_committed_is_not_said_to_be_lost_when_there_is_no_room_to_tidy_up(store: Store) -> None:
    """The log before the file took it; that the file itself cannot grow comes after."""
    record(store, *[person(f"p-{number}", fact("name", f"Name {number}")) for number in range(8_000)])
    path = store.directory / "facts.sqlite"
    more = [person(f"q-{number}", fact("name", f"Name {number}")) for number in range(2_000)]
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size, most))
    try:
        assert record(store, *more) == 2
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    assert len(store.register(DAY)) == 10_000
    assert store._facts.shrink()


CHILD = """
    import resource, signal, sys
    from pathlib import Path
    sys.path.insert(0, {tests!r})
    from stores import fact, person
    from bylaw.access.store.store import Store

    def said():
        for number in range({count}):
            if number == {stop}:
                print("half", flush=True)
                {then}
            yield person(f"q-{{number}}", fact("name", f"Somebody {{number}} of many"))

    store = Store.open(Path({path!r}))
    {before}
    store.record(said(), source="x", digest="y", by="ana")
"""
WAIT = "import time; time.sleep(600)"
SPILL = "store._facts.connection.execute('PRAGMA cache_size = -500')"
"""So little memory for pages that what is not committed yet goes to the file."""


def child(path: Path, count: int, stop: int = -1, then: str = "pass", before: str = "pass") -> subprocess.Popen[str]:
    code = textwrap.dedent(CHILD).format(
        tests=str(Path(__file__).parent), path=str(path), count=count, stop=stop, then=then, before=before
    )
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_a_disk_that_takes_no_more_bytes_leaves_the_state_before(store: Store) -> None:
    record(store, person("p-1", fact("residence", "us")))
    before = store.register(DAY)
    limit = (
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))"
    )
    with child(store.directory, 60_000, before=limit) as writer:
        _, said = writer.communicate()
    assert writer.returncode != 0
    assert "StoreError" in said and "Nothing of this was kept" in said
    assert store.register(DAY) == before
    assert record(store, person("p-2")) == 2


def test_a_writer_killed_in_the_middle_leaves_the_state_before(store: Store) -> None:
    record(store, person("p-1", fact("residence", "us")))
    before = store.register(DAY)
    with child(store.directory, 30_000, stop=25_000, then=WAIT, before=SPILL) as writer:
        assert writer.stdout is not None and writer.stdout.readline() == "half\n"
        assert store.register(DAY) == before, "readers see what was committed while it writes"
        os.kill(writer.pid, signal.SIGKILL)
    assert writer.returncode == -signal.SIGKILL
    assert store.register(DAY) == before
    with Store.open(store.directory) as again:
        assert record(again, person("p-2")) == 2
        assert [done.id for done in again.imports()] == [1, 2]


def test_who_writes_while_another_writes_is_told(store: Store) -> None:
    store._facts.connection.execute("PRAGMA busy_timeout = 50")
    with child(store.directory, 20_000, stop=15_000, then=WAIT) as writer:
        assert writer.stdout is not None and writer.stdout.readline() == "half\n"
        with pytest.raises(StoreBusy, match="another process is writing"):
            record(store, person("p-1"))
        os.kill(writer.pid, signal.SIGKILL)
    assert record(store, person("p-1")) == 1


def test_a_reader_keeps_its_view_while_another_writes(store: Store) -> None:
    record(store, person("p-1", fact("residence", "us")))
    with Store.open(store.directory) as reader:
        chunks = reader.histories(["p-1"] * 501, by="ana", why="a test")
        assert "p-1" in next(chunks)
        record(store, person("p-1", fact("residence", "cn")))
        assert len(next(chunks)["p-1"].facts) == 1
        assert list(chunks) == []
        assert len(next(reader.histories(["p-1"], by="ana", why="a test"))["p-1"].facts) == 2


def test_the_files_are_for_their_owner_only(store: Store) -> None:
    assert store.directory.stat().st_mode & 0o077 == 0


def test_a_closed_database_says_so(tmp_path: Path) -> None:
    database = Database(tmp_path / "facts.sqlite", schema.FACTS_ID, schema.FACTS)
    database.close()
    with pytest.raises(StoreError, match="closed"), database.reading():
        pass
