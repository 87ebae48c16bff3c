"""The lab's keys: each has its time, a chain of rotations makes one count, and a killed rotation is gone on with."""

import itertools
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bylaw import storage
from bylaw.canonical import canonical
from bylaw.errors import UsageError, VerificationError
from bylaw.ledger.entries import StatementEntry, encode, reference
from bylaw.ledger.log import Log
from bylaw.lineage import dsse, keys
from bylaw.lineage.keys import Rotation
from bylaw.lineage.lab import Lab
from bylaw.signing import ED25519, P256, LocalSigner

AT = "2026-11-24T12:00:00Z"
SAID = "https://example.com/said/v1"


class Said:
    """A statement that a lab has made."""

    def __init__(self, lab: Lab, text: str, folder: Path) -> None:
        self.payload = canonical({"said": text})
        line, self.index = lab.seal(self.payload, SAID, AT)
        self.envelope, self.note = dsse.parse(line), folder / f"{text}.entry"

    def holds(self, lab: Lab) -> bool:
        return lab.unseal(self.envelope, entry(self.payload), self.note) == self.payload


def entry(payload: bytes) -> bytes:
    return encode(StatementEntry(at=AT, statement=reference(payload), predicate=SAID))


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab.open(tmp_path / "lab")


def test_a_lab_moves_in_where_an_office_was_made_first(tmp_path: Path) -> None:
    """`bylaw access init` makes the office below the home before anything is signed."""
    home = tmp_path / "home"
    (home / "access").mkdir(parents=True)
    (home / "access" / "access.toml").write_text("models = []\n")
    made = Lab.open(home)
    assert Said(made, "first", tmp_path).holds(Lab.open(home))
    assert (home / "access" / "access.toml").read_text() == "models = []\n"
    assert home.stat().st_mode & 0o777 == 0o700
    assert [each.name for each in tmp_path.iterdir() if each.name.endswith(storage.TEMPORARY)] == []


def test_a_lab_moves_in_where_a_gateway_made_its_key_first(tmp_path: Path) -> None:
    LocalSigner.generate(ED25519).save(tmp_path / "home" / "keys" / "gateway.pem")
    before = (tmp_path / "home" / "keys" / "gateway.pem").read_bytes()
    made = Lab.open(tmp_path / "home")
    assert Said(made, "first", tmp_path).holds(Lab.open(tmp_path / "home"))
    assert (tmp_path / "home" / "keys" / "gateway.pem").read_bytes() == before


def test_a_ledger_without_its_lab_is_not_taken_for_a_new_one(lab: Lab) -> None:
    before = (lab.root / "ledger" / "checkpoint").read_bytes()
    (lab.root / "lab.toml").rename(lab.root / "away")
    with pytest.raises(UsageError, match=r"has keys/ledger.pem, .*, ledger and no lab.toml"):
        Lab.open(lab.root)
    assert (lab.root / "ledger" / "checkpoint").read_bytes() == before


def test_what_a_key_signed_in_its_time_counts_and_what_it_signs_later_does_not(lab: Lab, tmp_path: Path) -> None:
    before = Said(lab, "before", tmp_path)
    stolen = lab.signer
    lab.rotate()
    after = Said(lab, "after", tmp_path)
    lab.rotate()
    assert before.holds(lab) and after.holds(lab) and len(lab.trusted) == 3

    forged = canonical({"said": "forged"})
    index = lab.enter([entry(forged)])[0]
    lab.checkpoint()
    for noted in ("", str(index), str(before.index)):
        (tmp_path / "forged.entry").write_text(noted)
        with pytest.raises(VerificationError, match=rf"retired at entry 1; this is entry {index}"):
            lab.unseal(dsse.seal(forged, stolen), entry(forged), tmp_path / "forged.entry")
    other = canonical({"said": "never entered"})
    with pytest.raises(VerificationError, match="this is not in the ledger"):
        lab.unseal(dsse.seal(other, stolen), entry(other), tmp_path / "other.entry")


