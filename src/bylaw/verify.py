"""Checks bylaw's evidence, offline: a bundle, a run directory, a model directory, or a proof of entry in a ledger.

    python -P verify.py PATH --key lab.pub --policy policy.txt

Needs Python 3.11 and ``cryptography``; shares no code with what writes evidence: both follow docs/evidence.md and
docs/lineage.md. Keys and policy are the auditor's own. Exit codes: 0 it holds; 4 it does not; 5 not checked; 2 usage.

How to read it: ``with look(name, where)`` makes one check of evidence.md. Refused inside says why it does not hold,
Unchecked why nothing can be said; any other error is a failure named ``internal``. Nothing is kept that has no bound.
In order: bounds, JSON, formats, files, signatures, proofs, policy, report, statements, run, models, index, options.
"""

import argparse
import base64
import hashlib
import json
import os
import re
import struct
import sys
import zlib
from collections import defaultdict, namedtuple
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import cache, partial, reduce
from graphlib import CycleError, TopologicalSorter
from io import BytesIO
from typing import IO, Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

FILES, FILE_BYTES, ALL_BYTES, READ_BYTES = 10_000, 64 << 20, 512 << 20, 64 << 20  # of a bundle
RUNS, STAGES, CLAIMS, LINES, ENTRIES = 100, 2_000, 4_096, 2_000, 100_000  # the last two: of a manifest, a directory
JSON_BYTES, JSON_VALUES, JSON_DEPTH, ALL_VALUES = 16 << 20, 1_000_000, 32, 2_000_000  # the last: of all documents
SKEW = 300  # seconds by which honest clocks may differ


class Refused(ValueError):
    """What is checked, or what the auditor gives, breaks a rule; the text says which."""


class Unchecked(Exception):
    """Something that the check needs is not at hand; the text says what."""


def need(value: Any, why: str, otherwise: type[Exception] = Refused) -> Any:
    if not value:
        raise otherwise(why)
    return value


def have(value: Any, why: str = "what it must be compared with is not here, or does not hold itself") -> Any:
    return need(value, why, Unchecked)


def none(these: Iterable[str], why: str, otherwise: type[Exception] = Refused) -> None:
    need(not (found := sorted(these)), f"{why}: {', '.join(found)}", otherwise)


def parse(data: bytes, room: list[int] | None = None) -> Any:
    """JSON without what I-JSON (RFC 7493) forbids. ``room``: how many values a check may have yet, less these."""
    room, count = room or [JSON_VALUES], sum(map(data.count, (b",", b"[", b"{")))  # before anything is built from it
    few = len(data) <= JSON_BYTES and count <= min(JSON_VALUES, room[0])
    need(few, f"JSON of over {JSON_BYTES:,} bytes or {JSON_VALUES:,} values, or with all before it {ALL_VALUES:,}")
    room[0] -= count
    try:  # an integer's first twenty digits are too many already
        value = json.loads(data.decode(), object_pairs_hook=once, parse_int=lambda digits: int(digits[:20]))
        _bounded(value, JSON_DEPTH)
        json.dumps(value, ensure_ascii=False).encode()  # which half of a surrogate pair does not survive
    except (ValueError, RecursionError) as error:
        raise Refused(f"not JSON in UTF-8: {error}") from None
    return value


def once(pairs: Sequence[tuple[Any, Any]], why: str = "a key twice") -> dict[Any, Any]:
    need(len(found := dict(pairs)) == len(pairs), why)
    return found


def _bounded(value: Any, depth: int) -> None:
    if isinstance(value, dict | list):
        need(depth, f"nested deeper than {JSON_DEPTH}")
        for item in value.values() if isinstance(value, dict) else value:
            _bounded(item, depth - 1)
    elif isinstance(value, int | float):  # NaN is below nothing
        need(abs(value) < 2**53, f"the number {value} is not finite, or not below 2**53")


def shape(value: Any, spec: Any, where: str, closed: bool = False) -> Any:
    """The value, if it is like ``spec``: an object's fields (and no others, if ``closed``), a list of one kind,
    (this or null), a type, a pattern, a predicate, a constant. ``int`` is a count."""
    if isinstance(spec, tuple):
        return value if value is None else shape(value, spec[0], where, closed)
    right = type(value) is type(spec)
    if isinstance(spec, re.Pattern):
        right = isinstance(value, str) and spec.fullmatch(value) is not None
    elif isinstance(spec, type):
        right = type(value) is int and value >= 0 if spec is int else isinstance(value, spec)
    elif not isinstance(spec, dict | list):
        right = spec(value) if callable(spec) else right and value == spec
    need(right, f"{where} is not as it must be: {repr(value)[:60]}")
    if isinstance(spec, dict):
        need(not closed or value.keys() <= spec.keys(), f"{where} has a field that is not known")
        for key, inner in spec.items():
            need(key in value, f"{where} has no {key}")
            shape(value[key], inner, f"{where}.{key}", closed)
    for number, item in enumerate(value if isinstance(spec, list) else ()):
        shape(item, spec[0], f"{where}[{number}]", closed)
    return value


def sha256(*parts: bytes) -> bytes:
    """Also RFC 9162 §2.1.1: a leaf is that of 0x00 and the entry, a node that of 0x01 and what is left and right."""
    return hashlib.sha256(b"".join(parts)).digest()


def path(value: Any) -> bool:
    """A plain relative path: no empty, ``.`` or ``..`` parts, no back slash, no control characters."""
    right = isinstance(value, str) and len(value) <= 4096 and value.isprintable() and "\\" not in value
    return right and all(part not in ("", ".", "..") for part in value.split("/"))


def time(text: str) -> int:
    need(TIME.fullmatch(text), f"{text} is not a time like 2026-12-01T00:00:00Z")
    return int(datetime.fromisoformat(text).timestamp())


def unbase64(value: str, size: int | None = None) -> bytes:
    """RFC 4648 §4 in its one canonical spelling: no white space, full padding, unused bits zero."""
    data = base64.b64decode(value)
    need(base64.b64encode(data).decode() == value, "base64 in another than its canonical spelling")
    need(size in (None, len(data)), f"{len(data)} bytes of base64, not {size}")
    return data


def plain(value: str | Exception, width: int = 200) -> str:
    """A text, or an error's, as one line that cannot move a cursor or, where a terminal breaks it, pass for ours."""
    value = f"{value.filename} cannot be read: {value.strerror}" if isinstance(value, OSError) else str(value)
    text = repr(re.sub(" +", " ", value[:width]))[1:-1] + "…" * (len(value) > width)
    return re.sub("[\u2200-\u2bff]", lambda each: ascii(each[0])[1:-1], text)


