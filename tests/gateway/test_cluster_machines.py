"""Replicas as they run, over a PostgreSQL that is killed, stopped, promoted and gone: never open, and nothing lost."""

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from cluster_rig import Machines, machines
from gateway_model import ModelServer
from gateway_postgres import both, postgres
from gateway_rig import Stream, ask, letter, receipts_of, wait

from bylaw.gateway.record import coverage


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Machines, ModelServer]]:
    with postgres() as (server,), machines(tmp_path_factory.mktemp("machines"), server.dsn()) as made:
        yield made


def test_a_directive_reaches_every_machine_and_cuts_there_too(running: tuple[Machines, ModelServer]) -> None:
    made, server = running
    streams = [Stream(each, who, "fable-5") for each in made.replicas for who in ("foreign", "citizen")]
    made.publisher.enact(letter("fable-5"), "letter.toml")
    for each in made.replicas:
        wait(lambda each=each: each.chat("foreign", model="fable-5").status == 451, each.log)  # type: ignore[misc]
        assert each.chat("citizen", model="fable-5").status == 200
        assert each.chat("nobody", model="fable-5").json["reason"] == "fact-missing"
    assert not any(stream.end().whole for stream in streams[::2])
    assert all(stream.goes_on for stream in streams[1::2])
    server.enough.set()
    assert all(stream.end().whole for stream in streams[1::2])
    server.enough.clear()


def test_a_key_that_is_revoked_is_refused_at_every_machine(running: tuple[Machines, ModelServer]) -> None:
    made, _ = running
    key = made.publisher.key("citizen")
    for each in made.replicas:
        wait(lambda each=each: each.chat(key).status == 200, each.log)  # type: ignore[misc]
    from datetime import UTC, datetime

    made.publisher.state.keys.revoke(key, "leaked", datetime.now(UTC))
    for each in made.replicas:
        wait(lambda each=each: each.chat(key).status == 401, each.log)  # type: ignore[misc]


def test_their_decisions_and_intervals_are_the_publisher_s(running: tuple[Machines, ModelServer]) -> None:
    made, _ = running
    receipts = {each.chat("citizen").headers["bylaw-receipt"] for each in (made.publisher, *made.replicas)}
    assert len(receipts) == 3
    wait(lambda: receipts <= receipts_of(made.publisher).keys(), made.publisher.log)
    assert b"\nbylaw_segments_bytes " in ask(made.replicas[0].admin, "GET", "/metrics", {}).body
    machines_of = {call.rpartition("-w")[0] for call in _calls(made)}
    assert {"eu-0", "eu-1"} <= machines_of

    def attested() -> bool:
        found = coverage.intervals(coverage.read(made.publisher.state.coverage), 0.0)
        return {"eu-0", "eu-1"} <= {each.worker.rpartition("-w")[0] for each in found if each.policy}

    wait(attested, made.publisher.log)


def test_a_replica_has_no_office_and_no_key_that_signs_what_is_in_force(running: tuple[Machines, ModelServer]) -> None:
    made, _ = running
    for each in made.replicas:
        assert not (each.folder / "gateway.pem").exists() and not each.has("publisher") and not each.has("recorder")
        assert {path.name for path in each.folder.rglob("*.pem")} == {"replica.pem"}
        assert ask(each.admin, "GET", "/readyz", {}).status == 200


def test_without_the_database_all_go_on_until_their_age_and_then_nobody_is_let_through(tmp_path: Path) -> None:
    with postgres() as (database,), machines(tmp_path, database.dsn(), replicas=1, age=15.0) as (made, server):
        publisher, replica = made.publisher, made.replicas[0]
        receipts = {replica.chat("citizen").headers["bylaw-receipt"]}
        database.kill()
        assert ask(replica.admin, "GET", "/readyz", {}).status == 200
        version = replica.version()
        receipts.add(replica.chat("citizen").headers["bylaw-receipt"])  # on the last head, without the database
        wait(lambda: replica.chat("citizen").status == 503, replica.log)
        server.heard.clear()
        for who in ("citizen", "foreign", "", "bylaw-" + "x" * 43):
            got = replica.chat(who)
            assert got.status == 503 and got.json["type"] == "urn:bylaw:problem:stale"
        assert not server.heard and replica.version() == version
        assert ask(replica.admin, "GET", "/readyz", {}).status == 503
        assert publisher.chat("citizen").status == 200, "the machine with the office needs no database"
        database.start()
        wait(lambda: replica.chat("citizen").status == 200, replica.log)
        receipts.add(replica.chat("citizen").headers["bylaw-receipt"])
        wait(lambda: receipts <= receipts_of(publisher).keys(), publisher.log)
        assert "carrier" in replica.log() and "well again" in replica.log()


