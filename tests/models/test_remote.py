"""Judges behind a server: what is asked and read, what is kept, paid and refused, with a server that misbehaves."""

import json
import math
import multiprocessing
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from bylaw.errors import BudgetSpent, ModelChanged, RemoteError, UsageError
from bylaw.feedback.label import LabelSettings, label
from bylaw.models.base import Generate
from bylaw.models.remote import BACKENDS, RemoteModel, open_remote
from bylaw.models.remote.asked import Reply, Request
from bylaw.models.remote.cache import Cache
from bylaw.models.remote.prices import price_of
from bylaw.models.remote.replies import row, voted
from bylaw.models.remote.settings import RemoteSettings, key_of
from bylaw.models.remote.spending import read
from bylaw.records import Comparison, Label, Message, Principle
from judge_server import Faults, Judge, serving, truth

PRINCIPLES = [Principle(key=key, comparison=f"Which answer is {key}?") for key in ("kinder", "truer", "safer")]


def pairs(count: int) -> list[Comparison]:
    return [Comparison(messages=(Message("user", f"{n}?"),), first=f"yes {n}", second="no") for n in range(count)]


def opened(url: str, folder: Path, **more: Any) -> RemoteModel:
    plain = {"backend": "openai_compatible", "url": url, "model": "mock", "deadline": 30, "concurrency": 8}
    plain |= {"cache": str(folder / "answers.db")}
    return open_remote(RemoteSettings(**{**plain, **more}), folder / "costs.db")


def labelled(model: RemoteModel, asked: Sequence[Comparison]) -> list[Label]:
    try:
        return model.run([label(one, PRINCIPLES, "judge", LabelSettings(), 0) for one in asked])
    finally:
        model.close()


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"api": "completions"},
        {"api": "completions", "batch": 4},
    ],
    ids=["chat", "completions", "lists"],
)
def test_labels_are_read_from_log_probabilities(tmp_path: Path, how: dict[str, Any]) -> None:
    judge = Judge()
    with serving(judge) as url:
        made = labelled(opened(url, tmp_path, **how), pairs(4))
    assert [one.comparison for one in made] == [one.id for one in pairs(4)]
    assert made[0].judge == "judge (mock, fp_1)"
    votes = [vote for one in made for vote in one.votes]
    assert len(votes) == 4 * 3 * 2 and all(0.4 < vote.mass < 0.5 for vote in votes)
    assert len({vote.p_first for vote in votes}) == 24
    assert json.loads(judge.stats())["twice"] == 0


def test_what_the_server_said_is_what_the_vote_says(tmp_path: Path) -> None:
    with serving(Judge()) as url:
        model = opened(url, tmp_path, api="completions")
        [request] = model._backend.choose(_one_question(), ["kinder"])
        [made] = model.run([_asking()])
        model.close()
    expected = truth(request.text)
    share = math.exp(expected["A"]) + math.exp(expected[" A"])
    assert math.exp(made.logprobs[0][0]) == pytest.approx(share, abs=1e-6)
    assert request.about == "kinder" and request.body["max_tokens"] == 1
    assert "prompt_logprobs" not in request.body


def _one_question() -> Any:
    from bylaw.models.base import Choose

    return Choose(conversations=((Message("user", "Which?"),),), options=("A", "B"), prefill="(")


def _asking() -> Any:
    answer = yield _one_question()
    return answer


def test_failures_lose_no_row_and_pay_for_none_twice(tmp_path: Path) -> None:
    judge = Judge(Faults(errors=0.1, half=0.1, storms=4.0, slots=6, latency=0.01, seed=1))
    with serving(judge) as url:
        made = labelled(opened(url, tmp_path), pairs(12))
    assert len(made) == 12 and all(len(one.votes) == 6 for one in made)
    assert judge.failed["error"] and judge.failed["half"]
    # What came half was computed, and had to be asked again; nothing else was.
    assert json.loads(judge.stats())["twice"] <= judge.failed["half"]


