"""Which clauses of which regulations a claim speaks to, from ``clauses.toml``."""

import tomllib
from collections.abc import Iterable
from importlib import resources

from bylaw.evidence.index import Claim


def clauses(claims: Iterable[Claim]) -> dict[str, tuple[str, ...]]:
    """Claim id → clauses, for the claims that speak to any."""
    table = tomllib.loads(resources.files("bylaw.evidence").joinpath("clauses.toml").read_text(encoding="utf-8"))
    found = {claim.id: _clauses(table, claim) for claim in claims}
    return {name: said for name, said in found.items() if said}


def _clauses(table: dict[str, list[str] | dict[str, list[str]]], claim: Claim) -> tuple[str, ...]:
    said = table.get(claim.kind, [])
    if isinstance(said, dict):
        said = said.get(claim.id.rpartition(".")[2], [])
    return tuple(said)
