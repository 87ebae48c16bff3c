"""What the pages of figures say, held against the office, the archive and the store."""

import csv
import io
import re
import sqlite3
import time
from collections import Counter
from contextlib import closing
from datetime import date, timedelta
from html import unescape
from pathlib import Path

import msgspec
import pytest
from evening import FROM, LETTER, NOW, SPELLED, Asking, Evening

from bylaw.access.countries import find
from bylaw.access.decision import Request
from bylaw.access.office.agreement import differences
from bylaw.access.office.archive import Archive
from bylaw.access.office.filing import filings
from bylaw.access.office.listing import Listing
from bylaw.access.office.made import Made
from bylaw.access.office.refresh import refresh
from bylaw.access.office.words import explain
from bylaw.access.store.minimise import Minimised
from bylaw.access.store.records import Said
from bylaw.access.subjects import Fact, Value
from bylaw.console.decisions.counts import begins, over_time, owed
from bylaw.console.decisions.gather import gather
from bylaw.console.decisions.search import Wanted, search
from bylaw.console.decisions.summary import Summary
from bylaw.console.decisions.tail import fresh
from bylaw.console.desk import Desk
from bylaw.console.refreshing import refreshing
from bylaw.console.sheet import sheet
from bylaw.console.views.feed import Line, feed
from bylaw.console.views.filings import due
from bylaw.console.views.ledger import ledger
from bylaw.console.views.now import now
from bylaw.console.views.workers import workers
from bylaw.console.views.world import outlines, world
from bylaw.gateway.record.coverage import Beats
from bylaw.gateway.settings import Place
from bylaw.ledger.checkpoint import Checkpoint
from bylaw.ledger.note import Note
from bylaw.lineage.lab import Lab
from offices import BASE, enacted, keep, office_in
from offices import LETTER as LETTER_TEXT


@pytest.fixture
def ana(evening: Evening, address: str) -> Asking:
    return Asking(evening, address, "ana", "operator")


@pytest.fixture
def vic(evening: Evening, address: str) -> Asking:
    return Asking(evening, address, "vic", "viewer")


def everything(evening: Evening, wanted: Wanted) -> list[Line]:
    """Every page of the list, one after the other."""
    lines: list[Line] = []
    page = feed(evening.desk, wanted)
    lines += page.lines
    while page.before:
        page = feed(evening.desk, wanted, page.before)
        lines += page.lines
    return lines


def kept(evening: Evening) -> list[Made]:
    return list(evening.office.archive.between("0001", "9999"))


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted(),
        Wanted(outcome="refuse"),
        Wanted(model="mythos-5", outcome="hold"),
        Wanted(country="ir"),
        Wanted(country="-"),
        Wanted(rule="june-2026-letter-1"),
        Wanted(rule="june-2026-letter-1@1", country="de", outcome="refuse"),
        Wanted(organization="lab"),
    ],
)
def test_a_filter_shows_all_that_are_so_and_no_others(evening: Evening, wanted: Wanted) -> None:
    lines = [line for line in everything(evening, wanted) if line.number]
    expected = {
        made.id
        for made in kept(evening)
        if wanted.outcome in ("", made.decision.outcome)
        and wanted.model in ("", made.decision.request.model)
        and wanted.country in ("", made.decision.request.location or "-")
        and (not wanted.rule or any(f.rule.startswith("june-2026-letter-1") for f in made.decision.deciding))
        and wanted.organization in ("", evening.desk.gathering.organizations.of(made.decision.subject))
    }
    assert expected
    assert {line.id for line in lines} == expected
    assert len(lines) == len(expected), "one stands on two pages"


def test_what_a_worker_wrote_is_seen_before_it_is_filed_and_once_afterwards(evening: Evening) -> None:
    written = evening.write_ahead(2)
    seen = [line for line in feed(evening.desk, Wanted()).lines if line.id in written]
    assert {line.id for line in seen} == set(written)
    assert all(line.number == 0 for line in seen)
    evening.office.archive.keep(each.made for each in fresh(evening.desk.state.segments) if each.id in written)
    again = [line.id for line in everything(evening, Wanted()) if line.id in written]
    assert sorted(again) == sorted(written)
    behind = [line.id for line in feed(evening.desk, Wanted(outcome="refuse")).lines]
    refused = {made.id for made in kept(evening) if made.id in written and made.decision.outcome == "refuse"}
    assert refused <= set(behind), "a filter must see what is filed and not counted yet"
    evening.desk.gathering.all()
    assert sorted(line.id for line in everything(evening, Wanted()) if line.id in written) == sorted(written)


