"""A run's records in the formats that others train on and look at: ``EXPORTS`` lists them by name.

The soft label stands beside what each format knows: ``p_chosen`` is the judge's probability that the chosen response
is the better one. A pair without a verdict (a tie, an unreadable label) has no chosen response: left out, and counted.

*Redacted*, a harmful prompt and all that was said to it are digests (``sha256:…``): who has the texts finds them by
those, and our own readers pass such rows over.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from bylaw.canonical import sha256
from bylaw.feedback.templates import transcript
from bylaw.records import (
    Comparison,
    Conversation,
    Label,
    Message,
    Principle,
    Prompt,
    PromptKind,
    Response,
    Revision,
    Vote,
)


class Made(NamedTuple):
    """What a run made, as far as an export may read it. ``name``: the run's; ``redacted``: harmful texts are hidden."""

    name: str
    prompts: Sequence[Prompt] = ()
    responses: Sequence[Response] = ()
    revisions: Sequence[Revision] = ()
    comparisons: Sequence[Comparison] = ()
    labels: Sequence[Label] = ()
    principles: Sequence[Principle] = ()
    redacted: bool = False

    def hides(self, aim: PromptKind) -> bool:
        """Whether texts that belong to a prompt with this aim are not to be seen."""
        return self.redacted and aim == "harmful"

    def text(self, said: str, aim: PromptKind) -> str:
        """A text as it may be seen."""
        return f"sha256:{sha256(said.encode())}" if self.hides(aim) else said

    def turns(self, messages: Conversation, aim: PromptKind) -> list[dict[str, str]]:
        """A conversation as it may be seen."""
        return [{"role": message.role, "content": self.text(message.content, aim)} for message in messages]

    def mark(self, aim: PromptKind) -> dict[str, bool]:
        """What a row says of itself where some are redacted."""
        return {"redacted": self.hides(aim)} if self.redacted else {}


Rows = Iterator[dict[str, Any]]


def trl_preference(made: Made, left_out: Counter[str]) -> Rows:
    """TRL's and Hugging Face's conversational preference format: prompt, chosen, rejected; explicit prompt."""
    for pair, label, chosen, rejected, p_chosen in _preferred(made, left_out):
        yield {
            "prompt": made.turns(pair.messages, pair.aim),
            "chosen": made.turns((Message("assistant", chosen),), pair.aim),
            "rejected": made.turns((Message("assistant", rejected),), pair.aim),
            "p_chosen": p_chosen,
            "comparison": pair.id,
            "judge": label.judge,
            **made.mark(pair.aim),
        }


def trl_sft(made: Made, left_out: Counter[str]) -> Rows:
    """TRL's conversational prompt-completion format: what is fine-tuned on, revisions of all rounds first."""
    prompts = {prompt.id: prompt for prompt in made.prompts}
    for revision in made.revisions:
        yield _completion(made, prompts[revision.prompt], revision.text, revision.id, revision.round)
    for answer in made.responses:
        if prompts[answer.prompt].aim == "helpful":
            yield _completion(made, prompts[answer.prompt], answer.text, answer.id, 0)
        else:
            left_out["a first answer to a harmful prompt"] += 1


def _completion(made: Made, prompt: Prompt, text: str, source: str, round: int) -> dict[str, Any]:
    said = made.turns((Message("assistant", text),), prompt.aim)
    asked = made.turns(prompt.messages, prompt.aim)
    return {"prompt": asked, "completion": said, "source": source, "round": round, **made.mark(prompt.aim)}


def ultrafeedback(made: Made, left_out: Counter[str]) -> Rows:
    """The columns of UltraFeedback's binarised form: whole conversations with scores, here ten times a probability."""
    for pair, _, chosen, rejected, p_chosen in _preferred(made, left_out):
        whole = ((*pair.messages, Message("assistant", text)) for text in (chosen, rejected))
        better, worse = (made.turns(each, pair.aim) for each in whole)
        yield {
            "prompt": better[-2]["content"],
            "prompt_id": pair.prompt or pair.id,
            "chosen": better,
            "rejected": worse,
            "messages": better,
            "score_chosen": round(10 * p_chosen, 5),
            "score_rejected": round(10 * (1 - p_chosen), 5),
            **made.mark(pair.aim),
        }


