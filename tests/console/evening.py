"""The evening of the letter: an office with a population, matches, a license that ends, decisions, workers, a ledger.

It is a quarter to eleven on 12 June 2026 (UTC); the first letter came into force at 21:21.
"""

import http.client
import json
import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import msgspec
from console_server import served

from bylaw.access.decision import Request
from bylaw.access.office.commit import commit
from bylaw.access.office.enact import enact
from bylaw.access.office.made import Made, Written
from bylaw.access.office.place import Office, OfficeSettings, stamp
from bylaw.access.office.refresh import refresh
from bylaw.access.roster.bring import bring
from bylaw.access.roster.options import Options
from bylaw.access.rules.approval import sign
from bylaw.access.rules.library import library
from bylaw.access.screening.parties import Seal
from bylaw.access.subjects import Subject
from bylaw.canonical import canonical
from bylaw.cli import practice
from bylaw.console.app import Console
from bylaw.console.cookies import Cookie
from bylaw.console.desk import Desk
from bylaw.gateway.meters import Meters
from bylaw.gateway.record.coverage import Beats
from bylaw.gateway.record.writing import line_of
from bylaw.gateway.settings import Place
from bylaw.gateway.snapshot.publish import Publisher
from bylaw.lineage.lab import Lab
from bylaw.population.classes import MODELS
from bylaw.population.files import rosters, sample
from bylaw.signing import LocalSigner

NOW = datetime(2026, 6, 12, 22, 45, tzinfo=UTC)
LETTER = datetime(2026, 6, 12, 21, 21, tzinfo=UTC)
START = datetime(2026, 6, 1, 9, tzinfo=UTC)
SETTINGS = 'office = "office"\nhome = "home"\nworkers = 2\n[listen]\nport = 0\n[admin]\nport = 0\n'
LICENSE = """
kind = "license"
id = "evaluators"
title = "Evaluators of the lab's partners"
authority = "{authority}"
programme = "{programme}"
citation = "License 26-014"
models = ["mythos-5"]
effective_from = 2026-06-02T00:00:00Z
effective_until = 2026-06-20T00:00:00Z
employees_of = ["partner-1"]
lifts = [{{ authority = "{authority}", programme = "{programme}" }}]
"""
FROM = ("us", "us", "us", "us", "us", "gb", "de", "de", "fr", "in", "in", "cn", "cn", "ir", "sg", "jp", "br", "ng", "")
SPELLED = "<script>alert(1)</script>"
"""A name that somebody gave to a party, in order that it be run."""