def test_the_counts_are_the_archives_and_can_be_made_again(evening: Evening, tmp_path: Path) -> None:
    evening.desk.gathering.all()
    summary = evening.desk.gathering.summary
    expected = Counter(
        (m.decision.request.location, m.decision.request.model, m.decision.outcome) for m in kept(evening)
    )
    for span in ("hour", "day"):
        found: Counter[tuple[str, str, str]] = Counter()
        for each in over_time(summary, 0, 1 << 40, span):  # type: ignore[arg-type]
            found[each.country, each.model, each.outcome] += each.n
        assert found == expected
    anew = Summary(tmp_path / "summary.sqlite")
    while gather(evening.desk.gathering.listing, anew, evening.desk.gathering.organizations.of, 100):
        pass
    assert list(over_time(anew, 0, 1 << 40, "hour")) == list(over_time(summary, 0, 1 << 40, "hour"))
    assert owed(anew) == owed(summary)
    (tmp_path / "summary.sqlite").write_bytes(b"no database at all")
    assert anew.read() == 0


def test_erased_and_exchanged_archives(tmp_path: Path) -> None:
    lab, office = Lab.open(tmp_path / "home"), office_in(tmp_path)
    enacted(office, tmp_path, lab, BASE, "base.toml")
    enacted(office, tmp_path, lab, LETTER_TEXT, "letter.toml")
    keep(office, "citizen", "foreign", "nobody")
    summary, listing = Summary(tmp_path / "summary.sqlite"), Listing(office.archive.path)
    assert gather(listing, summary, lambda id: "") == 3
    refused = search(summary, Wanted(outcome="refuse"))
    office.archive.erase([listing.numbered(refused)[0].id], "test")
    assert gather(listing, summary, lambda id: "") == 0
    assert search(summary, Wanted(outcome="refuse")) == []
    assert owed(summary) == []
    assert sum(each.n for each in over_time(summary, 0, 1 << 40, "day")) == 3, "sums are about nobody"
    other = Archive(tmp_path / "other")
    assert gather(Listing(other.path), summary, lambda id: "") == 0
    assert summary.read() == 0


def test_a_decision_that_was_changed_is_told_and_the_list_goes_on(tmp_path: Path) -> None:
    lab, office = Lab.open(tmp_path / "home"), office_in(tmp_path)
    enacted(office, tmp_path, lab, BASE, "base.toml")
    keep(office, "citizen", "foreign")
    (tmp_path / "gateway.toml").write_text('office = "office"\nhome = "home"\n')
    desk = Desk(Place.read(tmp_path / "gateway.toml"))
    with closing(sqlite3.connect(office.archive.path)) as base, base:
        base.execute("UPDATE decisions SET body = CAST(replace(body, 'foreign', 'citizen') AS BLOB) WHERE number = 2")
    lines = feed(desk, Wanted()).lines
    assert [(line.number, line.fault) for line in lines] == [(2, "changed"), (1, "")]
    desk.gathering.all()
    assert desk.gathering.summary.read() == 2


def test_a_decision_is_explained_as_on_the_command_line_and_looking_is_kept(evening: Evening, ana: Asking) -> None:
    made = next(each for each in kept(evening) if each.decision.outcome == "refuse")
    page = ana.get(f"/decisions/{made.id}")
    said = unescape(re.search(r"<pre>(.*?)</pre>", page.text, re.DOTALL)[1])  # type: ignore[index]
    assert said == explain(made.decision, made.id, made.basis.at)
    with evening.office.store() as store:
        assert any(each.by == "ana" and made.id[:25] in each.why for each in store.looked(made.decision.subject))


