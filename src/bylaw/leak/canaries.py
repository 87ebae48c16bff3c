"""Canaries: made-up secrets, planted to see how much a training makes a model remember (arXiv 1802.08232).

A canary says a random *code* of somebody. As a **row** it is a question with its answer; as a **pair**, an answer with
the code is preferred to one with another code. Some are planted 1, 2, 4 or 16 times; the *held-out* ones are drawn in
the same way and never planted. What a model seems to remember of those is the error of the whole test.

``CanaryPlan`` is what is entered in the ledger before the training. Whoever has it can draw the planted canaries again.
The held-out ones stand in it as commitments only: they are drawn from a ``secret``, which is shown after the
training, so that nobody can train on them, and nobody can choose others when the figures are known.
"""

import hashlib
from collections.abc import Sequence
from itertools import product
from math import prod
from random import Random
from string import Formatter
from typing import Literal

import msgspec

from bylaw.canonical import canonical, digest, seed_of
from bylaw.errors import UsageError, VerificationError
from bylaw.leak.seam import Asked
from bylaw.ledger import entries
from bylaw.ledger.salts import commitment
from bylaw.records import Conversation, Message

Carrier = Literal["row", "pair"]
CARRIERS: tuple[Carrier, ...] = ("row", "pair")
MIN_SECRET = 16
_TRIES = 10_000
_SALT = b"bylaw canary salt 1\n"


