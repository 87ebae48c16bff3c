"""An office with four people, two approvers and a lab, made in a folder."""

from datetime import UTC, date, datetime
from pathlib import Path

from bylaw.access.decision import Request
from bylaw.access.office.enact import enact
from bylaw.access.office.journal import Act
from bylaw.access.office.made import Made
from bylaw.access.office.place import Office, OfficeSettings
from bylaw.access.rules.approval import sign
from bylaw.access.store.records import Said
from bylaw.access.subjects import Fact, FactName, Value
from bylaw.lineage.lab import Lab
from bylaw.signing import P256, LocalSigner

AT = datetime(2026, 6, 13, 12, tzinfo=UTC)
SEEN = date(2026, 6, 1)
BASE = """
kind = "base"
id = "ordinary-access"
title = "Everybody"
authority = "lab"
programme = "access"
citation = "terms of use"
models = ["m"]
effective_from = 2026-01-01T00:00:00Z
who = { is = "anyone" }
"""
LETTER = """
kind = "directive"
id = "letter"
title = "No foreign person"
authority = "BIS"
programme = "letters"
citation = "Letter of 12 June 2026"
models = ["m"]
effective_from = 2026-06-12T21:21:00Z
who = { is = "foreign_person" }
effect = "refuse"
duties = ["report"]
"""


def person(id: str, citizenship: str = "", residency: str = "") -> Said:
    """Somebody with these statuses and no others; without a citizenship nothing is known."""
    said: tuple[tuple[FactName, str], ...] = (
        ("citizenship", citizenship),
        ("permanent_residency", residency),
        ("protected", ""),
    )
    return Said(id, "person", tuple(_fact(*each) for each in said) if citizenship else ())


def _fact(name: FactName, text: str) -> Fact:
    values = (Value(text=text),) if text else ()
    return Fact(name=name, values=values, source="hr", grade="attested", as_of=SEEN)


def office_in(folder: Path) -> Office:
    """Four people: a citizen, a resident, a foreigner, and one of whom nothing is known."""
    office = Office.create(folder / "office", OfficeSettings(models=("m",)))
    entries = []
    for name in ("ana", "ben"):
        signer = LocalSigner.generate(P256)
        signer.save(folder / f"{name}.pem")
        entries.append(f'[[approver]]\nname = "{name}"\nkey = """\n{signer.public.pem.decode()}"""\n')
    (office.root / "approvers.toml").write_text("\n".join(entries))
    people = [person("citizen", "us"), person("resident", "cn", "us"), person("foreign", "cn"), person("nobody")]
    with office.store() as store:
        store.record(people, source="hr.csv", digest="0" * 64, by="ana", at=AT)
    return office


def signed(folder: Path, text: str, name: str = "draft.toml", *, by: tuple[str, ...] = ("ana", "ben")) -> Path:
    """A document in a file, signed."""
    path = folder / name
    path.write_text(text)
    for each in by:
        sign(path, LocalSigner.load(folder / f"{each}.pem"))
    return path


def enacted(office: Office, folder: Path, lab: Lab, text: str, name: str, at: datetime = AT) -> Act:
    """Signed and enacted."""
    return enact(office, signed(folder, text, name), lab, at)


def keep(office: Office, *ids: str) -> None:
    """Decide about these people and keep it."""
    policy, basis = office.present(AT)
    with office.subjects(AT, basis.facts) as register:
        made = [Made(decision=policy.decide(register, id, Request(model="m")), basis=basis) for id in ids]
    office.archive.keep(made)