def test_a_viewer_sees_no_fact(evening: Evening, vic: Asking) -> None:
    made = next(each for each in kept(evening) if each.decision.outcome == "refuse")
    page = vic.get(f"/decisions/{made.id}")
    assert page.status == 200
    assert "shown to operators" in page.text
    assert "citizenship of" not in page.text
    subject = made.decision.subject
    assert vic.post(f"/subjects/{subject}", why="curious").status == 403
    assert vic.get(f"/hits/ftm/{evening.matched[0]}").status == 403
    assert "participants" not in vic.get(f"/filings/{LETTER.date()}").text
    with evening.office.store() as store:
        assert not any(each.by == "vic" for each in store.looked(subject))


def test_facts_are_shown_to_who_says_why_and_the_store_keeps_it(evening: Evening, ana: Asking) -> None:
    id = evening.matched[1]
    register = evening.office.register(NOW)
    name = register[id].values("name")[0].text  # type: ignore[index]
    assert name not in ana.get(f"/subjects/{id}").text
    assert ana.post(f"/subjects/{id}", why="  ").status == 422
    with evening.office.store() as store:
        before = len(store.looked(id, 1000))
    page = ana.post(f"/subjects/{id}", why="appeal 7")
    assert name in page.text
    with evening.office.store() as store:
        reads = store.looked(id, 1000)
    assert len(reads) > before
    assert reads[0].by == "ana"
    assert all("appeal 7" in each.why for each in reads[: len(reads) - before])
    policy = evening.office.policy(NOW)
    for model in evening.office.settings.models:
        outcome = policy.decide(register, id, Request(model=model)).outcome
        word = {"allow": "allowed", "hold": "held", "refuse": "refused"}[outcome]
        assert re.search(rf"<h3>{model} <span class=\"badge \w+\">{word}", page.text)


def test_what_was_minimised_stays_so(evening: Evening, ana: Asking) -> None:
    with evening.office.store() as store:
        fact = Fact(
            name="citizenship",
            values=(Value(text="kp"),),
            source="passport desk",
            grade="document",
            as_of=date(2026, 5, 1),
        )
        store.record([Said("p-minimised", "person", (fact,))], source="t", digest="0" * 64, by="t", at=NOW)
        asked = Minimised(
            directive="june-2026-letter-1", eligibility={"p-minimised": "no"}, on=NOW.date(), evidence="decision 1"
        )
        store.minimise(asked, by="t", why="test")
    page = ana.post("/subjects/p-minimised", why="test").text
    assert "erased" in page
    assert "june-2026-letter-1" in page
    assert "passport desk" not in page
    assert not re.search(r"\bkp\b", page)


def test_a_match_is_cleared_opened_again_and_confirmed(evening: Evening, ana: Asking, vic: Asking) -> None:
    id = evening.matched[2]
    path = f"/hits/ftm/{id}"

    def state() -> str:
        refresh(evening.office, NOW, lambda text: None)
        return evening.office.outside.current().lists["ftm"].hits.get(id, "")

    page = ana.get(path)
    assert SPELLED not in page.text
    assert "&lt;script&gt;" in page.text
    party = re.search(r'name="party" value="([^"]+)"', page.text)[1]  # type: ignore[index]
    assert ana.post(path, say="clear", party=party, why=" ").status == 422
    assert vic.post(path, say="clear", party=party, why="I say so").status == 403
    assert ana.post(path, say="clear", party="q-none", why="no such party").status == 422
    assert ana.post(path, say="clear", party=party, why="another date of birth").status == 303
    assert state() == ""
    assert "another date of birth" in ana.get(path).text
    assert ana.post(path, say="reopen", party=party, why="the wrong passport").status == 303
    assert state() == "open"
    assert "the wrong passport" in ana.get(path).text
    assert ana.post(path, say="confirm", party=party, why="the same passport").status == 303
    assert state() == "confirmed"
    assert ana.post(path, say="withdraw", party=party, why="a mistake").status == 303
    assert state() == "open"
    assert ana.post(path, say="reopen", party=party, why="again").status == 422
    assert id in ana.get("/hits").text


