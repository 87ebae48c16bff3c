"""Country outlines for the console's map, from world-atlas (Natural Earth, public domain): one small JSON file.

    npm pack world-atlas@2.0.2 && tar xzf world-atlas-2.0.2.tgz
    python tools/world_map.py package src/bylaw/console/data/world.json

Outlines are those of 1:110m; countries too small for that scale (Singapore, Bahrain, Hong Kong) are points, at the
middle of their largest part at 1:50m. The projection is Equal Earth (Šavrič, Patterson, Jenny 2018, doi
10.1080/13658816.2018.1504949): areas are true, so that a large colour is a large country. Countries are keyed by ISO
3166-1 alpha-2 as ``access/countries.tsv`` names them; an area that has no code there is drawn and never coloured.
"""

import json
import sys
from collections.abc import Iterator
from math import asin, cos, radians, sin, sqrt
from pathlib import Path
from typing import Any

from bylaw.access.countries import find

Ring = list[tuple[float, float]]
SOURCE = "Natural Earth 4.1.0, admin 0 countries, 1:110m and 1:50m, as redistributed by world-atlas 2.0.2 (npm)"
LICENCE = "Natural Earth: public domain; world-atlas: ISC, Copyright 2013-2019 Michael Bostock"
A1, A2, A3, A4 = 1.340264, -0.081106, 0.000893, 0.003796
WIDTH, TOP, BOTTOM = 1000.0, 84.0, -57.0
"""Of the drawing, and the latitudes (degrees) that are shown: nobody asks from Antarctica's coast inwards."""
NAMED = {
    "Bosnia and Herz.": "ba",
    "Central African Rep.": "cf",
    "Congo": "cg",
    "Côte d'Ivoire": "ci",
    "Dem. Rep. Congo": "cd",
    "Dominican Rep.": "do",
    "Eq. Guinea": "gq",
    "Falkland Is.": "fk",
    "Fr. S. Antarctic Lands": "tf",
    "N. Cyprus": "",
    "Siachen Glacier": "",
    "Solomon Is.": "sb",
    "Somaliland": "",
    "S. Sudan": "ss",
    "W. Sahara": "eh",
    "eSwatini": "sz",
    "Macedonia": "mk",
    "Cook Is.": "ck",
    "Marshall Is.": "mh",
    "N. Mariana Is.": "mp",
    "U.S. Virgin Is.": "vi",
    "British Virgin Is.": "vg",
    "Cayman Is.": "ky",
    "Turks and Caicos Is.": "tc",
    "Faeroe Is.": "fo",
    "Fr. Polynesia": "pf",
    "S. Geo. and the Is.": "gs",
    "Br. Indian Ocean Ter.": "io",
    "Heard I. and McDonald Is.": "hm",
    "Pitcairn Is.": "pn",
    "St. Kitts and Nevis": "kn",
    "St. Vin. and Gren.": "vc",
    "St. Pierre and Miquelon": "pm",
    "Wallis and Futuna Is.": "wf",
    "Antigua and Barb.": "ag",
    "São Tomé and Principe": "st",
    "St-Barthélemy": "bl",
    "St-Martin": "mf",
    "Indian Ocean Ter.": "",
    "Ashmore and Cartier Is.": "",
    "Vatican": "va",
    "Micronesia": "fm",
    "Åland": "ax",
}