class Evening:
    """The desk of that evening, and what lies below it. ``later`` moves its clock."""

    def __init__(self, folder: Path, subjects: int = 1000, requests: int = 900) -> None:
        self.folder, self.later = folder, 0.0
        self.lab = Lab.open(folder / "home")
        self.office = Office.create(folder / "office", OfficeSettings(models=MODELS))
        practice._approvers(self.office)
        self._import(subjects)
        practice._base(self.office, self.lab, START)
        (folder / "gateway.toml").write_text(SETTINGS)
        self.desk = Desk(Place.read(folder / "gateway.toml"), lambda: NOW.timestamp() + self.later)
        self.desk.folder.mkdir(parents=True, exist_ok=True)
        self.people = sorted(self.office.register(NOW))
        self._enact(
            library()["june-2026-letter-1"].text.replace("duties = [", 'duties = ["report", '), "letter", LETTER
        )
        letter = next(each.document for each in self.office.policy(NOW).rules if each.document.id.startswith("june"))
        self._enact(LICENSE.format(authority=letter.authority, programme=letter.programme), "license", START)
        self._lists()
        self._decide(requests)
        commit(self.office, self.lab)
        os.utime(self.lab.ledger / "checkpoint", (NOW.timestamp() - 9, NOW.timestamp() - 9))
        self._gateway()
        self.desk.gathering.all()
        self.write_ahead(3)

    def write_ahead(self, count: int) -> list[str]:
        """Decisions as a worker writes them, that nobody has filed yet; their ids."""
        made = self._made(NOW - timedelta(seconds=2), count, random.Random(f"fresh {self.later}"), f"x{self.later}")
        with (self.desk.state.segments / "w1-000001.log").open("ab") as file:
            file.writelines(line_of(Written(canonical(each), bytes(32))) for each in made)
        return [each.id for each in made]

    def account(self, name: str, role: str) -> str:
        """A session of a new account, as a cookie holds it."""
        now = self.desk.clock()
        if self.desk.people.find(name) is None:
            enrolment = self.desk.people.add(name, role, now)
            self.desk.people.change(name, enrolment.password, "correct horse battery")
        return self.desk.sessions.begin(name, name, role, now)  # type: ignore[arg-type]

    def _import(self, subjects: int) -> None:
        """A made-up population, as rosters of some weeks later tell it."""
        sample(self.folder / "population", subjects, 1)
        with self.office.store() as store:
            for path in rosters(self.folder / "population"):
                report = bring(path, store, Options(today=date(2026, 7, 15)), by="practice", at=START)
                assert not report.refused, report.text()

    def _enact(self, text: str, name: str, at: datetime) -> None:
        path = self.folder / f"{name}.toml"
        path.write_text(text)
        keys = self.office.root / "practice-keys"
        for who in ("ana", "ben"):
            sign(path, LocalSigner.load(keys / f"{who}.pem"))
        enact(self.office, path, self.lab, at, despite_errors=True)

    def _lists(self) -> None:
        """Three people of the population are called like a listed party; of one, the list says what nobody should."""
        register = self.office.register(NOW)
        named = [id for id in self.people if register[id].kind == "person" and register[id].values("name")][:3]
        entities = [self._listed(f"q-{place}", register[id]) for place, id in enumerate(named, 1)]
        content = "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in entities).encode()
        self.office.lists.update("ftm", {"main": content}, "2026-06-11", Seal(none=True))
        refresh(self.office, NOW, lambda text: None)
        self.matched = named

    def _listed(self, party: str, subject: Subject) -> dict[str, object]:
        """A party with the name and date of birth of a subject, and another name."""
        said = {"name": [subject.values("name")[0].text, SPELLED], "topics": ["sanction"]}  # type: ignore[index]
        born = [each.text for each in subject.values("born") or ()]
        return {"id": party, "schema": "Person", "properties": {**said, "birthDate": born}}

    def _decide(self, count: int) -> None:
        rng = random.Random(1)
        made = [
            *self._made(NOW - timedelta(days=20), count // 5, rng, "a", spread=19 * 86400),
            *self._made(LETTER - timedelta(hours=20), count // 5, rng, "b", spread=20 * 3600),
            *self._made(LETTER, 3 * count // 5, rng, "c", spread=int((NOW - LETTER).total_seconds()) - 60),
        ]
        written = [Written(canonical(each), rng.randbytes(32)) for each in made]
        self.office.archive.file(written)

    def _made(self, at: datetime, count: int, rng: random.Random, call: str, spread: int = 1) -> list[Made]:
        policy, basis = self.office.present(at)
        desk = policy.over(self.office.register(at))
        found = []
        for number in range(count):
            when = at + timedelta(seconds=spread * number // max(1, count))
            request = Request(model=rng.choice(("fable-5", "fable-5", "mythos-5")), location=rng.choice(FROM))
            made = msgspec.structs.replace(basis, at=stamp(when))
            said = desk.decide(rng.choice(self.people), request)
            found.append(Made(decision=said, basis=made, call=f"{call}-{number}"))
        return found

    def _gateway(self) -> None:
        """What a publisher and two workers leave behind."""
        state, now = self.desk.state, NOW.timestamp()
        state.segments.mkdir(parents=True, exist_ok=True)
        signer = state.signer()
        publisher = Publisher(self.office, state.keys, state.snapshot, signer, self.desk.place.settings.snapshot)
        head = publisher.turn(now - 20)
        assert head is not None
        policy = self.office.policy(NOW).id
        for worker in ("w1", "w2"):
            beats, meters = Beats(state.coverage, worker, 5.0), Meters(state.meters, worker)
            for second in range(-600, 0, 5):
                beats.write(now + second, head.version, policy, cut=2 if second == -600 else 0, swept=now - 599.9)
            meters.gauge("version", head.version)
            meters.count("decision:allow", 400)


@contextmanager
def console(evening: Evening) -> Iterator[str]:
    """The console of that evening on a port of the loopback; its address."""
    with served(Console(evening.desk)) as address:
        yield address


class Got:
    """An answer, read whole."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status, self.headers, self.text = response.status, response.headers, response.read().decode()


def ask(url: str, method: str, path: str, headers: dict[str, str], body: bytes | None = None) -> Got:
    """One request on a connection of its own."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=120)
    try:
        connection.request(method, path, body, headers)
        return Got(connection.getresponse())
    finally:
        connection.close()


class Asking:
    """Somebody signed in who asks without a browser."""

    def __init__(self, evening: Evening, address: str, name: str, role: str) -> None:
        self.address, self.name = address, name
        secret = evening.account(name, role)
        who = evening.desk.sessions.find(secret, evening.desk.clock())
        assert who is not None
        self.csrf, self.cookie = who.csrf, {Cookie(False).name: secret}
        self._headers = {"cookie": f"{Cookie(False).name}={secret}"}

    def get(self, path: str) -> Got:
        """A page."""
        return ask(self.address, "GET", path, self._headers)

    def post(self, path: str, **form: str) -> Got:
        """A form of that page."""
        said = {"content-type": "application/x-www-form-urlencoded", "origin": self.address}
        return ask(
            self.address, "POST", path, {**self._headers, **said}, urlencode({"csrf": self.csrf, **form}).encode()
        )