def test_everybody_is_screened_anew_in_a_process_of_its_own(evening: Evening, ana: Asking, vic: Asking) -> None:
    assert vic.post("/hits/refresh").status == 403
    assert ana.post("/hits/refresh").status == 303
    assert ana.post("/hits/refresh").status == 422, "one runs already"
    assert "Everybody is being screened" in ana.get("/hits").text
    while refreshing(evening.desk).runs:
        time.sleep(0.2)
    assert evening.office.outside.key()[:16] in refreshing(evening.desk).last
    assert "Screen everybody anew" in ana.get("/hits").text
    refresh(evening.office, NOW, lambda text: None)


def test_reports_have_ten_business_days_and_are_taken_off(evening: Evening, ana: Asking) -> None:
    day = LETTER.date()
    row = next(each for each in due(evening.desk).rows if each.event == day)
    refused = [
        m
        for m in kept(evening)
        if m.decision.outcome == "refuse" and ("report", "june-2026-letter-1@1") in m.decision.duties
    ]
    assert row.owed == len(refused) > 10
    assert row.due == date(2026, 6, 29), "Juneteenth is kept on Friday the 19th"
    path = f"/filings/{day}"
    assert ana.post(path, count=str(row.owed + 1), reference="ORS-1").status == 422
    assert ana.post(path, count="many", reference="ORS-1").status == 422
    assert ana.post(path, count="3", reference=" ").status == 422
    assert ana.post(path, count="3", reference="ORS-1").status == 303
    filed = filings(evening.office).standing
    assert len(filed) == 3 and {each.reference for each in filed.values()} == {"ORS-1"}
    page = ana.get(path).text
    first = sorted(refused, key=lambda m: m.basis.at)
    assert first[3].id in page, "what is left begins with the fourth"
    assert first[0].id not in page
    assert ana.post(path, count="-3", reference="was not sent").status == 303
    assert next(each for each in due(evening.desk).rows if each.event == day).open == row.owed
    assert not filings(evening.office).standing
    assert not [each for each in differences(evening.office, evening.desk.lab(), NOW) if "filing" in each]
    assert ana.get("/filings/1999-01-01").status == 422


def test_the_map_and_the_table_say_the_same(evening: Evening, ana: Asking) -> None:
    evening.desk.gathering.all()
    found = world(evening.desk, "day")
    expected = Counter(made.decision.request.location for made in kept(evening))
    assert {row.code: row.tally.all for row in found.countries} == dict(expected)
    assert set(expected) == set(FROM)
    assert sum(step.tally.all for step in found.steps) == found.total.all == sum(expected.values())
    shades = [row.shade for row in found.countries if row.code]
    assert shades == sorted(shades, reverse=True)
    assert shades[0] == 5
    page = ana.get("/map?span=day").text
    iran = next(row for row in found.countries if row.code == "ir")
    assert f"<title>Iran: {iran.tally.all} requests, {iran.tally.refuse} refused</title>" in page
    assert re.search(r'<circle class="s\d"[^>]*><title>Singapore', page), (
        "what is too small to have an outline is a dot"
    )
    rows = list(csv.DictReader(io.StringIO(ana.get("/map.csv?span=day").text.removeprefix("\ufeff"))))
    assert sum(int(row["requests"]) for row in rows) == found.total.all
    one = world(evening.desk, "day", "mythos-5", begins(int(LETTER.timestamp()), "day"), "refusals")
    assert one.total.all == sum(
        m.decision.request.model == "mythos-5" and m.basis.at[:10] == "2026-06-12" for m in kept(evening)
    )


def test_the_outlines_are_of_countries_that_there_are() -> None:
    drawn = outlines()
    codes = [code for code in (*drawn.outlines, *drawn.points) if code]
    assert len(codes) == len(set(codes)) > 200
    assert all((country := find(code)) and country.code == code for code in codes)
    assert {"us", "cn", "ir", "kp", "sg", "hk", "xk", "tw", "ps"} <= set(codes)
    files = Path(str(__import__("bylaw.console", fromlist=["x"]).__file__)).parent / "data" / "world.json"
    assert files.stat().st_size <= 150_000


def test_weeks_begin_on_mondays() -> None:
    assert begins(int(LETTER.timestamp()), "week") == int(
        (LETTER - timedelta(days=4, hours=21, minutes=21)).timestamp()
    )