N, HEX = "[a-z0-9][a-z0-9._-]{0,199}", re.compile("[0-9a-f]{64}")
NAME, TIME = re.compile(N), re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
NAMED, DIGEST, MODEL = [{"name": str, "digest": dict}], {"sha256": HEX}, {"name": re.compile(f"models/{N}")}
IN_TOTO, PROVENANCE, TESTS = "application/vnd.in-toto+json", "https://slsa.dev/provenance/v1", "leak|audit|stress"
SIGNATURES = rb'(?:\{"sig":"[\w+/=]*","keyid":"[0-9a-f]{64}"\},?)*+'  # and JSON, without a comma too many
ONE_LINE = rb'\{"payload":"[\w+/=]*","payloadType":"[\w.+/-]*","signatures":\[%b\]\}\n' % SIGNATURES
COUNTS = ({"taken": int, "made": int, "dropped": dict},)  # lineage.md, *A statement*
BUILD: dict[str, Any] = {"buildType": "https://bylaw.dev/stage/v1", "externalParameters": {"stage": NAME}}
BUILD |= {"internalParameters": {"counts": COUNTS}, "resolvedDependencies": NAMED}
STATEMENT = PROVENANCE, NAMED, {"buildDefinition": BUILD, "runDetails": {"byproducts": NAMED}}
RECORDS = {"name": path, "annotations": {"start": int, "end": int, "rows": {"count": int, "root": HEX}}}
FINISHED = {"stage": NAME, "at": str, "outputs": [{"path": str, "sha256": HEX, "start": (int,), "end": (int,)}]}
FINDING = "https://bylaw.dev/finding/v1", NAMED, {"madeOn": TIME, "materials": NAMED}
FIGURES, DRAWN, WORKING = "measurements.jsonl", "records/samples.jsonl", ("chunks/", "report/", ".lock", "models/")
SAMPLES = {"stage": str, "path": DRAWN, "count": int, "root": HEX, "rows": [{"index": int, "row": str, "proof": [HEX]}]}
METHOD = {"method": "files", "hash_type": "sha256", "allow_symlinks": False}
RESOURCES = {"resources": [{"name": path, "digest": HEX, "algorithm": "sha256"}], "serialization": METHOD}
MANIFEST = "https://model_signing/signature/v1.0", [{"digest": DIGEST}], RESOURCES
MEDIA = re.compile(r"application/vnd\.dev\.sigstore\.bundle[.+;=a-z0-9]*")
OMS = {"mediaType": MEDIA, "verificationMaterial": {"publicKey": dict}, "dsseEnvelope": dict}
RUN = "(run|constitution|reward).toml|(manifest|measurements).jsonl|statements/N.json|proofs/N.(tlog-proof|entry)"
BUNDLE = f"bundle.json|reports/N.({TESTS}).(json|statement)|runs/N/({RUN}|samples/N.json|models/N.(files|sig))"
DISK = f"{RUN}|local.toml|costs.db(-N)?|evidence.zip|records/N.jsonl|proofs/N.rows/N|findings/N.(json|statement|entry)"
PLACE, OF_RUN = (re.compile(each.replace(".", "[.]").replace("N", N)) for each in (BUNDLE, DISK))
HASHED = re.compile("(reports|findings)/.*[.]json|runs/[^/]*/measurements[.]jsonl")  # and not read besides
FREE = re.compile("records/.*|measurements[.]jsonl|local[.]toml|evidence[.]zip|costs[.]db.*|proofs/[^/]*[.]rows/.*")
CLAIM = {"id": str, "text": str, "level": re.compile("self-attested|witnessed|reproduced"), "kind": str, "run": str}
CLAIM |= {"evidence": [{"path": str, "sha256": HEX}], "because": [str]}
PREDICATE = {"made": TIME, "validUntil": (TIME,), "supersedes": (HEX,), "runs": [NAME], "claims": [CLAIM]}
PREDICATE |= {"redactions": [{"path": PLACE, "sha256": HEX, "reason": str}], "limits": [str]}
PREDICATE |= {"decision": ({"text": str, "by": [str], "at": TIME},), "notRun": dict, "clauses": dict}
INDEX = "https://bylaw.dev/evidence/v1", [{"name": PLACE, "digest": DIGEST}], dict
KINDS = {"root": "", "report": "finding.", "lineage": "statement. manifest. lineage.", "ledger": "proof. log."}
KINDS |= {"constitution": "statement. lineage.document lineage.judge", "model": "statement. lineage.model model."}
KINDS |= {"measurements": "statement. manifest. measurements.", "samples": "statement. proof. samples."}
NEEDED = {"run": "container statement. manifest. lineage. proof. log.", "model": "model.", "proof": "proof. log."}
NEEDED["bundle"] = NEEDED["run"] + " index. file. claims. validity"  # under each beginning something must be found
OPTIONS = {"at": "bundle run proof model", "max_age": "bundle run proof", "allow_git": "run model"}  # and for what
OPTIONS |= {"entry": "proof", "statement": "model"}
ED25519 = bytes.fromhex("302a300506032b6570032100")  # how a key begins in DER (RFC 8410, RFC 5480)
P256 = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d030107034200")
load_key: Callable[[bytes], Any] = cache(serialization.load_der_public_key)
NUMBER, LINE = "(0|[1-9][0-9]{0,17})", r"[^\x00-\x1f\ufffd]+"
NOTE = rf"(({LINE})\n{NUMBER}\n({LINE})\n(?:{LINE}\n)*)\n((?:— [^\s+\ufffd]+ [!-~]+\n){{1,256}})"
PROOF = re.compile(rf"c2sp\.org/tlog-proof@v1\n(?:extra \S*\n)?index {NUMBER}\n((?:[!-~]+\n){{0,63}})\n{NOTE}")
GIVEN = dict.fromkeys(("sft", "revise", "respond", "evaluate-seed"), "given")  # whose model a stage takes
MODEL_OF = GIVEN | {"evaluate-sft": "sft", "compare": "sft", "optimise": "sft", "evaluate-final": "optimise"}
UNSIGNED, badness = (".git", ".github", ".gitattributes", ".gitignore"), "✓?✗".index  # OMS §6.2; the worst last
Finding = namedtuple("Finding", "check state run where why")
Part = namedtuple("Part", "path digest start end rows")  # bytes of a file with their {count, root}; or a model
Line = namedtuple("Line", "number digest upto entry")  # a finished line; ``upto``: SHA-256 of all up to its end


class Folder(namedtuple("Folder", "sizes open gone")):
    """Plain files: path → size, path → opened file, and why those are ``gone`` that were redacted: path → reason."""

    def under(self, start: str) -> "Folder":
        """What has paths that begin so, each called by the rest of its path."""
        sizes = {where.removeprefix(start): size for where, size in self.sizes.items() if where.startswith(start)}
        gone = {where.removeprefix(start): why for where, why in self.gone.items() if where.startswith(start)}
        return Folder(sizes, lambda where: self.open(start + where), gone)

    def named(self, end: str) -> list[str]:
        return sorted(where.removesuffix(end) for where in self.sizes if where.endswith(end))

    def there(self, where: str) -> str:
        have(where not in self.gone, f"{where} was redacted")
        need(where in self.sizes, f"{where} is missing")
        return where

    def digest(self, where: str) -> str:
        with self.open(self.there(where)) as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()

    def read(self, where: str) -> bytes:
        with self.open(self.there(where)) as stream:
            data: bytes = stream.read(min(self.sizes[where], FILE_BYTES) + 1)
        need(len(data) == self.sizes[where] <= FILE_BYTES, f"{where} is too large, or not of its listed size")
        return data

    def bounded(self) -> "Folder":
        """Itself, if a bundle or run may be so; but for what is hashed only as far as the statements of a run say."""
        sizes = {name: size for name, size in self.sizes.items() if not FREE.fullmatch(name)}
        few = len(runs_of(sizes)) <= RUNS and " ".join(sizes).count("statements/") <= STAGES and len(sizes) <= FILES
        need(few, "too many files, runs or statements")
        read = sum(size for name, size in sizes.items() if not HASHED.fullmatch(name))
        few = max(sizes.values(), default=0) <= FILE_BYTES and sum(sizes.values()) <= ALL_BYTES and read <= READ_BYTES
        need(few, f"over {FILE_BYTES:,} bytes a file, {ALL_BYTES:,} in all or {READ_BYTES:,} to read")
        return self


