"""Every predicate in one table: its name in a document, its struct, and where it is written what it means.

docs/access.md shows it, and a test holds the two together.
"""

from collections.abc import Mapping

import msgspec

from bylaw.access.rules import predicates as p


class Row(msgspec.Struct, frozen=True):
    """A predicate. ``citation`` is empty where it follows from no text but puts others together."""

    type: type
    citation: str = ""

    @property
    def name(self) -> str:
        """What a document writes behind ``is``."""
        return str(self.type.__struct_config__.tag)  # type: ignore[attr-defined]

    @property
    def meaning(self) -> str:
        """The first paragraph of its docstring, in one line."""
        return " ".join((self.type.__doc__ or "").partition("\n\n")[0].split())


_ROWS = (
    Row(p.AllOf),
    Row(p.AnyOf),
    Row(p.Not),
    Row(p.Agree),
    Row(p.Limb),
    Row(p.Evidence),
    Row(p.Anyone),
    Row(p.ForeignPerson, "15 CFR 772.1 (words not verified); 8 USC 1324b(a)(3)"),
    Row(p.Citizenship, "latest: 15 CFR 734.13(b); ever: 22 CFR 120.50, was 120.17(b)"),
    Row(p.PermanentResidency, "15 CFR 772.1"),
    Row(p.Protected, "8 USC 1324b(a)(3)"),
    Row(p.Residence),
    Row(p.Location, "15 CFR 734.13: a destination"),
    Row(p.Incorporation, "15 CFR 772.1"),
    Row(p.Headquarters, "provider policies; 15 CFR 791.4"),
    Row(p.ParentHeadquarters, "BIS rule of 17 November 2023, guidance of 31 May 2026"),
    Row(p.Employer, "letter of 26 June 2026: employees, not contractors"),
    Row(p.Owned, "OFAC FAQ 398, 399, 401; 31 CFR 587.406; BIS Affiliates Rule"),
    Row(p.Listed, "15 CFR 744.15, 744.16, 744.21; OFAC lists"),
    Row(p.Subjects),
    Row(p.Annex),
    Row(p.Kind),
    Row(p.Channel),
    Row(p.Through),
    Row(p.Eligible, "data minimisation: 8 USC 1324b, GDPR (not verified)"),
)

PREDICATES: Mapping[str, Row] = {row.name: row for row in _ROWS}
