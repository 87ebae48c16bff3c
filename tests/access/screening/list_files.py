"""The real list files of the tests, by format, and a small FollowTheMoney one."""

import json

from bylaw.access.screening.formats import FORMATS, read
from bylaw.access.screening.parties import Party, Seal
from inputs import real

FILES = {
    "ofac-sdn": {"main": "ofac-sdn.csv", "alternates": "ofac-alt.csv", "addresses": "ofac-add.csv"},
    "ofac-consolidated": {"main": "ofac-cons-prim.csv", "alternates": "ofac-cons-alt.csv"},
    "un": {"main": "un-consolidated.xml"},
    "us-csl": {"main": "us-csl-sample.csv"},
    "bis-dpl": {"main": "bis-dpl.txt"},
}
UNSEALED = Seal(none=True)
ENTITIES = [
    {"id": "Q1", "schema": "Person", "caption": "Arkadii Rotenberg", "target": True, "properties": {
        "name": ["Arkadii Rotenberg", "Аркадий Ротенберг"], "weakAlias": ["Arkasha"], "birthDate": ["1951-12-15"],
        "nationality": ["ru", "suhh"], "topics": ["sanction"]}},
    {"id": "Q2", "schema": "Company", "properties": {"name": ["OAO Gazprom"], "jurisdiction": ["ru"]}},
    {"id": "A1", "schema": "Address", "properties": {"full": ["Moscow"]}},
]  # fmt: skip


def contents(name: str) -> dict[str, bytes]:
    """The files of a format, by role."""
    if name == "ftm":
        return {"main": "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in ENTITIES).encode()}
    return {role: real("screening", file).read_bytes() for role, file in FILES[name].items()}


def unsealed(name: str) -> Seal:
    """That nothing is known of the files but that some of the format are not here."""
    return Seal(none=True, absent=absent(name))


def absent(name: str) -> tuple[str, ...]:
    """The files of a format that are not among the real ones."""
    return tuple(role for role in FORMATS[name].extra if role not in FILES.get(name, {}))


def everybody() -> tuple[Party, ...]:
    """The parties of all real lists."""
    return tuple(party for name in FILES for party in read(name, contents(name), unsealed(name)))
