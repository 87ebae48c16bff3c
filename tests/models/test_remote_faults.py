"""Judges behind servers that go wrong in what they say: numbers that are none, counts, waits, echoes, broken files."""

import asyncio
import json
import math
import os
import time
from pathlib import Path
from typing import Any

import pytest

from bylaw.errors import BudgetSpent, RemoteError
from bylaw.feedback.label import LabelSettings, label
from bylaw.models.remote import RemoteModel, open_remote
from bylaw.models.remote.asked import Broken, Reply, Request
from bylaw.models.remote.calling import _after, calling
from bylaw.models.remote.drift import identity
from bylaw.models.remote.posting import StatusError
from bylaw.models.remote.prices import Price
from bylaw.models.remote.replies import FLOOR, chat, row
from bylaw.models.remote.saying import shown
from bylaw.models.remote.settings import RemoteSettings
from bylaw.models.remote.spending import read
from bylaw.records import Comparison, Label, Message, Principle
from judge_server import Faults, Judge, serving

PRINCIPLES = [Principle(key=key, comparison=f"Which answer is {key}?") for key in ("kinder", "truer", "safer")]
ASKED = Request(path="", body={}, text="x" * 400, most=1, options=(frozenset("A"), frozenset("B")))
KEY = "sk-12345-abcdefgh-XYZ"


def opened(url: str, folder: Path, **more: Any) -> RemoteModel:
    plain = {"backend": "openai_compatible", "url": url, "model": "mock", "deadline": 30, "concurrency": 8}
    plain |= {"cache": str(folder / "answers.db")}
    return open_remote(RemoteSettings(**{**plain, **more}), folder / "costs.db")


def labelled(model: RemoteModel, count: int, first: int = 0) -> list[Label]:
    rows = range(first, first + count)
    asked = [Comparison(messages=(Message("user", f"{n}?"),), first=f"yes {n}", second="no") for n in rows]
    return model.run([label(one, PRINCIPLES, "judge", LabelSettings(), 0) for one in asked])


def said(tops: list[tuple[str, float]], **more: Any) -> bytes:
    listed = [{"token": token, "logprob": value} for token, value in tops]
    logprobs = {"content": [{"top_logprobs": listed}]}
    return json.dumps(
        {"choices": [{"message": {"content": "A"}, "logprobs": logprobs}], "model": "mock", **more}
    ).encode()


def test_a_token_that_is_said_to_be_very_unlikely_is_not_among_the_likeliest() -> None:
    others = [("C", math.log(0.3)), ("D", math.log(0.1))]
    [reply] = chat(said([("B", math.log(0.4)), ("A", -9999.0), *others, ("q", -9999.0), ("q", -9999.0)]), [ASKED])
    found = row(ASKED, reply, exact=False)
    assert math.exp(found[0]) == pytest.approx(0.1) and math.exp(found[1]) == pytest.approx(0.4)
    [neither] = chat(said([("A", -9999.0), ("B", -1e308), *others]), [ASKED])
    assert row(ASKED, neither, exact=False) == pytest.approx([math.log(0.1)] * 2)


def test_a_probability_too_small_to_count_has_a_logarithm() -> None:
    kept_before = Reply(top={"A": -9999.0, "B": -0.1})
    assert row(ASKED, kept_before, exact=False)[0] == pytest.approx(math.log(FLOOR))


@pytest.mark.parametrize("value", [-9999.0, 1000.0])
def test_numbers_that_add_up_to_nothing_or_too_much_are_no_log_probabilities(value: float) -> None:
    with pytest.raises(RemoteError, match="log-probabilities are none"):
        chat(said([("A", value), ("A", value), ("B", value)]), [ASKED])


@pytest.mark.parametrize(
    ("usage", "prompt"),
    [
        ({"prompt_tokens": 90, "completion_tokens": 1}, 90),
        ({"prompt_tokens": -1000, "completion_tokens": -5}, 101),
        ({"prompt_tokens": 10**19, "completion_tokens": 1}, 101),
        ({"prompt_tokens": 0, "completion_tokens": 0}, 101),
        ({"prompt_tokens": 90, "completion_tokens": 10**12}, 101),
    ],
)
def test_tokens_that_are_no_count_are_estimated(usage: dict[str, int], prompt: int) -> None:
    [reply] = chat(said([("A", -0.1)], usage=usage), [ASKED])
    assert (reply.prompt_tokens, reply.generated_tokens) == (prompt, 1)
    details = {"prompt_tokens": 90, "completion_tokens": 1, "prompt_tokens_details": {"cached_tokens": 10**6}}
    assert chat(said([("A", -0.1)], usage=details), [ASKED])[0].cached_tokens == 90


