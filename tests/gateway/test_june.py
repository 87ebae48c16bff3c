"""The three letters of June 2026 through the wire, with the official clients and streams running; then an auditor.

The population is made from a truth that was written down before any fact (``bylaw.population``), so what the door
should do to whom is not taken from the door. One person of each class asks, before the first letter and after each.
"""

import json
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import anthropic
import httpx2
import openai
import pytest
from gateway_model import ENDLESS, ModelServer
from gateway_rig import WAIT, Rig, wait

from bylaw import storage
from bylaw.access.roster.bring import bring
from bylaw.access.roster.options import Options
from bylaw.access.rules.library import library
from bylaw.ledger.log import Log
from bylaw.ledger.merkle import leaf_hash
from bylaw.ledger.note import Vkey
from bylaw.ledger.stores import open_store
from bylaw.ledger.witness import Witness
from bylaw.population.classes import MODELS, PHASES
from bylaw.population.files import Truth, rosters, sample, truths
from bylaw.signing import ED25519, LocalSigner

AUDITOR = Path(__file__).with_name("an_auditor.py")
ASKED = [{"role": "user", "content": "What is said here?"}]
LEFT_OUT = {
    "stale", "stale-employer", "runs-out", "resident-between", "annex-hired-between", "annex-coming-employee",
    "denied-citizen", "denied-annex-employee",
}  # fmt: skip
"""Whose facts were other ones in June (the letters are enacted here on the day of the test), or who stand on a list
that this office does not keep.
"""
STATUS = {"allow": 200, "refuse": 451, "hold": 403}
CUT = (openai.APIError, anthropic.APIError, httpx2.TransportError)


@dataclass
class Story:
    """The gateway, who asks, and what has become of each call."""

    rig: Rig
    server: ModelServer
    people: list[Truth]
    http: httpx2.Client
    calls: list[dict[str, Any]] = field(default_factory=list)

    def openai(self, who: str) -> openai.OpenAI:
        return openai.OpenAI(
            api_key=self.rig.keys[who], base_url=f"{self.rig.door}/v1", max_retries=0, http_client=self.http
        )

    def anthropic(self, who: str) -> anthropic.Anthropic:
        return anthropic.Anthropic(
            api_key=self.rig.keys[who], base_url=self.rig.door, max_retries=0, http_client=self.http
        )

    def everybody_asks(self, phase: str) -> None:
        """Everybody asks both models, by one client or the other; what comes must be the truth."""
        acts = len(self.rig.office.journal.acts())
        for number, one in enumerate(self.people):
            for model in MODELS:
                status, receipt = self.ask(one.id, model, by_openai=bool(number % 2))
                expected = one.outcomes[model][phase]
                assert status == STATUS[expected], (one.name, model, phase, expected)
                call = {"receipt": receipt, "status": status, "subject": one.id, "model": model}
                self.calls.append({**call, "expected": expected, "phase": phase, "acts": acts})

    def ask(self, who: str, model: str, by_openai: bool) -> tuple[int, str]:
        """One call: its status and receipt."""
        try:
            if by_openai:
                raw = self.openai(who).chat.completions.with_raw_response.create(model=model, messages=ASKED)  # type: ignore[arg-type]
            else:
                messages = self.anthropic(who).messages
                raw = messages.with_raw_response.create(model=model, max_tokens=9, messages=ASKED)  # type: ignore[arg-type, assignment]
            return raw.status_code, raw.headers["bylaw-receipt"]
        except (openai.APIStatusError, anthropic.APIStatusError) as error:
            return error.status_code, error.response.headers["bylaw-receipt"]


class Stream:
    """A stream that has begun and has no end of its own, read in a thread by an official client."""

    def __init__(self, story: Story, one: Truth, model: str, by_openai: bool) -> None:
        self.one, self.model, self.pieces, self.whole = one, model, 0, False
        begin = self._openai if by_openai else self._anthropic
        self.thread = threading.Thread(target=self._read, args=(begin, story), daemon=True)
        self.thread.start()
        wait(lambda: self.pieces > 0)

    def _read(self, begin: Callable[[Story], Iterator[bool]], story: Story) -> None:
        try:
            for ends in begin(story):
                self.pieces += 1
                self.whole = ends
        except CUT:
            self.whole = False

    def _openai(self, story: Story) -> Iterator[bool]:
        chat = story.openai(self.one.id).chat.completions
        for each in chat.create(model=self.model, messages=ASKED, stream=True, max_tokens=ENDLESS):  # type: ignore[call-overload]
            yield each.choices[0].finish_reason == "stop"

    def _anthropic(self, story: Story) -> Iterator[bool]:
        messages = story.anthropic(self.one.id).messages
        with messages.stream(model=self.model, max_tokens=ENDLESS, messages=ASKED) as stream:  # type: ignore[arg-type]
            for each in stream:
                yield each.type == "message_stop"

    @property
    def goes_on(self) -> bool:
        return self.thread.is_alive()


@contextmanager
def streams(story: Story, before: str, after: str) -> Iterator[None]:
    """Streams of whoever may have one; what happens inside must cut those whom it refuses, and no others."""
    story.server.enough.clear()
    chosen = _some_of_each_fate(story.people, before, after)
    running = [Stream(story, one, model, bool(place % 2)) for place, (one, model) in enumerate(chosen)]
    yield
    cut = [each for each in running if each.one.outcomes[each.model][after] != "allow"]
    kept = [each for each in running if each not in cut]
    for each in cut:
        each.thread.join(WAIT)
        assert not each.goes_on and not each.whole, f"{each.one.name} still hears {each.model}"
    heard = [each.pieces for each in kept]
    wait(lambda: all(each.pieces > count for each, count in zip(kept, heard, strict=True)))
    story.server.enough.set()
    for each in kept:
        each.thread.join(WAIT)
        assert each.whole, f"the stream of {each.one.name} on {each.model} was broken"


