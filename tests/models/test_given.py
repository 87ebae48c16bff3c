"""Models from outside: found by name, bound by content, held against their signature."""

from pathlib import Path

import pytest

from bylaw.errors import ModelError, VerificationError
from bylaw.lineage.oms import sign_directory
from bylaw.lineage.tree import tree_digest
from bylaw.models.given import locate, name_of, receive
from bylaw.signing import P256, LocalSigner
from hub import cached, offline

KEY, STRANGER = LocalSigner.generate(P256), LocalSigner.generate(P256)


def plain(root: Path) -> Path:
    (root / "sub").mkdir(parents=True)
    for name in ("config.json", "model.safetensors", "sub/vocab.json"):
        (root / name).write_text(f"content of {name}")
    return root


@pytest.fixture
def signed(tmp_path: Path) -> Path:
    root = plain(tmp_path / "signed")
    sign_directory(root, "signed", KEY)
    return root


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return offline(monkeypatch, tmp_path / "hub")


def test_a_directory_is_bound_by_its_content(tmp_path: Path) -> None:
    root = plain(tmp_path / "tiny")
    found = receive(root)
    assert found == (root, "tiny", tree_digest(root), "")
    (root / "config.json").write_text("other")
    assert receive(str(root)).digest != found.digest


def test_a_snapshot_has_the_digest_of_its_content(cache: Path, tmp_path: Path) -> None:
    content = plain(tmp_path / "content")
    snapshot = cached(cache, content)
    assert receive(snapshot) == (snapshot, "org/tiny", tree_digest(content), "")
    (snapshot / "config.json").resolve().write_text("other")
    assert receive(snapshot).digest != tree_digest(content)


def test_a_hub_id_is_its_snapshot_here(cache: Path, tmp_path: Path) -> None:
    snapshot = cached(cache, plain(tmp_path / "content"))
    assert locate("org/tiny") == snapshot and name_of(snapshot) == "org/tiny"
    with pytest.raises(ModelError, match="org/none is no directory here, and cannot be had from the hub"):
        locate("org/none")
    with pytest.raises(ModelError, match="there is no model directory"):
        locate("./nowhere/at/all")


def test_links_that_leave_the_repository_are_refused(cache: Path, tmp_path: Path) -> None:
    snapshot = cached(cache, plain(tmp_path / "content"))
    cached(cache, plain(tmp_path / "other"), "org/other")
    for target in (tmp_path / "content/config.json", next((cache / "models--org--other/blobs").iterdir()), "nothing"):
        (snapshot / "config.json").unlink()
        (snapshot / "config.json").symlink_to(target)
        with pytest.raises(VerificationError, match=r"config\.json is a symbolic link"):
            receive(snapshot)
    (snapshot / "config.json").unlink()
    (snapshot / "loop").symlink_to("loop")
    with pytest.raises(VerificationError, match="loop is a symbolic link"):
        receive(snapshot)


def test_a_link_to_a_folder_is_no_file_and_elsewhere_no_link_is_followed(cache: Path, tmp_path: Path) -> None:
    snapshot = cached(cache, plain(tmp_path / "content"))
    (snapshot / "blobs").symlink_to("../../blobs")
    with pytest.raises(VerificationError, match="blobs is no plain file"):
        receive(snapshot)
    root = plain(tmp_path / "tiny")
    (root / "more.json").symlink_to("config.json")
    with pytest.raises(VerificationError, match=r"more\.json is a symbolic link"):
        receive(root)


def test_a_signature_is_checked_by_the_keys_that_are_named(signed: Path) -> None:
    assert receive(signed, [STRANGER.public, KEY.public]).unchecked == ""
    with pytest.raises(VerificationError, match="made by none of the 1 trusted keys"):
        receive(signed, [STRANGER.public])
    (signed / "model.sig").unlink()
    with pytest.raises(VerificationError, match=r"there is no .*signed/model\.sig"):
        receive(signed, [KEY.public])


def test_without_keys_the_signed_files_are_checked_and_the_signer_is_said_not_to_be(signed: Path) -> None:
    assert "by whom was not checked" in receive(signed).unchecked
    (signed / "sub/vocab.json").write_text("other")
    with pytest.raises(VerificationError, match=r"model files: .*sub/vocab\.json: expected [0-9a-f]{64}, found"):
        receive(signed)
    (signed / "sub/vocab.json").unlink()
    with pytest.raises(VerificationError, match="found no file"):
        receive(signed)
    (signed / "model.sig").write_text("{}")
    with pytest.raises(VerificationError, match="no Sigstore bundle"):
        receive(signed)


def test_a_signed_snapshot_is_checked_too(cache: Path, signed: Path) -> None:
    snapshot = cached(cache, signed)
    (snapshot / ".gitattributes").symlink_to("../../refs/main")
    assert receive("org/tiny", [KEY.public]).unchecked == ""
    (snapshot / "model.safetensors").resolve().write_text("other")
    with pytest.raises(VerificationError, match=r"model\.safetensors: expected"):
        receive("org/tiny", [KEY.public])