def directory(root: str, skip: Sequence[str] = ()) -> Folder:
    """A directory's plain files, but for what is to be skipped (a directory: with a slash); no links, no pipes."""
    sizes, folders = dict[str, int](), [""]
    for here in folders:  # which grows meanwhile
        with os.scandir(os.path.join(root, here)) as listing:
            for entry in listing:
                where = here + entry.name
                need(len(folders) + len(sizes) < ENTRIES, f"more than {ENTRIES:,} files and directories")
                folder = entry.is_dir(follow_symlinks=False)
                right = path(where) and (folder or entry.is_file(follow_symlinks=False))
                need(right, f"{where} is a link or special file, or not a plain path")
                if folder and where + "/" not in skip:
                    folders.append(where + "/")
                elif not folder and where not in skip:
                    sizes[where] = entry.stat(follow_symlinks=False).st_size
    return Folder(sizes, lambda where: open(os.path.join(root, where), "rb"), {})


def archive(where: str) -> Folder:
    """A zip file that can be read in one way only: plain files, each where the last one ended, one directory that says
    of each what its head says, the end; no comments, no ZIP64, no extra fields (one would give a second name)."""
    content, said, start, total = dict[str, bytes](), list[bytes](), 0, 0
    with open(where, "rb") as stream:
        while (head := stream.read(30)).startswith(b"PK\3\4"):
            flags, method, crc, packed, size, length, extra = struct.unpack("<6x2H4x3L2H", head.ljust(30, b"\0"))
            name, total = stream.read(length).decode("utf-8", "surrogateescape"), total + max(size, packed)
            need(path(name) and name not in content, f"{name} is not a plain path in UTF-8, or stands there twice")
            right = not (flags & ~0x806 or extra) and method in (0, 8) and head[4:6] in (b"\n\0", b"\x14\0")  # 1.0, 2.0
            need(right, f"{name} is encrypted, streamed, of another method or version, or has extras")
            need(len(said) < FILES and total <= ALL_BYTES and size <= FILE_BYTES, "too many files, or bytes")
            data, inflate = stream.read(packed), zlib.decompressobj(-15)
            with suppress(zlib.error):  # which leaves it without an end
                data = inflate.decompress(data, size + 1) if method else data
            content[name], right = data, (len(data), zlib.crc32(data)) == (size, crc) and (not method or inflate.eof)
            need(right and not inflate.unused_data, f"{name} cannot be unpacked to the size and checksum in its head")
            said.append(b"PK\1\2" + head[4:] + bytes(4) + start.to_bytes(4, "little") + name.encode())
            start = stream.tell()
        rest = head + stream.read(4 << 20)
    for each in said:  # but for who made it, and how the file was stored
        record, rest = rest[: len(each) + 8], rest[len(each) + 8 :]
        mode = int.from_bytes(record[38:42], "little") & ~(0o100777 << 16 | 0x21)  # of Unix; DOS: read-only, archived
        same = record[:4] + record[6:36] + record[42:] == each
        need(same and not mode, "the directory does not say what the files' heads say, or has what is no plain file")
    ends = struct.pack("<4s4x2H2L2x", b"PK\5\6", len(said), len(said), sum(map(len, said)) + 8 * len(said), start)
    need(rest == ends, "neither a directory nor a zip file of a bundle")
    return Folder({name: len(data) for name, data in content.items()}, lambda where: BytesIO(content[where]), {})


def read_key(pem: bytes) -> bytes:
    """A PEM public key (RFC 7468 §13) of Ed25519 or P-256, in DER; its id is the SHA-256 of that."""
    with suppress(ValueError, UnsupportedAlgorithm):
        key = serialization.load_pem_public_key(pem)
        data = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        if data.startswith((ED25519, P256)) and pem.count(b"-----BEGIN ") == 1:
            return data
    raise Refused("a key's file is not one PEM public key of Ed25519 or ECDSA P-256, and no second key")


@cache  # the proofs of a run mostly have one checkpoint
def signed(key: bytes, signature: bytes, message: bytes) -> bool:
    """Ed25519 (RFC 8032), or ECDSA with SHA-256 and a DER signature, as the key is."""
    with suppress(InvalidSignature):
        load_key(key).verify(signature, message, *([] if key.startswith(ED25519) else [ec.ECDSA(hashes.SHA256())]))
        return True
    return False


class Envelope:
    """DSSE v1: the signature is over PAE(type, payload). A key id is no more than a hint, and no false one either."""

    def __init__(self, kind: str, subject: Any, predicate: Any, value: Any, room: list[int] | None) -> None:
        if isinstance(value, bytes):  # of ours, which has no room for anything beside what is signed
            need(re.fullmatch(ONE_LINE, value), "not the one form that an envelope has")
            value = parse(value, room)
        shape(value, {"payloadType": IN_TOTO, "payload": str, "signatures": [{"sig": str}]}, "the envelope")
        need(1 <= len(value["signatures"]) <= 8, "an envelope has one to eight signatures")
        self.payload = unbase64(value["payload"])
        self.signatures = [(unbase64(each["sig"]), each.get("keyid") or "") for each in value["signatures"]]
        form = {"_type": "https://in-toto.io/Statement/v1", "predicateType": kind, "subject": subject}
        self.body = shape(parse(self.payload, room), form | {"predicate": predicate}, "what is signed")

    def check(self, keys: Sequence[bytes]) -> None:
        have(keys, "no key for it was given (--key)")
        message = b"DSSEv1 %d %s %d %s" % (len(IN_TOTO), IN_TOTO.encode(), len(self.payload), self.payload)
        pairs = [(key, sig) for key in keys for sig, name in self.signatures if name in ("", sha256(key).hex())]
        need(any(signed(key, sig, message) for key, sig in pairs), "not signed by any of the auditor's keys")


