"""Roles, each of which may do what those before it may.

| role | may |
|---|---|
| viewer | see everything but raw facts and the journal |
| operator | draft, sign with a key of his own, enact, clear hits, read facts (which is kept) |
| counsel | enact a document in spite of errors, and read the journal |
| admin | end other people's sessions |

Whose signature counts is no role: ``approvers.toml`` says it.
"""

from typing import get_args

from bylaw.gateway.admin.settings import Role

ROLES: tuple[Role, ...] = get_args(Role)


def reaches(role: Role, least: Role) -> bool:
    """Whether a role may do what another may."""
    return ROLES.index(role) >= ROLES.index(least)


def highest(roles: tuple[Role, ...]) -> Role | None:
    """The highest of some."""
    return max(roles, key=ROLES.index, default=None)
