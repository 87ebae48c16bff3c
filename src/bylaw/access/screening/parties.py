"""The nouns of screening: a party on a list, its names, and what a list file must keep to.

Dates are EDTF texts (Library of Congress): ``1961``, ``1961-11``, ``1961-11-23``, ``1961~`` (about), ``1960/1965``.
Countries are ISO 3166 alpha-2 codes in lower case; former countries keep their former codes.
"""

from typing import Literal

import msgspec

Kind = Literal["person", "organization", "entity", "vessel", "aircraft", "asset"]
"""``entity`` is a person or an organization: the list does not say which."""

Quality = Literal["primary", "strong", "weak", "former"]


class Name(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One name as the list writes it. A ``weak`` one is marked by the list as of low quality."""

    text: str
    quality: Quality = "strong"


class Party(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One listed party. ``id`` is unique in its list; ``unread`` are countries the list writes in unknown words."""

    list: str
    id: str
    kind: Kind
    names: tuple[Name, ...]
    born: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    listed: str = ""
    ends: str = ""
    remarks: str = ""


class Query(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is asked for: a subject's name with what else is known. Empty is unknown, and clears nobody.

    ``id`` is the subject's; where it has none its name stands for it.
    """

    name: str
    id: str = ""
    kind: Kind = "entity"
    born: str = ""
    countries: tuple[str, ...] = ()

    @property
    def subject(self) -> str:
        """How the subject is called: its id, or its name without one."""
        return self.id or self.name


class Seal(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is known of a list's files from elsewhere.

    ``sha256`` are the digests of the files in their order, the main one's first; ``parties`` is how many parties the
    list must have. A format without an end mark of its own needs one of them, since a file cut at a line's end looks
    whole. ``none`` says on purpose that neither is known, ``absent`` which files of the format there are none of.
    """

    sha256: tuple[str, ...] = ()
    parties: int | None = None
    none: bool = False
    absent: tuple[str, ...] = ()

    @property
    def tells(self) -> bool:
        """Whether a cut file would be noticed, or somebody took it upon himself that it is not."""
        return bool(self.sha256) or self.parties is not None or self.none