def test_workers_that_are_behind_or_silent_are_told(evening: Evening) -> None:
    found = workers(evening.desk)
    assert (found.stale, found.wrong, found.missing, found.gaps) == (False, 0, 0, 0)
    evening.later = 40.0
    try:
        later = workers(evening.desk)
        assert later.missing == 2
        assert later.gaps == 2
        beats = Beats(evening.desk.state.coverage, "w3", 5.0)
        beats.write(evening.desk.clock() - 1, found.head.version - 1, "older")  # type: ignore[union-attr]
        again = workers(evening.desk)
        assert again.missing == 1
        assert next(each for each in again.workers if each.name == "w3").behind
        assert now(evening.desk).workers.wrong == 2
        evening.later = 400.0
        assert workers(evening.desk).stale
    finally:
        evening.later = 0.0
        (evening.desk.state.coverage / "w3.jsonl").unlink()


def test_the_ledger_is_the_labs(evening: Evening) -> None:
    found = ledger(evening.desk)
    note = Note.parse((evening.lab.ledger / "checkpoint").read_bytes())
    assert found.root == Checkpoint.parse(note.text).root.hex()
    assert found.batch is not None
    assert found.batch.count == 900
    assert found.vkey == evening.lab.vkey


def test_subjects_are_found_by_id_a_page_at_a_time(evening: Evening, ana: Asking) -> None:
    seen: list[str] = []
    path = "/subjects?kind=organization"
    while path:
        page = ana.get(path).text
        seen += re.findall(r'<th scope="row"><a href="/subjects/([^"]+)">', page)
        more = re.search(r'href="([^"]+)" rel="next"', page)
        path = unescape(more[1]) if more else ""
    register = evening.office.register(NOW)
    assert seen == sorted(id for id, each in register.items() if each.kind == "organization")
    inside = ana.get("/subjects?q=rg-1").text
    assert "No id begins with" in inside
    assert "org-1" in inside
    assert "No id is so" in ana.get("/subjects?q=%3Cscript%3E").text
    assert ana.get("/subjects/nobody%20at%20all").status == 422


@pytest.mark.parametrize("path", ["/decisions?before=x", "/map?span=year", "/hits?state=none", "/filings/tomorrow"])
def test_what_cannot_be_read_is_a_sentence(ana: Asking, path: str) -> None:
    page = ana.get(path)
    assert page.status == 422
    assert 'role="alert"' in page.text


def test_no_cell_of_a_file_is_a_formula() -> None:
    said = sheet("t", ("a",), [("=1+1",), ("@x",), (-3,), (None,)]).body.decode().removeprefix("\ufeff")
    assert said.splitlines() == ["a", "'=1+1", "'@x", "-3", '""']


def test_the_stream_says_that_something_is_new(evening: Evening, address: str, ana: Asking) -> None:
    import http.client
    from urllib.parse import urlsplit

    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
    name, secret = next(iter(ana.cookie.items()))
    connection.request("GET", "/decisions/events", headers={"cookie": f"{name}={secret}"})
    answer = connection.getresponse()
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.readline() == b"retry: 1000\n"
    evening.write_ahead(1)
    lines = iter(answer.readline, b"")
    assert any(line == b"data: new\n" for line in lines)
    connection.close()


def test_a_list_that_follows_keeps_no_session_alive(evening: Evening, address: str) -> None:
    idle = evening.desk.settings.idle_seconds
    left = Asking(evening, address, "left", "viewer")
    try:
        for part in (0.4, 0.8, 1.2):
            evening.later = part * idle
            page = left.get("/decisions/rows")
        assert page.status == 303, "nobody sat there, and the page asked by itself"
    finally:
        evening.later = 0.0


def test_the_start_page_says_what_needs_somebody(evening: Evening, ana: Asking) -> None:
    page = ana.get("/").text
    for said in ("reports are owed", "matches to look at", "evaluators@1 ends", "Held for want of a fact"):
        assert said in page
    found = now(evening.desk)
    hour = [m for m in kept(evening) if NOW - timedelta(minutes=59) <= msgspec.convert(m.basis.at, type(NOW)) <= NOW]
    refused = sum(m.decision.outcome == "refuse" for m in hour)
    assert abs(sum(found.minutes["refuse"]) - refused) <= 12, "but for the minute that the hour begins in"