def main(package: Path, target: Path) -> None:
    """Convert."""
    coarse, fine = (_countries(package / f"countries-{scale}.json") for scale in ("110m", "50m"))
    outlines: dict[str, str] = {}
    for name, rings in coarse.items():
        if name == "Antarctica":
            continue
        code = _code(name)
        outlines[code] = outlines.get(code, "") + _path([part for ring in rings for part in _cut(ring)])
    points = {
        code: [round(each) for each in _point(max(rings, key=_area))]
        for name, rings in fine.items()
        if name != "Antarctica" and (code := _code(name)) and code not in outlines
    }
    height = round(_project(0, TOP)[1] * -1 + _project(0, BOTTOM)[1])
    made = {
        "source": SOURCE,
        "licence": LICENCE,
        "width": round(WIDTH),
        "height": height,
        "outlines": dict(sorted(outlines.items())),
        "points": dict(sorted(points.items())),
    }
    target.write_text(json.dumps(made, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"{target}: {len(outlines)} outlines, {len(points)} points, {target.stat().st_size:,} bytes")


def _code(name: str) -> str:
    if name in NAMED:
        return NAMED[name]
    country = find(name)
    if country is None:
        raise SystemExit(f"which country is {name!r}? Add it to NAMED")
    return country.code


def _countries(path: Path) -> dict[str, list[Ring]]:
    """By name, the outer and inner rings in degrees (TopoJSON, sections 2.1.4 and 2.2)."""
    topology = json.loads(path.read_text(encoding="utf-8"))
    arcs = [list(_arc(arc, topology["transform"])) for arc in topology["arcs"]]
    found: dict[str, list[Ring]] = {}
    for geometry in topology["objects"]["countries"]["geometries"]:
        found.setdefault(geometry["properties"]["name"], []).extend(_rings(geometry, arcs))
    return found


def _arc(arc: list[list[int]], transform: dict[str, Any]) -> Iterator[tuple[float, float]]:
    (across, up), (left, low) = transform["scale"], transform["translate"]
    x = y = 0
    for step, rise in arc:
        x, y = x + step, y + rise
        yield x * across + left, y * up + low


def _rings(geometry: dict[str, Any], arcs: list[Ring]) -> Iterator[Ring]:
    polygons = geometry["arcs"] if geometry["type"] == "MultiPolygon" else [geometry["arcs"]]
    for polygon in polygons:
        for ring in polygon:
            points: Ring = []
            for number in ring:
                arc = arcs[number] if number >= 0 else arcs[~number][::-1]
                points += arc[1:] if points else arc
            yield points


def _project(longitude: float, latitude: float) -> tuple[float, float]:
    """Equal Earth, scaled to ``WIDTH``; y grows downwards from the equator."""
    sine = asin(sqrt(3) / 2 * sin(radians(latitude)))
    square = sine * sine
    six = square**3
    x = 2 * sqrt(3) * radians(longitude) * cos(sine) / (3 * (9 * A4 * square * six + 7 * A3 * six + 3 * A2 * square + A1))
    y = sine * (A4 * square * six + A3 * six + A2 * square + A1)
    scale = WIDTH / 2 / 2.7066299836
    return x * scale, -y * scale


def _cut(ring: Ring) -> Iterator[Ring]:
    """A ring that crosses the antimeridian (Russia, Fiji) as one on either side of it."""
    unrolled: Ring = []
    for longitude, latitude in ring:
        turns = round(((unrolled[-1][0] if unrolled else longitude) - longitude) / 360)
        unrolled.append((longitude + 360 * turns, latitude))
    west, east = min(x for x, _ in unrolled), max(x for x, _ in unrolled)
    for turn in (-360, 0, 360):
        if west + turn < 180 and east + turn > -180:
            yield _inside(_inside([(x + turn, y) for x, y in unrolled], -180, 1), 180, -1)


def _inside(ring: Ring, edge: float, side: int) -> Ring:
    """What of a ring lies on one side of a meridian (Sutherland and Hodgman 1974)."""
    kept: Ring = []
    for (x, y), (u, v) in zip(ring, [*ring[1:], ring[0]], strict=True):
        here, there = (x - edge) * side >= 0, (u - edge) * side >= 0
        if here:
            kept.append((x, y))
        if here != there:
            kept.append((edge, y + (v - y) * (edge - x) / (u - x)))
    return [*kept, kept[0]] if kept else []


def _point(ring: Ring) -> tuple[float, float]:
    """The middle of a ring, on the drawing."""
    placed = [_place(*each) for each in ring]
    return sum(x for x, _ in placed) / len(placed), sum(y for _, y in placed) / len(placed)


def _place(longitude: float, latitude: float) -> tuple[float, float]:
    x, y = _project(longitude, min(max(latitude, BOTTOM), TOP))
    return x + WIDTH / 2, y - _project(0, TOP)[1]


def _path(rings: list[Ring]) -> str:
    """SVG path data in steps of a tenth, each relative to the last: shortest, and fine enough to be printed."""
    made = []
    for ring in rings:
        points = [(round(10 * x), round(10 * y)) for x, y in (_place(*each) for each in ring)]
        points = [each for number, each in enumerate(points) if number == 0 or each != points[number - 1]]
        if len(points) < 4:
            continue
        steps = [(b[0] - a[0], b[1] - a[1]) for a, b in zip(points, points[1:-1], strict=False)]
        made.append(f"M{_tenth(points[0][0])},{_tenth(points[0][1])}l" + " ".join(f"{_tenth(x)},{_tenth(y)}" for x, y in steps) + "z")
    return "".join(made)


def _tenth(number: int) -> str:
    return f"{number / 10:g}"


def _area(ring: Ring) -> float:
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, ring[1:], strict=False))) / 2


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
