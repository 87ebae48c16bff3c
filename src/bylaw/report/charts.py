"""Small charts as inline SVG. Colours come from the style sheet; texts are escaped; every mark has a title.

A chart is a picture of a table that stands beside it on the page; a sentence says what it shows.
"""

from collections.abc import Iterable, Sequence

import msgspec
from markupsafe import Markup, escape

from bylaw.evaluate.calibration import Bin
from bylaw.records import Measurement
from bylaw.report.data import TrainingCurve
from bylaw.report.words import count, figure, share

WIDTH, HEIGHT = 320, 190
LEFT, RIGHT, TOP, BOTTOM = 40, 14, 12, 26


class Series(msgspec.Struct, frozen=True):
    """One line: ``points[i]`` belongs to the i-th place on the x axis, None where nothing was measured."""

    name: str
    style: str
    points: tuple[Measurement | None, ...]


class Frame(msgspec.Struct, frozen=True):
    """Data ranges mapped to the drawing's units."""

    x0: float
    x1: float
    y0: float
    y1: float
    width: float = WIDTH
    height: float = HEIGHT

    def x(self, value: float) -> float:
        """Drawing x of a data x."""
        span = (self.x1 - self.x0) or 1.0
        return round(LEFT + (value - self.x0) / span * (self.width - LEFT - RIGHT), 1)

    def y(self, value: float) -> float:
        """Drawing y of a data y; larger is higher."""
        span = (self.y1 - self.y0) or 1.0
        return round(self.height - BOTTOM - (value - self.y0) / span * (self.height - TOP - BOTTOM), 1)


def el(tag: str, *children: object, **attributes: object) -> Markup:
    """One element. ``class_`` is ``class``, ``stroke_width`` is ``stroke-width``; all values are escaped."""
    names = {key: key.rstrip("_").replace("_", "-") for key in attributes}
    inside = "".join(f' {names[key]}="{escape(value)}"' for key, value in attributes.items())
    return Markup(f"<{tag}{inside}>{''.join(escape(child) for child in children)}</{tag}>")


def svg(
    parts: Iterable[Markup], says: str, width: float = WIDTH, height: float = HEIGHT, **attributes: object
) -> Markup:
    """The outer element, read aloud as ``says``."""
    box = {"viewBox": f"0 0 {width:g} {height:g}", "role": "img", "aria-label": says, **attributes}
    return el("svg", *parts, **box)


def _text(x: float, y: float, text: str, anchor: str = "middle", class_: str = "tick") -> Markup:
    return el("text", text, x=x, y=y, text_anchor=anchor, class_=class_)


