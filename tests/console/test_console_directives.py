"""Drafts: only the text that was seen is signed, and only with two signatures, as things are now, enacted."""

import html
import json
import os
import time
from collections.abc import Iterator

import pytest
from console_rig import Client, Rig

from bylaw.access.rules.approval import envelope_of, sign
from bylaw.console.custody import signer_of
from bylaw.errors import UsageError
from bylaw.gateway.settings import Place
from bylaw.signing import LocalSigner
from offices import LETTER

EVIL = "</pre><script>alert(1)</script><img src=x onerror=alert(1)>"
BOUNDARY = "heron"


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with Rig(tmp_path_factory.mktemp("directives")).serving() as rig:
        yield rig


@pytest.fixture(scope="module")
def ana(rig: Rig) -> Client:
    client = Client(rig)
    assert client.sign_in("ana") == 303
    return client


@pytest.fixture(scope="module")
def ben(rig: Rig) -> Client:
    client = Client(rig)
    assert client.sign_in("ben") == 303
    return client


@pytest.fixture
def name(rig: Rig) -> Iterator[str]:
    """A draft of the letter."""
    made = rig.desk.drafts.new("letter", LETTER).name
    yield made
    for each in rig.desk.drafts.all():
        rig.desk.drafts.done(each)


def seen(rig: Rig, name: str) -> str:
    return rig.desk.drafts.find(name).mark


def foreseen(rig: Rig, client: Client, name: str) -> None:
    assert client.post(f"/drafts/{name}/impact")[0] == 303
    draft, foresight = rig.desk.drafts.find(name), rig.desk.foresight
    end = time.monotonic() + 120
    while foresight.progress(draft) or (foresight.sums(draft) is None and not foresight.failed(draft)):
        assert time.monotonic() < end
        time.sleep(0.1)
    assert not foresight.failed(draft)


def bring(client: Client, name: str, content: bytes, mark: str) -> tuple[int, str]:
    """A file in a form, as a browser sends it."""
    start = f"--{BOUNDARY}\r\ncontent-disposition: form-data; name="
    parts = [f'{start}"{key}"\r\n\r\n{value}\r\n' for key, value in {"csrf": client.csrf, "seen": mark}.items()]
    head = f'{start}"envelope"; filename="x.dsse"\r\n\r\n'
    body = "".join([*parts, head]).encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()
    kind = {"content-type": f"multipart/form-data; boundary={BOUNDARY}", "origin": client.origin}
    status, _, text = client._ask("POST", f"/drafts/{name}/bring", body, kind)
    return status, text


def test_what_a_text_says_is_shown_and_never_run(rig: Rig, ana: Client) -> None:
    text = LETTER.replace("No foreign person", EVIL).replace("Letter of 12 June 2026", EVIL)
    name = rig.desk.drafts.new("evil", text).name
    ana.post(f"/drafts/{name}/edit", text="x = " + EVIL, seen="", act="check")
    for path in ("", "/edit", "/sign", "/enact"):
        status, _, page = ana.get(f"/drafts/{name}{path}")
        assert status == 200 and EVIL not in page and "<script>alert" not in page
        assert html.escape(EVIL)[:40] in page
    assert "<script>alert" not in ana.get("/directives")[2]
    rig.desk.drafts.discard(name, seen(rig, name))


@pytest.mark.parametrize("path", ["/drafts/..%2f..%2faccess", "/drafts/.lock", "/drafts/nothing", "/directives/none@1"])
def test_there_is_nothing_behind_other_names(ana: Client, path: str) -> None:
    assert ana.get(path)[0] in (404, 422)


def test_a_text_that_somebody_else_changed_is_not_overwritten(rig: Rig, ana: Client, ben: Client, name: str) -> None:
    first = seen(rig, name)
    assert ana.post(f"/drafts/{name}/edit", text=LETTER + "# ana\n", seen=first, act="save")[0] == 303
    status, _, page = ben.post(f"/drafts/{name}/edit", text=LETTER + "# ben\n", seen=first, act="save")
    assert status == 409 and "# ben" in page
    assert rig.desk.drafts.find(name).text.endswith("# ana\n")
    assert ben.post(f"/drafts/{name}/discard", seen=first)[0] == 422


