"""A model card (Markdown, as model hubs read it) made from a bundle: every figure in it stands in the bundle."""

from collections.abc import Sequence
from pathlib import Path

from bylaw.canonical import sha256
from bylaw.evidence.reading import Bundle, checked
from bylaw.report.table import table


def card(source: Path) -> str:
    """The card of a bundle's runs.

    Raises ``VerificationError`` with the name of any check of ``bylaw.verify`` that does not hold; which could not be
    made, for want of keys and of a policy, the card says.
    """
    bundle, unchecked = checked(source)
    parts = ["---\nlibrary_name: transformers\ntags: [bylaw, constitutional-ai]\n---"]
    for run in bundle.predicate.runs:
        parts += _run(bundle, run)
    parts += ["## Limits", "\n".join(f"- {limit}" for limit in bundle.predicate.limits)]
    parts += ["## Evidence", _evidence(bundle, unchecked)]
    return "\n\n".join(parts) + "\n"


def _run(bundle: Bundle, run: str) -> list[str]:
    if not bundle.holds(run, "constitution.toml"):
        return [f"# {run}", "The constitution was taken out of this bundle."]
    rules = bundle.constitution(run)
    numbered = enumerate(rules.principles, 1)
    listed = "\n".join(f"{n}. {rule.title or rule.key}: {rule.comparison}" for n, rule in numbered)
    missing = [f"- {name}: {why}" for name, why in bundle.predicate.not_run.items() if name.startswith(f"{run}.")]
    parts = [f"# {run}", f"Trained by AI feedback to the constitution *{rules.title or rules.name}*:", listed]
    parts += ["## Measured", f"```\n{table(bundle.measurements(run))}\n```"]
    return parts + (["## Not measured", "\n".join(missing)] if missing else [])


def _evidence(bundle: Bundle, unchecked: Sequence[str]) -> str:
    said = bundle.predicate
    level = said.claims[0].level
    until = f", valid until {said.valid_until}" if said.valid_until else ""
    return (
        f"Bundle of {said.made}{until}, {level}; SHA-256 of its index `{sha256(bundle.payload)}`. "
        f"When this card was made these were not checked: {', '.join(unchecked)}; the other checks hold. "
        "Check it with `bylaw verify BUNDLE --key KEY --policy POLICY`; key and policy come from elsewhere."
    )