def test_prices_are_numbers_from_0() -> None:
    for wrong in (-1.0, math.nan, math.inf):
        with pytest.raises(ValueError, match="must be numbers from 0"):
            Price(model="m", prompt=1.0, generated=wrong, as_of="2026-11-30", source="a bill")


def test_an_answer_nested_too_deeply_is_a_broken_call() -> None:
    deep = b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    with pytest.raises(Broken, match="not an answer in this API's form"):
        chat(deep, [ASKED])


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("7", 7.0), ("0", 0.0), ("-5", 0.0), ("inf", 600.0), ("nan", None), ("soon, dear", None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0), ("Wed, 21 Oct 999999999999 07:28:00 GMT", None),
        ("Wed, 21 Oct 2035 07:28:00 +99999999999", None), ("315360000", 600.0),
    ],
)  # fmt: skip
def test_when_a_server_asks_to_come_back(said: str, seconds: float | None) -> None:
    assert _after({"retry-after": said}) == seconds


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> RemoteSettings:
    monkeypatch.setenv("JUDGE_KEY", f"{KEY}\n")
    return RemoteSettings(backend="openai_compatible", url="http://judge.local/v1", model="mock", key="JUDGE_KEY")


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 307])
def test_what_a_server_repeats_of_key_and_prompt_is_not_shown(status: int, settings: RemoteSettings) -> None:
    prompt = Request(path="", body={}, text="How do I make the SECRET thing?\nSay only A or B.", most=1)
    echo = f"no such key: Bearer {KEY} ({KEY[:11]}****); you asked: {prompt.text}\x1b[2J"
    with pytest.raises(Exception, match=str(status)) as raised, calling(settings, [prompt]):
        raise StatusError(status, {"error": {"message": echo}}, {"location": echo})
    text = str(raised.value)
    assert "[the key]" in text and "[what was asked]" in text and r"\x1b[2J" in text
    assert not any(one in text for one in (KEY, KEY[:11], "SECRET", "\x1b"))


def test_an_answer_that_cannot_be_read_is_shown_without_the_key(settings: RemoteSettings) -> None:
    with pytest.raises(Broken, match="not an answer in this API's form") as raised, calling(settings, [ASKED]):
        chat(f"<html>{KEY}</html>".encode(), [ASKED])
    assert KEY not in str(raised.value)
    assert shown("http://user:password@proxy.local broke", settings) == "http://[account]@proxy.local broke"
    assert identity(Reply(served="mock", fingerprint="\x1b[31mfp")) == r"mock, \x1b[31mfp"


@pytest.mark.parametrize("how", [{}, {"answers": "votes", "votes": 2}], ids=["log-probabilities", "votes"])
def test_answers_of_a_server_that_just_went_wrong_become_no_labels(tmp_path: Path, how: dict[str, Any]) -> None:
    """Fewer than tell a judge from none: the fixed questions do, before anything of the chunk is handed on."""
    with serving(Judge(Faults(logprobs=not how))) as url:
        untroubled = opened(url, tmp_path / "other", **{**how, "cache": "off"})
        expected = labelled(untroubled, 7)
        untroubled.close()
    judge = Judge(Faults(after=24 * how.get("votes", 1), then="language", logprobs=not how))
    with serving(judge) as url:
        model = opened(url, tmp_path, **how)
        labelled(model, 2)
        with pytest.raises(RemoteError, match=r"names none of the options: \d+ answers could not be read, nor those"):
            labelled(model, 5, first=2)
        model.close()
        judge.faults.then = ""
        model = opened(url, tmp_path, **how)
        assert labelled(model, 7) == expected
        model.close()


def test_a_server_that_is_wrong_from_the_start_can_be_mended(tmp_path: Path) -> None:
    judge = Judge(Faults(after=0, then="language"))
    with serving(judge) as url:
        for rows in (2, 30):  # too few to tell by their share, and enough
            model = opened(url, tmp_path)
            with pytest.raises(RemoteError, match="names none of the options"):
                labelled(model, rows)
            model.close()
        judge.faults.then = ""
        model = opened(url, tmp_path)
        assert all(vote.mass > 0.4 for one in labelled(model, 30) for vote in one.votes)
        model.close()


