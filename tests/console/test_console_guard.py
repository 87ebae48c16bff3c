"""Who gets at which page: signing in, roles, forms of others, hosts, sessions that end, wrong answers that wait."""

from collections.abc import Iterator
from pathlib import Path

import pyotp
import pytest
from console_rig import PASSWORD, Client, Rig

from bylaw.console.accounts.lockout import FREE
from bylaw.console.headers import CSP
from bylaw.console.pages import PAGES
from bylaw.errors import UsageError
from offices import LETTER


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with Rig(tmp_path_factory.mktemp("guard")).serving() as rig:
        yield rig


@pytest.fixture
def ana(rig: Rig) -> Client:
    client = Client(rig)
    assert client.sign_in("ana") == 303
    return client


def some(path: str) -> str:
    """A page's path with something in its places."""
    return path.replace("{name}", "letter").replace("{day}", "2026-06-12").replace("{list}", "l").replace(
        "{id:path}", "x").replace("{id}", "x")  # fmt: skip


def test_without_signing_in_there_is_nothing_but_the_way_in(rig: Rig) -> None:
    nobody = Client(rig)
    for page in PAGES:
        if page.least is None:
            continue
        ask = nobody.get if page.method == "GET" else nobody.post
        status, headers, _ = ask(some(page.path))
        assert (status, headers["location"].partition("?")[0]) == (303, "/signin"), page


def test_every_form_of_a_higher_role_is_refused_and_written_down(rig: Rig) -> None:
    vic = Client(rig)
    vic.sign_in("vic")
    for page in PAGES:
        if page.least not in (None, "viewer"):
            ask = vic.get if page.method == "GET" else vic.post
            assert ask(some(page.path))[0] == 403, page
    assert rig.desk.journal.read()[0].what == "refused"
    assert "Write down an order" not in vic.get("/directives")[2]


def test_the_monitor_s_pages_are_as_they_were(rig: Rig) -> None:
    status, headers, text = Client(rig).get("/healthz")
    assert (status, text, headers["content-security-policy"]) == (200, "ok\n", "default-src 'none'")
    assert Client(rig).get("/openapi.json")[0] == 200


def test_every_answer_has_the_policy_and_is_not_kept(rig: Rig, ana: Client) -> None:
    for path in ("/", "/signin", "/directives", "/nothing", "/drafts/none"):
        headers = ana.get(path)[1]
        assert headers["content-security-policy"] == CSP
        assert (headers["cache-control"], headers["x-content-type-options"]) == ("no-store", "nosniff")
    assert "unsafe" not in CSP
    assert ana.get("/static/../app.py")[0] == ana.get("/static/app.py")[0] == 404


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": ""},
        {"origin": "", "sec-fetch-site": "cross-site"},
    ],
    ids=["other", "null", "none", "cross-site"],
)
def test_forms_of_others_are_refused(rig: Rig, ana: Client, headers: dict[str, str]) -> None:
    status, _, text = ana.post("/directives/new", headers=headers, source="june-2026-letter-1")
    assert status == 403 and "does not come from a page of this console" in text
    assert rig.desk.drafts.all() == []


def test_forms_without_the_session_s_token_are_refused(rig: Rig, ana: Client) -> None:
    ben = Client(rig)
    ben.sign_in("ben")
    for token in ("", "x", ben.csrf, "é"):
        assert ana.post("/directives/new", csrf=token, source="june-2026-letter-1")[0] == 403
    assert rig.desk.drafts.all() == []
    status, headers, _ = ana.post("/directives/new", source="june-2026-letter-1")
    assert (status, headers["location"]) == (303, "/drafts/june-2026-letter-1")
    rig.desk.drafts.done(rig.desk.drafts.find("june-2026-letter-1"))


def test_a_form_s_field_is_there_once_and_not_too_large(ana: Client) -> None:
    twice = {"content-type": "application/x-www-form-urlencoded"}
    status, _, text = ana._ask("POST", "/directives/new", b"source=a&source=b", {**twice, "origin": ana.origin})
    assert status == 400 and "twice" in text
    huge = {**twice, "origin": ana.origin, "content-length": str(7 << 20)}
    assert ana._ask("POST", "/directives/new", b"", huge)[0] == 413


def test_only_hosts_that_are_ours(rig: Rig) -> None:
    for host in ("console.evil.example", "evil.example:80", "127.0.0.1@evil", "", "10.0.0.7:8081"):
        assert Client(rig).get("/signin", host=host)[0] == 421, host
    assert Client(rig).get("/signin", host="localhost:1")[0] == 200


def test_a_named_console_is_reached_by_its_name_alone_with_host_cookies(tmp_path: Path) -> None:
    origin = "https://console.lab.example"
    with Rig(tmp_path, settings=f'[console]\norigin = "{origin}"\n').serving() as rig:
        client = Client(rig)
        assert client.get("/signin")[0] == 421
        said = {"host": "console.lab.example", "origin": origin}
        form = {"name": "ana", "password": PASSWORD, "code": rig.code("ana")}
        status, headers, _ = client.post("/signin", headers=said, **form)
        assert status == 303
        cookie = headers["set-cookie"].lower()
        assert cookie.startswith("__host-bylaw-session=")
        assert "secure" in cookie and "samesite=strict" in cookie and "httponly" in cookie and "domain" not in cookie


def test_a_code_counts_once_and_only_with_the_password(rig: Rig) -> None:
    client, code = Client(rig), rig.code("ana")
    assert client.sign_in("ana", password="another sentence", code=code) == 401
    assert client.sign_in("ana", code=code) == 303, "a code is not used up by a wrong password"
    assert Client(rig).sign_in("ana", code=code) == 401
    assert Client(rig).sign_in("ana", code="000000") == 401
    old = pyotp.TOTP(rig.secrets["ana"]).at(int(rig.desk.clock()) - 120)
    assert Client(rig).sign_in("ana", code=old) == 401