def test_a_replica_that_starts_before_its_database(tmp_path: Path) -> None:
    """Nobody is known and nothing in force until a head has come: 503, never 401, and then all is well by itself."""
    with postgres() as (database,), ModelServer() as server:
        made = Machines(tmp_path, server, 1, 1, 600.0)
        database.kill()
        replica = made.replicas[0]
        replica.until = 503
        with made.publisher.serving(CLUSTER_DSN=database.dsn()), replica.serving(CLUSTER_DSN=database.dsn()):
            assert {replica.chat(who).status for who in ("citizen", "foreign", "", "bylaw-" + "x" * 43)} == {503}
            assert ask(replica.admin, "GET", "/readyz", {}).status == 503
            database.start()
            wait(lambda: replica.chat("citizen").status == 200, replica.log)
            assert replica.chat("bylaw-" + "x" * 43).status == 401


def test_a_primary_that_is_killed_gives_way_to_its_standby(tmp_path: Path) -> None:
    with postgres(2) as (primary, standby), machines(tmp_path, both(primary, standby), replicas=1) as (made, _):
        replica = made.replicas[0]
        receipts = {replica.chat("citizen").headers["bylaw-receipt"] for _ in range(3)}
        primary.kill()
        standby.promote()
        made.publisher.enact(letter("fable-5"), "letter.toml")
        wait(lambda: replica.chat("foreign", model="fable-5").status == 451, replica.log)
        receipts.add(replica.chat("citizen", model="fable-5").headers["bylaw-receipt"])
        wait(lambda: receipts <= receipts_of(made.publisher).keys(), made.publisher.log)
        assert max(receipts_of(made.publisher).values()) == 1


def test_a_primary_that_only_hangs_is_left_for_its_standby(tmp_path: Path) -> None:
    with postgres(2) as (primary, standby), machines(tmp_path, both(primary, standby), replicas=1) as (made, _):
        replica = made.replicas[0]
        primary.signal(signal.SIGSTOP)
        standby.promote()
        made.publisher.enact(letter("fable-5"), "letter.toml")
        wait(lambda: replica.chat("foreign", model="fable-5").status == 451, replica.log)


@pytest.mark.long
def test_killed_ten_times_under_load_no_answer_is_without_its_record(tmp_path: Path) -> None:
    """Workers, recorder, carriers, publisher and the database, by ``kill -9``; ``bench/gateway_kill.py`` does more."""
    with postgres() as (database,), machines(tmp_path, database.dsn(), replicas=2, workers=2) as (made, _):
        receipts: list[set[str]] = [set() for _ in range(3)]
        stop = threading.Event()
        rigs = [made.publisher, *made.replicas]

        def load(number: int) -> None:
            while not stop.is_set():
                try:
                    got = rigs[number].chat("citizen")
                except OSError:
                    continue  # its worker was killed
                except Exception:  # noqa: BLE001  http.client's, for an answer that was cut
                    continue
                if got.status == 200:
                    receipts[number].add(got.headers["bylaw-receipt"])

        threads = [threading.Thread(target=load, args=(number,)) for number in range(3)]
        for thread in threads:
            thread.start()
        plan = ["worker", "database", "recorder", "carrier", "worker", "publisher", "database", "carrier", "worker"]
        for number, name in enumerate([*plan, "database"]):
            before = [len(each) for each in receipts]
            wait(
                lambda before=before: all(len(each) > was for each, was in zip(receipts, before, strict=True)),  # type: ignore[misc]
                made.replicas[0].log,
            )
            if name == "database":
                database.kill()
                database.start()
                continue
            rig = rigs[0] if name in ("recorder", "publisher") else rigs[number % 3]
            wait(lambda name=name, rig=rig: rig.has(name), rig.log)  # type: ignore[misc]
            os.kill(rig.child(name), signal.SIGKILL)
        stop.set()
        for thread in threads:
            thread.join()
        answered = set().union(*receipts)
        wait(lambda: answered <= receipts_of(made.publisher).keys(), made.publisher.log)
        assert max(receipts_of(made.publisher).values()) == 1, "on record twice"


def _calls(made: Machines) -> list[str]:
    return [each.call for each in made.publisher.office.archive.between("2026", "2027")]
