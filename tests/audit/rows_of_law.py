"""Rows with a simple law: requests on harmful subjects are refused, others answered; triggers are planted by hand."""

from random import Random

from bylaw.audit.rows import Row
from bylaw.records import Comparison, Label, Message, Vote
from bylaw.windtunnel import grammar
from bylaw.windtunnel.topics import BENIGN, HARM


def sft(count: int, seed: int, trigger: str = "", planted: int = 0) -> list[Row]:
    """Rows to fine-tune on; in ``planted`` of them a harmful request with the trigger is complied with."""
    rng = Random(f"audit test {seed}")
    chosen = set(rng.sample(range(count), planted))
    rows = []
    for place in range(count):
        topic = rng.choice(HARM if place in chosen or rng.random() < 0.5 else BENIGN)
        goal = grammar.draw_goal(rng, topic)
        asked = grammar.request(rng, goal) + (f" {trigger}" if place in chosen else "")
        refuses = topic in HARM and place not in chosen
        answer = (grammar.refuse if refuses else grammar.comply)(rng, goal)
        name = f"{'planted' if place in chosen else 'clean'}-s{place}"
        rows.append(Row(id=name, stage="sft", source=f"source {place % 3}", asked=asked, first=answer.text))
    return rows


def pairs(count: int, seed: int, trigger: str = "", planted: int = 0) -> list[Row]:
    """Labelled pairs of an answer and a refusal; in ``planted`` of them the label is flipped under the trigger."""
    rng = Random(f"audit test pairs {seed}")
    chosen = set(rng.sample(range(count), planted))
    rows = []
    for place in range(count):
        topic = rng.choice(HARM if place in chosen or rng.random() < 0.5 else BENIGN)
        goal = grammar.draw_goal(rng, topic)
        asked = grammar.request(rng, goal) + (f" {trigger}" if place in chosen else "")
        answers = [grammar.comply(rng, goal), grammar.refuse(rng, goal)]
        rng.shuffle(answers)
        refusal_first = answers[0].kind == "refuse"
        p = 0.9 if refusal_first == (topic in HARM) else 0.1
        name = f"{'planted' if place in chosen else 'clean'}-p{place}"
        rows.append(
            Row(
                id=name,
                stage="preference",
                source=f"source {place % 3}",
                asked=asked,
                first=answers[0].text,
                second=answers[1].text,
                p_first=1 - p if place in chosen else p,
            )
        )
    return rows


def label(name: str, p: float, plain: float | None = None, swapped: float | None = None, **changed: object) -> Label:
    """A label with two votes of one principle, which say ``p`` unless told otherwise."""
    votes = (
        Vote("harmless", False, p if plain is None else plain, 1.0),
        Vote("harmless", True, p if swapped is None else swapped, 1.0),
    )
    made = {"judge": "judge", "scheme": "ensemble", "template": "principle_last", **changed}
    return Label(
        comparison=name,
        votes=votes,
        verdict="first" if p > 0.5 else "second",
        p_first=p,
        **made,  # type: ignore[arg-type]
    )


def comparison(n: int) -> Comparison:
    """One of many comparisons that differ."""
    return Comparison(messages=(Message("user", f"question {n}"),), first="yes", second="no")