def test_wrong_answers_wait_longer_and_longer_and_tell_nothing(rig: Rig) -> None:
    texts = set()
    rig.secrets["kit"] = rig.enrol("kit", "viewer")
    for name in ("kit", "nobody"):
        client = Client(rig)
        for _ in range(FREE):
            status, _, text = client.post("/signin", name=name, password="wrong", code="123456")
            assert status == 401
            texts.add(text.replace(name, "NAME"))
        assert client.post("/signin", name=name, password="wrong", code="123456")[0] == 429
    assert len({text.partition("<footer")[0] for text in texts}) == 1
    code = rig.code("kit")
    rig.later -= 30
    assert Client(rig).sign_in("kit", code=code) == 429, "not even with the right ones"
    rig.later += 30
    assert Client(rig).sign_in("kit") == 303
    failed = {each.about for each in rig.desk.journal.read() if each.what == "sign-in failed"}
    assert {"kit", "no such account"} <= failed


def test_sessions_end_idle_in_the_end_and_when_told(rig: Rig, ana: Client) -> None:
    settings = rig.desk.settings
    elsewhere = Client(rig)
    elsewhere.sign_in("ana")
    assert ana.post("/account/elsewhere")[0] == 303
    assert elsewhere.get("/directives")[0] == 303
    rig.later += settings.idle_seconds - 5
    assert ana.get("/directives")[0] == 200
    rig.later += settings.idle_seconds + 5
    assert ana.get("/directives")[0] == 303
    ana.sign_in("ana")
    for _ in range(int(settings.longest_seconds // 600)):
        rig.later += 600
        last = ana.get("/directives")[0]
    assert last == 303, "it ends though it was never idle"
    ana.sign_in("ana")
    before = ana.cookie
    assert ana.post("/signout")[0] == 303
    ana.cookie = before
    assert ana.get("/directives")[0] == 303, "the server has forgotten it, whatever the browser keeps"


def test_signing_in_begins_another_session_than_the_one_before(rig: Rig, ana: Client) -> None:
    before = ana.cookie
    ana.sign_in("ana")
    assert ana.cookie != before
    ana.cookie = before
    assert ana.get("/directives")[0] == 303


def test_who_is_removed_or_reset_is_out_at_once(rig: Rig) -> None:
    for name, ends in (("kim", rig.desk.people.remove), ("lou", lambda name: rig.desk.people.reset(name, 0.0))):
        rig.secrets[name] = rig.enrol(name, "viewer")
        client = Client(rig)
        client.sign_in(name)
        assert client.get("/directives")[0] == 200
        ends(name)
        assert client.get("/directives")[0] == 303


def test_a_first_password_must_be_replaced_by_a_good_one(rig: Rig) -> None:
    made = rig.desk.people.add("eve", "operator", rig.desk.clock())
    rig.secrets["eve"] = made.uri.partition("secret=")[2].partition("&")[0]
    eve = Client(rig)
    assert eve.sign_in("eve", password=made.password) == 303
    assert eve.get("/directives")[1]["location"] == "/account"
    for new in ("short", "all about eve of course", made.password):
        assert eve.post("/account/password", old=made.password, new=new, repeated=new)[0] == 422
    good = "a heron stands in the reeds"
    assert eve.post("/account/password", old="wrong", new=good, repeated=good)[0] == 422
    assert eve.post("/account/password", old=made.password, new=good, repeated=good + "!")[0] == 422
    assert eve.post("/account/password", old=made.password, new=good, repeated=good)[0] == 303
    assert eve.get("/directives")[0] == 200
    rows = rig.desk.book.path.read_bytes()
    assert good.encode() not in rows and made.password.encode() not in rows


def test_what_cannot_be_taken_back_asks_for_a_fresh_code(rig: Rig, ana: Client) -> None:
    rig.desk.drafts.new("letter", LETTER)
    rig.later += rig.desk.settings.fresh_seconds + 1
    assert ana.get("/drafts/letter")[0] == 200
    status, headers, _ = ana.get("/drafts/letter/sign")
    assert (status, headers["location"]) == (303, "/again?back=/drafts/letter/sign")
    seen = rig.desk.drafts.find("letter").mark
    assert ana.post("/drafts/letter/sign", seen=seen)[1]["location"].startswith("/again")
    assert ana.post("/again", code="000000", back="/")[0] == 401
    status, headers, _ = ana.post("/again", code=rig.code("ana"), back="//evil.example/x")
    assert (status, headers["location"]) == (303, "/x"), "a page of ours, whatever host was named"
    assert ana.get("/drafts/letter/sign")[0] == 200


def test_the_journal_stays(rig: Rig, ana: Client) -> None:
    with rig.desk.book.reading() as connection:
        for act in ("DELETE FROM done", "UPDATE done SET who = 'x'"):
            with pytest.raises(Exception, match="the journal stays"):
                connection.execute(act)
    assert "signed in" in ana.get("/journal")[2]
    assert oct(rig.desk.book.path.stat().st_mode & 0o777) == "0o600"


def test_names_of_accounts(rig: Rig) -> None:
    for name in ("", "Ana", "oidc:ana", "a" * 64, "ana\n", "../x"):
        with pytest.raises(UsageError, match="no name"):
            rig.desk.people.add(name, "viewer", 0.0)
    with pytest.raises(UsageError, match="no role"):
        rig.desk.people.add("mia", "root", 0.0)
    with pytest.raises(UsageError, match="already"):
        rig.desk.people.add("ana", "viewer", 0.0)