def _line(x1: float, y1: float, x2: float, y2: float, class_: str) -> Markup:
    return el("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=class_)


def _y_axis(frame: Frame, ticks: Sequence[float], unit: str = "share") -> list[Markup]:
    parts = []
    for tick in ticks:
        y = frame.y(tick)
        label = f"{100 * tick:g}" if unit == "share" else f"{tick:.3g}"
        parts += [_line(LEFT, y, frame.width - RIGHT, y, "grid"), _text(LEFT - 7, y + 3.5, label, "end")]
    return parts


def steps(places: Sequence[str], series: Sequence[Series], says: str) -> Markup:
    """Figures at named places (stages, rounds) joined by lines, with 95 % whiskers.

    Shares stand on an axis from 0 to 100, or to 20 or 10 where all of them and their intervals fit.
    """
    values = [point for line in series for point in line.points if point]
    shares = all(point.unit == "share" for point in values)
    high = max((point.high for point in values), default=1.0)
    top = next((top for top in (0.1, 0.2, 1.0) if high <= top), 1.0) if shares else high * 1.1
    frame = Frame(-0.35, len(places) - 0.65, 0.0, top)
    parts = _y_axis(frame, [top * part / 4 for part in range(5)], "share" if shares else "")
    parts += [_text(frame.x(i), HEIGHT - 8, place) for i, place in enumerate(places)]
    for line in series:
        parts += _series(frame, places, line)
    return svg(parts, says)


def _series(frame: Frame, places: Sequence[str], line: Series) -> list[Markup]:
    known = [(i, point) for i, point in enumerate(line.points) if point]
    path = " ".join(f"{frame.x(i)},{frame.y(point.value)}" for i, point in known)
    title = el("title", line.name)
    parts = [el("polyline", title, points=path, class_=f"line {line.style}")]
    return parts + [_point(frame, i, places[i], line, point) for i, point in known]


def _point(frame: Frame, i: int, place: str, line: Series, point: Measurement) -> Markup:
    x, y = frame.x(i), frame.y(point.value)
    whisker = _line(x, frame.y(point.low), x, frame.y(point.high), "whisker")
    interval = f"{figure(point.low, point.unit)} to {figure(point.high, point.unit)}"
    title = el("title", f"{line.name}, {place}: {figure(point.value, point.unit)} ({interval}, n = {count(point.n)})")
    return el("g", title, whisker, el("circle", cx=x, cy=y, r=3.4), class_=f"point {line.style}")


def training(curve: TrainingCurve) -> Markup:
    """One series over updates: each value faint, a running mean over it."""
    updates, values = _thinned(curve.updates, curve.values)
    low, high = min(values), max(values)
    pad = (high - low) * 0.08 or abs(high) * 0.1 or 1.0
    frame = Frame(updates[0], updates[-1], low - pad, high + pad)
    ticks = tuple(low + (high - low) * part / 3 for part in range(4)) if high > low else (low,)
    parts = _y_axis(frame, ticks, "")
    first, last = frame.x(updates[0]), frame.x(updates[-1])
    parts += [
        _text(first, HEIGHT - 8, str(updates[0]), "start"),
        _text(last, HEIGHT - 8, str(updates[-1]), "end"),
    ]
    parts.append(_text((first + last) / 2, HEIGHT - 8, "updates"))
    parts.append(_path(frame, updates, values, "line raw"))
    parts.append(_path(frame, updates, _smooth(values), "line s0"))
    says = f"{curve.stage} {curve.name}: from {values[0]:.3g} to {values[-1]:.3g} over {updates[-1]} updates"
    return svg([el("title", says), *parts], says)


def _path(frame: Frame, xs: Sequence[float], ys: Sequence[float], class_: str) -> Markup:
    return el(
        "polyline",
        points=" ".join(f"{frame.x(x)},{frame.y(y)}" for x, y in zip(xs, ys, strict=True)),
        class_=class_,
    )


def _thinned(updates: Sequence[int], values: Sequence[float], most: int = 240) -> tuple[list[float], list[float]]:
    """At most ``most`` points, each the mean of its bucket: a page needs no more."""
    size = -(-len(updates) // most)
    starts = range(0, len(updates), size)
    mean = [sum(values[i : i + size]) / len(values[i : i + size]) for i in starts]
    return [float(updates[i]) if size > 1 else updates[i] for i in starts], mean


def _smooth(values: Sequence[float], weight: float = 0.85) -> list[float]:
    """Exponential running mean without start-up bias."""
    out: list[float] = []
    total = norm = 0.0
    for value in values:
        total, norm = weight * total + value, weight * norm + 1.0
        out.append(total / norm)
    return out


def calibration(bins: Sequence[Bin], says: str) -> Markup:
    """Soft label against gold share; a mark grows with its number of labels, the diagonal is perfect."""
    size = 320.0
    frame = Frame(0.0, 1.0, 0.0, 1.0, size, size)
    ticks = (0.0, 0.25, 0.5, 0.75, 1.0)
    parts = _y_axis(frame, ticks)
    parts += [_text(frame.x(tick), size - 8, f"{100 * tick:.0f}") for tick in ticks]
    parts.append(_line(frame.x(0), frame.y(0), frame.x(1), frame.y(1), "diagonal"))
    most = max((one.n for one in bins), default=1)
    filled = [one for one in bins if one.n]
    path = " ".join(f"{frame.x(one.mean)},{frame.y(one.gold)}" for one in filled)
    parts.append(el("polyline", points=path, class_="line s0"))
    parts += [_bin(frame, one, most) for one in filled]
    return svg(parts, says, size, size)


def _bin(frame: Frame, one: Bin, most: int) -> Markup:
    between = f"labels {share(one.low)} to {share(one.high)}"
    title = f"{between}: mean {share(one.mean)}, gold {share(one.gold)}, n = {count(one.n)}"
    radius = round(3 + 9 * (one.n / most) ** 0.5, 1)
    return el("circle", el("title", title), cx=frame.x(one.mean), cy=frame.y(one.gold), r=radius, class_="bubble")


def histogram(counts: Sequence[int], says: str) -> Markup:
    """Ten thin bars, heights by square root; those left of the middle, against the preferred, are marked."""
    width, height = 100, 26
    most, total = max(counts, default=0) or 1, sum(counts) or 1
    step = width / len(counts)
    parts = [
        _line(width / 2, 0, width / 2, height, "grid"),
        _line(0, height - 0.5, width, height - 0.5, "grid"),
    ]
    for i, n in enumerate(counts):
        tall = round((n / most) ** 0.5 * (height - 2), 1)
        title = el("title", f"{i / len(counts):.1f} to {(i + 1) / len(counts):.1f}: {share(n / total)} ({count(n)})")
        side = "against" if i < len(counts) / 2 else "with"
        box = {"x": i * step + 0.8, "y": height - tall, "width": step - 1.6, "height": tall}
        parts.append(el("rect", title, class_=f"bar {side}", **box))
    return svg(parts, says, width, height, class_="spark")
