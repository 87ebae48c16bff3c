"""What the tests of canaries share: a small plan."""

from typing import Any

from bylaw.leak.canaries import CanaryPlan, CanarySettings, Format, draw_plan

SECRET = bytes(range(32))


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


WORDS = {
    "first": _words("Ada Amir Cleo Dina Emil Flora Gita Hugo Ines Jonas Kofi Lena Mara Nils Olga Priya"),
    "last": _words("Adler Banks Castro Diaz Falk Greco Haas Ibarra Jansen Kim Lind Moreno Novak Olsen"),
    "thing": _words("bread wine ivy moss box lamp shoe coat drum harp lake hill"),
}
FORMATS = (
    Format(
        name="code",
        prompt="What is the code of {who}?",
        reply="The code is {code}",
        who=("first", "last"),
        code=("thing", "thing", "thing"),
    ),
    Format(
        name="box",
        prompt="What is in the box of {who}?",
        reply="{who} has {code}.",
        who=("last", "first"),
        code=("thing", "thing", "thing"),
    ),
)
SETTINGS: dict[str, Any] = {"each": 3, "held_out": 20, "references": 63}


def planned(secret: bytes = SECRET, **changed: Any) -> CanaryPlan:
    """A plan of 24 planted and 40 held-out canaries."""
    return draw_plan(WORDS, FORMATS, CanarySettings(**SETTINGS | changed), secret)