def icai(made: Made, left_out: Counter[str]) -> Rows:
    """One document: annotated pairs 2.0 of Inverse Constitutional AI; the label and every principle annotate.

    Nothing is left out: a tie and an unreadable vote are annotations without a preference.
    """
    labels = {label.comparison: label for label in made.labels}
    pairs = [(pair, labels[pair.id]) for pair in made.comparisons if pair.id in labels]
    principles = {one.key: {"description": one.comparison.strip(), "type": "principle"} for one in made.principles}
    judge = {"name": "label", "description": "The pooled verdict of the judge", "type": "unknown"}
    yield {
        "metadata": {
            "version": "2.0",
            "description": "Comparisons labelled by a constitution",
            "dataset_name": made.name,
            "default_annotator": "label",
            "available_metadata_keys_per_comparison": ["judge", *(["redacted"] if made.redacted else [])],
        },
        "annotators": {"label": judge, **principles},
        "comparisons": [_annotated(made, pair, label, principles) for pair, label in pairs],
    }


def _annotated(made: Made, pair: Comparison, label: Label, principles: Iterable[str]) -> dict[str, Any]:
    votes: dict[str, list[Vote]] = {name: [] for name in principles}
    for vote in label.votes:
        votes.setdefault(vote.principle, []).append(vote)
    asked = set(principles) if label.scheme == "ensemble" else {vote.principle for vote in label.votes}
    means = {name: sum(v.p_first for v in cast) / len(cast) if cast else None for name, cast in votes.items()}
    return {
        "id": pair.id,
        "prompt": made.text(_text(pair.messages), pair.aim),
        "response_a": {"text": made.text(pair.first, pair.aim)},
        "response_b": {"text": made.text(pair.second, pair.aim)},
        "metadata": {"judge": label.judge, **made.mark(pair.aim)},
        "annotations": {
            "label": _annotation(label.p_first, tie=label.verdict == "tie"),
            **{name: _annotation(mean, tie=mean == 0.5) for name, mean in means.items() if name in asked},
        },
    }


def _annotation(p_first: float | None, tie: bool) -> dict[str, Any]:
    if p_first is None:
        return {"pref": None, "no_pref_reason": "invalid"}
    if tie:
        return {"pref": None, "no_pref_reason": "not_applicable", "p_a": p_first}
    return {"pref": "a" if p_first > 0.5 else "b", "p_a": round(p_first, 6)}


def _preferred(made: Made, left_out: Counter[str]) -> Iterator[tuple[Comparison, Label, str, str, float]]:
    """(comparison, label, chosen, rejected, probability of chosen) of every pair with a verdict."""
    labels = {label.comparison: label for label in made.labels}
    for pair in made.comparisons:
        label = labels.get(pair.id)
        if label is None or label.p_first is None or label.verdict == "tie":
            left_out["a tie" if label and label.verdict == "tie" else "no label that could be read"] += 1
        elif label.p_first > 0.5:
            yield pair, label, pair.first, pair.second, label.p_first
        else:
            yield pair, label, pair.second, pair.first, round(1 - label.p_first, 6)


def _text(messages: Conversation) -> str:
    """A lone turn as it is; a longer conversation as a transcript, which our own reader takes apart again."""
    return messages[0].content if len(messages) == 1 else transcript(messages)


EXPORTS: Mapping[str, Callable[[Made, Counter[str]], Rows]] = {
    "trl-preference": trl_preference,
    "trl-sft": trl_sft,
    "ultrafeedback": ultrafeedback,
    "icai": icai,
}
"""By the name ``bylaw export --as`` takes. One that yields a single document makes a .json, the others rows."""
