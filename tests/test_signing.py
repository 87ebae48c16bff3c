"""Keys: files, commands, and where they may not lie."""

import shlex
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from bylaw.errors import SigningError, UsageError, VerificationError
from bylaw.signing import ALGORITHMS, CommandSigner, LocalSigner, PublicKey, open_signer

SIGN = """
import sys
from pathlib import Path
from bylaw.signing import LocalSigner
sys.stdout.buffer.write(LocalSigner.load(Path(sys.argv[1])).sign(sys.stdin.buffer.read()))
"""


def command(key: Path, code: str = SIGN) -> str:
    return shlex.join([sys.executable, "-c", code, str(key)])


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_key_is_written_once_read_back_and_signs(tmp_path: Path, algorithm: str) -> None:
    path = tmp_path / "keys" / "lab.pem"
    signer = LocalSigner.generate(algorithm)
    signer.save(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(SigningError, match="no key is ever replaced"):
        signer.save(path)
    again, public = LocalSigner.load(path), PublicKey.load(tmp_path / "keys" / "lab.pem.pub")
    assert again.public == public == signer.public or again.public.der == public.der == signer.public.der
    assert public.algorithm == algorithm
    public.verify(b"text", again.sign(b"text"))
    with pytest.raises(VerificationError, match="signature"):
        public.verify(b"another text", again.sign(b"text"))
    assert "Private" not in repr(signer)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_openssl_accepts_our_signatures(tmp_path: Path, algorithm: str) -> None:
    signer = LocalSigner.generate(algorithm)
    signer.save(tmp_path / "key")
    (tmp_path / "text").write_bytes(b"text")
    (tmp_path / "signature").write_bytes(signer.sign(b"text"))
    raw = ["-rawin"] if algorithm == "ed25519" else ["-rawin", "-digest", "sha256"]
    order = ["pkeyutl", "-verify", "-pubin", "-inkey", "key.pub", "-in", "text", "-sigfile", "signature", *raw]
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    done = subprocess.run(["openssl", *order], cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_command_signs(tmp_path: Path, algorithm: str) -> None:
    key = tmp_path / "key"
    LocalSigner.generate(algorithm).save(key)
    signer = open_signer(command=command(key), public=tmp_path / "key.pub")
    signer.public.verify(b"text\0\n", signer.sign(b"text\0\n"))


def test_a_command_of_another_key_is_found_at_once(tmp_path: Path) -> None:
    LocalSigner.generate().save(tmp_path / "one")
    LocalSigner.generate().save(tmp_path / "two")
    with pytest.raises(SigningError, match="no signature of its public key"):
        open_signer(command=command(tmp_path / "one"), public=tmp_path / "two.pub").sign(b"text")


def test_a_command_that_fails_is_quoted() -> None:
    public = LocalSigner.generate().public
    failing = CommandSigner((sys.executable, "-c", "import sys; sys.exit('the token is locked')"), public)
    with pytest.raises(SigningError, match="code 1: the token is locked"):
        failing.sign(b"text")
    with pytest.raises(SigningError, match="did not answer"):
        CommandSigner(("/nonexistent/kms",), public).sign(b"text")
    with pytest.raises(SigningError, match="did not answer"):
        CommandSigner((sys.executable, "-c", "import time; time.sleep(60)"), public, timeout=0.2).sign(b"text")


def test_no_key_inside_what_is_handed_out(tmp_path: Path) -> None:
    run = tmp_path / "run"
    key = run / "deep" / "key"
    LocalSigner.generate().save(key)
    with pytest.raises(SigningError, match="others get to see"):
        open_signer(key, outside=[run])
    (tmp_path / "link").symlink_to(key)
    with pytest.raises(SigningError, match="others get to see"):
        open_signer(tmp_path / "link", outside=[run])


def test_other_keys_are_refused(tmp_path: Path) -> None:
    kinds = [ec.generate_private_key(ec.SECP384R1()), rsa.generate_private_key(65537, 2048)]
    for key in kinds:
        path = tmp_path / "key"
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        with pytest.raises(SigningError, match="neither Ed25519 nor ECDSA P-256"):
            LocalSigner.load(path)
    encrypted = serialization.BestAvailableEncryption(b"secret")
    path.write_bytes(kinds[0].private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encrypted))
    with pytest.raises(SigningError, match="is encrypted"):
        LocalSigner.load(path)
    path.write_text("no key")
    with pytest.raises(SigningError, match="not a private key"):
        LocalSigner.load(path)
    with pytest.raises(SigningError, match="not a public key"):
        PublicKey.load(path)
    with pytest.raises(SigningError, match="cannot read"):
        LocalSigner.load(tmp_path / "nowhere")


def test_exactly_one_way_to_sign(tmp_path: Path) -> None:
    for wrong in [{}, {"command": "x"}, {"public": tmp_path}, {"private": tmp_path, "command": "x"}]:
        with pytest.raises(UsageError, match="either a private key"):
            open_signer(**wrong)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="no such kind"):
        LocalSigner.generate("rsa")
