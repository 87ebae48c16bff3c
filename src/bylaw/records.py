"""The nouns. One word per thing, here and in every file, table and report.

Records are frozen. An ``id`` is a kind prefix and the SHA-256 of the record's canonical bytes; fields that point to
a parent hold the parent's id, so lineage lies in the data. A record knows no client, tokenizer or renderer.
"""

from typing import ClassVar, Literal

import msgspec
from msgspec import UNSET, UnsetType

from bylaw.canonical import digest

Role = Literal["system", "user", "assistant"]
PromptKind = Literal["harmful", "helpful"]
Verdict = Literal["first", "second", "tie", "unreadable"]


Gold = Literal["first", "second", "tie"]
SWAPPED: dict[Gold, Gold] = {"first": "second", "second": "first", "tie": "tie"}
CERTAIN: dict[Gold | None, float] = {"first": 1.0, "second": 0.0, "tie": 0.5}
"""A verdict that says nothing of how sure it is, as the probability that *first* is better."""


class Message(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One turn of a conversation."""

    role: Role
    content: str


Conversation = tuple[Message, ...]


class Record(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of all records: an id made from content."""

    kind: ClassVar[str] = "record"

    @property
    def id(self) -> str:
        """``<kind>-<64 hex digits>``; two records are the same record if and only if their ids are equal."""
        return f"{self.kind}-{digest(self)}"


class Principle(Record, frozen=True, kw_only=True):
    """One rule of a constitution, with the three texts the method asks with.

    ``key`` is the author's short name for it; a label and a report refer to it by key. Without a critique request it
    takes part in judging only.
    """

    kind: ClassVar[str] = "principle"
    key: str
    title: str = ""
    comparison: str
    critique_request: str = ""
    revision_request: str = ""
    weight: float = 1.0
    tags: tuple[str, ...] = ()


class Prompt(Record, frozen=True, kw_only=True):
    """A whole conversation so far, ending with a user turn.

    ``aim`` says what the prompt was collected for: ``harmful`` (red-team; goes through critique and revision) or
    ``helpful`` (its sampled answers are kept as they are), as in arXiv 2212.08073 §3.
    """

    kind: ClassVar[str] = "prompt"
    messages: Conversation
    aim: PromptKind = "harmful"
    source: str = ""


class Response(Record, frozen=True, kw_only=True):
    """What a model answered to a prompt. ``prompt`` is the prompt's id; ``sample`` tells repeated draws apart."""

    kind: ClassVar[str] = "response"
    prompt: str
    model: str
    text: str
    sample: int = 0
    tokens: int = 0
    finish: Literal["stop", "length"] = "stop"


class Critique(Record, frozen=True, kw_only=True):
    """What the model found wrong with ``of`` (the id of a response or of the revision before)."""

    kind: ClassVar[str] = "critique"
    of: str
    principle: str
    round: int
    text: str
    tokens: int = 0


class Revision(Record, frozen=True, kw_only=True):
    """The rewritten answer of round ``round`` (1-based). ``critique`` is None when revision was direct."""

    kind: ClassVar[str] = "revision"
    prompt: str
    of: str
    critique: str | None
    principle: str
    round: int
    text: str
    tokens: int = 0
    finish: Literal["stop", "length"] = "stop"


class Comparison(Record, frozen=True, kw_only=True):
    """One prompt with two responses. It carries the texts, so that one row can be judged and shown alone.

    ``prompt``, ``first_id`` and ``second_id`` are the ids of the records it was made from, empty for imported rows.
    ``gold`` is a verdict known from elsewhere (a human label, the wind tunnel's oracle), used to measure, and to
    train only where a run declares that it mixes gold labels in; ``gold_p``: how sure, the probability that *first* is
    better, where a file says so. ``first_by`` and ``second_by``: the models that wrote the responses, likewise.
    """

    kind: ClassVar[str] = "comparison"
    messages: Conversation
    first: str
    second: str
    prompt: str = ""
    first_id: str = ""
    second_id: str = ""
    aim: PromptKind = "harmful"
    gold: Gold | None = None
    first_by: str | UnsetType = UNSET
    second_by: str | UnsetType = UNSET
    gold_p: float | UnsetType = UNSET

    @property
    def soft_gold(self) -> float | None:
        """Probability that *first* is better by gold: as sure as a file says, else wholly; None without gold."""
        return CERTAIN.get(self.gold) if self.gold_p is UNSET else self.gold_p

    def swapped(self) -> "Comparison":
        """The same comparison with its responses, and its gold verdict, exchanged."""
        gold = SWAPPED[self.gold] if self.gold else None
        return msgspec.structs.replace(
            self,
            first=self.second,
            second=self.first,
            first_id=self.second_id,
            second_id=self.first_id,
            gold=gold,
            first_by=self.second_by,
            second_by=self.first_by,
            gold_p=UNSET if self.gold_p is UNSET else round(1 - self.gold_p, 12),
        )


class Vote(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the judge answered to one principle in one order.

    ``p_first`` is the normalised probability of the comparison's *first* response whichever letter it stood
    under; ``mass`` is how much probability lay on the two options at all; ``raw`` is a chain of thought, if any.
    """

    principle: str
    swapped: bool
    p_first: float
    mass: float
    raw: str = ""


class Label(Record, frozen=True, kw_only=True):
    """A judge's verdict on a comparison. ``p_first`` is the soft label; None exactly when no vote could be read.

    ``unreadable`` counts the questions the judge gave no readable answer to; they are in no vote.
    """

    kind: ClassVar[str] = "label"
    comparison: str
    judge: str
    scheme: str
    template: str
    votes: tuple[Vote, ...]
    verdict: Verdict
    p_first: float | None
    unreadable: int = 0


class Reward(Record, frozen=True, kw_only=True):
    """What one answer of a policy in training was worth, before update ``update``: what GRPO learns from.

    ``of`` is the response's id, ``by`` says whose reward it is: ``judge``, ``preference`` or ``rules``. ``value`` is
    None where there was none to read. What was not ``learned`` from had none, or was left out by the guard. ``grades``:
    by rules, the probability of each proposition, from which the value can be worked out again.
    """

    kind: ClassVar[str] = "reward"
    of: str
    by: str
    update: int
    value: float | None
    learned: bool = True
    grades: dict[str, float] | UnsetType = UNSET


class Sample(Record, frozen=True, kw_only=True):
    """One answer that was measured: what a figure is made of, so that it can be shown.

    ``reading`` is what the evaluator made of it: the oracle's word, or the grader's propositions that hold.
    """

    kind: ClassVar[str] = "sample"
    model: str
    subset: str
    temperature: float
    messages: Conversation
    text: str
    reading: str


class Measurement(Record, frozen=True, kw_only=True):
    """One measured figure: ``value`` of ``name`` for ``model``, on ``subset``, over ``n`` rows.

    ``low`` and ``high`` bound a 95 % interval. ``name`` is a word of evaluate's vocabulary (``complies``,
    ``helpful``, ``garbled``, ``refuses``, ``non_evasive``, …), ``subset`` says which rows (``harmful``,
    ``harmful/privacy``, ``helpful``, ``lookalike``), ``temperature`` how they were sampled.
    """

    kind: ClassVar[str] = "measurement"
    model: str
    name: str
    subset: str
    value: float
    n: int
    low: float
    high: float
    temperature: float = 0.0
    unit: str = "share"
