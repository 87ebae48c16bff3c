"""The settings of a training run: one table for each stage, two presets, every default spelled out.

``modern`` (the default): K principles, both orders, principle last, soft-label DPO, no preference model. ``paper``: one
drawn principle for a label, one order, the paper's template, a preference model on soft labels, then RL; GRPO stands in
for the paper's PPO. A preset sets defaults; what the file or ``--set`` says wins.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec

from bylaw import settings
from bylaw.evaluate.gates import GateSettings
from bylaw.evaluate.trial import TrialSettings
from bylaw.feedback.compare import CompareSettings
from bylaw.feedback.label import LabelSettings
from bylaw.feedback.respond import RespondSettings
from bylaw.feedback.revise import ReviseSettings
from bylaw.leak.screening import LeakSettings
from bylaw.models import cluster
from bylaw.models.cluster import ClusterSettings
from bylaw.models.remote.settings import RemoteSettings
from bylaw.toml import parsed
from bylaw.train.settings import DpoSettings, GrpoSettings, LoraSettings, TrainSettings

PRESETS: dict[str, tuple[str, ...]] = {
    "modern": (),
    "paper": (
        "optimise.method='grpo'",
        "label.scheme='one'",
        "label.template='paper'",
        "label.both_orders=false",
        "label.pool='mean'",
        "respond.helpful_samples=2",
        "revise.temperature=1.0",
        "sft.helpful_targets='tokens'",
        "sft.temperature=1.0",
    ),
}


class PromptSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where prompts come from: ``windtunnel``, or files of harmful (red-team) and helpful prompts.

    ``harmful`` and ``helpful`` are counts; 0 takes all there are in a file. "" as a file: no prompts of that kind.
    """

    harmful_file: str = "windtunnel"
    helpful_file: str = "windtunnel"
    harmful: int = 480
    helpful: int = 480


class SftSettings(TrainSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The supervised stage. ``helpful_ratio``: helpful samples for each revision, repeated if there are too few.

    ``helpful_targets``: a helpful sample's ``tokens``, or the ``distribution`` of the model that said them.
    ``temperature`` divides the logits in the loss: above 1, the model is surer when it is sampled at 1.
    """

    learning_rate: float = 1.5e-3
    batch_size: int = 8
    epochs: int = 2
    helpful_ratio: float = 1.0
    helpful_targets: Literal["tokens", "distribution"] = "distribution"
    temperature: float = 2.0


class OptimiseSettings(TrainSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Policy optimisation: ``dpo`` on soft labels, or ``grpo`` on a reward: ``preference`` model, ``judge``, ``rules``.

    ``reward_file``: the rule-based reward for ``rules``, as ``bylaw reward fit`` writes it.
    ``gold``: how many human-labelled comparisons of ``gold_file`` are mixed in (the paper's helpfulness half is
    human).
    """

    learning_rate: float = 1e-4
    batch_size: int = 32
    method: Literal["dpo", "grpo"] = "dpo"
    reward: Literal["preference", "judge", "rules"] = "preference"
    reward_file: str = ""
    gold: int = 0
    gold_file: str = ""
    dpo: DpoSettings = DpoSettings(nll=0.5)
    grpo: GrpoSettings = GrpoSettings()


class EvaluateSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is measured after every stage: ``prompts`` held-out prompts each way (0: all there are).

    For real models ``harmful_file``, ``helpful_file`` and ``lookalike_file`` name prompts to measure on ("" for none;
    those that are trained on are left out), and answers are graded by ``grader`` ("" is the judge). It is validated
    first on ``gold_answers`` (RBR's gold file) and ``gold_requests`` (XSTest's csv); below ``minimum_agreement``
    nothing is measured, unless ``unsafe_unvalidated``.
    """

    prompts: int = 256
    temperatures: tuple[float, ...] = (0.0, 1.0)
    max_tokens: int = 512
    harmful_file: str = "windtunnel"
    helpful_file: str = "windtunnel"
    lookalike_file: str = "windtunnel"
    grader: str = ""
    gold_answers: str = ""
    gold_requests: str = ""
    minimum_agreement: float = 0.7
    unsafe_unvalidated: bool = False


class ModelSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Models that are asked through a server. What is trained is always here: its weights are needed."""

    judge: RemoteSettings = RemoteSettings()


class Recipe(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A training run. ``policy`` is ``windtunnel``, a model directory or a hub id; ``judge`` "" is the policy itself.

    ``chunk``: how many rows are done, and kept, at a time. ``trusted_keys``: public keys (PEM files); where there are
    any, every model from outside must be signed by one of them.
    """

    preset: Literal["modern", "paper"] = "modern"
    policy: str = "windtunnel"
    judge: str = ""
    constitution: str = "windtunnel"
    seed: int = 0
    chunk: int = 200
    rows: int = 128
    trusted_keys: tuple[str, ...] = ()
    models: ModelSettings = ModelSettings()
    prompts: PromptSettings = PromptSettings()
    respond: RespondSettings = RespondSettings()
    revise: ReviseSettings = ReviseSettings()
    sft: SftSettings = SftSettings()
    compare: CompareSettings = CompareSettings()
    label: LabelSettings = LabelSettings()
    trial: TrialSettings = TrialSettings()
    leak: LeakSettings = LeakSettings()
    preference: TrainSettings = TrainSettings(learning_rate=3e-4)
    optimise: OptimiseSettings = OptimiseSettings()
    evaluate: EvaluateSettings = EvaluateSettings()
    gates: GateSettings = GateSettings()
    cluster: ClusterSettings = ClusterSettings()


def kept(recipe: Recipe) -> Recipe:
    """The settings as a run keeps them: without what changes no record, so that a run may go on with another budget,
    and on other machines.
    """
    models = msgspec.structs.replace(recipe.models, judge=recipe.models.judge.shaping())
    return msgspec.structs.replace(recipe, models=models, cluster=cluster.lasting(recipe.cluster))


def read(source: str | Path, overrides: Sequence[str] = ()) -> Recipe:
    """A recipe from TOML text or a file: the preset's values stand under what the text and ``overrides`` say."""
    plain = settings.load(Recipe, source, overrides)
    text = source.read_text() if isinstance(source, Path) else source
    said = {
        *_keys(parsed(text, str(source) if isinstance(source, Path) else "settings")),
        *(override.partition("=")[0].strip() for override in overrides),
    }
    under = [value for value in PRESETS[plain.preset] if value.partition("=")[0] not in said]
    return settings.load(Recipe, source, [*under, *overrides])


def _keys(table: dict[str, Any], above: str = "") -> Iterator[str]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _keys(value, f"{above}{key}.")
        else:
            yield above + key


__all__ = ["PRESETS", "LoraSettings", "Recipe", "kept", "read"]