class Format(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a canary is said. ``prompt`` names ``{who}``; ``reply`` names ``{code}``, and ``{who}`` if it likes.

    ``who`` and ``code`` are names of word lists: one word is drawn from each, and they are joined by a space.
    """

    name: str
    prompt: str
    reply: str
    who: tuple[str, ...]
    code: tuple[str, ...]


class Canary(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One canary. ``other`` is the code that a pair rejects, "" in a row; ``count`` how often it is planted."""

    carrier: Carrier
    format: str
    who: str
    code: str
    other: str = ""
    count: int = 0


class CanarySettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many canaries there are: ``each`` for every one of ``counts``, and ``held_out``, rows and pairs alike.

    ``references``: random codes that each canary is ranked among. They bound what can be seen: no exposure exceeds
    log2(references + 1) bits.
    """

    seed: int = 0
    counts: tuple[int, ...] = (1, 2, 4, 16)
    each: int = 16
    held_out: int = 256
    references: int = 511
    carriers: tuple[Carrier, ...] = CARRIERS

    def __post_init__(self) -> None:
        least = {"each": 1, "held_out": 2, "references": 1}
        for key, low in least.items():
            if getattr(self, key) < low:
                raise UsageError(f"canaries: {key} must be at least {low}, not {getattr(self, key)}")
        if not self.counts or min(self.counts) < 1 or len(set(self.counts)) < len(self.counts):
            raise UsageError(f"canaries: counts are different numbers from 1, not {list(self.counts)}")
        if not self.carriers or len(set(self.carriers)) < len(self.carriers):
            raise UsageError("canaries: carriers are row, pair or both")


class CanaryPlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A leak test, fixed before the training: everything but the secret.

    ``words``: the word lists by name. ``held_out``: commitments (``ledger.salts``) to the held-out canaries, carrier
    after carrier.
    """

    version: Literal["bylaw canary plan 1"] = "bylaw canary plan 1"
    settings: CanarySettings
    words: dict[str, tuple[str, ...]]
    formats: tuple[Format, ...]
    held_out: tuple[str, ...]

    @property
    def digest(self) -> str:
        """SHA-256 of the plan's canonical bytes (RFC 8785), which are its one form on disk."""
        return digest(self)


def draw_plan(
    words: dict[str, tuple[str, ...]], formats: Sequence[Format], settings: CanarySettings, secret: bytes
) -> CanaryPlan:
    """Draw a plan. ``secret``: random bytes, kept from everybody until the training is over."""
    if len(secret) < MIN_SECRET:
        raise UsageError(f"the secret of a canary plan has at least {MIN_SECRET} random bytes, not {len(secret)}")
    for one in formats:
        _check(one, words, settings)
    if not formats or len({one.name for one in formats}) < len(formats):
        raise UsageError("a canary plan needs formats, each with a name of its own")
    plan = CanaryPlan(settings=settings, words=words, formats=tuple(formats), held_out=())
    committed = [
        commitment(canonical(canary), _salt(secret, place)) for place, canary in enumerate(_hidden(plan, secret))
    ]
    return msgspec.structs.replace(plan, held_out=tuple(committed))


def planted(plan: CanaryPlan, carrier: Carrier) -> list[Canary]:
    """The planted canaries of a carrier; equal plans give equal canaries."""
    return [canary for canary in _shown(plan) if canary.carrier == carrier]


def held_out(plan: CanaryPlan, secret: bytes, carrier: Carrier) -> list[Canary]:
    """The held-out canaries of a carrier.

    Raises ``VerificationError`` if they are not those that the plan was committed to.
    """
    found = _hidden(plan, secret)
    opened = [commitment(canonical(canary), _salt(secret, place)) for place, canary in enumerate(found)]
    if tuple(opened) != plan.held_out:
        raise VerificationError("canaries", "this secret does not open the held-out canaries of the plan")
    return [canary for canary in found if canary.carrier == carrier]


def references(plan: CanaryPlan, canary: Canary) -> list[str]:
    """The codes a canary's own is ranked among: distinct, drawn as held-out ones are, none of them planted.

    If the canary is held out, its code is therefore as likely as any of them to have any rank, whatever was trained.
    """
    form = _format(plan, canary)
    rng = Random(seed_of("references", plan.settings.seed, canonical(canary).decode()))
    taken = {code for one in (*_shown(plan), canary) for code in (one.code, one.other)}
    return [_fresh(plan, rng, form.code, taken) for _ in range(plan.settings.references)]


def asked(plan: CanaryPlan, canary: Canary, code: str) -> Asked:
    """The canary's question, answered with a code."""
    form = _format(plan, canary)
    return Asked(_conversation(form, canary), form.reply.format(who=canary.who, code=code))


def entry(plan: CanaryPlan, at: str) -> entries.CanaryPlan:
    """What is entered in the ledger before the training, at ``at`` (UTC).

    The plain digest gives nothing away: the commitments in the plan are as good as random bytes.
    """
    settings = plan.settings
    return entries.CanaryPlan(
        at=at,
        plan=f"sha256:{plan.digest}",
        planted=len(settings.carriers) * len(settings.counts) * settings.each,
        held_out=len(plan.held_out),
    )


def _shown(plan: CanaryPlan) -> list[Canary]:
    """All planted canaries, carrier after carrier."""
    rng = Random(seed_of("planted canaries", plan.settings.seed))
    return _draw(plan, rng, [count for count in plan.settings.counts for _ in range(plan.settings.each)], [])


def _hidden(plan: CanaryPlan, secret: bytes) -> list[Canary]:
    """All held-out canaries, carrier after carrier."""
    rng = Random(seed_of("held-out canaries", plan.settings.seed, secret.hex()))
    return _draw(plan, rng, [0] * plan.settings.held_out, _shown(plan))


def _salt(secret: bytes, place: int) -> bytes:
    return hashlib.sha256(_SALT + place.to_bytes(8, "big") + secret).digest()


def _draw(plan: CanaryPlan, rng: Random, counts: Sequence[int], before: Sequence[Canary]) -> list[Canary]:
    """For each carrier a canary for each count; nobody and no code occurs twice, nor among those drawn ``before``."""
    people = {one.who for one in before}
    codes = {code for one in before for code in (one.code, one.other)}
    drawn: list[Canary] = []
    for carrier, (number, count) in product(plan.settings.carriers, enumerate(counts)):
        form = plan.formats[number % len(plan.formats)]
        who = _fresh(plan, rng, form.who, people)
        code = _fresh(plan, rng, form.code, codes)
        other = _fresh(plan, rng, form.code, codes) if carrier == "pair" else ""
        drawn.append(Canary(carrier=carrier, format=form.name, who=who, code=code, other=other, count=count))
    return drawn


def _fresh(plan: CanaryPlan, rng: Random, lists: Sequence[str], taken: set[str]) -> str:
    """A phrase that is not ``taken``, and is from now on."""
    for _ in range(_TRIES):
        phrase = " ".join(rng.choice(plan.words[name]) for name in lists)
        if phrase not in taken:
            taken.add(phrase)
            return phrase
    raise UsageError(f"the word lists {', '.join(lists)} hold too few phrases for this many canaries")


def _format(plan: CanaryPlan, canary: Canary) -> Format:
    for form in plan.formats:
        if form.name == canary.format:
            return form
    raise UsageError(f"the canary plan has no format {canary.format!r}")


def _conversation(form: Format, canary: Canary) -> Conversation:
    return (Message("user", form.prompt.format(who=canary.who)),)


def _check(form: Format, words: dict[str, tuple[str, ...]], settings: CanarySettings) -> None:
    if _slots(form.prompt) != {"who"} or "code" not in _slots(form.reply) or _slots(form.reply) - {"who", "code"}:
        raise UsageError(
            f"canary format {form.name!r}: the prompt says {{who}}, the reply {{code}}, perhaps {{who}}, and no more"
        )
    for name in (*form.who, *form.code):
        if not words.get(name) or len(set(words[name])) < len(words[name]):
            raise UsageError(f"canary format {form.name!r}: {name!r} is no word list, or holds a word twice")
    # Every code must be hard to draw twice by chance: a held-out canary that is nearly a planted one measures nothing.
    space = prod(len(words[name]) for name in form.code)
    wanted = settings.references + 2 * len(CARRIERS) * (settings.held_out + settings.each * len(settings.counts))
    if space < 2 * wanted:
        raise UsageError(f"canary format {form.name!r}: {space} codes are too few; at least {2 * wanted} are needed")


def _slots(text: str) -> set[str]:
    """What is to be filled in, the empty set if the text's braces do not match."""
    try:
        return {name for _, name, _, _ in Formatter().parse(text) if name is not None}
    except ValueError:
        return set()