def included(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> bool:
    """RFC 9162 §2.1.3: the leaf's bits say where a sibling stands until its path meets the last one's; above, left."""
    meet = (index ^ (size - 1)).bit_length()
    if not 0 <= index < size or len(root) != 32 or len(proof) != meet + (index >> meet).bit_count():
        return False
    for level, sibling in enumerate(proof):
        leaf = sha256(b"\1", *((sibling, leaf) if level >= meet or index >> level & 1 else (leaf, sibling)))
    return leaf == root


class Proof:
    """C2SP tlog-proof v1 with a checkpoint; ``leaf``: hash of the entry it was found to hold, ``times`` of a quorum."""

    def __init__(self, data: bytes, run: str = "", stage: str = "") -> None:
        if len(data) > 1 << 20 or not (match := PROOF.fullmatch(data.decode("utf-8", "replace"))):
            raise Refused("not a tlog-proof in UTF-8: header, index, at most 63 hashes, checkpoint; no control codes")
        number, hashes, self.note, self.origin, size, root, block = match.groups()
        self.number, self.size, self.root, self.leaf = int(number), int(size), unbase64(root, 32), b""
        self.hashes, self.times = [unbase64(line, 32) for line in hashes.split()], list[int]()
        lines, self.run, self.stage = (line.split(" ") for line in block.split("\n")[:-1]), run, stage
        self.signatures = [(name, unbase64(text)[:4].hex(), unbase64(text)[4:]) for _, name, text in lines]

    def check(self, entry: bytes) -> None:
        right = included(self.number, self.size, leaf := sha256(b"\0", entry), self.hashes, self.root)
        need(right, f"it is not number {self.number} in the tree of {self.size} entries")
        self.leaf = leaf


class Policy:
    """C2SP tlog-policy: keys of logs and witnesses, groups in the order of their lines, the quorum's name."""

    def __init__(self, data: bytes) -> None:
        self.keys: dict[tuple[str, str], tuple[int, bytes, str]] = {}  # key's name, id → kind, key, name here
        self.groups, self.quorum, self.there = dict[str, tuple[int, list[str]]](), "", set[bytes]()
        known, name = {"none"}, "none"
        need(len(data) <= 1 << 20 and data.count(b"\n") <= 4_096, "the policy has over 1 MiB, or over 4,096 lines")
        need(not re.search(rb"[\x00-\x08\x0b-\x1f\x7f]", data), "the policy has control characters")
        for number, line in enumerate(data.decode("utf-8", "surrogateescape").split("\n"), 1):
            try:
                match [] if line.strip(" \t").startswith("#") else re.findall(r"[^ \t]+", line):
                    case ["log", vkey] | ["log", vkey, _]:
                        self._key(vkey, "", (1,))
                    case ["witness", name, vkey] | ["witness", name, vkey, _] if name not in known:
                        self._key(vkey, name, (4, 6))
                    case ["group", name, k, *members] if name not in known and "none" not in members:
                        least = {"any": "1", "all": f"{len(members)}"}.get(k, k)
                        right = re.fullmatch(NUMBER, least) and 1 <= int(least) <= len(members) == len({*members})
                        need(right and known.issuperset(members), "not one to all of members above it, each once")
                        self.groups[name] = int(least), members
                    case ["quorum", name] if name in known and not self.quorum:
                        self.quorum = name
                    case [_, *_]:
                        raise Refused("it does not follow C2SP tlog-policy")
                known.add(name)  # that of the last line which had one
            except ValueError as error:
                raise Refused(f"line {number} of the policy: {error}") from None
        need(self.quorum, "the policy has no quorum line")

    def _key(self, vkey: str, name: str, kinds: Sequence[int]) -> None:
        """A verifier key (signed-note *Verifier keys*): of a log (kind 1) or a witness (4; 6 is ML-DSA-44)."""
        key_name, key_id, text = [*vkey.split("+", 2), "", ""][:3]
        data = unbase64(text)
        need(data and sha256(key_name.encode() + b"\n" + data).hex()[:8] == key_id, "not a verifier key")
        need(data[0] in kinds and len(data) == {1: 33, 4: 33, 6: 1313}[data[0]], "a verifier key of another type")
        need(data not in self.there, "the same key twice")
        self.there.add(data)
        self.keys[key_name, key_id] = data[0], data[1:], name

    def signers(self, point: Proof, kind: int, until: int = 2**63) -> dict[str, int]:
        """Logs or witnesses, and when they signed (a log: 0). A false signature of a known key spoils the note."""
        found = dict[str, int]()
        have(any(of == 1 for of, _, _ in self.keys.values()), "no policy that names a log was given (--policy)")
        for key_name, key_id, signature in point.signatures:
            of, key, name = self.keys.get((key_name, key_id), (0, b"", ""))
            if of == kind:
                start = 8 if kind == 4 else 0  # tlog-cosignature *Ed25519 signed message*: a time stands before it
                when = int.from_bytes(signature[:start], "big")
                message = f"cosignature/v1\ntime {when}\n{point.note}" if start else point.note
                right = when < 2**63 and signed(ED25519 + key, signature[start:], message.encode())
                need(right, f"the signature of {key_name} is false")
                found |= {name or key_name: max(when, found.get(name, 0))} if when <= until else {}  # later: none yet
        return found

    def check_quorum(self, point: Proof, until: int) -> list[int]:
        """tlog-proof *Verifying*, step 3: the times of the witnesses, who must be a quorum."""
        times = self.signers(point, 4, until)
        held = {"none", *times}
        for group, (least, members) in self.groups.items():
            held |= {group} if sum(member in held for member in members) >= least else set()
        need(self.quorum in held, f"cosigned by {', '.join(times) or 'no witness'} until then: not the policy's quorum")
        return list(times.values())


class Report:
    """What the auditor brings, ``check_<kind>`` of a path, what was found: ``code`` to exit with, what ``failed``."""

    def __init__(self, path: str, keys: Iterable[bytes], policy: bytes | None, options: dict[str, Any]) -> None:
        self.path, self.keys, self.options = path, [read_key(pem) for pem in keys], dict.fromkeys(OPTIONS) | options
        self.policy = Policy(b"quorum none" if policy is None else policy)
        self.at = int(datetime.now(UTC).timestamp()) if self.options["at"] is None else self.options["at"]
        marks = {"bundle.json": "bundle", "manifest.jsonl": "run", "model.sig": "model"}
        found = [kind for mark, kind in marks.items() if os.path.lexists(os.path.join(path, mark))]
        self.kind = [*found, "proof" if path.endswith(".tlog-proof") else "bundle"][0]
        for name, value in self.options.items():
            need(value in (None, False) or self.kind in OPTIONS[name], f"{name} is not for a {self.kind}")
        self.findings, self.claims, self.failed, self.code = list[Finding](), list[dict[str, Any]](), list[str](), 5
        self.worst = defaultdict[str | None, dict[str, str]](dict)  # run ("" is none, None is any) → check → state
        self.points, self.times, self.run, self.room = list[Proof](), list[int](), "", [ALL_VALUES]

    @contextmanager
    def look(self, name: str, where: str = "") -> Iterator[None]:
        """One look at one thing; what is raised in it makes a finding, and goes no further."""
        state, why = "✓", ""
        try:
            yield
        except Exception as error:  # noqa: BLE001
            state, why = "?" if isinstance(error, Unchecked) else "✗", plain(error, 600)
            if not isinstance(error, Unchecked | ValueError | OSError):
                name, why = "internal", f"{name}: {type(error).__name__}: {why}"
        if (name, state) != ("internal", "✓"):
            self.findings.append(Finding(name, state, self.run, plain(where), why))
            for states in self.worst[None], self.worst[self.run]:
                states[name] = max(state, states.get(name, "✓"), key=badness)

    def made(self, name: str, make: Any, where: str = "") -> Any:
        """What is made in one look; None if it cannot be."""
        found = None
        with self.look(name, where):
            found = make()
        return found

    def opened(self, check: str, kind: Any, read: Callable[[], bytes], where: str = "") -> Any:
        """<check>.format and <check>.signature of a kind of envelope; None if it has no sound form."""
        found = self.made(f"{check}.format", lambda: kind(read(), self.room), where)
        self.made(f"{check}.signature", lambda: have(found).check(self.keys), where)
        return found

    def check_ledger(self) -> None:
        """log.signature, log.quorum, log.fork, age: of every checkpoint in what is checked."""
        known, oldest = dict[tuple[str, str, int], bytes](), self.options["max_age"]
        for point in self.points:
            self.run = point.run
            with self.look("log.signature", point.stage):
                signers = self.policy.signers(point, 1)
                need(point.origin in signers, f"not signed by a log of the policy with origin {point.origin}")
            with self.look("log.quorum", point.stage):
                point.times = self.policy.check_quorum(point, self.at + SKEW)
                self.times += point.times
            with self.look("log.fork", point.stage):
                for what, number, digest in ("root", point.size, point.root), ("entry", point.number, point.leaf):
                    first = known.setdefault((point.origin, what, number), digest) if digest else b""
                    need(first == digest, f"two {what}s numbered {number} of one log: two histories were shown")
        self.run = ""
        if oldest is not None:
            with self.look("age"):
                need(max(self.times, default=-(2**63)) >= self.at - oldest, "no witness's time is so new")

    def check_bundle(self) -> None:
        """container, index.*, what is said of the runs, file.*, claims.*, validity."""
        if not (files := self.made("container", self.open_bundle)):
            return
        index = self.opened("index", Index, partial(files.read, "bundle.json"))
        files = files._replace(gone=index.gone if index else {})
        for name in runs_of(files.sizes):
            Run(self, files, name).check()
        self.check_ledger()
        if not index:
            return
        here, listed, found = files.sizes.keys() - {"bundle.json"}, index.files.keys() - index.gone, dict[str, str]()
        for check, bad in ("file.missing", listed - here), ("file.extra", here - listed):
            self.made(check, partial(none, bad, "the index and the files differ in"))
        for where, digest in index.files.items():
            with self.look("file.digest", where):
                have(where not in index.gone, f"redacted: {index.gone.get(where)}")
                found |= {where: files.digest(where)} if where in here else {}
                need(found.get(where) in (None, digest), "its bytes are not those that were signed")
        self.check_claims(index, found)
        with self.look("validity"):
            until, made = index.says["validUntil"], time(index.says["made"])
            need(until is None or time(until) >= self.at, f"valid until {until}")
            need(made <= self.at, f"made {index.says['made']}, after the time of this check")
            need(max(self.times, default=0) <= made + SKEW, f"a witness has signed after {index.says['made']}")

    def open_bundle(self) -> Folder:
        files = archive(self.path) if os.path.isfile(self.path) else directory(self.path)  # a pipe is neither
        need("bundle.json" in files.sizes, "no bundle.json, manifest.jsonl or model.sig: nothing that can be checked")
        none((name for name in files.sizes if not PLACE.fullmatch(name)), "not a path of a bundle")
        return files.bounded()

    def check_claims(self, index: "Index", found: dict[str, str]) -> None:
        """claims.support, claims.stale, claims.level of each claim, after those it stands on; then whether it holds."""
        claims, order = index.says["claims"], list[str]()
        known = {claim["id"]: claim | {"state": "✗"} for claim in claims}
        self.claims = list(known.values())
        with self.look("claims.support"):
            need(len(known) == len(claims), "two claims have one id")
            need(claims and claims[0]["kind"] == "root", "the first claim is not the root")
            need(known.keys() >= {base for claim in claims for base in claim["because"]}, "a claim stands on none here")
            with suppress(CycleError):
                order += TopologicalSorter({each["id"]: each["because"] for each in claims}).static_order()
            need(order, "claims stand on each other in a circle")
            none(index.says["clauses"].keys() - known, "clauses of claims that are not here", Unchecked)
        for claim in map(known.__getitem__, order):
            because, kind, run = [known[each] for each in claim["because"]], claim["kind"], claim["run"] or None
            digests = {each["path"]: each["sha256"] for each in claim["evidence"]}
            own = (f"reports/%s[.]({TESTS})[.].*" if kind == "report" else "runs/%s/.*") % re.escape(claim["run"])
            with self.look("claims.support", claim["id"]):
                need(because if kind == "root" else digests, "it stands on nothing")
                need(len(digests) == len(claim["evidence"]), "it stands on one file twice")
                none((where for where in digests if not re.fullmatch(own, where)), "files of another run or kind")
                none((lost := digests.keys() - found.keys()) - index.gone.keys(), "not in the bundle")
                none(lost, "redacted", Unchecked)
                have(kind in KINDS, f"no check is known for {kind}")
            with self.look("claims.stale", claim["id"]):
                none((path for path in digests.keys() & found.keys() if digests[path] != found[path]), "changed since")
            with self.look("claims.level", claim["id"]):
                need(claim["level"] != "reproduced", "only an auditor can say that it was reproduced")
                if claim["level"] == "witnessed":  # what a witnessed ledger binds, on nothing less
                    high = kind != "report" and all(each["level"] != "self-attested" for each in because)
                    need(high, "a higher level than what it stands on")
                    have(self.state("log.quorum", run) != "?", "called witnessed, and no quorum was checked")
                    whole = all(point.times for point in self.points if run in (None, point.run))
                    need(whole and self.state("proof. log.", run) == "✓", "no quorum with a witness cosigned all of it")
            states = [self.state(f"container index. {KINDS.get(kind, '')}", run), *(each["state"] for each in because)]
            claim["state"] = max([*states, *(each.state for each in self.findings[-3:])], key=badness)

    def check_run(self) -> None:
        """container, what is said of a run, file.extra; its models are read one by one, working files not at all."""
        if files := self.made("container", lambda: directory(self.path, WORKING).bounded()):
            Run(self, files).check()
            self.check_ledger()
            self.made("file.extra", partial(none, [n for n in files.sizes if not OF_RUN.fullmatch(n)], "of no run"))

    def check_model(self) -> None:
        made, data = None, self.options["statement"]
        if data is not None:
            statement = self.opened("statement", Statement, lambda: data)
            made = next(iter(statement.models.values() if statement else ()), "of none")
        self.check_model_files(self.path, partial(self.read_model, self.path), made)

    def check_proof(self) -> None:
        entry, proof = self.options["entry"], self.made("proof.format", lambda: Proof(own_file(self.path)))
        with self.look("proof.inclusion"):
            have(entry is not None, "no entry was given (--entry)")
            have(proof).check(entry)
        self.points += filter(None, [proof])
        self.check_ledger()

    def read_model(self, root: str, end: str) -> bytes:
        """Of a model on the disk, what a bundle has as <model>.files or <model>.sig."""
        hidden = [name for name in UNSIGNED if os.path.lexists(os.path.join(root, name))]
        need(self.options["allow_git"] or not hidden, f"{', '.join(hidden)}: covered by no signature (see --allow-git)")
        need(not os.path.islink(root), f"{root} is a link")
        files = directory(root, [*hidden, *(f"{name}/" for name in hidden)])
        if end == ".sig":
            return files.read("model.sig")
        order = sorted(files.sizes.keys() - {"model.sig"}, key=lambda name: -files.sizes[name])
        with ThreadPoolExecutor(2) as pool:  # two threads, the largest first: hashlib lets go of the interpreter
            return dir_lines(sorted(zip(order, pool.map(files.digest, order), strict=True)))

    def check_model_files(self, where: str, read: Callable[[str], bytes], made: str | None) -> None:
        """model.files, model.signature; ``made`` is the dirHash that a statement names, if one must."""
        data = b""
        with self.look("model.files", where):
            data = read(".files")
            need(data.count(b"\n") <= ENTRIES, f"more than {ENTRIES:,} files")
            pairs = re.findall("([0-9a-f]{64})  (.+)\n", data.decode("utf-8", "replace"))
            listed = {name: digest for digest, name in pairs}
            need(data == dir_lines(sorted(listed.items())) and all(map(path, listed)), "not `<sha256>  <path>`, sorted")
            need(made in (None, digest := f"dirHash:{sha256(data).hex()}"), f"it is {digest}, in its statement {made}")
        self.made("model.signature", lambda: check_oms(read(".sig"), data, self.keys, self.room), where)

    def state(self, names: str, run: str | None = None) -> str:
        """The worst of what was found under names that begin so (of this run, and of none); nothing is ?."""
        states = [*self.worst[""].items(), *self.worst[run].items()]
        found = [[state for check, state in states if check.startswith(name)] or ["?"] for name in names.split()]
        return max(sum(found, ["✓"]), key=badness)

    def lines(self) -> list[str]:
        out, words = [f"{self.kind} {plain(self.path)}"], {"✓": "✓", "?": "not checked", "✗": "✗"}
        for name, state in self.worst[None].items():
            why = [": ".join(filter(None, one[2:])) for one in self.findings if one.why and one[:2] == (name, state)]
            out.append(f"  {words[state]} {': '.join([name, *why[:1]])}")
            out += [f"      {each}" for each in why[1:8]] + ([f"      … {len(why)} in all"] if len(why) > 8 else [])
        for each in self.claims:
            kind = f"[{each['level']}, {plain(each['kind'])}]"
            out.append(f"  {words[each['state']]} claim {plain(each['id'])} {kind}: {plain(each['text'])}")
        verdict = {0: "everything holds", 4: f"DOES NOT HOLD: {', '.join(self.failed)}"}
        but = " (--allow-git: what models have of .git* was not looked at)" if self.options["allow_git"] else ""
        return [*out, verdict.get(self.code, "not everything was checked") + but]


class Statement(Envelope):
    """What a stage ``needs``; of that, ``bases``: statements, by stage; parts ``made``; ``models``: path → dirHash."""

    def __init__(self, data: bytes, room: list[int]) -> None:
        super().__init__(*STATEMENT, data, room)
        self.digest, build = f"sha256:{sha256(self.payload).hex()}", self.body["predicate"]["buildDefinition"]
        outside, self.counts = build["externalParameters"], build["internalParameters"]["counts"]
        self.stage, template = outside["stage"], shape(outside.get("template"), (HEX,), "the template")
        self.needs, self.made = by_name(build["resolvedDependencies"]), list[Part]()
        at_hub = {name.removesuffix(" name"): digest for name, digest in self.needs.items()}
        self.names = defaultdict[str, Any](lambda: None, at_hub | self.needs | {"template": template})
        self.bases = {name[11:-5]: name for name in self.needs if re.fullmatch("statements/.*[.]json", name)}
        self.byproducts = by_name(self.body["predicate"]["runDetails"]["byproducts"])
        for each, digest in zip(self.body["subject"], by_name(self.body["subject"]).values(), strict=True):
            shape(each, MODEL if digest.startswith("dirHash:") else RECORDS, "a subject")
            notes = {} if digest.startswith("dirHash:") else each["annotations"]
            self.made.append(Part(each["name"], digest, *map(notes.get, ("start", "end", "rows"))))
        self.models = {part.path: part.digest for part in self.made if not part.rows}
        need("manifest.jsonl" in self.byproducts and len(self.models) <= 1, "no line of the manifest, or two models")
        del self.body  # of thousands, and each may have much that nobody asks for


def by_name(named: list[Any]) -> dict[str, str]:
    """Name → ``sha256:…`` or ``dirHash:…``: each name once, and with one digest."""
    found = {each["name"]: f"{kind}:{digest}" for each in named for kind, digest in each["digest"].items()}
    need(len(found) == len(named) == sum(len(each["digest"]) for each in named), "not one name, one digest")
    shape([*found.values()], [re.compile("(sha256|dirHash):[0-9a-f]{64}")], "digests")
    return found


class Run:
    """A run on the disk (no name), or of a bundle."""

    def __init__(self, report: Report, files: Folder, name: str = "") -> None:
        self.report, self.name, report.run = report, name, name
        self.look, self.made, self.opened = report.look, report.made, report.opened
        self.files = files.under(name and f"runs/{name}/")
        self.reports = files.under(f"reports/{name}." if name else "findings/")
        self.statements, self.proofs = dict[str, Statement](), defaultdict[str, Any](partial(have, None))
        self.lines = defaultdict[str, Line](lambda: Line(0, "", "", None))  # stage → its last finished line

    def check(self) -> None:
        for stage in self.files.under("statements/").named(".json"):
            if made := self.opened("statement", Statement, partial(self.files.read, f"statements/{stage}.json"), stage):
                self.statements[stage] = made
        self.made("manifest.line", self.read_manifest, "manifest.jsonl")
        proved = self.files.under("proofs/").named(".tlog-proof")
        for stage in sorted({*proved} | self.statements.keys() | self.lines.keys()):
            self.check_stage(stage, bool(proved))
        if self.statements:
            self.check_chain()
        for check in self.check_parts, self.check_models, self.check_findings:
            check()
        if self.name:
            self.check_samples()

    def read_manifest(self) -> None:
        upto, lines = hashlib.sha256(), self.files.read("manifest.jsonl").split(b"\n", LINES)
        need(lines.pop() == b"", f"its last line has no end, or there are more than {LINES:,}")
        for number, line in enumerate(lines, 1):
            upto.update(line + b"\n")
            entry = shape(parse(line, self.report.room), {"event": str, "stage": str}, f"line {number}")
            if entry["event"] == "finished":
                digest, upto_here = (f"sha256:{digest.hex()}" for digest in (sha256(line, b"\n"), upto.digest()))
                self.lines[entry["stage"]] = Line(number, digest, upto_here, shape(entry, FINISHED, f"line {number}"))

    def check_stage(self, stage: str, proved: bool) -> None:
        """Its line and its entry, which follows from line and statement; a run directory has only the entry's index."""
        statement, line, data = self.statements.get(stage), self.lines[stage], b""
        with self.look("manifest.line", stage):
            self.files.there("manifest.jsonl")
            self.files.there(f"statements/{stage}.json")
            named = have(statement).byproducts
            need(named["manifest.jsonl"] == line.digest, "not the last finished line that its statement names")
            need(named.get("manifest.jsonl, so far", line.upto) == line.upto, "something before its line has changed")
        if not statement:
            return
        self.made("statement.stage", partial(need, statement.stage == stage, f"it is of {statement.stage}"), stage)
        with self.look("manifest.outputs", stage):
            outputs = [tuple(map(each.get, ("path", "sha256", "start", "end"))) for each in have(line.entry)["outputs"]]
            made = [(part.path, part.digest.split(":")[1], part.start, part.end) for part in statement.made]
            need(sorted(map(repr, outputs)) == sorted(map(repr, made)), "its outputs are not the statement's subjects")
        with self.look("lineage.counts", stage):
            counts = statement.counts or {"taken": 0, "made": 0, "dropped": {}}
            need(statement.counts or stage.startswith("evaluate"), "only stages that measure count nothing")
            lost = sum(shape([*counts["dropped"].values()], [int], "dropped"))
            need(counts["taken"] == counts["made"] + lost, f"{counts}: taken is not made and dropped")
        with self.look("proof.format", stage):
            have(proved, "the run has no proofs")
            self.proofs[stage] = Proof(self.files.read(f"proofs/{stage}.tlog-proof"), self.name, stage)
            self.report.points.append(self.proofs[stage])
        with self.look("proof.entry", stage):
            number, found = self.proofs[stage].number, self.files.read(f"proofs/{stage}.entry")
            at, said = have(line.entry)["at"].replace("+00:00", "Z"), f'"{PROVENANCE}","statement":"{statement.digest}"'
            data = f'{{"at":"{at}","kind":"statement.v1","predicate":{said}}}'.encode()
            right = found == (data if self.name else b"%d\n" % number) and TIME.fullmatch(at)
            need(right, "it is not the entry of this statement, or not its index")
        self.made("proof.inclusion", lambda: self.proofs[stage].check(have(data)), stage)

    def check_chain(self) -> None:
        """The other lineage.*. By digest: given model → sft → optimise → evaluate-final; a stage builds on statements
        and on the maker of its model; one judge, one template, one constitution, wherever they are named."""
        known, rooted, fresh = self.statements, {"prompts"}, {"prompts"}
        latest = sorted(known, key=lambda stage: -self.lines[stage].number)  # so that a model's first maker stays
        maker = {digest: stage for stage in latest for digest in known[stage].models.values()}
        edges = {stage: {*each.bases, maker.get(each.names["model"], stage)} - {stage} for stage, each in known.items()}
        while fresh:
            fresh = {stage for stage in known if edges[stage] & fresh} - rooted
            rooted |= fresh
        models: dict[str, Any] = {stage: next(iter(each.models.values()), "none") for stage, each in known.items()}
        models |= {whose: known[stage].names["model"] for stage, whose in GIVEN.items() if stage in known}
        for stage, each in known.items():
            with self.look("lineage.chain", stage):
                for base, name in each.bases.items():
                    right = self.files.there(name) and base in known and each.needs[name] == known[base].digest
                    need(right, f"another statement of {base}")
                given = stage.startswith("evaluate") and MODEL_OF.get(stage, "given") == "given"
                need(stage in rooted or (given and not edges[stage]), "it does not reach back to prompts")
            with self.look("lineage.order", stage):
                bases, line, at = edges[stage] & known.keys(), self.lines[stage].number, self.proofs
                none((base for base in bases if 0 < line <= self.lines[base].number), "manifest.jsonl has it before")
                none((base for base in bases if at[stage].number <= at[base].number), "the ledger has it before")
            with self.look("lineage.model", stage):
                model = each.names["model"]
                if whose := MODEL_OF.get(stage) or ("sft" if model and not stage.startswith("evaluate") else ""):
                    expected = have(models.get(whose), f"no statement says what model this is: {whose}")
                    need(model == expected, f"its model is {model}, not that of {whose}, {expected}")
        for what in ("judge", "template", "constitution", "constitution.toml"):
            with self.look("lineage.judge", what):
                named = {each.names[what]: stage for stage, each in known.items() if each.names[what]}
                need(len(named) <= 1, f"not the same in {', '.join(named.values())}")
        for what in ("run.toml", "constitution.toml", *({"reward.toml"} & {n for s in known for n in known[s].needs})):
            with self.look("lineage.document", what):
                digest = f"sha256:{self.files.digest(what)}"
                asked = what.removesuffix(".toml")  # the rules that revised and judged are those in the file
                said = {stage: {each.needs.get(what), each.needs.get(asked, digest)} for stage, each in known.items()}
                none((stage for stage in said if said[stage] != {digest}), "another digest, or none, is named by")

    def check_parts(self) -> None:
        """measurements.digest, records.digest, records.rows: every byte is of one stage, so none is hashed twice."""
        parts = {where: list[Part]() for where in sorted(self.files.sizes) if where.startswith(("records/", FIGURES))}
        for part in (part for each in self.statements.values() for part in each.made if part.rows):
            if not self.name or part.path == FIGURES:
                parts.setdefault(part.path, []).append(part)
        for where, spans in parts.items():
            check, at = f"{'measurements' if where == FIGURES else 'records'}.digest", 0
            with self.look(check, where), self.files.open(self.files.there(where)) as stream:
                need(spans, "it is of no stage")
                for part in sorted(spans, key=lambda part: part[2:4]):
                    need(part.start == at <= part.end, f"the bytes from {at} are of no stage, or of two")
                    digest, rows = read_rows(stream, part.end - at)
                    for name, here, said in (check, digest, part.digest), ("records.rows", rows, part.rows):
                        with self.look(name, f"{where}, bytes {at}–{part.end}"):
                            need(here == said, f"here {here}, in the statement {said}")
                    at = part.end
                need(at == self.files.sizes[where], f"the bytes from {at} are of no stage, or are not there")

    def check_models(self) -> None:
        made = {each for statement in self.statements.values() for each in statement.models.items()}
        there = self.files.under("models/").named(".files") + self.files.under("models/").named(".sig")
        if not self.name and os.path.isdir(root := os.path.join(self.report.path, "models")):
            there = [entry.name for entry, _ in zip(os.scandir(root), range(ENTRIES), strict=False)]
        if extra := {f"models/{name}" for name in there} - dict(made).keys():  # which are not even read
            self.made("model.files", partial(none, extra, "no statement made"))
        for where, digest in sorted(made):
            on_disk = partial(self.report.read_model, os.path.join(self.report.path, where))
            self.report.check_model_files(where, self.files.under(where).read if self.name else on_disk, digest)

    def check_findings(self) -> None:
        """finding.*: a report's own statement (lineage.md, *A finding*) is of this report, and of this run as it is."""
        ours = {f"statements/{stage}.json": each.digest for stage, each in self.statements.items()}
        for kind in (k for k in self.reports.named(".json") if not self.name or "." not in k):  # not of a run "…."
            finding = self.opened("finding", partial(Envelope, *FINDING), partial(self.finding, kind), kind)
            with self.look("finding.lineage", kind):
                made = {f"findings/{kind}.json": f"sha256:{self.reports.digest(f'{kind}.json')}"}
                need(by_name(have(finding).body["subject"]) == made, "it is the statement of another report")
                named = by_name(finding.body["predicate"]["materials"])
                need(named.keys() & ours.keys(), "it names no stage of this run")
                for name in filter(lambda name: PLACE.fullmatch(f"runs/run/{name}"), named):
                    here = ours.get(name) or f"sha256:{self.files.digest(name)}"
                    need(named[name] == here, f"{name} is not the one that was looked at")

    def finding(self, kind: str) -> bytes:
        """In a run its name has the first digits of the report's digest, so that an older report's stays apart."""
        have(self.statements, "nothing of this run is signed")
        mark = "" if self.name else "." + self.reports.digest(f"{kind}.json")[:16]
        return self.reports.read(f"{kind}{mark}.statement")

    def check_samples(self) -> None:
        """samples.rows, samples.draw (evidence.md, *Drawn samples*), wherever there are samples, or should be."""
        rows = {stage: part.rows for stage, each in self.statements.items() for part in each.made if part.path == DRAWN}
        for stage in sorted(rows.keys() | {*self.files.under("samples/").named(".json")}):
            value = None
            with self.look("samples.rows", stage):
                value = shape(parse(self.files.read(f"samples/{stage}.json"), self.report.room), SAMPLES, stage, True)
                committed = value["stage"], {key: value[key] for key in ("count", "root")}
                need(committed == (stage, rows.get(stage)), "not of the rows that the statement commits to")
                for each in value["rows"]:
                    hashes, leaf = [bytes.fromhex(node) for node in each["proof"]], sha256(b"\0", each["row"].encode())
                    right = included(each["index"], value["count"], leaf, hashes, bytes.fromhex(value["root"]))
                    need(right, f"row {each['index']} is not in the rows of the statement")
            with self.look("samples.draw", stage):
                count, drawn, k = have(value)["count"], dict[int, None](), -1
                seed = sha256(self.proofs[stage].note.encode(), stage.encode())
                while len(drawn) < min(5, count):
                    drawn |= {int.from_bytes(sha256(seed, (k := k + 1).to_bytes(4, "big"))) % count: None}
                need([each["index"] for each in value["rows"]] == [*drawn], f"the checkpoint draws {[*drawn]}")


def read_rows(stream: IO[bytes], size: int) -> tuple[str, Any]:
    """(SHA-256, {count, root}) of the next rows; the root grows by a stack of full subtrees (RFC 9162 §2.1.2)."""
    digest, stack, count = hashlib.sha256(), list[bytes](), 0
    while size > 0 and (line := stream.readline(min(size, FILE_BYTES))):
        need(line.endswith(b"\n"), f"row {count} has no end, or is longer than {FILE_BYTES:,} bytes")
        digest.update(line)
        node, count, size = sha256(b"\0", line[:-1]), count + 1, size - len(line)
        for _ in range((count & -count).bit_length() - 1):
            node = sha256(b"\1", stack.pop(), node)
        stack.append(node)
    root = reduce(lambda right, left: sha256(b"\1", left, right), stack[::-1]) if stack else sha256()
    return f"sha256:{digest.hexdigest()}", {"count": count, "root": root.hex()}


def dir_lines(listed: Iterable[tuple[str, str]]) -> bytes:
    """in-toto's dirHash is the SHA-256 of these lines, sorted by name; the files of a model with their SHA-256."""
    return "".join(f"{digest}  {name}\n" for name, digest in listed).encode()


def check_oms(data: bytes, lines: bytes, keys: Sequence[bytes], room: list[int] | None = None) -> None:
    """OpenSSF Model Signing v1.0, key method (§4, §8.1, §8.3): over exactly these files, by one of the P-256 keys."""
    envelope = Envelope(*MANIFEST, shape(parse(data, room), OMS, "the bundle")["dsseEnvelope"], room)
    names = [(each["name"], each["digest"]) for each in envelope.body["predicate"]["resources"]]
    other = {*dir_lines(names).decode().split("\n")} ^ {*lines.decode("utf-8", "replace").split("\n")}
    why = ", ".join(sorted({line[66:] for line in other})) or "the order"
    need(names and dir_lines(names) == lines, f"what was signed differs in {why}")
    subject, root = envelope.body["subject"], sha256(bytes.fromhex("".join(digest for _, digest in names))).hex()
    need([each["digest"]["sha256"] for each in subject] == [root], "the subject is not the root (OMS §6.5.1)")
    envelope.check([key for key in keys if key.startswith(P256)])


class Index(Envelope):
    """bundle.json, whose predicate ``says`` is of exactly the runs and reports among its ``files`` (path → SHA-256)."""

    def __init__(self, data: bytes, room: list[int]) -> None:
        super().__init__(*INDEX, data, room)
        self.says = says = shape(self.body["predicate"], PREDICATE, "the predicate", closed=True)
        self.files = {each["name"]: each["digest"]["sha256"] for each in self.body["subject"]}
        need([each["name"] for each in self.body["subject"]] == sorted(self.files), "subjects not sorted, each once")
        self.gone = once([(each["path"], each["reason"]) for each in says["redactions"]], "a file was redacted twice")
        wrong = (each["path"] for each in says["redactions"] if self.files.get(each["path"]) != each["sha256"])
        none(wrong, "no subjects, with these digests")
        need(sorted(says["runs"]) == runs_of(self.files), "runs are not those whose files are here")
        of = [claim["run"] in (says["runs"] if claim["kind"] != "root" else [""]) for claim in says["claims"]]
        need(all(of) and len(of) <= CLAIMS, f"a claim is of a run that is not here, or there are over {CLAIMS:,}")
        kinds = [f"{run}.{kind}" for run in says["runs"] for kind in TESTS.split("|")]
        made = [each[8:].rpartition(".")[0] for each in self.files if each.startswith("reports/")]
        right = sorted(kinds * 2) == sorted([*says["notRun"], *says["notRun"], *made])
        need(right, "each of a run's leak, audit and stress is a report with its statement, or in notRun, not both")
        shape([[*says["notRun"].values()], *says["clauses"].values()], [[str]], "notRun and clauses")


def runs_of(paths: Iterable[str]) -> list[str]:
    return sorted({where.split("/")[1] for where in paths if where.startswith("runs/")})


def verify(path: Any, keys: Iterable[bytes] = (), policy: bytes | None = None, **options: Any) -> Report:
    """Check what lies at ``path`` with the auditor's PEM keys and policy. ``options``: ``at``, ``max_age`` (seconds),
    ``allow_git``, the bytes of an ``entry`` or ``statement``. Raises Refused only for what the auditor gives."""
    report = Report(os.fspath(path), keys, policy, options)
    report.made("internal", getattr(report, f"check_{report.kind}"))
    for name in NEEDED[report.kind].split():
        if not any(check.startswith(name) for check in report.worst[None]):
            report.made(name.removesuffix("."), lambda: have(None, "nothing to check"))
    report.failed = [name for name, state in report.worst[None].items() if state == "✗"]
    states = [*report.worst[None].values(), *(each["state"] for each in report.claims)]
    report.code = {"✓": 0, "?": 5, "✗": 4}[max(states, key=badness)]
    return report


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="verify", description="Check evidence of bylaw, offline.")
    add_arguments(parser)
    return run(parser.parse_args(argv))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("path", help="a bundle (directory or zip), run directory, model directory or .tlog-proof")
    add("--key", action="append", default=[], metavar="PEM", help="a public key of the lab's; may be repeated")
    add("--policy", help="the logs and witnesses you accept (C2SP tlog-policy)")
    add("--max-age", type=age, help="how old a witness's time may be: 30d, 12h, 90m, 60s")
    add("--at", type=time, help="check as of this time, YYYY-MM-DDTHH:MM:SSZ (default: now)")
    add("--allow-git", action="store_true", help="let .git* pass in a model directory, unchecked")
    add("--entry", help="with a proof: the file of the entry's bytes")
    add("--statement", help="with a model directory: the statement of the stage that made it")
    add("--json", action="store_true", help="one JSON object instead of lines")


