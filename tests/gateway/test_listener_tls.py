"""The listener's own TLS, with a real certificate: who does not speak it gets nothing, and cuts cut there too."""

import json
import ssl
import subprocess
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from http.client import HTTPException, HTTPSConnection
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import openai
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from gateway_model import ENDLESS, ModelServer
from gateway_rig import CHAT, WAIT, Got, Rig, ask, letter, wait

from bylaw.cli import main


def certified(folder: Path) -> None:
    """``ca.pem``, and ``cert.pem`` with ``key.pem`` for this machine."""
    now = datetime.now(UTC)
    root, own = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca, me = (x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]) for name in ("ca", "gateway"))

    def made(name: x509.Name, key: ec.EllipticCurvePrivateKey, *more: tuple[x509.ExtensionType, bool]) -> bytes:
        builder = x509.CertificateBuilder(ca, name, key.public_key(), x509.random_serial_number())
        builder = builder.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(days=1))
        for extension, critical in more:
            builder = builder.add_extension(extension, critical)
        return builder.sign(root, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(root.public_key())
    here = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    may_sign = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
    (folder / "ca.pem").write_bytes(
        made(
            ca,
            root,
            (x509.BasicConstraints(True, 0), True),
            (may_sign, True),
            (x509.SubjectKeyIdentifier.from_public_key(root.public_key()), False),
        )
    )
    (folder / "cert.pem").write_bytes(made(me, own, (here, False), (issuer, False)))
    private = own.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "key.pem").write_bytes(private)


class Secure(Rig):
    """A gateway whose door speaks TLS."""

    def __init__(self, folder: Path, upstream: str) -> None:
        super().__init__(folder, upstream)
        certified(folder)
        listen = '[listen]\ncertificate = "cert.pem"\nprivate_key = "key.pem"\n'
        self.path.write_text(self.path.read_text().replace("[listen]\n", listen))

    def connection(self, context: ssl.SSLContext | None = None) -> HTTPSConnection:
        """To the door."""
        parts = urlsplit(self.door)
        context = context or ssl.create_default_context(cafile=str(self.folder / "ca.pem"))
        return HTTPSConnection(parts.hostname or "", parts.port, timeout=WAIT, context=context)

    def get(self, path: str, who: str = "", headers: Mapping[str, str] | None = None, method: str = "GET") -> Got:
        """A request without a body, over TLS."""
        connection = self.connection()
        connection.request(method, path, headers=self._with_key(who, headers))
        try:
            return Got(connection.getresponse())
        finally:
            connection.close()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Secure, ModelServer]]:
    with ModelServer() as server:
        rig = Secure(tmp_path_factory.mktemp("tls"), server.url)
        with rig.serving():
            yield rig, server


def test_the_official_client_over_tls(running: tuple[Secure, ModelServer], monkeypatch: pytest.MonkeyPatch) -> None:
    rig, _ = running
    assert rig.door.startswith("https://") and rig.admin.startswith("http://")
    monkeypatch.setenv("SSL_CERT_FILE", str(rig.folder / "ca.pem"))
    client = openai.OpenAI(api_key=rig.keys["citizen"], base_url=f"{rig.door}/v1", max_retries=0)
    got = client.chat.completions.create(model="m", messages=[{"role": "user", "content": "What?"}])
    assert got.choices[0].message.content == "All that is said here is 42."
    done = subprocess.run(
        ["curl", "-sS", "--cacert", str(rig.folder / "ca.pem"), f"{rig.door}/v1/models"],
        capture_output=True,
        check=True,
    )
    assert b'"who"' in done.stdout


def test_without_tls_or_with_an_old_one_nobody_is_answered(running: tuple[Secure, ModelServer]) -> None:
    rig, server = running
    server.heard.clear()
    headers = {"authorization": f"Bearer {rig.keys['citizen']}"}
    with pytest.raises((OSError, HTTPException)):
        ask(rig.door.replace("https", "http"), "GET", "/v1/models", headers)
    old = ssl.create_default_context(cafile=str(rig.folder / "ca.pem"))
    old.set_ciphers("DEFAULT:@SECLEVEL=0")
    old.minimum_version = ssl.TLSVersion.TLSv1
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(OSError):
        rig.connection(old).connect()
    with pytest.raises(ssl.SSLCertVerificationError):
        rig.connection(ssl.create_default_context()).connect()
    assert not server.heard


def test_a_directive_cuts_what_runs_over_tls(running: tuple[Secure, ModelServer]) -> None:
    rig, server = running
    connection = rig.connection()
    body = {**CHAT, "model": "fable-5", "stream": True, "max_tokens": ENDLESS}
    headers = {"authorization": f"Bearer {rig.keys['foreign']}", "content-type": "application/json"}
    connection.request("POST", "/v1/chat/completions", json.dumps(body), headers)
    response = connection.getresponse()
    assert response.read1(100).startswith(b"data: ")
    left = server.left
    rig.enact(letter("fable-5"), "letter.toml")
    with pytest.raises((OSError, HTTPException)):
        response.read()
    wait(lambda: server.left > left)


def test_a_certificate_without_its_key_stops_the_start(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rig = Secure(tmp_path, "http://127.0.0.1:9")
    other = tmp_path / "other"
    other.mkdir()
    certified(other)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MODEL_KEY", "sk")
        assert main(["serve", "--check", str(rig.path)]) == 0
        for content in ((other / "key.pem").read_bytes(), b"nonsense", (tmp_path / "cert.pem").read_bytes()):
            (tmp_path / "key.pem").write_bytes(content)
            assert main(["serve", "--check", str(rig.path)]) == 2
            assert "listen.certificate" in capsys.readouterr().err
