"""A model directory's signature in the public format: OpenSSF Model Signing v1.0, key method.

A Sigstore bundle v0.3 with a DSSE envelope; its statement lists every file with its digest. Written with a P-256 key,
it is accepted by ``model_signing verify key`` (that tool does not take Ed25519). The format's root digest does not bind
names, and it leaves out ``.git*`` by rule (spec v1.0 §6.2, §6.5.1): a directory is therefore also checked against
every file that lies there, and ``IGNORED`` files are an error unless they are allowed by name.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from bylaw.canonical import canonical, sha256
from bylaw.errors import MalformedError, UsageError, VerificationError
from bylaw.lineage import dsse
from bylaw.lineage.statement import TYPE
from bylaw.lineage.tree import SIGNATURE, Files, tree_files
from bylaw.signing import P256, PublicKey, Signer

PREDICATE = "https://model_signing/signature/v1.0"
MEDIA_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json"
IGNORED = (".git", ".gitattributes", ".github", ".gitignore")


def bundle(files: Mapping[str, str], name: str, signer: Signer) -> bytes:
    """The signature of a model called ``name`` with these files. Raises ``UsageError`` for a key that is not P-256."""
    if signer.public.algorithm != P256:
        raise UsageError("model signatures take an ECDSA P-256 key: the public verifier knows no Ed25519")
    envelope = dsse.seal(canonical(_statement(files, name)), signer)
    hint = sha256(signer.public.pem)
    return msgspec.json.encode(
        {
            "mediaType": MEDIA_TYPE,
            "verificationMaterial": {"publicKey": {"hint": hint}, "tlogEntries": []},
            "dsseEnvelope": {
                "payload": envelope.payload,
                "payloadType": envelope.payload_type,
                # The public verifier makes no use of a key id, and the format's examples leave it empty.
                "signatures": [{"sig": each.sig, "keyid": ""} for each in envelope.signatures],
            },
        }
    )


def oms_root(files: Mapping[str, str]) -> str:
    """SHA-256 over the raw digests of the files in the order of their names (spec §6.5.1)."""
    return sha256(b"".join(bytes.fromhex(files[name]) for name in sorted(files)))


def sign_directory(root: Path, name: str, signer: Signer, known: Mapping[str, str] | None = None) -> Files:
    """Write ``model.sig`` into the directory of a model called ``name``; returns its files' digests.

    ``known`` digests are not computed again. Raises ``VerificationError`` for files that the format leaves out.
    """
    files = tree_files(root, known)
    if hidden := sorted(filter(_ignored, files)):
        raise VerificationError("model files", f"{root / hidden[0]} would not be covered by the signature's format")
    (root / SIGNATURE).write_bytes(bundle(files, name, signer))
    return files


def verify_directory(
    root: Path, trusted: Iterable[PublicKey], signature: Path | None = None, allow_git: bool = False
) -> Files:
    """The files of a directory that is as it was signed; else ``VerificationError`` naming the first that is not."""
    path = signature or root / SIGNATURE
    if not path.is_file():
        raise VerificationError("model signature", f"there is no {path}")
    return verify_files(root, tree_files(root), resources(path.read_bytes(), trusted), allow_git)


def verify_files(root: Path, found: Files, signed: Files, allow_git: bool = False) -> Files:
    """The files ``found`` in a directory, if they are the ``signed`` ones; else ``VerificationError`` naming one."""
    if not allow_git and (hidden := sorted(name for name in found if _ignored(name))):
        raise VerificationError("model files", f"{root / hidden[0]} is not covered by the signature's format")
    found = {name: digest for name, digest in found.items() if not _ignored(name)}
    for name in sorted({*signed, *found}):
        was, now = signed.get(name, "no file"), found.get(name, "no file")
        if was != now:
            raise VerificationError("model files", f"{root / name}: expected {was}, found {now}")
    return found


def resources(content: bytes, trusted: Iterable[PublicKey] | None) -> Files:
    """The files a bundle signs, if one of the ``trusted`` keys has signed it; with None, whoever has.

    Raises ``VerificationError``.
    """
    try:
        said = msgspec.json.decode(content)
        envelope = msgspec.convert(said["dsseEnvelope"], dsse.Envelope)
        media = said["mediaType"]
    except (msgspec.MsgspecError, KeyError, TypeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedError("model signature", f"it is no Sigstore bundle: {error!r}") from error
    if not str(media).startswith("application/vnd.dev.sigstore.bundle"):
        raise MalformedError("model signature", f"its media type is {media!r}")
    return _files(envelope.content if trusted is None else dsse.unseal(envelope, trusted))


def _statement(files: Mapping[str, str], name: str) -> dict[str, Any]:
    return {
        "_type": TYPE,
        "subject": [{"name": name, "digest": {"sha256": oms_root(files)}}],
        "predicateType": PREDICATE,
        "predicate": {
            "resources": [{"name": each, "digest": files[each], "algorithm": "sha256"} for each in sorted(files)],
            "serialization": {
                "method": "files",
                "hash_type": "sha256",
                "allow_symlinks": False,
                "ignore_paths": sorted([*IGNORED, SIGNATURE]),
            },
        },
    }


def _files(payload: bytes) -> Files:
    try:
        said = msgspec.json.decode(payload)
        predicate = said["predicate"]
        listed = [(each["name"], each["digest"], each["algorithm"]) for each in predicate["resources"]]
        how = predicate["serialization"]["method"], predicate["serialization"]["hash_type"]
        kind, subject = said["predicateType"], said["subject"][0]["digest"]["sha256"]
    except (msgspec.MsgspecError, KeyError, IndexError, TypeError) as error:
        raise MalformedError("model signature", f"its statement lacks a part: {error!r}") from error
    if kind != PREDICATE or how != ("files", "sha256") or any(algorithm != "sha256" for *_, algorithm in listed):
        raise VerificationError("model signature", "only whole files by SHA-256 are checked here")
    files = {name: digest for name, digest, _ in listed}
    if len(files) != len(listed) or oms_root(files) != subject:
        raise VerificationError("model signature", "its subject is not the digest of its list of files")
    return files


def _ignored(name: str) -> bool:
    return name.split("/")[0] in IGNORED
