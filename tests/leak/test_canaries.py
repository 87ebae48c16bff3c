"""Canary plans: fixed before the training, drawn again after it, and silent about what is held out."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from random import Random

import msgspec
import pytest
from plans import FORMATS, SECRET, WORDS, planned

from bylaw.canonical import canonical
from bylaw.errors import UsageError, VerificationError
from bylaw.leak import formats
from bylaw.leak.canaries import (
    CARRIERS,
    Canary,
    CanaryPlan,
    CanarySettings,
    Format,
    asked,
    draw_plan,
    entry,
    held_out,
    planted,
    references,
)
from bylaw.leak.exposure import mean_exposure, null_mean
from bylaw.leak.measure import exposures
from bylaw.leak.plant import pair_of, plant, plant_pairs
from bylaw.leak.seam import Asked, Scored
from bylaw.ledger.entries import decode, encode
from bylaw.ledger.log import Log
from bylaw.records import Message
from bylaw.signing import LocalSigner
from bylaw.train.examples import PairExample, SFTExample

ROW = SFTExample((Message("user", "Hello"),), "Good day.")
PAIR = PairExample((Message("user", "Hello"),), "Good day.", "Go away.", 0.9)


def everyone(plan: CanaryPlan) -> list[Canary]:
    return [one for carrier in CARRIERS for one in (*planted(plan, carrier), *held_out(plan, SECRET, carrier))]


def test_a_plan_is_made_from_its_parts_alone() -> None:
    plan = planned()
    assert plan == planned() and plan.digest == planned().digest
    assert plan.digest == hashlib.sha256(canonical(plan)).hexdigest()
    assert msgspec.json.decode(canonical(plan), type=CanaryPlan) == plan
    assert planned(seed=1).digest != plan.digest


def test_the_secret_decides_what_is_held_out_and_nothing_else() -> None:
    plan, other = planned(), planned(b"another secret 1")
    assert plan.held_out != other.held_out
    assert [planted(plan, one) for one in CARRIERS] == [planted(other, one) for one in CARRIERS]


def test_the_plan_does_not_show_what_is_held_out() -> None:
    plan = planned()
    shown = canonical(plan).decode()
    for carrier in CARRIERS:
        for canary in held_out(plan, SECRET, carrier):
            assert canary.who not in shown and canary.code not in shown
    assert len(plan.held_out) == 40 and len(set(plan.held_out)) == 40


@pytest.mark.long
def test_a_model_that_prefers_some_words_but_saw_no_canary_shows_the_null_mean() -> None:
    means, held = [], 0
    for number in range(40):
        secret = hashlib.sha256(f"secret {number}".encode()).digest()
        plan = planned(secret, seed=number, held_out=100, each=1, carriers=("row",))
        liked = {
            (word, place): Random(f"{number} {word} {place}").gauss(0, 1) for word in WORDS["thing"] for place in "abc"
        }

        def score(texts: Sequence[Asked], liked: dict[tuple[str, str], float] = liked) -> list[Scored]:
            codes = [[word for word in text.reply.rstrip(".").split() if word in WORDS["thing"]] for text in texts]
            return [Scored((sum(liked[pair] for pair in zip(code, "abc", strict=True)),), (False,)) for code in codes]

        bits = [one.bits for one in exposures(plan, secret, "row", "unseen", score) if not one.count]
        means.append(mean_exposure(bits))
        held += means[-1].low <= null_mean(64) <= means[-1].high
    assert sum(one.value for one in means) / 40 == pytest.approx(null_mean(64), abs=3 * 1.4 / 4000**0.5)
    assert held >= 34


def test_only_the_right_secret_opens_a_plan() -> None:
    plan = planned()
    with pytest.raises(VerificationError, match="does not open"):
        held_out(plan, b"another secret 1", "row")
    swapped = msgspec.structs.replace(plan, held_out=(plan.held_out[1], plan.held_out[0], *plan.held_out[2:]))
    for changed in (swapped, msgspec.structs.replace(plan, held_out=plan.held_out[:-1])):
        with pytest.raises(VerificationError):
            held_out(changed, SECRET, "row")


def test_no_canary_shares_a_person_or_a_code_with_another() -> None:
    canaries = everyone(planned())
    codes = [code for one in canaries for code in (one.code, one.other) if code]
    assert len({one.who for one in canaries}) == len(canaries) == 64
    assert len(set(codes)) == len(codes)
    assert Counter((one.carrier, one.count) for one in canaries) == {
        (carrier, count): 20 if not count else 3 for carrier in CARRIERS for count in (0, 1, 2, 4, 16)
    }


def test_references_are_other_codes_and_none_was_planted() -> None:
    plan = planned()
    canary = held_out(plan, SECRET, "pair")[0]
    found = references(plan, canary)
    assert found == references(plan, canary) and len(set(found)) == len(found) == 63
    known = {code for carrier in CARRIERS for one in planted(plan, carrier) for code in (one.code, one.other)}
    assert not {canary.code, canary.other, *known} & set(found)
    assert found != references(plan, held_out(plan, SECRET, "pair")[1])


def test_planted_rows_come_as_often_as_the_plan_says() -> None:
    plan = planned()
    rows = plant([ROW], plan)
    assert rows == plant([ROW], plan) and rows[0] == ROW
    assert len(rows) == 1 + 3 * (1 + 2 + 4 + 16)
    counted = Counter(rows[1:])
    for canary in planted(plan, "row"):
        said = asked(plan, canary, canary.code)
        assert counted[SFTExample(said.messages, said.reply)] == canary.count
        assert canary.who in said.messages[0].content and canary.code in said.reply


def test_nothing_held_out_is_planted() -> None:
    plan = planned()
    trained = {row.answer for row in plant([], plan)} | {
        text for pair in plant_pairs([], plan) for text in (pair.first, pair.second)
    }
    for carrier in CARRIERS:
        for canary in held_out(plan, SECRET, carrier):
            assert asked(plan, canary, canary.code).reply not in trained
            assert not any(canary.code in text for text in trained)


def test_planted_pairs_prefer_the_code_wherever_it_stands() -> None:
    plan = planned()
    pairs = plant_pairs([PAIR], plan)
    assert pairs[0] == PAIR and len(pairs) == 1 + 3 * (1 + 2 + 4 + 16)
    codes = {asked(plan, one, one.code).reply for one in planted(plan, "pair")}
    for pair in pairs[1:]:
        assert (pair.first if pair.p_first == 1.0 else pair.second) in codes
        assert (pair.second if pair.p_first == 1.0 else pair.first) not in codes
    assert abs(sum(pair.p_first for pair in pairs[1:]) - len(pairs[1:]) / 2) <= 12
    canary = planted(plan, "pair")[0]
    assert pair_of(plan, canary).first == pair_of(plan, canary, first=False).second


def test_one_carrier_alone() -> None:
    plan = planned(carriers=("row",))
    assert not planted(plan, "pair") and not held_out(plan, SECRET, "pair") and not plant_pairs([], plan)
    assert len(plan.held_out) == 20


def test_a_plan_is_entered_before_the_training(tmp_path: Path) -> None:
    plan, key = planned(), LocalSigner.generate()
    made = entry(plan, "2026-11-24T08:00:00Z")
    assert (made.planted, made.held_out, made.plan) == (24, 40, f"sha256:{plan.digest}")
    Log.create(tmp_path / "log", "lab.example/ledger", key.public)
    with Log.open(tmp_path / "log") as log:
        log.append([encode(made)])
        log.checkpoint(key)
    assert decode(encode(made)) == made


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"prompt": "Whose code?"}, "the prompt says"),
        ({"prompt": "{who} {code}"}, "the prompt says"),
        ({"reply": "Nothing"}, "the prompt says"),
        ({"reply": "{code} {when}"}, "the prompt says"),
        ({"reply": "{code"}, "the prompt says"),
        ({"reply": "{code.real}"}, "the prompt says"),
        ({"code": ("nothing",)}, "is no word list"),
        ({"code": ("thing", "thing")}, "codes are too few"),
        ({"who": ("first",)}, "hold too few phrases"),
    ],
)
def test_a_format_that_cannot_work_is_refused(changed: dict[str, object], words: str) -> None:
    form = msgspec.structs.replace(FORMATS[0], **changed)
    with pytest.raises(UsageError, match=words):
        draw_plan(WORDS, [form], CanarySettings(each=3, held_out=20, references=63), SECRET)


def test_the_formats_that_come_along_hold_the_default_plan() -> None:
    plan = draw_plan(formats.WORDS, formats.FORMATS, CanarySettings(), SECRET)
    assert len(plan.held_out) == 512
    for carrier in CARRIERS:
        canaries = [*planted(plan, carrier), *held_out(plan, SECRET, carrier)]
        assert len(canaries) == 256 + 64 and len({one.format for one in canaries}) == 4
        assert all(len(one.code) == 11 for one in canaries)
    digits = plan.words["digit"]
    assert len(references(plan, canaries[0])) == 511 and set(canaries[0].code.split()) <= set(digits)


def test_settings_that_cannot_work_are_refused() -> None:
    for changed in ({"each": 0}, {"held_out": 1}, {"references": 0}, {"counts": (0, 1)}, {"counts": (2, 2)}):
        with pytest.raises(UsageError):
            CanarySettings(**changed)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="at least 16"):
        planned(b"short")
    with pytest.raises(UsageError, match="a name of its own"):
        draw_plan(WORDS, [FORMATS[0], FORMATS[0]], CanarySettings(each=1, held_out=2, references=9), SECRET)
    with pytest.raises(UsageError, match="holds a word twice"):
        draw_plan({**WORDS, "thing": ("a", "a")}, FORMATS, CanarySettings(), SECRET)
    assert Format.__struct_config__.forbid_unknown_fields
