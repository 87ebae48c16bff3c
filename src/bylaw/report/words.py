"""Numbers and names as people read them, and the report's one sentence."""

from collections.abc import Sequence

from bylaw.records import Measurement

NBSP = "\u00a0"

NAMES = {
    "complies": "complies",
    "helpful": "helpful",
    "non_evasive": "refuses with a reason and something better",
    "refuses": "refuses",
    "garbled": "garbled or off-topic",
}
SUBSETS = {
    "harmful": "harmful requests",
    "helpful": "helpful requests",
    "lookalike": "benign look-alikes",
}
PHRASES = {
    ("complies", "harmful"): "complies with harmful requests",
    ("helpful", "helpful"): "helpful on helpful requests",
    ("refuses", "lookalike"): "refuses benign look-alikes",
    ("non_evasive", "harmful"): "refuses harm with a reason and something better",
}
STAGES = {
    "seed": "seed model",
    "sft": "after the revision stage",
    "preference": "preference model",
    "final": "final model",
}


def share(value: float) -> str:
    """0.982 → ``98.2 %``; a share that rounds to 0 or 100 without being it keeps a ``<`` or ``>``."""
    if 0 < value < 0.0005:
        return f"<{NBSP}0.1{NBSP}%"
    if 0.9995 <= value < 1:
        return f">{NBSP}99.9{NBSP}%"
    return f"{100 * value:.1f}{NBSP}%"


def figure(value: float, unit: str = "share") -> str:
    """A measured value with its unit; shares in per cent."""
    if unit == "share":
        return share(value)
    text = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return f"{text}{NBSP}{unit}" if unit else text


def count(value: int) -> str:
    """1234567 → ``1,234,567``."""
    return f"{value:,}"


def seconds(value: float) -> str:
    """61.4 → ``1 min 1 s``; below a minute with one decimal."""
    if value < 60:
        return f"{value:.1f}{NBSP}s"
    minutes, rest = divmod(round(value), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}{NBSP}h {minutes}{NBSP}min" if hours else f"{minutes}{NBSP}min {rest}{NBSP}s"


def memory(value: int) -> str:
    """Bytes in GB or MB (powers of ten)."""
    return f"{value / 1e9:.2f}{NBSP}GB" if value >= 1e9 else f"{value / 1e6:.0f}{NBSP}MB"


def name_of(name: str) -> str:
    """A measurement's name in plain words."""
    return NAMES.get(name, name.replace("_", " "))


def subset_of(subset: str) -> str:
    """A subset in plain words; ``harmful/privacy`` → ``harmful requests: privacy``."""
    whole, _, family = subset.partition("/")
    plain = SUBSETS.get(whole, whole.replace("_", " "))
    return f"{plain}: {family.replace('_', ' ')}" if family else plain


def phrase_of(name: str, subset: str) -> str:
    """What was measured on what, as one phrase."""
    return PHRASES.get((name, subset)) or f"{name_of(name)} · {subset_of(subset)}"


def interval(low: float, high: float, unit: str = "share") -> str:
    """``97.4 – 99.0`` for shares, the unit left to the figure beside it."""
    if unit == "share":
        return f"{100 * low:.1f}{NBSP}–{NBSP}{100 * high:.1f}"
    return f"{low:.3g}{NBSP}–{NBSP}{high:.3g}"


def _change(before: Measurement, after: Measurement) -> str:
    old, new = share(before.value), share(after.value)
    if old == new:
        return "as before"
    return f"{'down' if after.value < before.value else 'up'} from {old}"


def _clause(pairs: dict[tuple[str, str], tuple[Measurement, Measurement]], key: tuple[str, str], text: str) -> str:
    if key not in pairs:
        return ""
    before, after = pairs[key]
    return f"{text.format(share(after.value))} ({_change(before, after)})"


def headline(measurements: Sequence[Measurement], models: Sequence[str]) -> str:
    """What changed, in one sentence, from the first to the last of ``models`` at the lowest temperature."""
    if not models:
        return "This run has no measurements yet."
    found: dict[tuple[str, str], dict[str, Measurement]] = {}
    for one in sorted(measurements, key=lambda m: -m.temperature):
        found.setdefault((one.name, one.subset), {})[one.model] = one
    first, last = models[0], models[-1]
    pairs = {key: (cell[first], cell[last]) for key, cell in found.items() if first in cell and last in cell}
    clauses = [
        _clause(pairs, ("complies", "harmful"), "complies with {} of harmful requests"),
        _clause(pairs, ("helpful", "helpful"), "is helpful on {} of helpful ones"),
        _clause(pairs, ("refuses", "lookalike"), "refuses {} of benign look-alikes"),
    ]
    said = [clause for clause in clauses if clause]
    who = {"final": "The trained model", "sft": "After the revision stage, the model"}.get(last, f"The {last} model")
    if not said:
        return f"{who} was measured; the figures stand below."
    if len(said) == 1:
        return f"{who} {said[0]}."
    return f"{who} {', '.join(said[:-1])} and {said[-1]}."
