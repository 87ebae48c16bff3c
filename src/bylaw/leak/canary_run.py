"""A leak test from one end to the other: plant, train as one trains, score, report.

The stages are those of a run, with its methods and settings: supervised fine-tuning on answers, then DPO on preference
pairs. The plan should be in the ledger before this is called (``canaries.entry``).
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from bylaw.errors import UsageError
from bylaw.leak.canaries import CARRIERS, CanaryPlan, Carrier
from bylaw.leak.limits import NOT_LOOKED_FOR
from bylaw.leak.measure import (
    Group,
    Models,
    Text,
    canary_groups,
    exposures,
    measure,
    measure_exposures,
    recorded,
    replies,
    unresolved,
)
from bylaw.leak.plant import plant, plant_pairs
from bylaw.leak.report import CanaryExposure, LeakReport, left_out
from bylaw.leak.scoring import LocalScorer
from bylaw.leak.seam import Asked
from bylaw.leak.speaking import LocalSpeaker
from bylaw.records import Measurement
from bylaw.train.checkpoint import weights_digest
from bylaw.train.dpo import train_dpo
from bylaw.train.examples import PairExample, SFTExample
from bylaw.train.method import TrainResult
from bylaw.train.settings import DpoSettings, TrainSettings
from bylaw.train.sft import train_sft

Say = Callable[[str], None]
Weights = tuple[Any, Any]
"""A model and its tokenizer."""


class Material(NamedTuple):
    """What is trained on, and texts of the same making that are not: the non-members and controls.

    Without ``pairs`` there is no second stage. For a rate of 0.1 % false positives, hold out at least 1,000.
    """

    rows: Sequence[SFTExample]
    held_out_rows: Sequence[SFTExample]
    pairs: Sequence[PairExample] = ()
    held_out_pairs: Sequence[PairExample] = ()


class Training(NamedTuple):
    """The settings of the stages, as a run's recipe has them."""

    sft: TrainSettings
    sft_temperature: float = 1.0
    optimise: TrainSettings = TrainSettings()
    dpo: DpoSettings = DpoSettings()


class _Test:
    """The test in progress: one model, trained in place; what it said before the training is remembered."""

    def __init__(
        self, weights: Weights, plan: CanaryPlan, secret: bytes, material: Material, training: Training, say: Say
    ) -> None:
        self.model, self.tokenizer = weights
        self.plan, self.secret, self.say = plan, secret, say
        self.carriers = [one for one in plan.settings.carriers if one == "row" or material.pairs]
        if not self.carriers:
            raise UsageError("the plan has canaries among pairs alone, but there are no pairs to train on")
        self.models = {"seed": weights_digest(self.model)}
        self.measurements: list[Measurement] = []
        self.canaries: list[CanaryExposure] = []
        self.dropped: dict[str, int] = {}
        self.alone: list[str] = []
        self.groups = {one: canary_groups(plan, secret, one) if one in self.carriers else [] for one in CARRIERS}
        self._add_groups(material, training)
        say("scoring under the seed model")
        self.reference = recorded(LocalScorer(self.model, self.tokenizer), replies(self.groups_of(CARRIERS)))

    def groups_of(self, kinds: Sequence[Carrier]) -> list[Group]:
        """Canaries and real texts, of rows, of pairs or of both."""
        return [group for kind in kinds for group in self.groups[kind]]

    def measured(self, name: str, result: TrainResult, real: int, kinds: Sequence[Carrier]) -> None:
        """Measure ``kinds``, trained on so far. The last training's first ``real`` examples are no canaries."""
        if lost := [one.reason for one in result.dropped if one.index >= real]:
            raise UsageError(f"{len(lost)} canaries were not trained on; the first {lost[0]}. Plan shorter ones")
        self.models[name] = weights_digest(result.model)
        scorer = LocalScorer(result.model, self.tokenizer)
        for carrier in (one for one in self.carriers if one in kinds):
            self.say(f"{name}: exposure of {carrier} canaries")
            found = exposures(self.plan, self.secret, carrier, name, scorer)
            self.canaries += found
            self.measurements += measure_exposures(found)
        self.say(f"{name}: extraction and membership")
        groups = self.groups_of(kinds)
        speaker = LocalSpeaker(result.model, self.tokenizer)
        models = Models(name, recorded(scorer, replies(groups)), self.reference, speaker)
        for group in groups:
            self.measurements += measure(group, models)

    def _add_groups(self, material: Material, training: Training) -> None:
        """Groups of real texts: those that fit the context they are trained in, and have others to compare with."""
        for name, trained, others in _texts(material):
            context = (training.optimise if name == "pair" else training.sft).context
            fits = LocalScorer(self.model, self.tokenizer, context=context).fits
            members = set(trained)
            unseen = [text for text in others if text not in members]
            kept = [[text for text in texts if all(map(fits, _replies(text)))] for texts in (trained, unseen)]
            self.dropped[name] = len(trained) + len(others) - sum(map(len, kept))
            if all(kept):
                self.groups["pair" if name == "pair" else "row"].append(
                    Group(f"{name}/trained", kept[0], f"{name}/held-out", kept[1])
                )
            else:
                self.alone.append(f"extraction and membership of {name}: nothing to compare with")