def _some_of_each_fate(people: list[Truth], before: str, after: str, most: int = 5) -> list[tuple[Truth, str]]:
    fates: dict[tuple[str, str], list[tuple[Truth, str]]] = {}
    for one in people:
        for model in MODELS:
            if one.outcomes[model][before] == "allow":
                fates.setdefault((model, one.outcomes[model][after]), []).append((one, model))
    return [each for fate in fates.values() for each in fate[:most]]


@pytest.mark.long
def test_the_three_letters_through_the_wire_and_then_an_auditor(tmp_path: Path) -> None:
    handed, his = tmp_path / "handed", tmp_path / "his"
    his.mkdir()
    with ModelServer() as server, httpx2.Client(timeout=WAIT) as http:
        rig = Rig(tmp_path / "office", server.url, head="workers = 2\n")
        story = Story(rig, server, _populate(rig, tmp_path), http)
        with rig.serving():
            story.everybody_asks(PHASES[0])
            for number, (before, after) in enumerate(pairwise(PHASES), 1):
                text = _letter(number, tmp_path / "population")
                (his / f"letter-{number}.toml").write_text(text)
                with streams(story, before, after):
                    rig.enact(text, f"letter-{number}.toml")
                    rig.wait_enforced()
                story.everybody_asks(after)
    (his / "calls.json").write_text(json.dumps(story.calls))
    _hand_over(rig, handed, his, {call["receipt"] for call in story.calls})
    done = audited(his, handed)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert sum(found.values()) == len(story.people) * len(MODELS) * len(PHASES)
    assert found["letter-1 refuse"] and found["letter-1 hold"] and found["letter-2 allow"] > found["letter-1 allow"]
    _what_is_changed_is_found(his, handed)


def audited(his: Path, handed: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-I", str(AUDITOR), str(his), str(handed)],
        capture_output=True, text=True, check=False, cwd=his,
    )  # fmt: skip


def _populate(rig: Rig, folder: Path) -> list[Truth]:
    """The population's facts into the office; one person of each class, with a key of his own."""
    sample(folder / "population", 1_000, seed=26)
    with rig.office.store() as store:
        for path in rosters(folder / "population"):
            told = bring(path, store, Options(today=date(2026, 7, 1)), by="ana", at=datetime.now(UTC))
            assert not told.refused, told.text()
    found: dict[str, Truth] = {}
    for one in truths(folder / "population"):
        if one.kind == "person" and one.name not in LEFT_OUT:
            found.setdefault(one.name, one)
    for one in found.values():
        rig.keys[one.id] = rig.key(one.id)
    return list(found.values())


def _letter(number: int, population: Path) -> str:
    """A letter as it ships, with the annex put in."""
    annex = [line.strip() for line in (population / "annex.csv").read_text().splitlines()[1:]]
    return library()[f"june-2026-letter-{number}"].text.replace("partners = []", f"partners = {json.dumps(annex)}")


def _hand_over(rig: Rig, handed: Path, his: Path, receipts: set[str]) -> None:
    """What the lab hands over; and the auditor's own: a witness who cosigned, and a policy that asks for it."""
    handed.mkdir()
    places = {entry for act in rig.office.journal.acts() for entry in act.entries}
    for made in rig.office.archive.between("2026", "2100"):
        opened = rig.office.archive.opened(made.id)
        receipt = leaf_hash(opened.committed.encode()).hex()
        if receipt in receipts:
            (handed / f"{receipt}.decision").write_bytes(storage.pretty(opened))
            places.add(opened.place)
    rig.lab.checkpoint()
    witness = Witness("auditor.example", LocalSigner.generate(ED25519), (Vkey.parse(rig.lab.vkey),), his / "state")
    line = witness.look(open_store(str(rig.lab.ledger)), int(time.time()))
    with Log.open(rig.lab.ledger) as log:
        log.cosign(line)
    for place in places:
        entry = log_entry(rig, place)
        (handed / f"{place:06}.entry").write_bytes(entry)
        (handed / f"{place:06}.tlog-proof").write_bytes(rig.lab.prove(place, entry))
    (his / "policy").write_text(f"log {rig.lab.vkey}\nwitness mine {witness.vkey}\nquorum mine\n")


def log_entry(rig: Rig, place: int) -> bytes:
    from bylaw.ledger.proof import prove

    return prove(open_store(str(rig.lab.ledger)), place)[1]


def _what_is_changed_is_found(his: Path, handed: Path) -> None:
    """A refusal told as a permission, a receipt without a decision, and a checkpoint that his witness never saw."""
    refused = next(path for path in sorted(handed.glob("*.decision")) if '"refuse"' in path.read_text())
    before = refused.read_text()
    refused.write_text(before.replace('"outcome": "refuse"', '"outcome": "allow"', 1))
    assert refused.read_text() != before
    assert "does not open" in audited(his, handed).stderr
    refused.unlink()
    assert "KeyError" in audited(his, handed).stderr
    refused.write_text(before)
    other = his.with_name("other")
    shutil.copytree(his, other)
    stranger = Vkey.of("auditor.example", LocalSigner.generate(ED25519).public, 4)
    log, *_ = (his / "policy").read_text().splitlines()
    (other / "policy").write_text(f"{log}\nwitness mine {stranger}\nquorum mine\n")
    assert "did not sign" in audited(other, handed).stderr
    assert audited(his, handed).returncode == 0
