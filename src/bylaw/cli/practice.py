"""An office to practise in: a made-up population, two approvers whose keys lie there, ordinary access in force."""

import tempfile
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bylaw import storage

if TYPE_CHECKING:
    from bylaw.access.office.place import Office
    from bylaw.lineage.lab import Lab

APPROVERS = ("ana", "ben")
BASE = "ordinary-access"
NEXT = """
Try, with --office {office}:
  bylaw directive new --from june-2026-letter-1
  bylaw directive check june-2026-letter-1.toml
  bylaw directive impact june-2026-letter-1.toml
  bylaw directive sign june-2026-letter-1.toml --key {keys}/ana.pem      (and ben.pem)
  bylaw directive enact june-2026-letter-1.toml
  bylaw decisions make SUBJECT --model fable-5
docs/operate.md goes through it."""


def make(folder: Path, lab: "Lab", subjects: int, seed: int, at: datetime) -> int:
    """Everything, from nothing; the keys make it good for practice only."""
    from bylaw.access.office.place import Office, OfficeSettings
    from bylaw.population.classes import MODELS
    from bylaw.population.files import sample

    with tempfile.TemporaryDirectory() as place:
        sample(Path(place) / "population", subjects, seed)  # before anything is made: it refuses what it cannot do
        office = Office.create(folder, OfficeSettings(models=MODELS))
        _approvers(office)
        _import(office, Path(place) / "population", at)
    _base(office, lab, at)
    with office.store() as store:
        count = sum(one.subjects for one in store.imports())
    print(f"{folder}: {count:,} subjects; {BASE} is in force for {', '.join(MODELS)}")
    print(NEXT.format(office=folder, keys=folder / "practice-keys"))
    return 0


def _approvers(office: "Office") -> None:
    from bylaw.signing import P256, LocalSigner

    keys = office.root / "practice-keys"
    keys.mkdir()
    entries = []
    for name in APPROVERS:
        signer = LocalSigner.generate(P256)
        signer.save(keys / f"{name}.pem")
        entries.append(f'[[approver]]\nname = "{name}"\nkey = """\n{signer.public.pem.decode()}"""\n')
    storage.write_text(office.root / "approvers.toml", "\n".join(entries))


def _import(office: "Office", population: Path, at: datetime) -> None:
    from bylaw.access.roster.bring import bring
    from bylaw.access.roster.options import Options
    from bylaw.errors import RecordError
    from bylaw.population.files import rosters

    with office.store() as store:
        for path in rosters(population):
            report = bring(path, store, Options(today=at.date()), by="practice", at=at)
            if report.refused:
                raise RecordError(f"the sample population is refused:\n{report.text()}", str(path))


def _base(office: "Office", lab: "Lab", at: datetime) -> None:
    """Ordinary access, signed by both and enacted."""
    from bylaw.access.office.enact import enact
    from bylaw.access.rules.approval import sign
    from bylaw.access.rules.library import library
    from bylaw.signing import LocalSigner

    draft = office.root / "practice-keys" / f"{BASE}.toml"
    storage.write_text(draft, library()[BASE].text)
    for name in APPROVERS:
        sign(draft, LocalSigner.load(office.root / "practice-keys" / f"{name}.pem"))
    enact(office, draft, lab, at)
