"""Results of a KYC provider, signed: DSSE envelopes, one in the file or one a line, over this JSON.

::

    {"provider": "veri", "subject": "p-1", "kind": "person", "results": [
      {"document": "passport", "reference": "V-2207", "date": "2026-10-02", "expires": "2031-05-01",
       "facts": [{"name": "citizenship", "values": [{"text": "jp"}]}]}]}

The facts of a result have the grade *verified*; their evidence is the document and the provider's reference. Refused
by name: a signature that the trusted key of that very provider did not make, another payload type, a result from after
today or older than ``Options.fresh`` days, one that has expired, a subject other than the one that was to be checked,
one reference for two subjects, a key that comes twice, results of which one says of a fact what another does not (a
fact is all there is of it: two passports are two citizenships of one fact, or the last result would hide the first).
"""

from collections.abc import Iterator
from datetime import date, timedelta

import msgspec

from bylaw.access.roster.jsonl import explained
from bylaw.access.roster.options import Options
from bylaw.access.roster.reading import HALF, Found, lines_of, require_each_key_once
from bylaw.access.roster.rows import Row, fault, near
from bylaw.access.roster.words import name_of
from bylaw.access.subjects import Fact, SubjectKind, Value
from bylaw.errors import UsageError, VerificationError
from bylaw.lineage import dsse

TYPE = "application/vnd.bylaw.kyc+json"
"""The envelope's payload type: nothing else that the provider signs can be read as a result."""


class CheckedFact(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the provider found. ``values`` empty: none; null: it could not tell."""

    name: str
    values: tuple[Value, ...] | None


class Result(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One check: of which document, under which reference, when, until when it counts."""

    document: str
    reference: str
    on: date = msgspec.field(name="date")
    facts: tuple[CheckedFact, ...]
    expires: date | None = None


class Payload(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is signed."""

    provider: str
    subject: str
    results: tuple[Result, ...]
    kind: SubjectKind = "person"


_decode = msgspec.json.Decoder(Payload).decode
_KEYS = tuple(
    dict.fromkeys(key for type in (Payload, Result, CheckedFact, Value) for key in type.__struct_encode_fields__)
)


def load(content: bytes, where: str, options: Options) -> Found:
    """The results of a file. Raises ``RecordError`` for what is no text; whatever else is wrong is told."""
    found = Found()
    subjects: dict[str, str] = {}
    for number, text, whole in _envelopes(content, where):
        if not whole:
            found.remarks.append(fault(number, "", "", HALF))
            continue
        try:
            payload = opened(text.encode(), options)
        except (VerificationError, UsageError) as error:
            found.remarks.append(fault(number, "", "", str(error)))
            continue
        faults = list(_faults(payload, options, subjects))
        found.remarks += [fault(number, payload.subject, field, text) for field, text in faults]
        if not faults:
            found.rows.append(Row(number, payload.subject, payload.kind, tuple(_facts(payload))))
    return found


def opened(content: bytes, options: Options) -> Payload:
    """The payload, if the provider it names has signed it. Raises ``VerificationError``, ``UsageError``."""
    if not options.providers:
        raise UsageError("no KYC provider is trusted; give the provider's name and public key")
    envelope = dsse.parse(content)
    require_each_key_once(content)
    signed = dsse.unseal(envelope, options.providers.values(), TYPE)
    payload = _payload(signed)
    key = options.providers.get(payload.provider)
    if key is None:
        raise UsageError(
            f"the provider {payload.provider!r} is not trusted; {near(payload.provider, options.providers)}"
        )
    dsse.unseal(envelope, [key], TYPE)
    return payload


def _payload(signed: bytes) -> Payload:
    try:
        payload = _decode(signed)
        require_each_key_once(signed)
    except UnicodeDecodeError as error:
        raise UsageError(f"the payload is not UTF-8, from its byte {error.start} on") from error
    except (msgspec.DecodeError, RecursionError) as error:
        sentence, field = explained(str(error), _KEYS)
        raise UsageError(f"the payload does not read: {field + ': ' if field else ''}{sentence}") from error
    return payload


def _envelopes(content: bytes, where: str) -> Iterator[tuple[int, str, bool]]:
    """One envelope in the whole file, as tools write it with line breaks, or one a line."""
    lines = list(lines_of(content, where))
    if not lines:
        return iter(())
    try:
        msgspec.json.decode(lines[0][1])
    except msgspec.DecodeError:
        return iter([(1, content.decode("utf-8-sig"), True)])
    return iter([(1, lines[0][1], True)] if len(lines) == 1 else lines)


def _faults(payload: Payload, options: Options, subjects: dict[str, str]) -> Iterator[tuple[str, str]]:
    if options.checked is not None and payload.subject != options.checked:
        yield "subject", f"this is about {payload.subject!r}, and {options.checked!r} was to be checked"
    if not any(result.facts for result in payload.results):
        yield "results", "no result says anything"
    yield from _conflicts(payload)
    oldest = options.today - timedelta(days=options.fresh)
    for result in payload.results:
        if result.on > options.today:
            yield "date", f"{result.reference} is from {result.on}, and today is {options.today}"
        if result.on < oldest:
            yield "date", f"{result.reference} is stale: from {result.on}, more than {options.fresh} days ago"
        if result.expires and result.expires <= options.today:
            yield "expires", f"{result.reference} has expired on {result.expires}"
        if not result.reference.strip() or not result.document.strip():
            yield "reference", "a result has a document and a reference"
        other = subjects.setdefault(f"{payload.provider} {result.reference}", payload.subject)
        if other != payload.subject:
            yield "reference", f"{result.reference} is also the result of {other}"
        yield from _name_faults(result)


def _conflicts(payload: Payload) -> Iterator[tuple[str, str]]:
    first: dict[str, tuple[str, tuple[Value, ...] | None]] = {}
    for result in payload.results:
        for fact in result.facts:
            reference, values = first.setdefault(fact.name, (result.reference, fact.values))
            if values != fact.values:
                yield (
                    fact.name,
                    (
                        f"{result.reference} says something else than {reference}, and a fact is all there is of it: "
                        "one of them has to give all values"
                    ),
                )


def _name_faults(result: Result) -> Iterator[tuple[str, str]]:
    for fact in result.facts:
        try:
            name_of(fact.name)
        except UsageError as error:
            yield fact.name, str(error)


def _facts(payload: Payload) -> Iterator[Fact]:
    for result in payload.results:
        for fact in result.facts:
            yield Fact(
                name=name_of(fact.name),
                values=fact.values,
                source=payload.provider,
                grade="verified",
                as_of=result.on,
                expires=result.expires,
                evidence=f"{result.document} {result.reference}",
            )
