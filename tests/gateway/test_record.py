"""Decisions on the disk before answers: lines, receipts, what a full disk and a kill leave; and what was enforced."""

import asyncio
import os
import resource
import sqlite3
import subprocess
import sys
import threading
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as runs
from hypothesis import strategies as st
from msgspec.structs import replace

from bylaw.access.decision import Request
from bylaw.access.office.archive import Archive
from bylaw.access.office.made import Made, Written, summary
from bylaw.access.office.place import instant
from bylaw.canonical import canonical
from bylaw.errors import RecordError
from bylaw.gateway.caller.keys import KeyFile
from bylaw.gateway.record.coverage import Beat, changes, intervals
from bylaw.gateway.record.drain import Drain
from bylaw.gateway.record.layout import LONGEST, end_of, is_written, sweep, whole_lines
from bylaw.gateway.record.segment import NotRecorded, Segments
from bylaw.gateway.record.writing import Writer, line_of, read_line
from bylaw.gateway.settings import SnapshotSettings
from bylaw.gateway.snapshot.follow import Follower
from bylaw.gateway.snapshot.publish import Publisher
from bylaw.ledger.merkle import leaf_hash
from bylaw.ledger.salts import commitment
from bylaw.lineage.lab import Lab
from bylaw.signing import LocalSigner
from offices import AT, BASE, enacted, office_in


def written(folder: Path) -> list[bytes]:
    """What lies in each segment, without the zeros behind it; of those that are laid out ahead nothing."""
    paths = sorted(folder.glob("*.log"))
    return [path.read_bytes()[:end] for path in paths if (end := end_of(path))]


async def safe(segments: Segments, line: bytes) -> None:
    """Write a line, and wait until it is safe."""
    synced = segments.write(line)
    assert (synced is None) == (segments.sync == "system")
    if synced is not None:
        await synced


@given(st.binary(min_size=32, max_size=32), st.text().map(lambda text: canonical({"a": text})))
@runs(max_examples=50, deadline=None)
def test_a_line_is_read_as_it_was_written(salt: bytes, body: bytes) -> None:
    line = line_of(Written(body, salt))
    assert line.count(b"\n") == 1 and read_line(line) == Written(body, salt)


@pytest.mark.parametrize("sync", ["each", "system"])
def test_lines_of_many_who_wait_together(tmp_path: Path, sync: str) -> None:
    async def write() -> None:
        segments = Segments(tmp_path, "w1", sync, 1000)  # type: ignore[arg-type]
        await asyncio.gather(*(safe(segments, b"%03d %s\n" % (number, b"x" * 40)) for number in range(100)))
        for number in range(100, 200):
            await safe(segments, b"%03d %s\n" % (number, b"x" * 40))
        segments.close()

    asyncio.run(write())
    files = written(tmp_path)
    lines = b"".join(files).splitlines()
    assert len(files) > (3 if sync == "system" else 1), "a file ends though somebody waits for it all the time"
    assert [int(line[:3]) for line in lines] == list(range(200))


def test_a_segment_is_there_before_it_is_needed_and_goes_unused(tmp_path: Path) -> None:
    async def write() -> None:
        segments = Segments(tmp_path, "w1", "each", 1 << 20)
        await safe(segments, b"a line\n")
        segments._files._making.join()  # type: ignore[union-attr]
        first, second = sorted(tmp_path.glob("*.log"))
        assert first.stat().st_size == second.stat().st_size == 1 << 20, "laid out ahead"
        assert (end_of(first), end_of(second)) == (7, 0) and is_written(second)
        segments.close()
        assert not is_written(second)

    asyncio.run(write())


def test_behind_zeros_nothing_is_a_line(tmp_path: Path) -> None:
    """A page may be read, or come to the disk, before the one in front of it."""
    assert whole_lines(b"one\ntwo\nthr" + bytes(9) + b"ee\nfour\n" + bytes(9)) == b"one\ntwo\n"
    assert whole_lines(bytes(9)) == b"" and whole_lines(b"one\ntwo") == b"one\n"


def test_a_worker_that_gets_no_thread_or_whose_close_fails_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def write() -> None:
        segments = Segments(tmp_path, "w1", "each", 8)
        with monkeypatch.context() as patch:
            patch.setattr("threading.Thread.start", _no_thread)
            patch.setattr("os.close", _fail)
            for number in range(5):
                async with asyncio.timeout(60):
                    await safe(segments, b"line %d\n" % number)
        async with asyncio.timeout(60):
            await safe(segments, b"line 5\n")
        segments.close()

    asyncio.run(write())
    assert b"".join(written(tmp_path)) == b"".join(b"line %d\n" % number for number in range(6))


