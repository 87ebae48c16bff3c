"""Witness and monitor: growth is cosigned and followed, a fork or a changed byte is told by name."""

import os
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ledgers import KEY, ORIGIN, VKEY, entries, files, flipped, grow, new_log

from bylaw.errors import BylawError, ForkError, LedgerCorrupt, LedgerError, MalformedError, VerificationError
from bylaw.ledger import merkle
from bylaw.ledger.log import Log
from bylaw.ledger.monitor import Monitor
from bylaw.ledger.note import Vkey
from bylaw.ledger.policy import Policy
from bylaw.ledger.publish import publish
from bylaw.ledger.stores import DirectoryStore, open_store
from bylaw.ledger.tiles import TileReader
from bylaw.ledger.witness import Witness
from bylaw.signing import LocalSigner

WITNESS_KEY = LocalSigner.generate()
POLICY = Policy.unwitnessed(VKEY)


def witness(tmp_path: Path) -> Witness:
    return Witness("witness.example/w", WITNESS_KEY, (VKEY,), tmp_path / "witness")


def monitor(root: Path, state: Path) -> Monitor:
    return Monitor(DirectoryStore(root), POLICY, state)


def test_a_witness_cosigns_growth(tmp_path: Path) -> None:
    root, one = new_log(tmp_path / "log", 10), witness(tmp_path)
    store = DirectoryStore(root)
    rules = Policy.parse(f"log {VKEY}\nwitness w {one.vkey}\nquorum w\n".encode())
    with pytest.raises(VerificationError, match="quorum"):
        rules.check((root / "checkpoint").read_bytes())
    for old, size, now in [(0, 10, 1000), (10, 10, 1001), (10, 300, 1002)]:
        assert one.latest(ORIGIN).size == old
        if size > 10:
            grow(root, 10, size)
        with Log.open(root) as log:
            note = log.cosign(one.look(store, now))
        assert rules.check(note).witnesses == {"w": now}
    assert one.latest(ORIGIN).size == 300


def test_a_witness_remembers_what_it_cosigned(tmp_path: Path) -> None:
    root, one = new_log(tmp_path / "log", 10), witness(tmp_path)
    old = (root / "checkpoint").read_bytes()
    one.look(DirectoryStore(root), 1)
    new = grow(root, 10, 20)
    reader = TileReader(DirectoryStore(root), 20)
    proof = merkle.prove_consistency(reader, 10, 20)
    wrongs: list[tuple[int, list[bytes], str]] = [
        (0, [], "old size"),
        (20, [], "old size"),
        (10, [], "consistency"),
        (10, proof[1:], "consistency"),
    ]
    for size, wrong, said in wrongs:
        with pytest.raises(VerificationError, match=said):
            one.cosign(new, size, wrong, 2)
    assert one.latest(ORIGIN).size == 10
    assert one.cosign(new, 10, proof, 2).startswith("— witness.example/w ")
    with pytest.raises(ForkError, match="rollback"):
        one.cosign(old, 20, [], 3)
    with pytest.raises(VerificationError, match="must be none"):
        one.cosign(new, 20, proof, 3)


def test_a_witness_knows_its_logs_and_their_keys(tmp_path: Path) -> None:
    root, one = new_log(tmp_path / "log", 10), witness(tmp_path)
    content = (root / "checkpoint").read_bytes()
    stranger = Witness("w", WITNESS_KEY, (), tmp_path / "s")
    with pytest.raises(VerificationError, match="no log of this witness"):
        stranger.cosign(content, 0, [], 1)
    other = Witness("w", WITNESS_KEY, (Vkey.of(ORIGIN, LocalSigner.generate().public),), tmp_path / "s")
    with pytest.raises(VerificationError, match="not signed by"):
        other.cosign(content, 0, [], 1)
    with pytest.raises(MalformedError):
        one.cosign(content[:-1], 0, [], 1)


def forked(tmp_path: Path) -> tuple[Path, Path]:
    """Two logs by one key that agree on 100 entries and then do not."""
    one, other = new_log(tmp_path / "one", 100), new_log(tmp_path / "other", 100)
    grow(one, 100, 300)
    with Log.open(other) as log:
        log.append([*entries(100, 199), b"another history", *entries(200, 400)])
        log.checkpoint(KEY)
    return one, other


def test_a_fork_is_told_by_name_and_kept(tmp_path: Path) -> None:
    one, other = forked(tmp_path)
    cosigner, state = witness(tmp_path), tmp_path / "state"
    cosigner.look(DirectoryStore(one), 1)
    monitor(one, state).look()
    for look in (lambda: cosigner.look(DirectoryStore(other), 2), monitor(other, state).look):
        with pytest.raises(ForkError, match=r"fork: what was seen before .*size 300.* kept as") as caught:
            look()
        evidence = Path(str(caught.value).rpartition("kept as ")[2])
        assert evidence.read_bytes() == (other / "checkpoint").read_bytes()
    assert cosigner.latest(ORIGIN).size == 300


