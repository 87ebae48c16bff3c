"""SCIM 2.0 users (RFC 7643): one User, a ListResponse (RFC 7644, section 3.4.2), or a User a line.

==========================================  ========================================================================
``userName`` (or ``externalId``, ``id``)    the subject's id, as ``Options.scim_id`` says
``name``, ``displayName``                   name
``addresses``, of type home / work          residence / location, by ``country``
``organization`` (enterprise extension)     employer; ``Options.organizations`` gives its id, else it is the id
``userType``: employee, contractor          the employer's detail
``active``: false                           the employment ends on the day the facts are from
``meta.lastModified``                       that day, unless the options give one
==========================================  ========================================================================

What SCIM has no word for is in the extension ``ACCESS``: ``citizenships``, ``permanentResidencies``, ``protected``,
``residence``, ``location``, ``dateOfBirth``, each a value, ``{"value", "since", "until"}``, or a list of them;
``"none"`` and ``"unknown"`` stand alone. Of the whole user: ``source``, ``grade``, ``asOf``, ``expires``, ``evidence``.

Names of attributes and schemas are read in any case (RFC 7643, section 2.1); null and an empty list say nothing
(section 2.5). Attributes that mean nothing here are counted. A user's line is its number in the file. A userName has no
case (section 4.1.1): two that differ in it alone are refused. A key that comes twice, a list without its users and a
request to change a user (a PatchOp) are refused too; a page of a longer list is told.
"""

from collections.abc import Iterator, Sequence

import msgspec

from bylaw.access.countries import find
from bylaw.access.roster import cells
from bylaw.access.roster.attributes import Attributes
from bylaw.access.roster.characters import id_fault
from bylaw.access.roster.options import Options
from bylaw.access.roster.provenance import Provenance, provenance
from bylaw.access.roster.reading import HALF, Found, lines_of, require_each_key_once, text_of
from bylaw.access.roster.rows import Remark, Row, fault, note
from bylaw.access.subjects import FactName, Value
from bylaw.errors import RecordError, UsageError

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
ACCESS = "urn:bylaw:params:scim:schemas:extension:access:1.0:User"
LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"

OURS: dict[str, FactName] = {
    "citizenships": "citizenship",
    "permanentResidencies": "permanent_residency",
    "protected": "protected",
    "residence": "residence",
    "location": "location",
    "dateOfBirth": "born",
}
"""Attributes of the extension."""
_PLACES: dict[str, FactName] = {"home": "residence", "work": "location"}

Values = tuple[Value, ...] | None


def load(content: bytes, where: str, options: Options) -> Found:
    """The users of a file. Raises ``RecordError`` for what is no SCIM; what is wrong with a user is told."""
    found = Found()
    for number, user in _users(content, where, found):
        _User(number, options, found).take(user)
    if options.scim_id == "userName":
        found.remarks += _again(found.rows)
    return found


def _again(rows: Sequence[Row]) -> Iterator[Remark]:
    """A fault for each userName that came before in other letters."""
    first: dict[str, Row] = {}
    for row in rows:
        before = first.setdefault(row.id.casefold(), row)
        if before.id != row.id:
            text = f"is {before.id} of line {before.line} in other letters, and a userName has no case"
            yield fault(row.line, row.id, "userName", text)


def _users(content: bytes, where: str, found: Found) -> Iterator[tuple[int, object]]:
    try:
        whole = msgspec.json.decode(text_of(content, where))
    except (msgspec.DecodeError, RecursionError) as error:
        yield from _lines(content, where, found, error)
        return
    try:
        require_each_key_once(content.decode("utf-8-sig"))
        answer = Attributes(whole, "the file")
    except UsageError as error:
        raise RecordError(f"is neither a SCIM User nor a ListResponse: {error}", where) from error
    if answer.take("Resources") is None and answer.take("totalResults") is None:
        yield 1, whole
    else:
        yield from enumerate(_listed(answer, where, found), 1)


def _listed(answer: Attributes, where: str, found: Found) -> list[object]:
    """The users of a ListResponse; that there are more than it lists is told. Raises ``RecordError``."""
    listed, total = answer.take("Resources"), answer.take("totalResults")
    if total is not None and not str(total).isdecimal():
        raise RecordError(f"has no number of users as its totalResults, but {total!r}", where)
    count = None if total is None else int(total)
    if listed is None and not count:
        return []
    if not isinstance(listed, list):
        raise RecordError(f"has {total} users by its totalResults, and no list of them as its Resources", where)
    if count is not None and count != len(listed):
        rest = "the others are not in this file, and nothing is said of them" if count > len(listed) else "too few"
        found.remarks.append(note(0, "", "totalResults", f"a page: {len(listed)} of {count} users; {rest}"))
    return listed


def _lines(content: bytes, where: str, found: Found, error: Exception) -> Iterator[tuple[int, object]]:
    """A user a line; what is neither one JSON text nor that is no SCIM."""
    lines = list(lines_of(content, where))
    if not lines:
        raise RecordError("is empty", where)
    for number, line, whole in lines:
        try:
            user = msgspec.json.decode(line)
            require_each_key_once(line)
        except UsageError as twice:
            found.remarks.append(fault(number, "", "", str(twice)))
        except (msgspec.DecodeError, RecursionError) as fell:
            if number == lines[0][0]:
                raise RecordError(f"is no JSON, or is cut off: {error}", where) from error
            found.remarks.append(fault(number, "", "", str(fell) if whole else HALF))
        else:
            yield number, user


