"""Shares with their intervals, and figures of texts that show a collapse."""

from collections import Counter
from collections.abc import Iterator, Sequence

from bylaw.errors import UsageError
from bylaw.records import Measurement

Z95 = 1.959964  # two-sided 95 % of the normal distribution
LONG = 8  # words of a phrase whose return in many answers is boilerplate


def wilson(hits: float, n: int, z: float = Z95) -> tuple[float, float]:
    """The 95 % Wilson score interval of a share (Wilson 1927); (0, 1) for no rows."""
    if not n:
        return 0.0, 1.0
    p, square = hits / n, z * z / n
    middle = (p + square / 2) / (1 + square)
    half = z / (1 + square) * (p * (1 - p) / n + square / (4 * n)) ** 0.5
    return max(0.0, middle - half), min(1.0, middle + half)


def share(name: str, subset: str, model: str, hits: int, n: int, temperature: float = 0.0) -> Measurement:
    """``hits`` of ``n`` rows, with the Wilson interval. Raises ``UsageError`` where there were no rows."""
    if n < 1:
        raise UsageError(f"{name} on {subset} of {model} cannot be measured: there are no rows")
    low, high = wilson(hits, n)
    return Measurement(
        model=model,
        name=name,
        subset=subset,
        value=hits / n,
        n=n,
        low=min(low, hits / n),
        high=max(high, hits / n),
        temperature=temperature,
    )


def text_figures(subset: str, model: str, texts: Sequence[str], temperature: float = 0.0) -> list[Measurement]:
    """What shows a collapse: ``distinct_2``, ``length`` (words), ``boilerplate`` and ``empty``.

    ``distinct_2`` falls with the number of answers: compare models on the same prompts. The interval of
    ``length`` is that of a mean; ``distinct_2`` is one figure of all answers and has none (low = value =
    high).
    """
    if not texts:
        raise UsageError(f"answers of {model} on {subset} cannot be measured: there are none")
    variety = distinct(texts, 2)
    mean, half = _mean_length(texts)

    def figure(name: str, value: float, half: float, unit: str) -> Measurement:
        return Measurement(
            model=model,
            name=name,
            subset=subset,
            value=value,
            n=len(texts),
            low=max(0.0, value - half),
            high=value + half,
            temperature=temperature,
            unit=unit,
        )

    return [
        figure("distinct_2", variety, 0.0, "ratio"),
        figure("length", mean, half, "words"),
        share("boilerplate", subset, model, boilerplate(texts)[1], len(texts), temperature),
        share("empty", subset, model, sum(not text.strip() for text in texts), len(texts), temperature),
    ]


def distinct(texts: Sequence[str], n: int) -> float:
    """Different n-grams of words as a share of all (Li et al. 2016, distinct-n); 0 where there are none."""
    counts = Counter(gram for text in texts for gram in _grams(text, n))
    return len(counts) / counts.total() if counts else 0.0


def boilerplate(texts: Sequence[str], n: int = LONG) -> tuple[str, int]:
    """The phrase of ``n`` words that most answers contain, and how many do; ("", 0) if none is so long."""
    counts = Counter(gram for text in texts for gram in set(_grams(text, n)))
    if not counts:
        return "", 0
    phrase, found = min(counts.items(), key=lambda item: (-item[1], item[0]))
    return " ".join(phrase), found


def _grams(text: str, n: int) -> Iterator[tuple[str, ...]]:
    words = text.lower().split()
    return (tuple(words[i : i + n]) for i in range(len(words) - n + 1))


def _mean_length(texts: Sequence[str]) -> tuple[float, float]:
    """Mean words of an answer, and half of its 95 % interval."""
    lengths = [len(text.split()) for text in texts]
    mean = sum(lengths) / len(lengths)
    if len(lengths) < 2:
        return mean, 0.0
    variance = sum((length - mean) ** 2 for length in lengths) / (len(lengths) - 1)
    return mean, float(Z95 * (variance / len(lengths)) ** 0.5)
