"""Subjects by hand, in few words: ``person("ana", citizenship="cn@1985-02-01; us", employer="org-1!employee")``."""

from datetime import date
from typing import Any

from bylaw.access.subjects import Fact, FactName, Grade, Standing, Subject, SubjectKind, Value

SEEN = date(2026, 5, 1)


def values(text: str | None) -> tuple[Value, ...] | None:
    """``none`` is known to be none, None is unknown; else ``text[@since[/until]][!detail]; …``."""
    if text is None or text == "none":
        return () if text else None
    return tuple(_value(part.strip()) for part in text.split(";"))


def _value(part: str) -> Value:
    part, _, detail = part.partition("!")
    text, _, days = part.partition("@")
    since, _, until = days.partition("/")
    return Value(text=text, since=_day(since), until=_day(until), detail=detail)


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def standing(
    name: FactName, text: str | None, grade: Grade = "attested", expires: date | None = None, against: str = ""
) -> Standing:
    """A fact that counts, and one against it if there is any."""

    def fact(said: str | None) -> Fact:
        return Fact(
            name=name, values=values(said), source="hr", grade=grade, as_of=SEEN, expires=expires, evidence=f"{name}-1"
        )

    return Standing(fact(text), (fact(against),) if against else ())


def subject(kind: SubjectKind, id: str, **facts: Any) -> Subject:
    """A subject; a fact is a text, or made by ``standing``."""
    known = {name: each if isinstance(each, Standing) else standing(name, each) for name, each in facts.items()}  # type: ignore[arg-type]
    return Subject(id, kind, known)  # type: ignore[arg-type]


def person(id: str, **facts: Any) -> Subject:
    return subject("person", id, **facts)


def foreign(id: str, **facts: Any) -> Subject:
    """Known to be Chinese, and neither resident nor protected anywhere."""
    return person(id, **{"citizenship": "cn", "permanent_residency": "none", "protected": "none"} | facts)


def organization(id: str, **facts: Any) -> Subject:
    return subject("organization", id, **facts)


def register(*subjects: Subject) -> dict[str, Subject]:
    return {each.id: each for each in subjects}
