"""The writer: what is acknowledged is kept, one writer at a time, damage is refused by name."""

import random
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ledgers import KEY, ORIGIN, VKEY, entries, flipped, grow, naive_root, new_log

from bylaw.errors import LedgerCorrupt, LedgerError, LedgerLocked, PolicyError, UsageError
from bylaw.ledger import log as log_module
from bylaw.ledger import merkle
from bylaw.ledger.checkpoint import open_checkpoint
from bylaw.ledger.log import Log, log_vkey
from bylaw.ledger.proof import prove
from bylaw.ledger.stores import DirectoryStore
from bylaw.ledger.tiles import TileReader, full_paths
from bylaw.signing import LocalSigner


def test_a_log_begins_empty(tmp_path: Path) -> None:
    assert Log.create(tmp_path / "log", ORIGIN, KEY.public) == VKEY == log_vkey(tmp_path / "log")
    with Log.open(tmp_path / "log") as log:
        assert log.size == 0
        assert log.append([]) == range(0)
        assert open_checkpoint(log.checkpoint(KEY), VKEY)[1].root == merkle.EMPTY


@pytest.mark.parametrize("sync", [True, False])
def test_appended_signed_and_read_again(tmp_path: Path, sync: bool) -> None:
    root = new_log(tmp_path / "log")
    content = entries(0, 600)
    with Log.open(root, sync=sync) as log:
        assert [log.append(content[at : at + 100]) for at in range(0, 600, 100)][-1] == range(500, 600)
        checkpoint = open_checkpoint(log.checkpoint(KEY), VKEY)[1]
    assert (checkpoint.size, checkpoint.root) == (600, naive_root(content))
    reader = TileReader(DirectoryStore(root), 600)
    assert [reader.entry(index) for index in range(600)] == content
    with pytest.raises(UsageError, match="no entry 600"):
        reader.entry(600)


def test_what_was_not_signed_is_there_after_opening_again(tmp_path: Path) -> None:
    root = new_log(tmp_path / "log", 300)
    with Log.open(root) as log:
        log.append(entries(300, 900))
    with Log.open(root) as log:
        assert (log.size, log.repaired) == (900, 0)
        assert open_checkpoint(log.checkpoint(KEY), VKEY)[1].root == naive_root(entries(0, 900))


def test_the_journal_rolls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_module, "ROLL", 2000)
    root = new_log(tmp_path / "log")
    with Log.open(root, sync=False) as log:
        for at in range(0, 1000, 50):
            log.append(entries(at, at + 50))
    with Log.open(root) as log:
        assert log.size == 1000
        assert open_checkpoint(log.checkpoint(KEY), VKEY)[1].root == naive_root(entries(0, 1000))
    assert all((root / path).exists() for path in full_paths(0, 1000))
    assert [path.name for path in (root / "tile" / "0").iterdir() if path.suffix == ".p"] == ["003.p"]


def test_a_log_that_did_not_grow_keeps_its_checkpoint_and_cosignatures(tmp_path: Path) -> None:
    root = new_log(tmp_path / "log", 5)
    with Log.open(root) as log:
        with pytest.raises(UsageError, match="not of a witness"):
            log.cosign((root / "checkpoint").read_text().splitlines()[-1])
        cosigned = log.cosign("— witness.example/w AAAAAAAAAAAA\n")
        assert log.checkpoint(KEY) == cosigned == (root / "checkpoint").read_bytes()
        log.append([b"more"])
        assert b"witness" not in log.checkpoint(KEY)


def test_level_two_is_reached(tmp_path: Path) -> None:
    """65,537 entries and more: all levels against roots computed apart, and proofs for the corners."""
    content = [b"%d" % index for index in range(66_000)]
    root = new_log(tmp_path / "log")
    with Log.open(root, sync=False) as log:
        for at in range(0, 66_000, 5000):
            log.append(content[at : at + 5000])
        checkpoint = open_checkpoint(log.checkpoint(KEY), VKEY)[1]
    assert checkpoint.root == naive_root(content)
    assert (root / "tile" / "2" / "000.p" / "1").read_bytes() == naive_root(content[:65_536])
    assert (root / "tile" / "1" / "000").read_bytes()[:32] == naive_root(content[:256])
    for index in (0, 255, 256, 65_535, 65_536, 65_999):
        proof, entry = prove(DirectoryStore(root), index)
        assert entry == content[index]
        merkle.check_inclusion(merkle.leaf_hash(entry), index, 66_000, proof.hashes, checkpoint.root)


def test_two_writers_exclude_each_other(tmp_path: Path) -> None:
    root = new_log(tmp_path / "log")
    code = "import sys; from pathlib import Path; from bylaw.ledger.log import Log; Log.open(Path(sys.argv[1]))"
    with Log.open(root), pytest.raises(LedgerLocked, match="one writer"):
        Log.open(root)
    with Log.open(root):
        done = subprocess.run([sys.executable, "-c", code, str(root)], capture_output=True, text=True, check=False)
        assert "LedgerLocked: process" in done.stderr
    Log.open(root).close()


def test_another_key_does_not_sign(tmp_path: Path) -> None:
    with Log.open(new_log(tmp_path / "log", 3)) as log, pytest.raises(UsageError, match="not the key of the log"):
        log.checkpoint(LocalSigner.generate())