def test_a_call_that_hangs_is_made_again_and_holds_up_nobody(tmp_path: Path) -> None:
    judge = Judge(Faults(hangs=0.08, seed=3))
    with serving(judge) as url:
        made = labelled(opened(url, tmp_path, deadline=3.0), pairs(6))
    assert len(made) == 6 and all(one.p_first is not None for one in made)
    assert sum(line.failed for line in read(tmp_path / "costs.db")) >= 1


def test_what_was_answered_is_asked_of_nobody_again(tmp_path: Path) -> None:
    judge = Judge()
    with serving(judge) as url:
        first = labelled(opened(url, tmp_path), pairs(5))
        before = judge.calls
        again = labelled(opened(url, tmp_path), pairs(5))
        assert judge.calls == before, "a run that goes on asks nothing that is kept, not even who is there"
        other = tmp_path / "other"
        other.mkdir()
        elsewhere = labelled(opened(url, other, cache=str(tmp_path / "answers.db")), pairs(5))
    assert first == again == elsewhere
    assert json.loads(judge.stats())["answered"] == 5 * 6 + 2 * 4, "another run asks its anchors, and nothing else"
    lines = read(other / "costs.db")
    assert sum(line.cached for line in lines) == 30 and sum(line.calls for line in lines) == 4


def test_a_budget_stops_and_a_larger_one_goes_on(tmp_path: Path) -> None:
    judge = Judge()
    with serving(judge) as url:
        with pytest.raises(BudgetSpent, match="nothing is paid for twice"):
            labelled(opened(url, tmp_path, budget_tokens=900), pairs(20))
        spent = judge.tokens
        assert 600 < spent < 900 + 100, "no more than one call beyond it"
        made = labelled(opened(url, tmp_path, budget_tokens=100_000), pairs(20))
    assert len(made) == 20
    anchors = 4  # asked again by the run that goes on
    assert json.loads(judge.stats())["twice"] == anchors
    by_subject = {line.about: line.calls for line in read(tmp_path / "costs.db") if line.about}
    assert by_subject == {"kinder": 40, "truer": 40, "safer": 40}
    assert sum(line.prompt_tokens + line.generated_tokens for line in read(tmp_path / "costs.db")) == judge.tokens


