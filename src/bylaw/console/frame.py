"""What every page is set in: templates with everything escaped, numbers and times for people, and the static files."""

import hashlib
from datetime import UTC, date, datetime
from functools import cache
from importlib.resources import files

import jinja2

from bylaw.access.countries import find

KINDS = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
PALETTE = ("bylaw.report", "palette.css")


def render(template: str, **values: object) -> str:
    """A page's HTML."""
    return _environment().get_template(template).render(values)


@cache
def asset(name: str) -> tuple[bytes, str] | None:
    """A static file and its type, by its name alone."""
    folder = files("bylaw.console").joinpath("static")
    known = {each.name for each in folder.iterdir() if each.is_file()}
    kind = KINDS.get(name[name.rfind(".") :])
    if name not in known or kind is None:
        return None
    content = folder.joinpath(name).read_bytes()
    if name == "console.css":  # the colours of every page that bylaw makes
        content = files(PALETTE[0]).joinpath(PALETTE[1]).read_bytes() + content
    return content, kind


@cache
def static(name: str) -> str:
    """The address of a static file; it changes with the file, so browsers may keep what they have."""
    found = asset(name)
    if found is None:
        raise KeyError(f"there is no static file {name!r}")
    return f"/static/{name}?{hashlib.sha256(found[0]).hexdigest()[:12]}"


def count(number: int) -> str:
    """1,234."""
    return f"{number:,}"


def utc(at: datetime | str | float) -> str:
    """12 June 2026, 21:21 UTC."""
    when = _instant(at)
    return f"{when.day} {when:%B %Y, %H:%M} UTC"


def iso(at: datetime | str | float) -> str:
    """2026-06-12T21:21:00Z, for machines."""
    return _instant(at).strftime("%Y-%m-%dT%H:%M:%SZ")


def day(on: date | str) -> str:
    """12 June 2026."""
    when = date.fromisoformat(on) if isinstance(on, str) else on
    return f"{when.day} {when:%B %Y}"


def span(seconds: float) -> str:
    """3 days 4 h, 2 h 5 min, 40 s: the two largest units."""
    left, said = int(abs(seconds)), []
    for unit, size in (("days", 86_400), ("h", 3600), ("min", 60), ("s", 1)):
        if left >= size:
            said.append(f"{left // size} {'day' if unit == 'days' and left // size == 1 else unit}")
            left %= size
        elif said:
            break
        if len(said) == 2:
            break
    return " ".join(said) or "0 s"


def percent(share: float) -> str:
    """12.3 %."""
    return f"{share * 100:.1f} %"


def words(name: str) -> str:
    """A name of ours as people write it."""
    return name.replace("_", " ").replace("-", " ")


def country(code: str) -> str:
    """A country's name."""
    found = find(code)
    return found.name if found else code


def _instant(at: datetime | str | float) -> datetime:
    if isinstance(at, str):
        return datetime.fromisoformat(at).astimezone(UTC)
    return at.astimezone(UTC) if isinstance(at, datetime) else datetime.fromtimestamp(at, UTC)


@cache
def _environment() -> jinja2.Environment:
    made = jinja2.Environment(
        loader=jinja2.PackageLoader("bylaw.console"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(count=count, utc=utc, iso=iso, day=day, span=span, percent=percent)
    made.filters.update(words=words, country=country)
    made.globals.update(static=static)
    return made
