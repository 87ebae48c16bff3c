"""Labels: the judge's verdict on a comparison, soft, read from the log-probabilities of the two options.

``one`` draws a single principle for each label, as the paper does (arXiv 2212.08073 §4.1). ``ensemble`` asks every
principle, and with ``both_orders`` each in both orders (RLAIF, arXiv 2309.00267 §2.1): one ``Choose`` for an order
holds all principles, so a backend computes the conversation and its responses once and branches from there.
"""

import math
from collections.abc import Sequence
from typing import Literal

import msgspec

from bylaw.canonical import seed_of
from bylaw.feedback import templates
from bylaw.feedback.draw import draw
from bylaw.models.base import Choice, Choose, Generate, Program
from bylaw.records import Comparison, Conversation, Label, Message, Principle, Verdict, Vote


class LabelSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How comparisons are labelled.

    ``pool`` joins the votes of an ensemble: ``mean`` averages probabilities; ``product`` adds log-odds over principles
    (a product of experts, Hinton 2002), so a principle that does not apply (p = 0.5) neither adds nor takes away.
    One judge's votes err together; ``correlation`` says how much: the sum is divided by 1 + (K - 1) correlation, the
    design effect of K alike respondents (Kish 1965). 0 takes the votes as independent, 1 as one vote over and over.
    ``think`` asks for a chain of thought first and clamps the result to ``clamp_low`` … 1 - ``clamp_low`` (§4.1: 0.4).
    ``hard`` rounds to 0 or 1. A vote with less than ``min_mass`` on the two options is unreadable.
    """

    scheme: Literal["one", "ensemble"] = "ensemble"
    template: Literal["paper", "principle_last"] = "principle_last"
    both_orders: bool = True
    pool: Literal["mean", "product"] = "product"
    correlation: float = 0.2
    hard: bool = False
    think: bool = False
    think_tokens: int = 256
    think_temperature: float = 1.0
    clamp_low: float = 0.4
    min_mass: float = 0.2
    tie_margin: float = 0.005


def label(
    comparison: Comparison,
    principles: Sequence[Principle],
    judge: str,
    settings: LabelSettings,
    seed: int,
    few_shots: Conversation = (),
) -> Program[Label]:
    """Label one comparison. ``few_shots`` are turns put before every question.

    A judge behind a server is named with the model, and its build, that the server says it answered with.
    """
    name = comparison.id
    asked = list(principles) if settings.scheme == "ensemble" else [draw(principles, seed, name, 0)]
    votes: list[Vote | None] = []
    served = ""
    for swapped in (False, True) if settings.both_orders else (False,):
        ordered = comparison.swapped() if swapped else comparison
        ask = _thoughtful if settings.think else _plain
        choice, thoughts = yield from ask(ordered, asked, settings, seed_of(seed, name, swapped), few_shots)
        votes += _votes(choice, asked, swapped, settings, thoughts)
        served = choice.served
    read = [vote for vote in votes if vote is not None]
    p_first = _pooled(read, {p.key: p.weight for p in asked}, settings)
    return Label(
        comparison=name,
        judge=f"{judge} ({served})" if served else judge,
        scheme=settings.scheme,
        template=settings.template,
        votes=tuple(read),
        verdict=_verdict(p_first, settings.tie_margin),
        p_first=p_first,
        unreadable=len(votes) - len(read),
    )


def _plain(
    ordered: Comparison, asked: Sequence[Principle], settings: LabelSettings, seed: int, few_shots: Conversation
) -> Program[tuple[Choice, Sequence[str]]]:
    questions = tuple(
        (*few_shots, *templates.question(settings.template, ordered, principle.comparison)) for principle in asked
    )
    choice = yield _choose(questions, asked)
    return choice, choice.notes or [""] * len(asked)


def _thoughtful(
    ordered: Comparison, asked: Sequence[Principle], settings: LabelSettings, seed: int, few_shots: Conversation
) -> Program[tuple[Choice, Sequence[str]]]:
    questions, thoughts = [], []
    for principle in asked:
        question = (*few_shots, *templates.think(settings.template, ordered, principle.comparison))
        thought = yield Generate(
            messages=question,
            prefill=templates.THINK,
            max_tokens=settings.think_tokens,
            temperature=settings.think_temperature,
            seed=seed_of(str(seed), principle.key),  # 63 bits: more than a JSON number holds
            about=principle.key,
        )
        said = Message("assistant", templates.THINK + thought.text)
        questions.append((*question, said, Message("user", templates.SO_THE_ANSWER)))
        thoughts.append(said.content)
    choice = yield _choose(tuple(questions), asked)
    return choice, thoughts


def _choose(questions: tuple[Conversation, ...], asked: Sequence[Principle]) -> Choose:
    keys = tuple(principle.key for principle in asked)
    return Choose(conversations=questions, options=templates.OPTIONS, prefill=templates.PREFILL, about=keys)


def _votes(
    choice: Choice, asked: Sequence[Principle], swapped: bool, settings: LabelSettings, raw: Sequence[str]
) -> list[Vote | None]:
    votes: list[Vote | None] = []
    for principle, logprobs, text in zip(asked, choice.logprobs, raw, strict=True):
        if logprobs is None:
            votes.append(None)
            continue
        first, second = math.exp(logprobs[0]), math.exp(logprobs[1])
        mass = first + second
        if not mass >= settings.min_mass:
            votes.append(None)
            continue
        share = (second if swapped else first) / mass
        votes.append(Vote(principle.key, swapped, round(share, 6), round(mass, 6), text))
    return votes


def _pooled(votes: Sequence[Vote], weights: dict[str, float], settings: LabelSettings) -> float | None:
    """One probability from all readable votes; None when there is none."""
    if not votes:
        return None
    if settings.pool == "mean":
        total = sum(weights[vote.principle] for vote in votes)
        pooled = sum(weights[vote.principle] * vote.p_first for vote in votes) / total
    else:
        odds = _product(votes, weights, settings.correlation)
        pooled = 1 / (1 + math.exp(-max(-30.0, min(30.0, odds))))
    if settings.think:
        pooled = min(max(pooled, settings.clamp_low), 1 - settings.clamp_low)
    if settings.hard:
        pooled = 0.5 if abs(pooled - 0.5) <= settings.tie_margin else float(pooled > 0.5)
    return round(pooled, 6)


def _product(votes: Sequence[Vote], weights: dict[str, float], correlation: float) -> float:
    """Log-odds of all votes. Orders are averaged, principles added: the same principle asked twice is one expert."""
    orders = len({vote.swapped for vote in votes})
    experts = sum(weights[name] for name in {vote.principle for vote in votes})
    design = max(1.0, 1 + (experts - 1) * correlation)
    return sum(weights[vote.principle] * log_odds(vote.p_first) for vote in votes) / orders / design


def log_odds(p: float, bound: float = 1e-4) -> float:
    """log(p / (1 - p)) with p kept ``bound`` away from 0 and 1."""
    kept = min(max(p, bound), 1 - bound)
    return math.log(kept / (1 - kept))


def _verdict(p_first: float | None, margin: float) -> Verdict:
    if p_first is None:
        return "unreadable"
    if abs(p_first - 0.5) <= margin:
        return "tie"
    return "first" if p_first > 0.5 else "second"
