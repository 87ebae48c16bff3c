"""What the operator says of a whole file, where its rows do not."""

from collections.abc import Mapping
from datetime import date
from typing import Literal

import msgspec

from bylaw.access.subjects import Grade, SubjectKind
from bylaw.signing import PublicKey


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """``today`` is the day of the import: no fact is from after it. ``source`` to ``evidence`` hold for rows without.

    ``organizations`` gives the id of an organisation that SCIM names; ``scim_id`` is the attribute that is the
    subject's id. ``providers`` are the KYC providers that are trusted, with their keys; ``checked`` is whom they were
    asked to check (None: anybody), and a result counts for ``fresh`` days.
    """

    today: date
    kind: SubjectKind | None = None
    source: str = ""
    grade: Grade | None = None
    as_of: date | None = None
    expires: date | None = None
    evidence: str = ""
    skip_faulty: bool = False
    organizations: Mapping[str, str] = {}
    scim_id: Literal["userName", "externalId", "id"] = "userName"
    providers: Mapping[str, PublicKey] = {}
    checked: str | None = None
    fresh: int = 365