def test_money_needs_a_price(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no price is known for 'mock'"):
        opened("http://localhost:1/v1", tmp_path, budget_usd=1.0)
    own = tmp_path / "prices.toml"
    own.write_text(
        '[[price]]\nmodel = "mock"\nprompt = 1000.0\ngenerated = 2000.0\nas_of = "2026-11-01"\nsource = "a bill"\n'
    )
    judge = Judge()
    with serving(judge) as url, pytest.raises(BudgetSpent, match=r"0\.\d+ \$"):
        labelled(opened(url, tmp_path, budget_usd=0.5, prices=str(own)), pairs(20))
    assert 0.5 <= sum(line.usd for line in read(tmp_path / "costs.db")) < 0.6


def test_shipped_prices_have_a_day_and_a_source() -> None:
    price = price_of("claude-haiku-4-5-20251001")
    assert price and price.as_of.startswith("20") and price.source.startswith("https://")
    cached = Reply(prompt_tokens=1_000_000, cached_tokens=1_000_000)
    assert price.of(cached) == pytest.approx(0.1)
    assert price_of("a model nobody sells") is None


@pytest.mark.parametrize(
    ("then", "said"),
    [
        ("key", "does not accept the key in JUDGE_KEY"),
        ("model", "'mock, fp_1', and now 'another, fp_1' answers"),
        ("fingerprint", "'mock, fp_1', and now 'mock, fp_2' answers"),
        ("format", "gave no log-probabilities this time"),
        ("numbers", "log-probabilities are none"),
        ("shape", "failed 2 times in a row on one question: what came is not an answer in this API's form"),
        ("half", "failed 2 times in a row on one question: what came is not an answer in this API's form"),
        ("language", r"names none of the options: \d of the last 200 answers could be read, and another began 'Cette'"),
    ],
)
def test_a_server_that_goes_wrong_stops_the_run_and_loses_nothing(
    tmp_path: Path, then: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUDGE_KEY", "secret")
    judge = Judge(Faults(after=40, then=then))
    with serving(judge) as url:
        with pytest.raises(RemoteError, match=said) as stopped:
            labelled(opened(url, tmp_path, key="JUDGE_KEY", attempts=2), pairs(60))
        assert "secret" not in str(stopped.value)
        judge.faults.then = ""
        made = labelled(opened(url, tmp_path, key="JUDGE_KEY"), pairs(60))
    assert len(made) == 60 and all(vote.mass > 0.4 for one in made for vote in one.votes), "as if nothing had been"
    kept = sum(line.cached for line in read(tmp_path / "costs.db"))
    assert kept >= 28, "what was said before it went wrong"


def test_anchors_tell_a_changed_model_under_the_same_name(tmp_path: Path) -> None:
    judge = Judge(Faults(after=20, then="anchors"))
    with serving(judge) as url, pytest.raises(ModelChanged, match="to the anchor 'Question: Which"):
        labelled(opened(url, tmp_path, anchors=30, fingerprint="anchors"), pairs(30))


def test_a_server_that_lies_about_its_model_is_asked_for_nothing(tmp_path: Path) -> None:
    judge = Judge(model="a cheaper one")
    with serving(judge) as url:
        with pytest.raises(ModelChanged, match="asked for 'mock', and 'a cheaper one' answered"):
            labelled(opened(url, tmp_path), pairs(3))
        assert judge.calls == 1
        assert labelled(opened(url, tmp_path, served_as="a cheaper one"), pairs(1))


def test_another_language_is_no_verdict(tmp_path: Path) -> None:
    judge = Judge(Faults(words="Cette réponse est bonne"))
    with serving(judge) as url, pytest.raises(RemoteError, match="names none of the options"):
        labelled(opened(url, tmp_path), pairs(30))


def test_sampled_votes_in_another_language_are_forgotten_too(tmp_path: Path) -> None:
    judge = Judge(Faults(logprobs=False, after=30, then="language"))
    with serving(judge) as url:
        with pytest.raises(
            RemoteError, match=r"names none of the options: \d of the last \d+ answers.*began 'Cette réponse"
        ):
            labelled(opened(url, tmp_path, votes=2), pairs(60))
        judge.faults.then = ""
        made = labelled(opened(url, tmp_path, votes=2), pairs(60))
    assert len(made) == 60
    assert not [vote.raw for one in made for vote in one.votes if "Cette" in vote.raw]
    kept = sum(line.cached for line in read(tmp_path / "costs.db"))
    assert 0 < kept <= 30, "what named an option before"


def test_a_server_without_log_probabilities_is_asked_for_votes(tmp_path: Path) -> None:
    judge = Judge(Faults(logprobs=False))
    with serving(judge) as url:
        [one] = labelled(opened(url, tmp_path, votes=10), pairs(1))
        assert one.votes[0].raw.startswith("10 samples: A ")
        with pytest.raises(RemoteError, match="gives no log-probabilities"):
            labelled(opened(url, tmp_path / "x", answers="logprobs", cache="off"), pairs(1))


def test_votes_become_a_share_with_an_interval() -> None:
    said = [Reply(text=text) for text in ("A", "(A)", "The answer is A.", "B", "perhaps A or B", "Oui")]
    found, note = voted(("A", "B"), said)
    assert note == "6 samples: A 3, B 1, neither 2; A 0.30 … 0.95"
    assert math.exp(found[0]) == pytest.approx(3.5 / 5 * 4 / 6)


def test_an_option_that_is_not_among_the_likeliest_is_bounded() -> None:
    request = Request(path="", body={}, text="", most=1, options=(frozenset("A"), frozenset("B")))
    found = row(request, Reply(top={"A": math.log(0.7), " A": math.log(0.2), "C": math.log(0.06)}), exact=False)
    assert math.exp(found[0]) == pytest.approx(0.9)
    assert math.exp(found[1]) == pytest.approx(0.04)
    exact = row(request, Reply(top={"A": math.log(0.7), " A": math.log(0.2)}), exact=True)
    assert math.exp(exact[0]) == pytest.approx(0.7)


def test_text_is_generated_and_a_prefill_not_repeated(tmp_path: Path) -> None:
    with serving(Judge(Faults(words="So it is"))) as url:
        model = opened(url, tmp_path)
        [said] = model.run([_saying()])
        model.close()
    assert (said.text, said.tokens, said.finish) == (" it is", 1, "length")


def _saying() -> Any:
    answer = yield Generate(messages=(Message("user", "Why?"),), prefill="So", seed=2**62)
    return answer


def _write(path: Path, first: int) -> None:
    cache = Cache(path)
    for n in range(first, first + 300):
        cache.put([(f"{n:064d}", Reply(text=str(n)))])


def test_two_writers_share_one_cache(tmp_path: Path) -> None:
    path = tmp_path / "answers.db"
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_write, args=(path, first)) for first in (0, 200)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
    found = Cache(path).find([f"{n:064d}" for n in range(600)])
    assert len(found) == 500 and found[f"{250:064d}"].text == "250"


def test_settings_are_checked_before_anything_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOBODYS_KEY", raising=False)
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")
    with pytest.raises(UsageError, match="there are openai_compatible, anthropic"):
        open_remote(RemoteSettings(backend="vllm", model="m"))
    with pytest.raises(UsageError, match="url says where the server is"):
        open_remote(RemoteSettings(backend="openai_compatible", model="m", cache="off"))
    with pytest.raises(ValueError, match="model says which model"):
        RemoteSettings(backend="openai_compatible")
    assert set(BACKENDS) == {"openai_compatible", "anthropic"}


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"url": "judge.local/v1"}, "url is no address"),
        ({"url": "ftp://judge.local/v1"}, "url is no address"),
        ({"url": "http://127.0.0.1:99999/v1"}, "url is no address"),
        ({"url": "http://[::1/v1"}, "url is no address"),
        ({"url": "http://user:pass-word@judge.local/v1"}, "url has a name or a password in it"),
        ({"url": "http://judge.local/v1?key=pass-word"}, "url has a \\? or a # in it"),
        ({"budget_usd": math.nan}, "budget_usd must be a number"),
        ({"deadline": math.nan}, "deadline must be a number"),
        ({"give_up": math.inf}, "give_up must be a number"),
        ({"tolerance": -0.1}, "cannot be negative"),
    ],
)
def test_settings_that_no_call_can_keep_to_are_refused(more: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said) as refused:
        RemoteSettings(**{"backend": "openai_compatible", "model": "m", "url": "http://judge.local/v1", **more})
    assert "pass-word" not in str(refused.value)


def test_a_key_is_read_from_its_variable_and_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(name: str) -> RemoteSettings:
        return RemoteSettings(backend="anthropic", model="m", key=name)

    monkeypatch.setenv("JUDGE_KEY", " sk-12345\n")
    assert key_of(asked("JUDGE_KEY")) == "sk-12345"
    monkeypatch.setenv("JUDGE_KEY", "sk-é12345")
    with pytest.raises(UsageError, match="the key in JUDGE_KEY has signs that none can have") as refused:
        key_of(asked("JUDGE_KEY"))
    assert "12345" not in str(refused.value)
    with pytest.raises(UsageError, match="NOBODYS_KEY, which is not set"):
        key_of(asked("NOBODYS_KEY"))
    for pasted in ("sk-ant-12345", "gsk_A1b2C3d4E5f6", "0123456789abcdef", "AKIA0123456789ABCDEF"):
        with pytest.raises(UsageError, match="the NAME of an environment variable") as refused:
            key_of(asked(pasted))
        assert pasted not in str(refused.value)