def test_what_is_no_log(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match=r"it has no \.ledger/log\.vkey"):
        Log.open(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(LedgerError, match="not empty"):
        Log.create(tmp_path, ORIGIN, KEY.public)
    with pytest.raises(PolicyError, match="plus sign"):
        Log.create(tmp_path / "new", "a+b", KEY.public)


def test_what_a_killed_writer_left_half_written_is_swept(tmp_path: Path) -> None:
    root = new_log(tmp_path / "log", 3)
    left = [root / ".checkpoint.1.partial", root / ".ledger" / ".journal.1.partial"]
    for path in left:
        path.write_bytes(b"half")
    Log.open(root).close()
    assert not any(path.exists() for path in left)
    (root / ".ledger" / "journal").unlink()
    with pytest.raises(LedgerCorrupt, match="cannot open the journal"):
        Log.open(root)


def test_an_entry_too_long_enters_nothing(tmp_path: Path) -> None:
    with Log.open(new_log(tmp_path / "log")) as log:
        with pytest.raises(UsageError, match="65535"):
            log.append([b"fine", bytes(65_536)])
        assert log.size == 0
        assert log.append([b"fine"]) == range(1)


def unsigned(tmp_path: Path) -> tuple[Path, bytes, int]:
    """A log with 10 signed entries and two unsigned batches of 5; the journal and where the last batch begins."""
    root = new_log(tmp_path / "log", 10)
    journal = root / ".ledger" / "journal"
    with Log.open(root) as log:
        log.append(entries(10, 15))
        last = journal.stat().st_size
        log.append(entries(15, 20))
    return root, journal.read_bytes(), last


def test_a_torn_tail_is_cut_off_and_nothing_else(tmp_path: Path) -> None:
    """Cut within the last batch's head, within its content: the one before is kept, and the log goes on."""
    root, content, last = unsigned(tmp_path)
    journal = root / ".ledger" / "journal"
    for length in [*range(last, last + 70, 3), len(content) - 1]:
        journal.write_bytes(content[:length])
        with Log.open(root, sync=False) as log:
            assert (log.size, log.repaired) == (15, length - last)
        assert journal.read_bytes() == content[:last]
    journal.write_bytes(content[: last + 3])
    with Log.open(root) as log:
        assert log.append(entries(15, 16)) == range(15, 16)
        assert open_checkpoint(log.checkpoint(KEY), VKEY)[1].root == naive_root(entries(0, 16))


def test_no_changed_bit_of_the_journal_is_accepted(tmp_path: Path) -> None:
    root, content, _ = unsigned(tmp_path)
    journal = root / ".ledger" / "journal"
    for bit in random.Random(0).sample(range(8 * len(content)), 60):
        journal.write_bytes(flipped(content, bit))
        with pytest.raises(LedgerCorrupt):
            Log.open(root)
    journal.write_bytes(content)
    Log.open(root).close()


def test_a_lost_journal_or_tile_under_a_checkpoint_is_refused(tmp_path: Path) -> None:
    root, _, _ = unsigned(tmp_path)
    older = new_log(tmp_path / "older", 5)
    (root / ".ledger" / "journal").write_bytes((older / ".ledger" / "journal").read_bytes())
    with pytest.raises(LedgerCorrupt, match="do not hold its first 5 entries"):
        Log.open(root)
    root = new_log(tmp_path / "another", 300)
    for path in [root / "tile" / "0" / "001.p" / "44", root / "tile" / "entries" / "001.p" / "44"]:
        content = path.read_bytes()
        path.unlink()
        with pytest.raises(LedgerCorrupt, match="do not hold its first 300 entries"):
            Log.open(root)
        path.write_bytes(content)
    Log.open(root).close()


def test_a_foreign_or_future_checkpoint_is_refused(tmp_path: Path) -> None:
    root, other = new_log(tmp_path / "log", 10), new_log(tmp_path / "other")
    longer = grow(other, 0, 11)
    (root / "checkpoint").write_bytes(longer)
    with pytest.raises(LedgerCorrupt, match="covers 11 entries, but only 10"):
        Log.open(root)
    forked = new_log(tmp_path / "forked")
    (root / "checkpoint").write_bytes(grow(forked, 1, 10))
    with pytest.raises(LedgerCorrupt, match="consistency"):
        Log.open(root)
    (root / "checkpoint").write_bytes(b"rubbish")
    with pytest.raises(LedgerCorrupt, match="does not fit this log: note"):
        Log.open(root)


@settings(deadline=None, max_examples=25)
@given(st.lists(st.lists(st.binary(max_size=50), max_size=300), max_size=6), st.booleans())
def test_any_batches_give_the_root_of_their_entries(
    tmp_path_factory: pytest.TempPathFactory, batches: list[list[bytes]], reopen: bool
) -> None:
    root = new_log(tmp_path_factory.mktemp("log") / "log")
    log = Log.open(root, sync=False)
    for batch in batches:
        log.append(batch)
        if reopen:
            log.close()
            log = Log.open(root, sync=False)
    checkpoint = open_checkpoint(log.checkpoint(KEY), VKEY)[1]
    log.close()
    assert checkpoint.root == naive_root([entry for batch in batches for entry in batch])


def test_a_full_disk_enters_nothing_and_a_later_append_succeeds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = new_log(tmp_path / "log", 3)

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with Log.open(root) as log:
        with monkeypatch.context() as patch:
            patch.setattr("os.pwrite", full)
            with pytest.raises(LedgerError, match="no space left on the disk; nothing was entered"):
                log.append([b"one"])
        assert log.append([b"one"]) == range(3, 4)


def test_after_a_failure_between_journal_and_tiles_it_must_be_opened_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = new_log(tmp_path / "log", 3)
    with Log.open(root) as log:
        monkeypatch.setattr(log, "_write", lambda files: (_ for _ in ()).throw(OSError(5, "Input/output error", "x")))
        with pytest.raises(LedgerError, match="cannot write x: Input/output error"):
            log.append(entries(3, 300))
        with pytest.raises(LedgerError, match="open it again"):
            log.append([b"more"])
    with Log.open(root) as log:
        assert log.size == 300
    with pytest.raises(LedgerError, match="is closed"):
        log.append([b"more"])
