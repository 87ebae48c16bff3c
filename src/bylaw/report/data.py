"""What a report shows, in typed form. ``collect`` builds it from a run, ``render`` turns it into a page.

Nothing here knows a run directory, so a report can be made, and tested, from values alone. Texts are whatever
models and people wrote: hostile until escaped, which the renderer does without exception.
"""

from typing import Literal

import msgspec

from bylaw.evaluate.calibration import Bin
from bylaw.evaluate.gates import GateResult
from bylaw.records import Conversation, Measurement, Principle, Verdict


class Round(msgspec.Struct, frozen=True, kw_only=True):
    """One critique and revision. ``critique`` is None when the revision was direct."""

    number: int
    principle: str
    critique: str | None
    revision: str


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What ``model`` answered to a transcript's conversation."""

    model: str
    text: str


class Opinion(msgspec.Struct, frozen=True, kw_only=True):
    """One principle's vote in a shown comparison: probability of the first response, mean of both orders."""

    principle: str
    p_first: float


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """A comparison with its label, as a transcript shows it."""

    first: str
    second: str
    verdict: Verdict
    p_first: float | None
    gold: Literal["first", "second", "tie"] | None = None
    opinions: tuple[Opinion, ...] = ()


class Transcript(msgspec.Struct, frozen=True, kw_only=True):
    """One prompt and what the run made of it.

    ``conversation`` ends with the user's turn; ``response`` is what ``model`` answered; ``rounds`` rewrite it
    in order. ``answers`` are what later models answered, ``judged`` comparisons sampled for it.
    """

    id: str
    conversation: Conversation
    response: str
    model: str = ""
    rounds: tuple[Round, ...] = ()
    answers: tuple[Answer, ...] = ()
    judged: tuple[Judged, ...] = ()
    aim: str = "harmful"
    source: str = ""


class PrincipleUse(msgspec.Struct, frozen=True, kw_only=True):
    """A principle and what it did in the run.

    ``drawn`` counts critique/revision steps that used it, ``changed`` those whose revision differs from the
    text before. Votes are counted on labels with a preferred response: ``preferred`` is the mean probability
    that the principle's votes gave to it, ``decisive`` the share of votes at or beyond 0.9 either way, and
    ``histogram`` counts votes in ten equal bins of that probability, 0 to 1.
    """

    principle: Principle
    drawn: int = 0
    changed: int = 0
    votes: int = 0
    preferred: float | None = None
    decisive: float | None = None
    histogram: tuple[int, ...] = (0,) * 10


class Accuracy(msgspec.Struct, frozen=True, kw_only=True):
    """Share of gold verdicts that the label agrees with, with a 95 % interval; unreadable counts as wrong."""

    subset: str
    n: int
    value: float
    low: float
    high: float


class Judging(msgspec.Struct, frozen=True, kw_only=True):
    """All labels together. Shares are None where nothing was there to measure them on.

    ``flip_rate``: of the principles asked in both orders (``pairs`` of them), the share whose preferred
    response changed with the order. ``mass``: mean probability on the two options. ``longer``: share of
    decided labels that prefer the longer response. ``calibration``: soft labels against gold's share of *first*, with
    the expected error over those bins.
    """

    judge: str
    scheme: str
    template: str
    labels: int
    verdicts: dict[str, int]
    pairs: int = 0
    flip_rate: float | None = None
    mass: float | None = None
    longer: float | None = None
    calibration: tuple[Bin, ...] = ()
    calibration_error: float | None = None
    accuracy: tuple[Accuracy, ...] = ()


class StageCost(msgspec.Struct, frozen=True, kw_only=True):
    """What one stage took. ``peak_bytes``: the process's peak resident memory by its end; 0: not recorded."""

    stage: str
    seconds: float
    prompt_tokens: int = 0
    reused_tokens: int = 0
    generated_tokens: int = 0
    trained_tokens: int = 0
    peak_bytes: int = 0


class Payment(msgspec.Struct, frozen=True, kw_only=True):
    """What a server was paid in a stage, for one subject (a principle's key; "" for what belongs to none).

    ``kept`` answers were there already and cost nothing; ``failed`` calls gave none. ``usd`` is 0 without a price.
    """

    stage: str
    about: str
    model: str
    calls: int
    kept: int
    failed: int
    prompt_tokens: int
    cached_tokens: int
    generated_tokens: int
    usd: float


class TrainingCurve(msgspec.Struct, frozen=True, kw_only=True):
    """One series of a training stage: ``values[i]`` after update ``updates[i]``."""

    stage: str
    name: str
    updates: tuple[int, ...]
    values: tuple[float, ...]


class Digest(msgspec.Struct, frozen=True, kw_only=True):
    """A thing that shaped the run and its SHA-256 (or version)."""

    name: str
    value: str


class ReportData(msgspec.Struct, frozen=True, kw_only=True):
    """Everything one report shows. Empty parts are left out of the page and named at its end.

    ``wind_tunnel``: the run used the synthetic world, and the page must say what that validates.
    ``started`` is the run's own start time as text; the report itself reads no clock.
    """

    name: str
    presets: tuple[str, ...] = ()
    wind_tunnel: bool = False
    started: str = ""
    version: str = ""
    stopped: str = ""
    measurements: tuple[Measurement, ...] = ()
    transcripts: tuple[Transcript, ...] = ()
    transcripts_total: int = 0
    principles: tuple[PrincipleUse, ...] = ()
    judging: Judging | None = None
    costs: tuple[StageCost, ...] = ()
    payments: tuple[Payment, ...] = ()
    training: tuple[TrainingCurve, ...] = ()
    gates: tuple[GateResult, ...] = ()
    settings: str = ""
    constitution: str = ""
    digests: tuple[Digest, ...] = ()