def age(value: str) -> int:
    need(re.fullmatch("[1-9][0-9]{0,8}[smhd]", value), "not like 30d")
    return int(value[:-1]) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[value[-1]]


def run(args: argparse.Namespace) -> int:
    given = {name: vars(args)[name] for name in ("policy", *OPTIONS)}
    try:
        os.stat(args.path)
        for file in [*args.key, *filter(None, [args.policy])]:
            inside, own = (os.path.join(os.path.realpath(each), "") for each in (args.path, file))
            need(not own.startswith(inside), f"{file} lies in {args.path}: keys and policy come from elsewhere")
        given |= {name: own_file(given[name]) for name in ("policy", "entry", "statement") if given[name] is not None}
        report = verify(args.path, map(own_file, args.key), **given)
    except (OSError, Refused) as error:
        print(f"verify: error: {plain(error, 600)}", file=sys.stderr)
        return 2
    found = {"code": report.code, "failed": report.failed, "claims": report.claims, "lines": report.lines()}
    text, encoding = json.dumps(found) if args.json else "\n".join(report.lines()), sys.stdout.encoding or "utf-8"
    print(text.encode(encoding, "backslashreplace").decode(encoding))
    return report.code


def own_file(file: str) -> bytes:
    need(os.path.getsize(file) <= JSON_BYTES and os.path.isfile(file), f"{file} is no plain file, or too large")
    with open(file, "rb") as stream:
        return stream.read(JSON_BYTES)


if __name__ == "__main__":
    sys.exit(main())