def canary_run(
    weights: Weights,
    plan: CanaryPlan,
    secret: bytes,
    material: Material,
    training: Training,
    workdir: Path,
    say: Say = lambda text: None,
) -> LeakReport:
    """Train a causal LM, in place, on material and canaries, and report what it came to remember.

    ``weights``: what the real run starts from. ``workdir`` holds checkpoints; an interrupted test goes on from there.
    Raises ``VerificationError`` before any training if the secret does not open the plan, ``UsageError`` if there is
    nothing to train on or to compare with, or a canary does not fit the context.
    """
    if not material.rows or not material.held_out_rows:
        raise UsageError("a leak test needs answers to train on, and others of the same making to compare with")
    test = _Test(weights, plan, secret, material, training, say)
    say("supervised fine-tuning")
    rows = plant(material.rows, plan)
    sft = train_sft(*weights, rows, training.sft, workdir / "sft", temperature=training.sft_temperature)
    test.measured("sft", sft, len(material.rows), ("row",))
    if material.pairs:
        say("DPO")
        pairs = plant_pairs(material.pairs, plan)
        final = train_dpo(sft.model, weights[1], pairs, training.optimise, workdir / "dpo", dpo=training.dpo)
        test.measured("final", final, len(material.pairs), CARRIERS)
    return _report(test, training)


def _report(test: _Test, training: Training) -> LeakReport:
    stages = {"sft": training.sft, "sft.temperature": training.sft_temperature}
    if "final" in test.models:
        stages |= {"optimise": training.optimise, "optimise.dpo": training.dpo}
    not_looked_for = [
        *left_out(test.carriers, test.models),
        *test.alone,
        *unresolved(test.groups_of(CARRIERS)),
        *NOT_LOOKED_FOR["after"],
    ]
    return LeakReport(
        plan=test.plan.digest,
        secret=test.secret.hex(),
        models=test.models,
        settings={name: msgspec.to_builtins(one) for name, one in stages.items()},
        measurements=tuple(dict.fromkeys(test.measurements)),
        canaries=tuple(test.canaries),
        dropped=test.dropped,
        not_looked_for=tuple(not_looked_for),
    )


def _texts(material: Material) -> list[tuple[str, list[Text], list[Text]]]:
    """Groups of real texts by name. What is learned as a distribution is apart: its tokens are not what is taught."""
    groups = [
        (name, _rows(material.rows, soft), _rows(material.held_out_rows, soft))
        for name, soft in (("row", False), ("soft-row", True))
    ]
    groups.append(("pair", list(map(_pair, material.pairs)), list(map(_pair, material.held_out_pairs))))
    return [(name, trained, others) for name, trained, others in groups if trained]


def _rows(examples: Sequence[SFTExample], soft: bool) -> list[Text]:
    return [Text(Asked(one.messages, one.answer)) for one in examples if one.soft is soft]


def _pair(example: PairExample) -> Text:
    """The preferred reply, and the other as rejected."""
    first, second = Asked(example.messages, example.first), Asked(example.messages, example.second)
    return Text(first, second) if example.p_first >= 0.5 else Text(second, first)


def _replies(text: Text) -> list[Asked]:
    return [one for one in (text.said, text.rejected) if one is not None]