def test_a_process_that_was_running_signs_with_the_new_key(lab: Lab, tmp_path: Path) -> None:
    Lab.open(lab.root).rotate()
    said = Said(lab, "later", tmp_path)
    assert said.envelope.signatures[0].keyid == lab.signer.public.id and said.holds(lab)


def test_a_key_that_no_chain_of_rotations_leads_to_counts_for_nothing(lab: Lab, tmp_path: Path) -> None:
    lab.rotate()
    stranger, retired = LocalSigner.generate(P256), lab.root / "keys/retired"
    (retired / "dropped.pub").write_bytes(stranger.public.pem)
    forged = Rotation(at=AT, old=stranger.public.pem.decode(), new=lab.signer.public.pem.decode())
    alone = dsse.seal(canonical(forged), stranger, keys.ROTATION)
    (retired / "forged.json").write_bytes(msgspec.json.encode(alone))
    (retired / "garbage.json").write_text("{}")
    assert stranger.public.id not in {key.id for key in lab.trusted} and len(lab.trusted) == 2
    said = canonical({"said": "forged"})
    with pytest.raises(VerificationError, match="none of the 1 trusted keys"):
        lab.unseal(dsse.seal(said, stranger), entry(said), tmp_path / "note")


def test_a_rotation_that_is_taken_away_takes_its_old_key_with_it(lab: Lab, tmp_path: Path) -> None:
    said = Said(lab, "before", tmp_path)
    record, _ = lab.rotate()
    record.unlink()
    with pytest.raises(VerificationError, match="none of the 1 trusted keys"):
        said.holds(lab)


def test_a_lost_note_costs_nothing(lab: Lab, tmp_path: Path) -> None:
    first = Said(lab, "first", tmp_path)
    for number in range(600):
        lab.enter([entry(canonical(number))])
    assert lab.enter_once(entry(first.payload)) == first.index
    assert lab.place(entry(first.payload), tmp_path / "no note") == first.index
    assert lab.place(entry(b"never"), tmp_path / "no note") is None
    assert lab.enter_once(entry(b"never")) == 601


class Killed(BaseException):
    """What no code of ours catches, as it would not catch the end of its process."""


STEPS: list[tuple[Any, str]] = [
    (storage, "write_bytes"),
    (storage, "write_text"),
    (storage, "remove"),
    (LocalSigner, "save"),
    (os, "replace"),
    (Log, "append"),
    (Log, "checkpoint"),
]
"""All that writes, in a rotation."""


def killed_at(moment: int, patch: pytest.MonkeyPatch, work: Callable[[], object]) -> bool:
    """Do the work, and end it before the step of this number; whether it came so far."""
    steps = itertools.count()

    def ending(step: Callable[..., Any]) -> Callable[..., Any]:
        def ends(*args: Any, **more: Any) -> Any:
            if next(steps) == moment:
                raise Killed
            return step(*args, **more)

        return ends

    with patch.context() as patched:
        for place, name in STEPS:
            patched.setattr(place, name, ending(getattr(place, name)))
        try:
            work()
        except Killed:
            return True
    return False


@pytest.mark.parametrize("again", ["rotate", "seal"])
def test_a_rotation_killed_at_any_step_is_gone_on_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, again: str
) -> None:
    Lab.open(tmp_path / "fresh")
    seen = set()
    for moment in itertools.count():
        root = tmp_path / str(moment)
        shutil.copytree(tmp_path / "fresh", root)
        lab = Lab.open(root)
        first, said = lab.signer.public, [Said(lab, "before", tmp_path / str(moment))]
        if not killed_at(moment, monkeypatch, lab.rotate):
            break
        lab = Lab.open(root)
        said.append(Said(lab, "between", tmp_path / str(moment)))
        if again == "rotate":
            lab.rotate()
            assert lab.signer.public.id != first.id
        said.append(Said(lab, "after", tmp_path / str(moment)))
        assert all(each.holds(lab) for each in said)
        assert [path.name for path in (root / "keys").glob("*.pem*")].count("statements.pem") == 1
        assert not list((root / "keys").glob("*.next*"))
        seen.add(len(lab.trusted))
    assert moment > 12
    assert seen == ({2, 3} if again == "rotate" else {1, 2})