def test_a_changed_text_has_no_signatures(rig: Rig, ana: Client, name: str) -> None:
    assert ana.post(f"/drafts/{name}/sign", seen=seen(rig, name))[0] == 303
    assert envelope_of(rig.desk.drafts.find(name).path).exists()
    ana.post(f"/drafts/{name}/edit", text=LETTER + "# x\r\n", seen=seen(rig, name), act="save")
    draft = rig.desk.drafts.find(name)
    assert not envelope_of(draft.path).exists() and draft.text.endswith("# x\n")


def test_only_the_text_that_was_shown_is_signed_and_once_by_each(rig: Rig, ana: Client, ben: Client, name: str) -> None:
    assert ana.post(f"/drafts/{name}/sign", seen="0" * 64)[0] == 422
    assert ben.post(f"/drafts/{name}/sign", seen=seen(rig, name))[0] == 422, "his key is elsewhere"
    assert ana.post(f"/drafts/{name}/sign", seen=seen(rig, name))[0] == 303
    status, _, page = ana.post(f"/drafts/{name}/sign", seen=seen(rig, name))
    assert status == 422 and "already" in page


def test_what_is_brought_is_an_approver_s_and_over_this_text(rig: Rig, ben: Client, name: str) -> None:
    folder = rig.folder / "elsewhere"
    folder.mkdir(exist_ok=True)
    copy = folder / "letter.toml"
    copy.write_text(LETTER + "# another\n")
    envelope_of(copy).unlink(missing_ok=True)
    sign(copy, LocalSigner.load(rig.keys / "ben.pem"))
    status, page = bring(ben, name, envelope_of(copy).read_bytes(), seen(rig, name))
    assert status == 409 and "byte for byte" in page
    copy.write_text(LETTER)
    envelope_of(copy).unlink()
    sign(copy, LocalSigner.generate())
    assert bring(ben, name, envelope_of(copy).read_bytes(), seen(rig, name))[0] == 422, "nobody's"
    assert bring(ben, name, b"{}", seen(rig, name))[0] == 409
    sign(copy, LocalSigner.load(rig.keys / "ben.pem"))
    assert bring(ben, name, envelope_of(copy).read_bytes(), seen(rig, name))[0] == 303
    assert bring(ben, name, envelope_of(copy).read_bytes(), seen(rig, name))[0] == 422, "again"


def test_a_key_that_is_not_the_approver_s_does_not_sign(rig: Rig) -> None:
    other = rig.folder / "other.toml"
    other.write_text((rig.folder / "gateway.toml").read_text().replace('approver = "ana"', 'approver = "ben"'))
    with pytest.raises(UsageError, match=r"not one that approvers.toml has for ben"):
        signer_of(Place.read(other), "ana", rig.office.approvers())


def test_it_is_enacted_with_two_signatures_and_an_impact_of_now_and_not_before(
    rig: Rig, ana: Client, ben: Client, name: str
) -> None:
    mark, acts = seen(rig, name), len(rig.office.journal.acts())
    assert ben.post(f"/drafts/{name}/enact", seen=mark)[0] == 422, "nobody has looked whom it hits"
    foreseen(rig, ana, name)
    sums = rig.desk.foresight.sums(rig.desk.drafts.find(name))
    assert sums is not None and (sums.subjects, sums.people, sums.losses, sums.unsettled) == (4, 2, 2, 1)
    page = ana.get(f"/drafts/{name}/impact")[2]
    assert "2 people lose access" in page and "foreign" in page and "50.0 %" in page and "citizenship" in page
    status, headers, text = ana.get(f"/drafts/{name}/impact.csv")
    assert status == 200 and "attachment" in headers["content-disposition"] and "foreign,m,refuse,letter@1" in text
    assert ben.post(f"/drafts/{name}/enact", seen=mark)[0] == 409, "nobody has signed"
    assert ana.post(f"/drafts/{name}/sign", seen=mark)[0] == 303
    status, _, page = ben.post(f"/drafts/{name}/enact", seen=mark)
    assert status == 409 and "2 different approvers" in page
    assert len(rig.office.journal.acts()) == acts
    sign(rig.desk.drafts.find(name).path, LocalSigner.load(rig.keys / "ben.pem"))
    assert "2 people lose access</button>" in ben.get(f"/drafts/{name}/enact")[2]
    assert ben.post(f"/drafts/{name}/enact", seen=mark)[1]["location"] == "/directives/letter@1"
    assert len(rig.office.journal.acts()) == acts + 1 and rig.desk.drafts.all() == []
    page = ben.get("/directives/letter@1")[2]
    assert "in force" in page and "ana and ben" in page
    _second_version(rig, ana, ben)