class _User:
    """One user on its way to a row."""

    def __init__(self, number: int, options: Options, found: Found) -> None:
        self.number = number
        self.options = options
        self.found = found
        self.id = ""

    def take(self, user: object) -> None:
        """Add the row, or what is wrong with it."""
        try:
            attributes = Attributes(user)
            self._require_user(attributes)
            self.id = attributes.text(self.options.scim_id)
            values, source = self._read(attributes)
        except UsageError as error:
            self._fault("", str(error))
            return
        self.found.unused.update(attributes.unused())
        facts = tuple(source.fact(name, each) for name, each in values.items())
        self.found.rows.append(Row(self.number, self.id, "person", facts))

    def _require_user(self, attributes: Attributes) -> None:
        schemas = attributes.take("schemas")
        if schemas is not None and USER.lower() not in [str(each).lower() for each in schemas]:
            raise UsageError(f"is no user: its schemas are {schemas}")
        if attributes.take("Operations") is not None:
            raise UsageError("is a request to change a user; bring in the user as it is afterwards")

    def _read(self, attributes: Attributes) -> tuple[dict[FactName, Values], Provenance]:
        for known in ("id", "externalId", "userName"):
            attributes.take(known)
        ours, source = self._source(attributes)
        values: dict[FactName, Values] = {}
        if names := _names(attributes):
            values["name"] = names
        values.update(self._places(attributes))
        values.update(self._employer(attributes, source))
        for name, fact in OURS.items():
            if (said := ours.take(name)) is not None:
                self._attempt(f"{ACCESS}:{name}", fact, said, values)
        return values, source

    def _source(self, attributes: Attributes) -> tuple[Attributes, Provenance]:
        ours, meta = attributes.inner(ACCESS), attributes.inner("meta")
        modified = meta.text("lastModified")[:10]
        for known in ("resourceType", "created", "location", "version"):
            meta.take(known)
        as_of = ours.text("asOf") or ("" if self.options.as_of else modified)
        texts = (ours.text("source"), ours.text("grade"), as_of, ours.text("expires"), ours.text("evidence"))
        return ours, provenance(self.options, *texts)

    def _places(self, attributes: Attributes) -> Iterator[tuple[FactName, Values]]:
        """Residence and location, where one country is said of each."""
        said: dict[str, dict[str, bool]] = {}
        elsewhere: dict[str, None] = {}
        for address in attributes.several("addresses"):
            type, country = address.text("type").lower(), address.text("country")
            primary = bool(address.truth("primary"))
            if country and type in _PLACES:
                known = find(country)
                country = known.code if known else country
                said.setdefault(type, {})[country] = said.get(type, {}).get(country, False) or primary
            elif country:
                elsewhere[country] = None
        if elsewhere:
            where = ", ".join(elsewhere)
            self._note("addresses", f"neither of type home nor work, so nothing is taken from those in {where}")
        for type, countries in said.items():
            chosen = [country for country, primary in countries.items() if primary] or list(countries)
            if len(chosen) == 1:
                yield _PLACES[type], (Value(text=chosen[0]),)
            else:
                self._note(
                    "addresses", f"several {type} addresses, in {', '.join(chosen)}, and not one is the primary one"
                )

    def _employer(self, attributes: Attributes, source: Provenance) -> Iterator[tuple[FactName, Values]]:
        organization = attributes.inner(ENTERPRISE).text("organization")
        role, active = attributes.text("userType").lower(), attributes.truth("active")
        if not organization:
            if role or active is False:
                self._note("organization", "no organization is said, so userType and active say nothing of an employer")
            return
        detail = role if role in ("employee", "contractor") else ""
        if not detail:
            self._note("userType", f"{role or 'nothing'!r} is neither employee nor contractor: the role is not known")
        until = source.as_of if active is False else None
        id = self.options.organizations.get(organization, organization)
        if odd := id_fault(id):
            raise UsageError(f"the organization {id!r} is no id: {odd}; say with --organization NAME=ID which it has")
        yield "employer", (Value(text=id, until=until, detail=detail),)

    def _attempt(self, path: str, name: FactName, said: object, values: dict[FactName, Values]) -> None:
        try:
            values[name] = _ours(said)
        except UsageError as error:
            self._fault(path, str(error))

    def _fault(self, field: str, text: str) -> None:
        self.found.remarks.append(fault(self.number, self.id, field, text))

    def _note(self, field: str, text: str) -> None:
        self.found.remarks.append(note(self.number, self.id, field, text))


def _names(attributes: Attributes) -> tuple[Value, ...]:
    name = attributes.inner("name")
    parts = [name.text(part) for part in ("givenName", "middleName", "familyName")]
    texts = (name.text("formatted") or " ".join(filter(None, parts)), attributes.text("displayName"))
    return tuple(Value(text=text) for text in dict.fromkeys(texts) if text)


def _ours(said: object) -> Values:
    """Values of an attribute of the extension. Raises ``UsageError``."""
    items = said if isinstance(said, list) else [said]
    if items in (["none"], ["unknown"]):
        return () if items == ["none"] else None
    return tuple(_value(item) for item in items)


def _value(item: object) -> Value:
    if isinstance(item, str):
        return Value(text=item.strip())
    parts = Attributes(item, "a value")
    text, since, until = parts.text("value"), parts.text("since"), parts.text("until")
    if unknown := list(parts.unused()):
        raise UsageError(f"there is no {unknown[0]!r}; a value has 'value', 'since' and 'until'")
    return Value(text=text, since=cells.day(since) if since else None, until=cells.day(until) if until else None)