def _no_thread(self: threading.Thread) -> None:
    raise RuntimeError("can't start new thread")


def test_a_folder_that_cannot_be_synced_costs_no_file_for_each_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def write() -> None:
        segments = Segments(tmp_path, "w1", "each", 8)
        await safe(segments, b"a long line\n")
        before = len(os.listdir("/proc/self/fd"))
        with monkeypatch.context() as patch:
            patch.setattr("bylaw.gateway.record.layout.sync_entry", _fail)
            for _ in range(20):
                with suppress(NotRecorded):
                    await safe(segments, b"refused\n")
        assert len(os.listdir("/proc/self/fd")) <= before + 2
        await safe(segments, b"kept\n")
        segments.close()
        assert not any(map(is_written, tmp_path.glob("*.log")))

    asyncio.run(write())


def test_a_line_that_would_not_be_read_back_is_refused(tmp_path: Path) -> None:
    async def write() -> None:
        segments = Segments(tmp_path, "w1", "each", 1 << 22)
        with pytest.raises(NotRecorded, match="at most 1,048,576 are read back"):
            await safe(segments, b"x" * LONGEST + b"\n")
        await safe(segments, b"kept\n")
        segments.close()

    asyncio.run(write())
    assert written(tmp_path) == [b"kept\n"]


def test_what_a_killed_worker_was_laying_out_is_removed_and_nothing_younger(tmp_path: Path) -> None:
    old, young = tmp_path / "w1-000001.partial", tmp_path / "w2-000001.partial"
    for path in (old, young):
        path.write_bytes(bytes(9))
    os.utime(old, (1, 1))
    sweep(tmp_path)
    assert not old.exists() and young.exists()


FULL = """
import asyncio, resource, sys
from pathlib import Path
from bylaw.gateway.record.segment import NotRecorded, Segments
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
async def write():
    segments = Segments(Path(sys.argv[1]), "w1", "each", 1 << 20)
    kept = refused = 0
    for number in range(40):
        try:
            await segments.write(b"%03d " % number + b"x" * 92 + b"\\n")
            kept += 1
        except NotRecorded:
            refused += 1
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    await segments.write(b"end " + b"y" * 92 + b"\\n")
    print(kept, refused)
asyncio.run(write())
"""


