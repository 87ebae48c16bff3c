"""Predicates: whom a rule is about. One struct a predicate, told apart by ``is``, nested as a rule needs it.

A predicate is asked about a subject and answered yes, no or unknown (``decide/evaluate.py``). ``meanings`` says of each
what it means and where that is written down. A document can name nothing that is not one of these structs.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from bylaw.access.subjects import Grade, SubjectKind

Country = Annotated[str, Meta(pattern=r"^[a-z]{2}\Z")]
"""ISO 3166 alpha-2 in lower case; former countries keep theirs."""
LONGEST = 64
"""Characters of a name."""
Name = Annotated[str, Meta(pattern=rf"^[a-z0-9][a-z0-9-]{{0,{LONGEST - 1}}}\Z")]
"""Of a rule, programme, annex or list: no path can be written in it."""
Countries = Annotated[tuple[Country, ...], Meta(min_length=1)]
Texts = Annotated[tuple[str, ...], Meta(min_length=1)]
Names = Annotated[tuple[Name, ...], Meta(min_length=1)]
ChannelName = Literal["direct", "reseller", "cloud"]


class _Predicate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="is"):
    pass


class AllOf(_Predicate, frozen=True, kw_only=True, tag="all"):
    """Each of these is true."""

    of: Annotated[tuple["Predicate", ...], Meta(min_length=1)]


class AnyOf(_Predicate, frozen=True, kw_only=True, tag="any"):
    """One of these is true."""

    of: Annotated[tuple["Predicate", ...], Meta(min_length=1)]


class Not(_Predicate, frozen=True, kw_only=True, tag="not"):
    """This is not true."""

    of: "Predicate"


class Agree(_Predicate, frozen=True, kw_only=True, tag="agree"):
    """Several ways to know one thing: what is known of them, unless it contradicts itself; then unknown."""

    of: Annotated[tuple["Predicate", ...], Meta(min_length=1)]


class Limb(_Predicate, frozen=True, kw_only=True, tag="limb"):
    """A part of a rule with a citation of its own. Switched off, it is as if it were not written."""

    name: Name
    of: "Predicate"
    citation: str = ""
    on: bool = True


class Evidence(_Predicate, frozen=True, kw_only=True, tag="evidence"):
    """This is true, where facts of a lower grade count as unknown."""

    at_least: Grade
    of: "Predicate"


class Anyone(_Predicate, frozen=True, kw_only=True, tag="anyone"):
    """Everybody."""


class ForeignPerson(_Predicate, frozen=True, kw_only=True, tag="foreign_person"):
    """A person who is neither citizen, permanent resident nor protected individual of the country; an organisation
    that is not organised under its law."""

    country: Country = "us"


class Citizenship(_Predicate, frozen=True, kw_only=True, tag="citizenship"):
    """Of one of these countries.

    ``current``: any citizenship now. ``latest``: the most recent country of citizenship or permanent residency.
    ``ever``: any citizenship held, now or before, or permanent residency now.
    """

    countries: Countries
    which: Literal["current", "latest", "ever"] = "current"


class PermanentResidency(_Predicate, frozen=True, kw_only=True, tag="permanent_residency"):
    """Permanent resident of one of these countries."""

    countries: Countries


class Protected(_Predicate, frozen=True, kw_only=True, tag="protected"):
    """Protected individual of one of these countries: admitted as a refugee, granted asylum."""

    countries: Countries


class Residence(_Predicate, frozen=True, kw_only=True, tag="residence"):
    """Lives in one of these countries."""

    countries: Countries


class Location(_Predicate, frozen=True, kw_only=True, tag="location"):
    """Is in one of these countries, by the request and by the fact; where they contradict each other, unknown."""

    countries: Countries


class Incorporation(_Predicate, frozen=True, kw_only=True, tag="incorporation"):
    """An organisation organised under the law of one of these countries."""

    countries: Countries


class Headquarters(_Predicate, frozen=True, kw_only=True, tag="headquarters"):
    """An organisation headquartered in one of these countries."""

    countries: Countries


class ParentHeadquarters(_Predicate, frozen=True, kw_only=True, tag="parent_headquarters"):
    """An organisation whose ultimate parent is headquartered in one of these countries; without a parent, itself."""

    countries: Countries


class Employer(_Predicate, frozen=True, kw_only=True, tag="employer"):
    """Works for somebody of whom ``who`` is true, now, in this role."""

    who: "Predicate"
    role: Literal["employee", "contractor", "any"] = "employee"


class Owned(_Predicate, frozen=True, kw_only=True, tag="owned"):
    """An organisation blocked by an ownership rule; undetermined is unknown."""

    rule: Name


class Listed(_Predicate, frozen=True, kw_only=True, tag="listed"):
    """On one of these lists: a confirmed hit is yes, an open one unknown, a cleared one no."""

    lists: Names


class Subjects(_Predicate, frozen=True, kw_only=True, tag="subject"):
    """One of these, by id."""

    ids: Texts


class Annex(_Predicate, frozen=True, kw_only=True, tag="annex"):
    """One of those in an annex of the same document."""

    name: Name


class Kind(_Predicate, frozen=True, kw_only=True, tag="kind"):
    """A subject of one of these kinds."""

    kinds: Annotated[tuple[SubjectKind, ...], Meta(min_length=1)]


class Channel(_Predicate, frozen=True, kw_only=True, tag="channel"):
    """The request comes through a channel of one of these sorts."""

    channels: Annotated[tuple[ChannelName, ...], Meta(min_length=1)]


class Through(_Predicate, frozen=True, kw_only=True, tag="through"):
    """The request comes through a channel of which ``who`` is true."""

    who: "Predicate"


class Eligible(_Predicate, frozen=True, kw_only=True, tag="eligible"):
    """Said to be eligible under a directive: kept in place of nationality."""

    directive: Name


Predicate = (
    AllOf
    | AnyOf
    | Not
    | Agree
    | Limb
    | Evidence
    | Anyone
    | ForeignPerson
    | Citizenship
    | PermanentResidency
    | Protected
    | Residence
    | Location
    | Incorporation
    | Headquarters
    | ParentHeadquarters
    | Employer
    | Owned
    | Listed
    | Subjects
    | Annex
    | Kind
    | Channel
    | Through
    | Eligible
)


def parts(predicate: Predicate) -> tuple[Predicate, ...]:
    """The predicates directly inside one."""
    match predicate:
        case AllOf() | AnyOf() | Agree():
            return predicate.of
        case Not() | Limb() | Evidence():
            return (predicate.of,)
        case Employer() | Through():
            return (predicate.who,)
        case _:
            return ()


def walk(predicate: Predicate) -> tuple[Predicate, ...]:
    """A predicate and all inside it."""
    return (predicate, *(deeper for part in parts(predicate) for deeper in walk(part)))
