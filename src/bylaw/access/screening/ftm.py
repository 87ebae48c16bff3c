"""FollowTheMoney entities, one JSON object a line (``entities.ftm.json`` of OpenSanctions).

Whoever or whatever can be listed becomes a party; what only describes or connects parties (an address, a sanction,
an ownership) is known by its schema and passed over. A schema in neither table is refused.
"""

from collections.abc import Iterator, Mapping

import msgspec

from bylaw.access.countries import split_countries
from bylaw.access.screening.dates import years
from bylaw.access.screening.parties import Kind, Name, Party, Quality
from bylaw.access.screening.table import text_of
from bylaw.errors import DocumentError

LIST = "ftm"
KINDS: dict[str, Kind] = {
    "Person": "person", "Organization": "organization", "Company": "organization", "PublicBody": "organization",
    "LegalEntity": "entity", "Vessel": "vessel", "Airplane": "aircraft", "Vehicle": "asset", "CryptoWallet": "asset",
    "Security": "asset", "BankAccount": "asset", "RealEstate": "asset", "Asset": "asset",
}  # fmt: skip
_OTHERS = """
Address Article Assessment Associate Audio Call CallForTenders Contract ContractAward CourtCase CourtCaseParty Debt
Directorship Document Documentation EconomicActivity Email Employment Event Family Folder HyperText Identification Image
License Membership Mention Message Note Occupancy Ownership Package Page Pages Passport Payment PlainText Position Post
Project ProjectParticipant Representation Risk Sanction Similar Succession Table TaxRoll Thing Trip UnknownLink
UserAccount Video Workbook
"""
OTHERS = frozenset(_OTHERS.split())
NAMES: dict[str, Quality] = {"name": "primary", "alias": "strong", "weakAlias": "weak", "previousName": "former"}
COUNTRIES = ("nationality", "citizenship", "country", "jurisdiction", "flag")


class Entity(msgspec.Struct, frozen=True):
    """One line. Fields not named here are not read."""

    id: str
    schema: str
    properties: dict[str, list[str]]
    caption: str = ""


def parse(files: Mapping[str, bytes]) -> list[Party]:
    """The parties of the file ``main``."""
    seen: set[str] = set()
    parties = []
    for where, entity in _entities(files["main"]):
        if entity.id in seen:
            raise DocumentError(f"the entity {entity.id} stands twice", where)
        seen.add(entity.id)
        if entity.schema in KINDS:
            parties.append(_party(entity, where))
        elif entity.schema not in OTHERS:
            raise DocumentError(f"unknown schema: {entity.schema}", where)
    return parties


def _entities(content: bytes) -> Iterator[tuple[str, Entity]]:
    if content and not content.endswith(b"\n"):
        raise DocumentError("the last line has no line end: the file is cut off", "main")
    text_of(content, "main")
    decoder = msgspec.json.Decoder(Entity)
    for number, line in enumerate(content.split(b"\n")[:-1], 1):
        try:
            yield f"main:{number}", decoder.decode(line)
        except msgspec.DecodeError as error:
            raise DocumentError(f"the line does not decode ({error})", f"main:{number}") from error


def _party(entity: Entity, where: str) -> Party:
    given = entity.properties
    texts = [Name(text, quality) for key, quality in NAMES.items() for text in given.get(key, []) if text.strip()]
    names = tuple(dict.fromkeys(texts)) or ((Name(entity.caption, "primary"),) if entity.caption.strip() else ())
    if not names or not entity.id:
        raise DocumentError("a party without a name or an id", where)
    codes, unread = split_countries(text for key in COUNTRIES for text in given.get(key, []))
    return Party(
        list=LIST,
        id=entity.id,
        kind=KINDS[entity.schema],
        names=names,
        born=tuple(date for date in given.get("birthDate", []) if years(date)),
        countries=codes,
        unread=unread,
        addresses=tuple(given.get("address", [])),
        programs=tuple(dict.fromkeys([*given.get("programId", []), *given.get("topics", [])])),
        remarks="\n".join(given.get("notes", [])),
    )