def test_what_does_not_fit_leaves_no_half_line(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", FULL, str(tmp_path)], capture_output=True, text=True, check=True)
    kept, refused = map(int, done.stdout.split())
    (content,) = written(tmp_path)
    lines = content.splitlines()
    assert kept == 10 and refused == 30 and len(lines) == 11
    assert all(len(line) == 96 for line in lines)
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[1] == resource.RLIM_INFINITY


def test_after_an_fsync_that_failed_another_file_is_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def write() -> None:
        segments = Segments(tmp_path, "w1", "each", 1 << 20)
        with monkeypatch.context() as patch:
            patch.setattr("os.fdatasync", _fail)
            with pytest.raises(NotRecorded, match="I/O"):
                await safe(segments, b"lost\n")
        await safe(segments, b"kept\n")
        segments.close()

    asyncio.run(write())
    assert written(tmp_path) == [b"lost\n", b"kept\n"]


def test_who_waits_behind_an_fsync_that_fails_is_not_told_that_the_next_one_did_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = threading.Event()

    def fail_once(file: int) -> None:
        assert both.wait(60)
        monkeypatch.undo()
        raise OSError(5, "I/O error")

    async def write() -> None:
        segments = Segments(tmp_path, "w1", "each", 1 << 20)
        monkeypatch.setattr("os.fdatasync", fail_once)
        first = asyncio.ensure_future(safe(segments, b"lost\n"))
        await asyncio.sleep(0.05)
        second = asyncio.ensure_future(safe(segments, b"lost too\n"))
        await asyncio.sleep(0.05)
        both.set()
        for each in (first, second):
            with pytest.raises(NotRecorded, match="I/O"):
                await each
        await safe(segments, b"kept\n")
        segments.close()

    asyncio.run(write())
    assert written(tmp_path) == [b"lost\nlost too\n", b"kept\n"]


def _fail(file: int) -> None:
    raise OSError(5, "I/O error")


def test_what_is_written_ahead_is_what_the_archive_keeps_under_its_receipt(tmp_path: Path) -> None:
    lab, office = Lab.open(tmp_path / "lab"), office_in(tmp_path)
    enacted(office, tmp_path, lab, BASE, "base.toml")
    signer, clock = LocalSigner.generate(), 1_781_352_000.0  # 2026-06-13T12:00:00Z

    async def write() -> dict[str, str]:
        publisher = Publisher(office, KeyFile(tmp_path / "k"), tmp_path / "snapshot", signer, SnapshotSettings())
        publisher.turn(clock)
        follower = Follower(tmp_path / "snapshot", signer.public, 1.0)
        follower.clock = follower.clock._replace(wall=lambda: clock)
        await follower.turn()
        edition, now = follower.current()
        segments = Segments(tmp_path / "segments", "w1", "each", 1500)
        writer = Writer(segments)
        receipts = {}
        for number, subject in enumerate(("citizen", "foreign", "citizen", "nobody") * 3):
            ruled = edition.decide(subject, Request(model="m"))
            entry = writer.write(edition, ruled, now + number // 4)
            assert entry.synced is not None
            await entry.synced
            receipts[entry.receipt] = subject
        segments.close()
        return receipts

    receipts = asyncio.run(write())
    assert len(receipts) == 12
    last = max(path for path in (tmp_path / "segments").glob("*.log") if end_of(path))
    with last.open("r+b") as file:  # a line whose writer was killed
        file.seek(end_of(last))
        file.write(b"00" * 32 + b' {"basis":')
    drain = Drain(tmp_path / "segments", office, lab)
    for path in (tmp_path / "segments").glob("*.log"):
        drain._file(path)
    for receipt, subject in receipts.items():  # filed, and in no batch yet
        assert office.archive.find(receipt).decision.subject == subject
    assert drain.turn() == 12 and drain.turn() == 0
    assert not list((tmp_path / "segments").glob("*.log"))
    kept = list(office.archive.between("2026", "2027"))
    assert len(kept) == 12 and {made.call for made in kept} == {f"w1-{number}" for number in range(1, 13)}
    for made in kept:
        opened = office.archive.opened(made.id)
        receipt = leaf_hash(opened.committed.encode()).hex()
        assert receipts[receipt] == made.decision.subject and office.archive.find(receipt) == made
        policy = office.policy(_at(made))
        assert made.decision == policy.decide(office.register(_at(made)), made.decision.subject, made.decision.request)


@pytest.mark.parametrize("subject", ["citizen", 'a "b" \\ c', ',"call":"x","decision":{', "\u00e9}"])
def test_what_is_told_of_a_decision_s_bytes_is_what_stands_in_them(tmp_path: Path, subject: str) -> None:
    lab, office = Lab.open(tmp_path / "lab"), office_in(tmp_path)
    enacted(office, tmp_path, lab, BASE, "base.toml")
    policy, register = office.policy(AT), office.register(AT)
    decision = policy.decide(register, "citizen", Request(model="m"))
    for call in ("", "w-1", 'w"-1', subject):
        made = Made(decision=replace(decision, subject=subject), basis=office.basis(AT, policy), call=call)
        body = canonical(made)
        assert summary(body) == (made.basis.at, subject, "m", "allow")
        for wrong in (body[:-1], body[:-2] + b"}", body.replace(b'"acts":', b'"acte":'), body + b"}", b"{}" + body):
            with pytest.raises(RecordError):
                summary(wrong)


def test_a_recorder_opens_the_archive_once_and_what_others_erase_meanwhile_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab, office = Lab.open(tmp_path / "lab"), office_in(tmp_path)
    enacted(office, tmp_path, lab, BASE, "base.toml")
    policy, register = office.policy(AT), office.register(AT)
    decision, basis = policy.decide(register, "citizen", Request(model="m")), office.basis(AT, policy)
    folder, opened, connect = tmp_path / "segments", [], sqlite3.connect
    drain = Drain(folder, office, lab)
    monkeypatch.setattr(sqlite3, "connect", lambda *of, **how: opened.append(of[0]) or connect(*of, **how))
    with office.archive.held():
        for number in range(3):
            body = canonical(Made(decision=decision, basis=basis, call=f"w-{number}"))
            (folder / f"w-{number:06}.log").write_bytes(line_of(Written(body, bytes([7]) * 32)))
            assert drain.turn() == 1
        assert opened.count(office.archive.path) == 1
        other = Archive(office.archive.path.parent)
        ids = [made.id for made in other.between("2026", "2027")]
        assert len(ids) == 3
        other.erase(ids[:1], "asked for")
        files = list(office.archive.path.parent.glob("decisions.sqlite*"))
        assert len(files) > 1 and not any(b'"call":"w-0"' in path.read_bytes() for path in files)
        assert [made.id for made in office.archive.between("2026", "2027")] == ids[1:]
    assert [made.id for made in office.archive.between("2026", "2027")] == ids[1:]
    assert opened.count(office.archive.path) > 4


def test_no_salt_is_used_twice(tmp_path: Path) -> None:
    lab, office = Lab.open(tmp_path / "lab"), office_in(tmp_path)
    enacted(office, tmp_path, lab, BASE, "base.toml")
    signer, clock = LocalSigner.generate(), 1_781_352_000.0

    async def write() -> list[Written]:
        Publisher(office, KeyFile(tmp_path / "k"), tmp_path / "snapshot", signer, SnapshotSettings()).turn(clock)
        follower = Follower(tmp_path / "snapshot", signer.public, 1.0)
        follower.clock = follower.clock._replace(wall=lambda: clock)
        await follower.turn()
        edition, now = follower.current()
        segments = Segments(tmp_path / "segments", "w1", "system", 1 << 20)
        writer, ruled = Writer(segments), edition.decide("citizen", Request(model="m"))
        for _ in range(300):
            writer.write(edition, ruled, now)
        segments.close()
        (path,) = (tmp_path / "segments").glob("*.log")
        return [read_line(line) for line in path.read_bytes().splitlines(keepends=True)]

    lines = asyncio.run(write())
    assert len({each.salt for each in lines}) == len({each.receipt for each in lines}) == 300
    assert all(len(each.salt) == 32 for each in lines)


def test_a_drain_that_is_killed_at_any_step_neither_loses_nor_doubles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab, office = Lab.open(tmp_path / "lab"), office_in(tmp_path)
    enacted(office, tmp_path, lab, BASE, "base.toml")
    policy, register = office.policy(AT), office.register(AT)
    basis = office.basis(AT, policy)
    made = [
        Made(decision=policy.decide(register, "citizen", Request(model="m")), basis=basis, call=f"w-{number}")
        for number in range(5)
    ]
    folder = tmp_path / "segments"
    folder.mkdir()
    (folder / "w-000001.log").write_bytes(b"".join(line_of(Written(canonical(one), bytes([7]) * 32)) for one in made))
    for step in ("bylaw.gateway.record.drain.write_bytes", "bylaw.lineage.lab.Lab.enter", "pathlib.Path.unlink"):
        with monkeypatch.context() as patch:
            patch.setattr(step, _killed)
            with pytest.raises(KeyboardInterrupt):
                Drain(folder, office, lab).turn()
    Drain(folder, office, lab).turn()
    assert sorted(one.call for one in office.archive.between("2026", "2027")) == [one.call for one in made]
    assert {office.archive.opened(one.id).count for one in made} == {5}
    salts = [office.archive.opened(one.id).salt for one in made]
    assert salts == ["07" * 32] * 5
    office.archive.erase([made[0].id], "asked to")
    assert bytes([7]) * 32 not in _around(tmp_path / "office" / "decisions" / "salts", made[0])


def test_a_segment_is_read_some_lines_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from bylaw.gateway.record import drain

    monkeypatch.setattr(drain, "BATCH", 4)
    path = tmp_path / "w-000001.log"
    path.write_bytes(line_of(Written(canonical({"a": 1}), bytes(32))) * 10)
    sizes = [len(batch) for batch, _ in drain._batches(path, 0)]
    assert sizes == [4, 4, 2]


def _around(path: Path, made: Made) -> bytes:
    """Every salt that stands beside the commitment of a decision."""
    key = bytes.fromhex(commitment(canonical(made), bytes([7]) * 32).partition(":")[2])
    content = path.read_bytes()
    found, at = b"", content.find(key)
    while at >= 0:
        found, at = found + content[at + 32 : at + 64], content.find(key, at + 1)
    assert found
    return found


def _killed(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def beat(at: float, worker: str = "a", policy: str = "p", **more: object) -> Beat:
    return Beat(at=at, worker=worker, policy=policy, version=1, every=1.0, **more)  # type: ignore[arg-type]


def test_intervals_changes_and_gaps() -> None:
    beats = [
        beat(0),
        beat(1),
        beat(2, policy="q", cut=3, swept=2.1),
        beat(3, policy="q"),
        beat(9, policy="q", ends=True),
    ]
    beats += [beat(0, "b"), beat(2.5, "b", "q", cut=1, swept=2.6), beat(4, "b", "q")]
    found = list(intervals(beats, now=5.0))
    said = [(each.worker, each.policy, each.start, each.end, each.gap) for each in found]
    assert said == [
        ("a", "p", 0, 2, False),
        ("a", "q", 2, 3, False),
        ("a", "", 3, 9, True),
        ("a", "q", 9, 9, False),
        ("b", "p", 0, 2.5, False),
        ("b", "q", 2.5, 4, False),
    ]
    last = list(changes(found))[-1]
    assert (last.policy, last.first, last.last, last.cut, last.swept) == ("q", 2, 2.5, 4, 2.6)
    assert list(intervals(beats[5:], now=60.0))[-1].gap


def _at(made: Made) -> datetime:
    return instant(made.basis.at)
