"""Four eyes: two approvers over the exact bytes, told apart by name."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from rules_texts import BASE, DIRECTIVE

from bylaw.access.rules.approval import Approver, Approvers, approved, envelope_of, sign
from bylaw.access.rules.document import Document
from bylaw.access.rules.folder import documents
from bylaw.errors import MalformedError, SettingsError, UsageError, VerificationError
from bylaw.signing import P256, LocalSigner

AT = datetime(2026, 7, 1, tzinfo=UTC)
ANA, BEN, CY, STRANGER = (LocalSigner.generate(kind) for kind in ("ed25519", P256, "ed25519", "ed25519"))


def approver(name: str, signer: LocalSigner, until: datetime | None = None) -> Approver:
    return Approver(name=name, key=signer.public.pem.decode(), until=until)


APPROVERS = Approvers.of(
    (approver("Ana", ANA), approver("Ben", BEN), approver("Cy", CY, datetime(2026, 6, 30, tzinfo=UTC)))
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in (("order", DIRECTIVE), ("ordinary", BASE)):
        (tmp_path / f"{name}.toml").write_text(text)
        sign(tmp_path / f"{name}.toml", ANA)
        sign(tmp_path / f"{name}.toml", BEN)
    return tmp_path


def load_signed(folder: Path, approvers: Approvers, at: datetime) -> list[Document]:
    return [approved(path, approvers, at) for path in documents(folder)]


def refusal(folder: Path) -> str:
    with pytest.raises(VerificationError) as caught:
        load_signed(folder, APPROVERS, AT)
    assert caught.value.check == "approval"
    return str(caught.value)


def again(folder: Path, *signers: LocalSigner) -> Path:
    path = folder / "order.toml"
    envelope_of(path).unlink()
    for signer in signers:
        sign(path, signer)
    return path


def test_two_approvers_make_a_rule(folder: Path) -> None:
    assert [each.id for each in load_signed(folder, APPROVERS, AT)] == ["order", "ordinary"]


def test_one_is_not_enough(folder: Path) -> None:
    again(folder, ANA)
    assert "order.toml needs the signatures of 2 different approvers; Ana has signed" in refusal(folder)


def test_nobody_signs_twice(folder: Path) -> None:
    path = again(folder, ANA)
    with pytest.raises(UsageError, match="already"):
        sign(path, ANA)
    envelope = envelope_of(path)
    once = envelope.read_text()
    signature = once[once.index('[{"sig"') + 1 : once.rindex("]")]
    envelope.write_text(once.replace(signature, f"{signature},{signature}"))
    assert "Ana has signed; 1 of its signatures are nobody's in the list, or repeated" in refusal(folder)


def test_one_person_with_two_keys_is_one(folder: Path) -> None:
    again(folder, ANA, STRANGER)
    both = Approvers.of((approver("Ana", ANA), approver("Ana", STRANGER), approver("Ben", BEN)))
    with pytest.raises(VerificationError, match="2 different approvers; Ana has signed"):
        load_signed(folder, both, AT)


def test_a_revoked_approver_counts_for_nothing(folder: Path) -> None:
    again(folder, ANA, CY)
    assert "Ana has signed; Cy's key ended on 2026-06-30" in refusal(folder)
    assert load_signed(folder, APPROVERS, datetime(2026, 6, 29, tzinfo=UTC))


def test_a_stranger_counts_for_nothing(folder: Path) -> None:
    again(folder, ANA, STRANGER)
    assert "1 of its signatures are nobody's in the list" in refusal(folder)


@pytest.mark.parametrize(
    "change", [(b"fable-5", b"fable-6"), (b"\n", b"\r\n"), (b"refuse", b"report"), (b"An order", b"An Order")]
)
def test_a_changed_byte(folder: Path, change: tuple[bytes, bytes]) -> None:
    path = folder / "order.toml"
    path.write_bytes(path.read_bytes().replace(*change, 1))
    assert "order.toml is not, byte for byte, what was signed" in refusal(folder)
    with pytest.raises(VerificationError, match=r"byte for byte.*move order.toml.dsse away, and everybody signs anew"):
        sign(path, CY)


def test_signatures_of_another_document(folder: Path) -> None:
    envelope_of(folder / "order.toml").write_bytes(envelope_of(folder / "ordinary.toml").read_bytes())
    assert "byte for byte" in refusal(folder)


def test_without_signatures(folder: Path) -> None:
    envelope_of(folder / "order.toml").unlink()
    assert "nobody has signed order.toml" in refusal(folder)
    assert len(documents(folder)) == 2


def test_a_document_does_not_vanish_from_under_its_signatures(folder: Path) -> None:
    (folder / "order.toml").unlink()
    assert "order.toml.dsse lies there without the document" in refusal(folder)


def test_a_mangled_envelope(folder: Path) -> None:
    envelope_of(folder / "order.toml").write_text("{")
    with pytest.raises(MalformedError):
        load_signed(folder, APPROVERS, AT)


def test_a_folder_holds_nothing_else(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "x.toml"
    elsewhere.write_text(BASE)
    for name, make in (
        ("inner", lambda path: path.mkdir()),
        ("link.toml", lambda path: path.symlink_to(elsewhere)),
        ("run.py", lambda path: path.write_text("print()")),
    ):
        make(folder / name)
        with pytest.raises(SettingsError, match=name):
            load_signed(folder, APPROVERS, AT)
        (folder / name).rmdir() if name == "inner" else (folder / name).unlink()
    with pytest.raises(SettingsError, match="no folder"):
        load_signed(folder / "absent", APPROVERS, AT)


def test_only_a_document_is_signed(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text("kind = 'code'")
    with pytest.raises(SettingsError):
        sign(tmp_path / "x.toml", ANA)


def test_the_list_of_approvers() -> None:
    text = f'[[approver]]\nname = "Ana"\nkey = """\n{ANA.public.pem.decode()}"""\nuntil = 2027-01-01T00:00:00Z\n'
    assert Approvers.read(text).known[0][1] == ANA.public
    with pytest.raises(SettingsError, match="Ben and Ana have the same key"):
        Approvers.read(text + text.replace("Ana", "Ben"))
    with pytest.raises(SettingsError, match="not a public key"):
        Approvers.read('[[approver]]\nname = "Ana"\nkey = "abc"\n')
    with pytest.raises(SettingsError, match="approvers:2"):
        Approvers.read('[[approver]]\nnome = "Ana"\n')


def test_approved_gives_what_was_signed(folder: Path) -> None:
    assert approved(folder / "order.toml", APPROVERS, AT).models == ("fable-5",)