def _second_version(rig: Rig, ana: Client, ben: Client) -> None:
    """The next version shows what it changes; an impact from before another act does not count."""
    text = LETTER.replace('id = "letter"', 'id = "letter"\nversion = 2\nsupersedes = ["letter@1"]')
    name = rig.desk.drafts.new("letter", text.replace('"refuse"\nduties', '"hold"\nduties')).name
    foreseen(rig, ana, name)
    page = ana.get(f"/drafts/{name}")[2]
    assert "What it changes against letter@1" in page and "<del>" in page
    later = rig.desk.drafts.new("later", LETTER.replace('"letter"', '"later"').replace("2026-06-12", "2036-06-12"))
    foreseen(rig, ana, later.name)
    for each in ("ana", "ben"):
        sign(later.path, LocalSigner.load(rig.keys / f"{each}.pem"))
        sign(rig.desk.drafts.find(name).path, LocalSigner.load(rig.keys / f"{each}.pem"))
    assert ben.post("/drafts/later/enact", seen=seen(rig, "later"))[0] == 303
    page = ben.get("/directives")[2]
    assert "data-countdown" in page and "in 3" in page
    status, _, page = ben.post(f"/drafts/{name}/enact", seen=seen(rig, name))
    assert status == 422 and "as things are now" in page
    assert "Something else was enacted" in ben.get(f"/drafts/{name}/enact")[2]


def test_only_counsel_insists_against_an_error(rig: Rig, ana: Client, ben: Client) -> None:
    bad = LETTER.replace('"letter"', '"bad"').replace('["m"]', '["n"]')
    draft = rig.desk.drafts.new("bad", bad)
    foreseen(rig, ana, draft.name)
    for each in ("ana", "ben"):
        sign(draft.path, LocalSigner.load(rig.keys / f"{each}.pem"))
    assert "in spite of" not in ben.get("/drafts/bad/enact")[2]
    assert "in spite of" in ana.get("/drafts/bad/enact")[2]
    assert ben.post("/drafts/bad/enact", seen=draft.mark, despite="yes")[0] == 422
    status, _, page = ana.post("/drafts/bad/enact", seen=draft.mark)
    assert status == 422 and "unknown model" in page
    assert ana.post("/drafts/bad/enact", seen=draft.mark, despite="yes")[0] == 303
    assert "in spite of an error" in ana.get("/directives/bad@1")[2]


def test_an_impact_whose_process_is_gone_is_told_and_begun_again(rig: Rig, ana: Client, name: str) -> None:
    draft, foresight = rig.desk.drafts.find(name), rig.desk.foresight
    folder = rig.desk.folder / "impact"
    folder.mkdir(exist_ok=True)
    for path in folder.glob(f"{draft.mark}.*"):
        path.unlink()
    for process in (os.getpid(), 2**22 + 1):  # another's number, and nobody's
        (folder / f"{draft.mark}.progress").write_text(json.dumps({"process": process, "done": 1, "of": 9}))
        assert foresight.progress(draft) is None
        assert "its process was ended" in ana.get(f"/drafts/{name}/impact")[2]
    foreseen(rig, ana, name)
    assert "worked out" in ana.get(f"/drafts/{name}/impact")[2]
    other = rig.desk.drafts.new("other", LETTER + "# other\n")
    ana.post("/drafts/other/impact")
    assert foresight.sums(draft) is not None, "what another draft asks for leaves this one's"
    rig.desk.drafts.done(other)
