"""Model signatures: the public verifier takes ours and refuses changes, strangers' vectors and schemas hold."""

import base64
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bylaw.errors import MalformedError, UsageError, VerificationError
from bylaw.lineage import oms
from bylaw.signing import P256, LocalSigner
from inputs import real

KEY = LocalSigner.generate(P256)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    root = tmp_path / "model"
    root.mkdir()
    (root / "config.json").write_text("{}")
    (root / "model.safetensors").write_bytes(b"\x01" * 3000)
    (root / "empty").write_text("")
    oms.sign_directory(root, "model", KEY)
    return root


def test_what_was_signed_verifies(model: Path) -> None:
    assert set(oms.verify_directory(model, [KEY.public])) == {"config.json", "model.safetensors", "empty"}


@pytest.mark.parametrize("change", ["byte", "rename", "delete", "add", "empty", "git"])
def test_a_change_is_named(model: Path, change: str) -> None:
    if change == "byte":
        (model / "config.json").write_text("{ }")
    elif change == "rename":
        (model / "config.json").rename(model / "konfig.json")
    elif change == "delete":
        (model / "empty").unlink()
    elif change in ("add", "empty"):
        (model / "more").write_text("x" if change == "add" else "")
    else:
        (model / ".gitattributes").write_text("x")
    with pytest.raises(VerificationError, match="model files: "):
        oms.verify_directory(model, [KEY.public])


def test_git_files_pass_only_where_that_is_said(model: Path) -> None:
    (model / ".git").mkdir()
    (model / ".git/hook").write_text("x")
    with pytest.raises(VerificationError, match=r"\.git/hook is not covered"):
        oms.verify_directory(model, [KEY.public])
    oms.verify_directory(model, [KEY.public], allow_git=True)


def test_other_keys_and_forged_lists_are_refused(model: Path) -> None:
    with pytest.raises(VerificationError, match="signature"):
        oms.verify_directory(model, [LocalSigner.generate(P256).public])
    with pytest.raises(UsageError, match="P-256"):
        oms.sign_directory(model, "model", LocalSigner.generate())
    (model / "model.sig").write_text("{}")
    with pytest.raises(MalformedError, match="no Sigstore bundle"):
        oms.verify_directory(model, [KEY.public])
    (model / "model.sig").unlink()
    with pytest.raises(VerificationError, match="there is no"):
        oms.verify_directory(model, [KEY.public])


def test_the_public_schemas_hold(model: Path) -> None:
    import jsonschema
    import referencing

    schemas = [json.loads(path.read_text()) for path in sorted(real("oms/schemas/v1.0").glob("*.json"))]
    known = referencing.Registry().with_resources([(s["$id"], referencing.Resource.from_contents(s)) for s in schemas])
    bundle = json.loads((model / "model.sig").read_text())
    statement = json.loads(base64.b64decode(bundle["dsseEnvelope"]["payload"]))
    for name, value in (("bundle", bundle), ("envelope", bundle["dsseEnvelope"]), ("statement", statement)):
        schema = next(s for s in schemas if f"/{name}/" in s["$id"])
        jsonschema.Draft202012Validator(schema, registry=known).validate(value)


def test_strangers_invalid_bundles_are_refused() -> None:
    for path in sorted(real("oms/test-vectors/v1.0").glob("invalid*/*.json")):
        with pytest.raises(VerificationError):
            oms.resources(path.read_bytes(), [KEY.public])


def test_the_public_verifier_takes_ours_and_refuses_changes(model: Path, tmp_path: Path) -> None:
    (tmp_path / "key.pub").write_bytes(KEY.public.pem)

    def verified(root: Path) -> bool:
        line = [str(Path(sys.executable).with_name("model_signing")), "verify", "key", str(root)]
        line += ["--signature", str(root / "model.sig"), "--public_key", str(tmp_path / "key.pub")]
        return subprocess.run(line, capture_output=True, check=False).returncode == 0

    assert verified(model)
    changed = tmp_path / "changed"
    shutil.copytree(model, changed)
    (changed / "config.json").write_text("{ }")
    assert not verified(changed)