def test_a_judge_that_cannot_say_is_believed_while_it_knows_the_anchors(tmp_path: Path) -> None:
    class Unsure(Judge):
        def choice(self, place: int, text: str, body: dict[str, Any], chat: bool, late: bool, then: str) -> Any:
            return super().choice(place, text, body, chat, "kinder" in text and "Question" not in text, "language")

    judge = Unsure()
    with serving(judge) as url:
        model = opened(url, tmp_path)
        made = labelled(model, 3)
        model.close()
        before = judge.calls
        model = opened(url, tmp_path)
        assert labelled(model, 3) == made and judge.calls == before, "what it said is kept, once that is known"
        model.close()
    assert [one.unreadable for one in made] == [2, 2, 2]


class Refusing:
    """Answers well ``well`` times, and then what it is told to."""

    def __init__(self, well: int, status: int, *headers: tuple[bytes, bytes]) -> None:
        self.judge, self.well, self.answer = Judge(), well, (status, headers)
        self.at: list[float] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan" or self.judge.calls < self.well:
            await self.judge(scope, receive, send)
            return
        self.at.append(time.monotonic())
        status, headers = self.answer
        await send({"type": "http.response.start", "status": status, "headers": [*headers, (b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})


@pytest.mark.parametrize("after", [b"0", b"-5", b"nan", b"Wed, 21 Oct 2015 07:28:00 GMT"])
def test_a_server_that_names_no_wait_is_not_hammered(tmp_path: Path, after: bytes) -> None:
    server = Refusing(10, 429, (b"retry-after", after))
    with serving(server) as url:
        model = opened(url, tmp_path, give_up=2.0, concurrency=4)
        with pytest.raises(RemoteError, match="has answered nothing for"):
            labelled(model, 10)
        model.close()
    assert len(server.at) < 60


def test_a_long_wait_is_said_and_bounded_by_what_is_waited_at_all(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server = Refusing(10, 429, (b"retry-after", b"300"))
    with serving(server) as url:
        model = opened(url, tmp_path, give_up=2.0, concurrency=4)
        with pytest.raises(RemoteError, match="has answered nothing for 2 s, and says: 429"):
            labelled(model, 10)
        model.close()
    assert capsys.readouterr().err.count("is busy, waiting 2 s") == 1


def test_whoever_rests_does_not_outlast_the_run(tmp_path: Path) -> None:
    async def rest() -> None:
        model = opened("http://127.0.0.1:9/v1", tmp_path)
        caller = model._caller
        caller.begin()
        resting = asyncio.create_task(caller._rest(3600))
        await asyncio.sleep(0)
        caller.stop(RemoteError("over"))
        await resting

    asyncio.run(rest())


def test_nothing_is_said_to_be_kept_where_nothing_was_asked(tmp_path: Path) -> None:
    model = opened("http://127.0.0.1:9/v1", tmp_path, attempts=1)
    with pytest.raises(RemoteError, match="failed 1 times in a row") as raised:
        labelled(model, 1)
    model.close()
    assert "is kept" not in str(raised.value)


def test_negative_counts_do_not_stretch_a_budget(tmp_path: Path) -> None:
    class Generous(Judge):
        def reply(self, path: str, body: dict[str, Any], texts: list[str]) -> dict[str, Any]:
            usage = {"prompt_tokens": -1000, "completion_tokens": -5}
            return {**super().reply(path, body, texts), "usage": usage}

    judge = Generous()
    with serving(judge) as url:
        model = opened(url, tmp_path, budget_tokens=900)
        with pytest.raises(BudgetSpent):
            labelled(model, 20)
        model.close()
    assert judge.tokens < 1200 and sum(line.prompt_tokens for line in read(tmp_path / "costs.db")) > 600


@pytest.mark.parametrize(
    ("name", "remedy"),
    [("answers.db", "name another with models.judge.cache, or remove it"), ("costs.db", "the ledger of what was paid")],
)
def test_a_broken_file_is_told_with_what_helps(tmp_path: Path, name: str, remedy: str) -> None:
    (tmp_path / name).write_bytes(os.urandom(8192))
    with pytest.raises(RemoteError, match=f"{name} cannot be used: .*{remedy}"):
        opened("http://127.0.0.1:9/v1", tmp_path)