def test_two_roots_for_one_size_are_a_fork(tmp_path: Path) -> None:
    one, other = new_log(tmp_path / "one"), new_log(tmp_path / "other")
    grow(one, 0, 5)
    grow(other, 1, 6)
    monitor(one, tmp_path / "state").look()
    with pytest.raises(ForkError, match="two roots for one size"):
        monitor(other, tmp_path / "state").look()
    older = new_log(tmp_path / "older", 3)
    with pytest.raises(ForkError, match="rollback: the log shows 3 entries; it has shown 5"):
        monitor(older, tmp_path / "state").look()


def test_a_monitor_reads_what_is_new_and_only_that(tmp_path: Path) -> None:
    root = new_log(tmp_path / "log", 300)
    read: list[tuple[int, bytes]] = []
    one = monitor(root, tmp_path / "state")
    sight = one.look(lambda index, entry: read.append((index, entry)))
    assert (sight.old.size, sight.verdict.checkpoint.size) == (0, 300)
    grow(root, 300, 900)
    sight = one.look(lambda index, entry: read.append((index, entry)))
    assert (sight.old.size, sight.verdict.checkpoint.size) == (300, 900)
    assert read == list(enumerate(entries(0, 900)))
    one.look(lambda index, entry: pytest.fail("nothing is new"))


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_monitor_finds_any_changed_bit(tmp_path_factory: pytest.TempPathFactory, draw: st.DataObject) -> None:
    """In every tile, bundle and the checkpoint, of a log it sees for the first time."""
    root = tmp_path_factory.getbasetemp() / "monitored"
    if not root.exists():
        new_log(root, 600)
    path = draw.draw(st.sampled_from(list(files(root))))
    content = path.read_bytes()
    change = draw.draw(st.sampled_from(["flip", "cut", "more", "gone"]))
    bit = draw.draw(st.integers(0, 8 * len(content) - 1))
    changed = {"flip": flipped(content, bit), "cut": content[: bit // 8], "more": content + b"\0", "gone": b""}[change]
    path.write_bytes(changed)
    if change == "gone":
        path.unlink()
    try:
        with pytest.raises(VerificationError):
            monitor(root, tmp_path_factory.mktemp("state")).look()
    finally:
        path.write_bytes(content)


def test_an_entry_put_in_the_place_of_another_is_named(tmp_path: Path) -> None:
    root = new_log(tmp_path / "log", 10)
    bundle = root / "tile" / "entries" / "000.p" / "10"
    bundle.write_bytes(bundle.read_bytes().replace(b"entry 7 ", b"entry X "))
    with pytest.raises(VerificationError, match="entries: entry 7 is not the one"):
        monitor(root, tmp_path / "state").look()


def test_a_damaged_memory_is_refused(tmp_path: Path) -> None:
    one = monitor(new_log(tmp_path / "log", 3), tmp_path / "state")
    one.look()
    (memory,) = (tmp_path / "state").glob("*.checkpoint")
    memory.write_bytes(b"rubbish")
    with pytest.raises(LedgerCorrupt, match="is damaged"):
        one.look()


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A log behind Python's own file server: any static server will do."""
    root = new_log(tmp_path / "log", 300)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=root))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield root, f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_log_behind_a_web_server(served: tuple[Path, str], tmp_path: Path) -> None:
    root, url = served
    follower = Monitor(open_store(url), POLICY, tmp_path / "state")
    assert follower.look().verdict.checkpoint.size == 300
    grow(root, 300, 400)
    assert follower.look().old.size == 300
    assert witness(tmp_path).look(open_store(url), 1).startswith("— ")


def test_a_log_published_to_an_object_store(tmp_path: Path) -> None:
    pytest.importorskip("fsspec")
    root, url = new_log(tmp_path / "log", 300), f"memory://{tmp_path.name}"
    assert publish(root, VKEY, url) == 6
    assert Monitor(open_store(url), POLICY, tmp_path / "state").look().verdict.checkpoint.size == 300
    grow(root, 300, 600)
    assert publish(root, VKEY, url) == 6
    assert Monitor(open_store(url), POLICY, tmp_path / "state").look().old.size == 300
    one, _ = forked(tmp_path / "forks")
    with pytest.raises(BylawError, match=r"rollback|fork"):
        publish(one, VKEY, url)


def test_a_log_in_a_directory_is_of_plain_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "checkpoint")
    with pytest.raises(LedgerError, match="not a plain file"):
        DirectoryStore(tmp_path).read("checkpoint", 10)
    assert DirectoryStore(tmp_path).read("none", 10) is None
