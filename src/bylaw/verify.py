"""Checks bylaw's evidence, offline: a bundle, a run directory, a model directory, or a proof of entry in a ledger.

    python verify.py PATH --key lab.pub --policy policy.txt

Needs Python 3.11 and ``cryptography``; shares no code with what writes evidence: both follow docs/evidence.md and
docs/lineage.md. Keys and policy are the auditor's own. What cannot be checked without them reads *not checked*. Exit
codes: 0 all holds and was checked; 4 something does not hold; 5 something was not checked; 2 wrong command line.

How to read it: ``with look(name, where)`` makes one check of evidence.md. Refused inside says why it does not hold,
Unchecked why nothing can be said; any other error is a failure named ``internal``. Nothing is read that has no bound.
"""

import argparse
import binascii
import graphlib
import hashlib
import json
import os
import re
import stat
import sys
from collections import defaultdict, namedtuple
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from typing import IO, Any

FILES, FILE_BYTES, ALL_BYTES = 10_000, 64 << 20, 512 << 20  # of a bundle
JSON_BYTES, JSON_VALUES, JSON_DEPTH, ENTRIES = 16 << 20, 1_000_000, 32, 100_000  # of what is read at all
IN_TOTO, STATEMENT_TYPE = "application/vnd.in-toto+json", "https://in-toto.io/Statement/v1"
PROVENANCE, EVIDENCE = "https://slsa.dev/provenance/v1", "https://bylaw.dev/evidence/v1"
N, HEX, NAME = "[a-z0-9][a-z0-9._-]{0,199}", re.compile("[0-9a-f]{64}"), re.compile("[a-z0-9][a-z0-9._-]{0,199}")
TIME = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")


class Refused(ValueError):
    """What is checked, or what the auditor gives, breaks a rule; the text says which."""


class Unchecked(Exception):
    """Something that the check needs is not at hand; the text says what."""


def need(holds: object, why: str) -> Any:
    if not holds:
        raise Refused(why)


# ---------------------------------------------------------------------------------------------- json and bytes
def parse(data: bytes) -> Any:
    """JSON without what I-JSON (RFC 7493) forbids: equal keys, NaN, numbers beyond 2**53, halves of surrogates."""
    few = sum(map(data.count, (b",", b"[", b"{"))) <= JSON_VALUES  # counted before anything is built from it
    need(len(data) <= JSON_BYTES and few, f"JSON of over {JSON_BYTES:,} bytes or {JSON_VALUES:,} values")
    try:
        value = json.loads(
            data.decode(),
            object_pairs_hook=lambda each: need(len(each) == len(dict(each)), "a key twice") or dict(each),
        )
        json.dumps(value, ensure_ascii=False).encode()  # which half of a surrogate pair does not survive
        _bounded(value, JSON_DEPTH)
    except (ValueError, RecursionError) as error:
        raise Refused(f"not JSON in UTF-8: {error}") from None
    return value


def _bounded(value: Any, depth: int) -> None:
    need(not isinstance(value, int | float) or abs(value) < 2**53, "a number from 2**53 on")  # NaN is not smaller
    need(depth >= isinstance(value, dict | list), f"nested deeper than {JSON_DEPTH}")
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _bounded(item, depth - 1)


def shape(value: Any, spec: Any, where: str, closed: bool = False) -> Any:
    """The value, if it is like ``spec``: an object's fields (``name?`` may lack; others only if not ``closed``), a list
    of one kind, (this or null), a type, a pattern, a predicate, a constant. ``int`` is a count."""
    right = False
    if isinstance(spec, tuple):
        return value if value is None else shape(value, spec[0], where, closed)
    if isinstance(spec, dict) and isinstance(value, dict):
        need(not closed or value.keys() <= spec.keys(), f"{where} has a field that is not known")
        for key, inner in spec.items():
            need(key[-1] == "?" or key in value, f"{where} has no {key}")
            if key.rstrip("?") in value:
                shape(value[key.rstrip("?")], inner, f"{where}.{key}", closed)
        return value
    if isinstance(spec, list) and isinstance(value, list):
        return [shape(item, spec[0], f"{where}[{number}]", closed) for number, item in enumerate(value)]
    if isinstance(spec, re.Pattern):
        right = isinstance(value, str) and spec.fullmatch(value) is not None
    elif isinstance(spec, type):
        right = type(value) is int and value >= 0 if spec is int else isinstance(value, spec)
    elif not isinstance(spec, dict | list):
        right = spec(value) if callable(spec) else type(value) is type(spec) and value == spec
    need(right, f"{where} is not as it must be: {repr(value)[:60]}")
    return value


def path(value: Any) -> bool:
    """A plain relative path: no empty, ``.`` or ``..`` parts, no back slash, no control characters."""
    right = isinstance(value, str) and len(value) <= 4096 and value.isprintable() and "\\" not in value
    return right and all(part not in ("", ".", "..") for part in value.split("/"))


def unbase64(value: Any, size: int | None = None) -> bytes:
    """RFC 4648 §4 in its one canonical spelling: no white space, full padding, unused bits zero."""
    try:
        data = binascii.a2b_base64(value, strict_mode=True)
    except (ValueError, TypeError):
        raise Refused("not base64") from None
    need(binascii.b2a_base64(data, newline=False).decode() == value, "base64 that is not canonical")
    need(size in (None, len(data)), f"base64 of {len(data)} bytes, not {size}")
    return data


def time(moment: str) -> int:
    need(TIME.fullmatch(moment), f"{moment} is not a time like 2026-12-01T00:00:00Z")
    return int(datetime.fromisoformat(moment).timestamp())


def plain(value: str, width: int = 200) -> str:
    """A text as one line that cannot move a terminal's cursor or pass for a line of ours."""
    line = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in value[: width + 1])
    return line if len(line) <= width else line[: width - 1] + "…"


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


# --------------------------------------------------------------------------------------------------- container
class Folder:
    """A directory's plain files, path → size; links and special files are refused, never followed."""

    def __init__(self, root: str, skip: Sequence[str] = ()) -> None:
        self.root, self.sizes, folders = root, dict[str, int](), [""]
        for here in folders:  # which grows meanwhile
            with os.scandir(os.path.join(root, here)) as listing:
                for entry in listing:
                    where = here + entry.name
                    need(path(where), f"{where} is not a plain path")
                    need(len(folders) + len(self.sizes) < ENTRIES, f"more than {ENTRIES:,} files and directories")
                    if where not in skip and entry.is_dir(follow_symlinks=False):
                        folders.append(where + "/")
                    elif where not in skip:
                        need(entry.is_file(follow_symlinks=False), f"{where} is a link or a special file")
                        self.sizes[where] = entry.stat(follow_symlinks=False).st_size

    def open(self, where: str) -> IO[bytes]:
        return open(os.path.join(self.root, where), "rb")

    def read(self, where: str) -> bytes:
        with self.open(where) as stream:
            data = stream.read(FILE_BYTES)
        need(len(data) == self.sizes[where], f"{where} has not the size that its directory says, or is too large")
        return data

    def digest(self, where: str) -> str:
        """SHA-256 in constant memory: blocks of 1 MiB, read into one buffer."""
        digest, block, left = hashlib.sha256(), memoryview(bytearray(1 << 20)), self.sizes[where]
        with self.open(where) as stream:
            while size := stream.readinto(block):  # type: ignore[attr-defined]
                digest.update(block[:size])
                left -= size
        need(left == 0, f"{where} has not the size that its directory says")
        return digest.hexdigest()

    def digests(self) -> dict[str, str]:
        """Of all files, by two threads, the largest first: hashlib lets go of the interpreter as it works."""
        from concurrent.futures import ThreadPoolExecutor

        order = sorted(self.sizes, key=lambda where: -self.sizes[where])
        with ThreadPoolExecutor(2) as pool:
            return dict(zip(order, pool.map(self.digest, order), strict=True))


class Archive(Folder):
    """A zip file: one directory at its end, without comment or ZIP64, of plain, unencrypted files."""

    def __init__(self, where: str) -> None:
        import zipfile

        with open(where, "rb") as stream:
            stream.seek(max(0, os.path.getsize(where) - 42))
            tail = stream.read(42)  # perhaps a ZIP64 locator (20 bytes), and the end record (22)
        right = tail[20:24] == b"PK\5\6" and tail[40:] == b"\0\0" and tail[:4] != b"PK\6\7"
        need(
            right and int.from_bytes(tail[32:36], "little") <= 4 << 20, "neither a directory nor a zip file of a bundle"
        )
        self.zip, self.sizes = zipfile.ZipFile(where), {}
        need(min((each.header_offset for each in self.zip.infolist()), default=0) == 0, "bytes before the zip file")
        for info in self.zip.infolist():
            name = info.orig_filename  # as it stands there; zipfile cuts it at a NUL
            need(path(name) and name not in self.sizes, f"{name} is not a plain path, or stands there twice")
            need(stat.S_IFMT(info.external_attr >> 16) in (0, stat.S_IFREG), f"{name} is a link or a special file")
            need(not info.flag_bits & 1 and info.compress_type in (0, 8), f"{name} is encrypted, or packed otherwise")
            self.sizes[name] = info.file_size

    def open(self, where: str) -> IO[bytes]:
        return self.zip.open(where)


# -------------------------------------------------------------------------------------------------- signatures
def signed(key: Any, signature: bytes, message: bytes) -> bool:
    """Ed25519 (RFC 8032), or ECDSA with SHA-256 and a DER signature, as the key is."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
    from cryptography.hazmat.primitives.hashes import SHA256

    try:
        key.verify(signature, message, *([ECDSA(SHA256())] if hasattr(key, "curve") else []))
    except InvalidSignature:
        return False
    return True


def key_id(key: Any) -> str:
    """SHA-256 of the key in DER."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def read_key(pem: bytes) -> Any:
    """A PEM public key (RFC 7468 §13): Ed25519 or P-256."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key: Any = load_pem_public_key(pem)
        if getattr(key, "curve", key).__class__.__name__ in ("SECP256R1", "Ed25519PublicKey"):
            return key
    except (ValueError, UnsupportedAlgorithm):
        pass
    raise Refused("a key is not a PEM public key of Ed25519 or ECDSA P-256")


class Envelope:
    """DSSE v1: the signature is over PAE(type, payload). A key id is no more than a hint, and no false one either."""

    def __init__(self, value: Any) -> None:
        shape(value, {"payloadType": IN_TOTO, "payload": str, "signatures": [{"sig": str}]}, "the envelope")
        need(1 <= len(value["signatures"]) <= 8, "an envelope has one to eight signatures")
        self.payload = unbase64(value["payload"])
        self.signatures = [(unbase64(each["sig"]), each.get("keyid") or "") for each in value["signatures"]]

    def check(self, keys: Sequence[Any]) -> None:
        if not keys:
            raise Unchecked("no key for it was given (--key)")
        message = b"DSSEv1 %d %s %d %s" % (len(IN_TOTO), IN_TOTO.encode(), len(self.payload), self.payload)
        pairs = [(key, sig) for key in keys for sig, name in self.signatures if name in ("", key_id(key))]
        need(any(signed(key, sig, message) for key, sig in pairs), "not signed by any of the auditor's keys")


# ------------------------------------------------------------------------------------- tree, checkpoint, proof
def hashed(*parts: bytes) -> bytes:
    """SHA-256; RFC 9162 §2.1.1: of a leaf with 0x00 before the entry, of a node with 0x01 before left and right."""
    return hashlib.sha256(b"".join(parts)).digest()


def included(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> bool:
    """RFC 9162 §2.1.3.2, step by step. A tree of size 0 includes nothing."""
    if not 0 <= index < size or len(root) != 32:
        return False
    node, last, result = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if node & 1 or node == last:
            result = hashed(b"\1", sibling, result)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            result = hashed(b"\1", result, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and result == root


NUMBER, LINE = "(0|[1-9][0-9]{0,17})", r"[^\x00-\x1f\ufffd]+"
NOTE = re.compile(rf"(({LINE})\n{NUMBER}\n({LINE})\n(?:{LINE}\n)*)\n((?:— [^\s+]+ \S+\n){{1,256}})")
PROOF = re.compile(rf"c2sp\.org/tlog-proof@v1\n(?:extra (\S*)\n)?index {NUMBER}\n((?:\S+\n){{0,63}})\n([^\0]*)")
Checkpoint = namedtuple("Checkpoint", "note origin size root signatures")  # signatures: [(key's name, id, the rest)]


def read_checkpoint(text: str) -> Checkpoint:
    """C2SP tlog-checkpoint v1.0.0 in a signed-note v1.0.0; ``note`` is what is signed, with its last line end."""
    if not (match := NOTE.fullmatch(text)):
        raise Refused("a checkpoint is origin, size, root, an empty line and signatures, without control characters")
    note, origin, size, root, block = match.groups()
    keys = [(name, unbase64(key)) for _, name, key in (line.split(" ") for line in block.split("\n")[:-1])]
    return Checkpoint(note, origin, int(size), unbase64(root, 32), [(name, key[:4], key[4:]) for name, key in keys])


class Proof:
    """C2SP tlog-proof v1: header, ``extra`` (not looked at), ``index``, hashes, an empty line, the checkpoint."""

    def __init__(self, data: bytes) -> None:
        if not (match := PROOF.fullmatch(data[: 1 << 20].decode("utf-8", "replace"))):
            raise Refused("not a tlog-proof of a header, an index, at most 63 hashes and a checkpoint")
        self.number, self.hashes = int(match[2]), [unbase64(line, 32) for line in match[3].split("\n")[:-1]]
        self.point = read_checkpoint(match[4])

    def check(self, entry: bytes) -> None:
        tree = self.point.size, hashed(b"\0", entry), self.hashes, self.point.root
        need(included(self.number, *tree), f"it is not number {self.number} in the tree of {self.point.size} entries")


# ------------------------------------------------------------------------------------------------------ policy
class Policy:
    """C2SP tlog-policy: keys of logs and witnesses, groups in the order of their lines, the quorum's name."""

    def __init__(self, data: bytes) -> None:
        self.keys: dict[tuple[str, str], tuple[int, bytes, str]] = {}  # key's name, id → kind, key, name here
        self.groups, self.quorum = dict[str, tuple[int, list[str]]](), ""
        need(not re.search(rb"[\x00-\x08\x0b-\x1f\x7f]", data), "the policy has control characters")
        for number, line in enumerate(data.decode("utf-8", "surrogateescape").split("\n"), 1):
            try:
                self._line([] if line.strip(" \t").startswith("#") else re.findall(r"[^ \t]+", line))
            except ValueError as error:
                raise Refused(f"line {number} of the policy: {error}") from None
        need(self.quorum, "the policy has no quorum line")

    def _line(self, words: list[str]) -> None:
        known = {"none", *(name for kind, _, name in self.keys.values() if kind != 1), *self.groups}
        match words:
            case []:
                pass
            case ["log", vkey] | ["log", vkey, _]:
                self._key(vkey, "", (1,))
            case ["witness", name, vkey] | ["witness", name, vkey, _] if name not in known:
                self._key(vkey, name, (4, 6))
            case ["group", name, k, *members] if name not in known and (known - {"none"}).issuperset(members):
                need(re.fullmatch(f"any|all|{NUMBER}", k), "a group is of any, all, or a number of its members")
                least = {"any": 1, "all": len(members)}.get(k) or int(k)
                need(1 <= least <= len(members) == len(set(members)), "one to all of members that stand there once")
                self.groups[name] = least, members
            case ["quorum", name] if name in known and not self.quorum:
                self.quorum = name
            case _:
                raise Refused("it does not follow C2SP tlog-policy")

    def _key(self, vkey: str, name: str, kinds: Sequence[int]) -> None:
        """A verifier key (signed-note *Verifier keys*): of a log (kind 1) or a witness (4; 6 is ML-DSA-44)."""
        key_name, key_id, text = [*vkey.split("+", 2), "", ""][:3]
        data = unbase64(text)
        need(data and sha256(key_name.encode() + b"\n" + data)[:8] == key_id, "not a verifier key")
        need(data[0] in kinds and len(data) == {1: 33, 4: 33, 6: 1313}[data[0]], "a verifier key of another type")
        need((data[0], data[1:]) not in [each[:2] for each in self.keys.values()], "the same key twice")
        self.keys[key_name, key_id] = data[0], data[1:], name

    def signers(self, point: Checkpoint, kind: int) -> dict[str, int]:
        """Logs by their keys' names, or witnesses by the policy's, and when they signed (a log: 0). A false signature
        of a known key spoils the note; ML-DSA-44 counts as unknown."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        found = dict[str, int]()
        if not any(of == 1 for of, _, _ in self.keys.values()):
            raise Unchecked("no policy that names a log was given (--policy)")
        for key_name, key_id, signature in point.signatures:
            of, key, name = self.keys.get((key_name, key_id.hex()), (0, b"", ""))
            if of == kind:
                when, message = 0, point.note
                if kind == 4:  # tlog-cosignature *Ed25519 signed message*
                    when, signature = int.from_bytes(signature[:8], "big"), signature[8:]
                    message = f"cosignature/v1\ntime {when}\n{point.note}"
                right = signed(Ed25519PublicKey.from_public_bytes(key), signature, message.encode())
                need(right and when < 2**63, f"the signature of {key_name} is false")
                found[name or key_name] = max(when, found.get(name, 0))
        return found

    def check_quorum(self, point: Checkpoint) -> list[int]:
        """tlog-proof *Verifying*, step 3: the times of the witnesses, who must be a quorum."""
        times = self.signers(point, 4)
        held = {"none", *times}
        for group, (least, members) in self.groups.items():
            held |= {group} if sum(member in held for member in members) >= least else set()
        unknown = ", ".join(name for kind, _, name in self.keys.values() if kind == 6) or "none"
        why = f"cosigned by {', '.join(times) or 'no witness'}: not the policy's quorum (ML-DSA-44, unknown: {unknown})"
        need(self.quorum in held, why)
        return list(times.values())


# ------------------------------------------------------------------------------------------------------ report
ORDER = (
    "container index.format index.signature file.missing file.extra file.digest statement.format statement.signature "
    "statement.stage manifest.line manifest.outputs lineage.document lineage.chain lineage.order lineage.model "
    "lineage.judge lineage.counts model.files model.signature proof.format proof.entry proof.inclusion log.signature "
    "log.quorum log.fork measurements.digest records.digest records.rows samples.rows samples.draw claims.stale "
    "claims.support claims.level validity age internal"
)
NOT_OF = {"bundle": "(records|age|internal).*", "model": "(?!model).*", "proof": "(?!proof|log).*|proof.entry"}
NOT_OF |= {"run": "(index|file|measurements|samples|claims|validity|age|internal).*"}  # silent, if nothing is found
OPTIONAL = ("model.", "records.", "measurements.", "samples.")  # sound evidence may have none of these
WORDS = {"✓": "✓", "✗": "✗", "?": "not checked"}
badness = "✓?✗".index  # the worst last
Finding = namedtuple("Finding", "check state run where why")


class Report:
    """What the auditor brings along, and what was found: ``code`` to exit with, ``failed``: names of checks."""

    def __init__(self, path: str, keys: Sequence[bytes], policy: bytes | None, options: dict[str, Any]) -> None:
        self.path, self.keys = path, [read_key(pem) for pem in keys]
        self.policy = Policy(b"quorum none" if policy is None else policy)
        self.at = int(datetime.now(UTC).timestamp()) if options.get("at") is None else options["at"]
        self.max_age, self.allow_git = options.get("max_age"), options.get("allow_git", False)
        marks = {"bundle.json": "bundle", "manifest.jsonl": "run", "model.sig": "model"}
        found = [kind for mark, kind in marks.items() if os.path.lexists(os.path.join(path, mark))]
        self.kind = [*found, "proof" if path.endswith(".tlog-proof") else "bundle"][0]
        self.findings, self.claims, self.held = list[Finding](), list[dict[str, Any]](), False  # held: the last look
        self.points: list[tuple[Checkpoint, str, str]] = []  # checkpoint, run, stage
        self.witnessed: dict[str, bool] = {}  # run → a quorum with a witness on every checkpoint

    @contextmanager
    def look(self, name: str, where: str = "", run: str = "") -> Iterator[None]:
        """One look at one thing; what is raised in it makes a finding, and goes no further."""
        state, why = "✗", ""
        try:
            yield
            state = "✓"
        except Unchecked as error:
            state, why = "?", str(error)
        except Exception as error:  # noqa: BLE001
            why, known = str(error), (Refused, OSError, EOFError, NotImplementedError, graphlib.CycleError)
            if not isinstance(error, known) and type(error).__module__ not in ("zipfile", "zlib"):
                name, why = "internal", f"{name}: {type(error).__name__}: {why}"
        self.held = state == "✓"
        self.findings.append(Finding(name, state, run, plain(where), plain(why, 600)))

    def check_ledger(self) -> None:
        """log.signature, log.quorum, log.fork, age: of every checkpoint in what is checked."""
        roots, times = dict[tuple[str, int], bytes](), list[int]()
        for point, run, stage in self.points:
            seen: list[int] = []
            with self.look("log.signature", stage, run):
                logs = self.policy.signers(point, 1)
                need(point.origin in logs, f"not signed by a log of the policy with origin {point.origin}")
            with self.look("log.quorum", stage, run):
                seen = self.policy.check_quorum(point)
            with self.look("log.fork", stage, run):
                same = roots.setdefault((point.origin, point.size), point.root) == point.root
                need(same, f"two roots of a tree of size {point.size}: two histories were shown")
            self.witnessed[run] = self.witnessed.get(run, True) and bool(seen)
            times += [when for when in seen if when <= self.at + 300]  # clocks may differ by five minutes
        if self.max_age is not None:
            with self.look("age"):
                need(times and self.at - max(times) <= self.max_age, "no witness's time is as new as was asked for")

    def finish(self) -> "Report":
        """Names what had nothing to look at: in sound evidence some of it may be so, all else is *not checked*."""
        self.findings = [each for each in self.findings if each[:2] != ("internal", "✓")]
        done, sound = {each.check for each in self.findings}, all(each.state != "✗" for each in self.findings)
        for name in ORDER.split():
            if name not in done and not re.fullmatch(NOT_OF[self.kind], name):
                fine = sound and name.startswith(OPTIONAL)
                self.findings.append(Finding(name, "✓" if fine else "?", "", "", "nothing to check"))
        self.failed = [name for name in self.names() if self.state([name]) == "✗"]
        states = {each.state for each in self.findings} | {each["state"] for each in self.claims}
        self.code = {"✗": 4, "?": 5, "✓": 0}[max(states, key=badness)]
        return self

    def state(self, names: Iterable[str], run: str = "") -> str:
        """The worst of what was found under names that begin so (of this run, and of none): ✗, ?, ✓; nothing is ?."""
        found = [each for each in self.findings if each.run in ("", run or each.run)]
        each = [[one.state for one in found if one.check.startswith(name)] for name in names]
        return max((max(states, key=badness, default="?") for states in each), key=badness, default="✓")

    def names(self) -> list[str]:
        return [name for name in ORDER.split() if name in {each.check for each in self.findings}]

    def why(self, name: str) -> list[str]:
        state = self.state([name])
        found = [each for each in self.findings if each.check == name and each.why and each.state == state]
        return [": ".join(filter(None, each[2:])) for each in found]

    def lines(self) -> list[str]:
        out = [f"{self.kind} {plain(self.path)}"]
        for name in self.names():
            why = self.why(name)
            out.append(f"  {WORDS[self.state([name])]} {': '.join([name, *why[:1]])}")
            out += [f"      {each}" for each in why[1:8]] + ([f"      … {len(why)} in all"] if len(why) > 8 else [])
        for each in self.claims:
            out.append(f"  {WORDS[each['state']]} claim {plain(each['id'])} [{each['level']}]: {plain(each['text'])}")
        verdict = {0: "everything holds", 4: f"DOES NOT HOLD: {', '.join(self.failed)}"}
        return [*out, verdict.get(self.code, "not everything was checked")]

    def as_json(self) -> str:
        return json.dumps({"code": self.code, "failed": self.failed, "claims": self.claims, "lines": self.lines()})


# -------------------------------------------------------------------------------------------------- statements
NAMED = [{"name": str, "digest": dict}]
BUILD: dict[str, Any] = {
    "buildType": "https://bylaw.dev/stage/v1",
    "externalParameters": {"stage": NAME, "template?": HEX},
}
BUILD |= {"internalParameters": {"counts": ({"taken": int, "made": int, "dropped": dict},)}}
BUILD |= {"resolvedDependencies": NAMED}  # lineage.md, *A statement*
STATEMENT: dict[str, Any] = {"_type": STATEMENT_TYPE, "predicateType": PROVENANCE, "subject": NAMED}
STATEMENT |= {"predicate": {"buildDefinition": BUILD, "runDetails": {"byproducts": NAMED}}}
MODEL = {"name": re.compile(f"models/{N}")}
RECORDS = {"name": path, "annotations": {"start": int, "end": int, "rows": {"count": int, "root": HEX}}}
FINISHED = {"stage": NAME, "at": str, "outputs": [{"path": str, "sha256": HEX, "start": (int,), "end": (int,)}]}
Part = namedtuple("Part", "path digest start end rows")  # bytes of a records file, with its rows, {count, root}


class Statement:
    """A stage's statement: ``needs`` are its dependencies, name → (algorithm, digest), ``bases`` those that are
    statements, by stage; ``parts`` and ``models`` (path → dirHash) what it made."""

    def __init__(self, data: bytes) -> None:
        self.envelope = Envelope(parse(data))
        self.digest, body = sha256(self.envelope.payload), parse(self.envelope.payload)
        build = shape(body, STATEMENT, "the statement")["predicate"]["buildDefinition"]
        outside, self.counts = build["externalParameters"], build["internalParameters"]["counts"]
        self.stage, self.template = outside["stage"], outside.get("template")
        self.needs = _by_name(build["resolvedDependencies"])
        self.bases = {name[11:-5]: self.needs[name] for name in self.needs if re.match(r"statements/.*\.json$", name)}
        self.line = _by_name(body["predicate"]["runDetails"]["byproducts"]).get("manifest.jsonl")
        self.parts, self.models = list[Part](), dict[str, str]()
        for each, (kind, digest) in zip(body["subject"], _by_name(body["subject"]).values(), strict=True):
            notes = shape(each, MODEL if kind == "dirHash" else RECORDS, "the subject").get("annotations")
            if kind == "dirHash":
                self.models[each["name"]] = digest
            else:
                self.parts.append(Part(each["name"], digest, *(notes[key] for key in ("start", "end", "rows"))))
        need(self.line and len(self.models) <= 1, "the statement names no line of manifest.jsonl, or two models")

    def named(self, what: str) -> Any:
        """A model or judge: its dirHash, or the digest of its name at a hub; the template."""
        return self.template if what == "template" else self.needs.get(what) or self.needs.get(f"{what} name")


def _by_name(named: list[Any]) -> dict[str, tuple[str, str]]:
    """Name → (algorithm, digest): each name once, and with one digest."""
    found = {each["name"]: pair for each in named for pair in each["digest"].items()}
    need(len(found) == len(named) == sum(len(each["digest"]) for each in named), "not one name, one digest")
    need({kind for kind, _ in found.values()} <= {"sha256", "dirHash"}, "a digest is a sha256 or a dirHash")
    shape([digest for _, digest in found.values()], [HEX], "digests")
    return found


# --------------------------------------------------------------------------------------------------------- run
MODEL_OF = dict.fromkeys(("evaluate-seed", "respond", "revise", "sft"), "given")  # whose model a stage takes
MODEL_OF |= {"evaluate-sft": "sft", "compare": "sft", "optimise": "sft", "evaluate-final": "optimise"}
SAMPLE = {"index": int, "row": str, "proof": [HEX]}
SAMPLES: dict[str, Any] = {"stage": str, "path": "records/samples.jsonl", "count": int, "root": HEX, "rows": [SAMPLE]}


def unknown() -> Any:
    raise Unchecked("what it must be compared with is not here, or does not hold itself")


class Run:
    """A run on the disk (no name), or in a bundle under ``runs/<name>/``; ``gone`` are paths that were redacted."""

    def __init__(self, report: Report, files: Folder, name: str = "", gone: Iterable[str] = ()) -> None:
        self.report, self.files, self.name, self.gone = report, files, name, gone
        self.prefix = f"runs/{name}/" if name else ""
        self.statements, self.proofs = dict[str, Statement](), defaultdict[str, Any](unknown)
        self.lines = defaultdict[str, Any](unknown)  # stage → number, digest, the last finished line
        self.look: Any = lambda check, where="": report.look(check, where, name)

    def there(self, where: str) -> str:
        if self.prefix + where in self.gone:
            raise Unchecked(f"{where} was redacted")
        need(self.prefix + where in self.files.sizes, f"{where} is missing")
        return self.prefix + where

    def read(self, where: str) -> bytes:
        return self.files.read(self.there(where))

    def inside(self, folder: str) -> list[str]:
        start = f"{self.prefix}{folder}/"
        return sorted(where[len(start) :] for where in self.files.sizes if where.startswith(start))

    def check(self) -> None:
        for name in self.inside("statements"):
            with self.look("statement.format", name):
                need(re.fullmatch(rf"{N}\.json", name), "it is not named after a stage")
                self.statements[name[:-5]] = Statement(self.read(f"statements/{name}"))
        with self.look("manifest.line", "manifest.jsonl"):
            for number, line in enumerate(self.read("manifest.jsonl").splitlines(keepends=True), 1):
                entry = shape(parse(line), {"event": str, "stage": str}, f"line {number}")
                if entry["event"] == "finished":
                    self.lines[entry["stage"]] = number, sha256(line), shape(entry, FINISHED, f"line {number}")
        for stage in sorted(self.lines.keys() - self.statements.keys()):
            with self.look("manifest.line", stage):
                self.there(f"statements/{stage}.json")
                raise Refused("finished, but its statement cannot be read")
        for stage, statement in self.statements.items():
            self.check_stage(stage, statement)
        if self.statements:
            self.check_chain()
        self.check_parts()
        self.check_models()
        if self.name:
            self.check_samples()

    def check_stage(self, stage: str, statement: Statement) -> None:
        """statement.signature to proof.inclusion. The entry is ``statement.v1`` in RFC 8785 form (ledger.md); a run
        directory has only its index, and the rest follows from the statement and its finished line."""
        with self.look("statement.signature", stage):
            statement.envelope.check(self.report.keys)
        with self.look("statement.stage", stage):
            need(statement.stage == stage, f"it is the statement of {statement.stage}")
        with self.look("manifest.line", stage):
            self.there("manifest.jsonl")
            digest = self.lines.get(stage, (0, ""))[1]
            need(("sha256", digest) == statement.line, "its last finished line is not the one that its statement names")
        with self.look("manifest.outputs", stage):
            made = [list(each[:4]) for each in statement.parts]
            made += [[where, digest, None, None] for where, digest in statement.models.items()]
            keys = "path", "sha256", "start", "end"
            listed = [[each[key] for key in keys] for each in self.lines[stage][2]["outputs"]]
            need(sorted(map(repr, listed)) == sorted(map(repr, made)), "its outputs are not the statement's subjects")
        with self.look("lineage.counts", stage):
            need(statement.counts or stage.startswith("evaluate"), "only stages that measure count nothing")
            counts = statement.counts or {"taken": 0, "made": 0, "dropped": {}}
            dropped = shape(list(counts["dropped"].values()), [int], "dropped")
            need(counts["taken"] == counts["made"] + sum(dropped), f"{counts}: taken is not made and dropped")
        where, entry = f"proofs/{stage}.tlog-proof", {"at": "", "kind": "statement.v1", "predicate": PROVENANCE}
        with self.look("proof.format", stage):
            if self.prefix + where not in self.files.sizes:
                self.report.witnessed[self.name] = False
                raise Unchecked("there is no proof of it")
            self.proofs[stage] = Proof(self.read(where))
            self.report.points.append((self.proofs[stage].point, self.name, stage))
        with self.look("proof.entry", stage):
            number, found = self.proofs[stage].number, self.read(f"proofs/{stage}.entry")
            need(self.name or found.strip() == b"%d" % number, "it has another index than its proof")
            at = found[7:27].decode("latin-1") if self.name else self.lines[stage][2]["at"].replace("+00:00", "Z")
            entry |= {"at": at, "statement": f"sha256:{statement.digest}"}
            data = json.dumps(entry, separators=(",", ":")).encode()
            need(TIME.fullmatch(at) and (data == found or not self.name), "it is not the entry of this statement")
        if self.report.held:
            with self.look("proof.inclusion", stage):
                self.proofs[stage].check(data)

    def check_chain(self) -> None:
        """The other lineage.*. By digest: given model → sft → optimise → evaluate-final; a stage builds on statements
        and on the maker of its model; one judge, one template, one constitution, wherever they are named."""
        known, edges, rooted = self.statements, dict[str, set[str]](), set[str]()
        order = {stage: self.lines.get(stage, (0,))[0] for stage in known}
        made = sorted(known, key=lambda stage: -order[stage])  # so that the first that made a model is its maker
        makers = {digest: stage for stage in made for digest in known[stage].models.values()}
        for stage, each in known.items():
            edges[stage] = {*each.bases, makers.get((each.named("model") or ("", ""))[1], stage)} - {stage}
        with self.look("lineage.chain"):
            for stage in graphlib.TopologicalSorter(edges).static_order():  # refuses circles
                if stage in known and (stage == "prompts" or edges[stage] & rooted):
                    rooted.add(stage)
        for stage, each in known.items():
            with self.look("lineage.chain", stage):
                for base, digest in each.bases.items():
                    self.there(f"statements/{base}.json")
                    need(base in known and digest == ("sha256", known[base].digest), f"another statement of {base}")
                given = stage.startswith("evaluate") and MODEL_OF.get(stage, "given") == "given"
                need(stage in rooted or (given and not edges[stage]), "it does not reach back to prompts")
            with self.look("lineage.order", stage):
                for base in sorted(edges[stage] & known.keys()):
                    need(order[stage] > order[base] or not order[stage], f"manifest.jsonl has it before {base}")
                for base in sorted(edges[stage] & known.keys()):
                    need(self.proofs[stage].number > self.proofs[base].number, f"the ledger has it before {base}")
        models = {stage: [("dirHash", digest) for digest in each.models.values()] for stage, each in known.items()}
        models["given"] = [known[stage].named("model") for stage in list(MODEL_OF)[:4] if stage in known]
        untrained = "sft" not in known and f"{self.prefix}statements/sft.json" not in self.gone
        for stage, each in known.items():
            model = each.named("model")
            whose = MODEL_OF.get(stage) or ("sft" if model and not stage.startswith("evaluate") else "")
            whose = "given" if whose == "sft" and untrained else whose
            with self.look("lineage.model", stage):
                expected = next(iter(models.get(whose, [])), None)
                if whose and not expected:
                    raise Unchecked(f"no statement says what model this is: {whose}")
                need(not whose or model == expected, f"its model is {model}, not that of {whose}, {expected}")
        for what in ("judge", "template", "constitution", "constitution.toml"):
            with self.look("lineage.judge", what):
                named = {each.named(what): stage for stage, each in known.items() if each.named(what)}
                need(len(named) <= 1, f"not the same in {', '.join(named.values())}")
        for what in ("run.toml", "constitution.toml"):
            with self.look("lineage.document", what):
                digest = "sha256", sha256(self.read(what))
                other = [stage for stage, each in known.items() if each.needs.get(what) != digest]
                asked = what.removesuffix(".toml")  # the rules that revised and judged are those in the file
                other += [stage for stage, each in known.items() if each.needs.get(asked, digest) != digest]
                need(not other, f"{', '.join(other)} name another digest, or none")

    def check_parts(self) -> None:
        """records.digest, records.rows; measurements.digest in a bundle, which has no other rows. Every byte of a file
        is of one stage; so no byte is hashed twice, whatever the statements say."""
        name, every = "measurements.digest" if self.name else "records.digest", "measurements.jsonl"
        parts: dict[str, list[Part]] = {f"records/{where}": [] for where in self.inside("records")}
        parts |= {every: []} if self.prefix + every in self.files.sizes else {}
        for part in (part for each in self.statements.values() for part in each.parts):
            if not self.name or part.path == every:
                parts.setdefault(part.path, []).append(part)
        for where, spans in parts.items():
            with self.look(name, where):
                at, size = 0, self.files.sizes[self.there(where)]
                for start, end in [*sorted((part.start, part.end) for part in spans), (size, size)]:
                    need(at == start <= end, f"bytes {min(at, start)}–{max(at, start)} are of no stage, or of two")
                    at = end
            for part in spans if self.report.held else ():
                with self.look(name, span := f"{where}, bytes {part.start}–{part.end}"):
                    digest, rows = read_rows(self.files, self.prefix + where, part.start, part.end)
                    need(digest == part.digest, "not those of the statement")
                if self.report.held and not self.name:
                    with self.look("records.rows", span):
                        need(rows == part.rows, f"its rows are {rows}, the statement has {part.rows}")

    def check_models(self) -> None:
        made = {where: digest for each in self.statements.values() for where, digest in each.models.items()}
        for where in sorted(made.keys() | {f"models/{each.rpartition('.')[0]}" for each in self.inside("models")}):
            if not self.name:
                check_directory(self.report, os.path.join(self.files.root, where), made[where])
                continue
            with self.look("model.files", where):
                data = self.read(f"{where}.files")
                lines = [line.partition("  ") for line in data.decode("utf-8", "replace").split("\n")[:-1]]
                listed = {name: digest for digest, _, name in lines if path(name) and HEX.fullmatch(digest)}
                need(list_lines(listed) == data, "its lines are not `<sha256>  <path>`, sorted, each path once")
                need(sha256(data) == made.get(where), "the SHA-256 of its lines is not the dirHash in a statement")
            if self.report.held:
                with self.look("model.signature", where):
                    check_oms(self.read(f"{where}.sig"), listed, self.report.keys)

    def check_samples(self) -> None:
        """samples.rows, samples.draw (evidence.md, *Drawn samples*), wherever there are samples, or should be."""
        parts = [(stage, part) for stage, each in self.statements.items() for part in each.parts]
        rows = {stage: part.rows for stage, part in parts if part.path == SAMPLES["path"]}
        for stage in sorted(rows.keys() | {where.removesuffix(".json") for where in self.inside("samples")}):
            shown = defaultdict[str, Any](unknown)
            with self.look("samples.rows", stage):
                value = shape(parse(self.read(f"samples/{stage}.json")), SAMPLES, "the samples", closed=True)
                committed = value["stage"], {key: value[key] for key in ("count", "root")}
                need(committed == (stage, rows.get(stage)), "not of the rows that the statement commits to")
                for each in value["rows"]:
                    hashes, leaf = [bytes.fromhex(node) for node in each["proof"]], hashed(b"\0", each["row"].encode())
                    right = included(each["index"], value["count"], leaf, hashes, bytes.fromhex(value["root"]))
                    need(right, f"row {each['index']} is not in the rows of the statement")
                shown |= value
            with self.look("samples.draw", stage):
                count, note, drawn, k = shown["count"], self.proofs[stage].point.note, list[int](), 0
                seed = hashed(note.encode(), stage.encode())
                while len(drawn) < min(5, count):
                    index, k = int.from_bytes(hashed(seed, k.to_bytes(4, "big"))) % count, k + 1
                    drawn += [index] if index not in drawn else []
                need([each["index"] for each in shown["rows"]] == drawn, f"the checkpoint draws {drawn}")


def read_rows(files: Folder, where: str, start: int, end: int) -> tuple[str, Any]:
    """(SHA-256, {count, root}) of the rows in a range; the root grows by a stack of full subtrees (RFC 9162 §2.1.2)."""
    digest, stack, count = hashlib.sha256(), list[bytes](), 0
    with files.open(where) as stream:
        stream.seek(start)
        while start < end and (line := stream.readline(min(end - start, FILE_BYTES))):
            need(line.endswith(b"\n"), f"row {count} has no end, or is longer than {FILE_BYTES:,} bytes")
            digest.update(line)
            node, count, start = hashed(b"\0", line[:-1]), count + 1, start + len(line)
            for _ in range((count & -count).bit_length() - 1):
                node = hashed(b"\1", stack.pop(), node)
            stack.append(node)
    root = stack.pop() if stack else hashed()
    while stack:
        root = hashed(b"\1", stack.pop(), root)
    return digest.hexdigest(), {"count": count, "root": root.hex()}


# ------------------------------------------------------------------------------------------------------- model
GIT = (".git", ".github", ".gitattributes", ".gitignore")  # which OMS §6.2 leaves unsigned
OMS: dict[str, Any] = {
    "mediaType": re.compile(r"application/vnd\.dev\.sigstore\.bundle[.+;=a-z0-9]*"),
    "dsseEnvelope": dict,
}
OMS |= {"verificationMaterial": {"publicKey": dict}}  # OpenSSF Model Signing v1.0, key method (§4, §8.1, §8.3)
METHOD = {"method": "files", "hash_type": "sha256", "allow_symlinks": False}
RESOURCES = [{"name": str, "digest": HEX, "algorithm": "sha256"}]
MANIFEST: dict[str, Any] = {"_type": STATEMENT_TYPE, "predicateType": "https://model_signing/signature/v1.0"}
MANIFEST |= {"predicate": {"resources": RESOURCES, "serialization": METHOD}, "subject": [{"digest": {"sha256": HEX}}]}


def check_oms(data: bytes, listed: dict[str, str], keys: Sequence[Any]) -> None:
    """model.signature: over exactly these files, by one of the auditor's P-256 keys."""
    envelope = Envelope(shape(parse(data), OMS, "the bundle")["dsseEnvelope"])
    body = shape(parse(envelope.payload), MANIFEST, "the signed manifest")
    names = [(each["name"], each["digest"]) for each in body["predicate"]["resources"]]
    other = ", ".join(sorted({name for name, _ in {*names} ^ listed.items()})) or "the order"
    need(names and names == sorted(listed.items()), f"what was signed differs in {other}")
    root = sha256(bytes.fromhex("".join(digest for _, digest in names)))
    need([each["digest"]["sha256"] for each in body["subject"]] == [root], "the subject is not the root (OMS §6.5.1)")
    envelope.check([key for key in keys if hasattr(key, "curve")])


def list_lines(listed: dict[str, str]) -> bytes:
    """in-toto's dirHash is the SHA-256 of these lines."""
    return "".join(f"{listed[name]}  {name}\n" for name in sorted(listed)).encode()


def check_directory(report: Report, root: str, made: str | None) -> None:
    """model.files, model.signature of a directory; ``made`` is the dirHash that a statement names."""
    where = os.path.basename(os.path.abspath(root))
    with report.look("model.files", where):
        hidden = [name for name in GIT if os.path.lexists(os.path.join(root, name))]
        need(report.allow_git or not hidden, f"{', '.join(hidden)}: covered by no signature (see --allow-git)")
        listed = Folder(root, skip=[*hidden, "model.sig"]).digests()
    if report.held:
        with report.look("model.signature", where):
            check_oms(own_file(os.path.join(root, "model.sig")), listed, report.keys)
        with report.look("model.files", where):
            digest = sha256(list_lines(listed))
            need(made in (None, digest), f"its dirHash is {digest}; the statement says {made}")


# ------------------------------------------------------------------------------------------------------ bundle
LAYOUT = "bundle.json|reports/N.(leak|audit|stress).json|runs/N/((run|constitution).toml|(manifest|measurements).jsonl"
LAYOUT += "|(statements|samples)/N.json|proofs/N.(tlog-proof|entry)|models/N.(files|sig))"
PLACE = re.compile(LAYOUT.replace(".", "[.]").replace("N", N))
KINDS = {"lineage": "statement. manifest. lineage.", "ledger": "proof. log."}  # which checks decide a claim
KINDS |= {"constitution": "statement. lineage.document lineage.judge", "model": "statement. lineage.model model."}
KINDS |= {"measurements": "statement. manifest. measurements.", "samples": "statement. proof. samples."}
KINDS |= {"report": "", "root": ""}
CLAIM: dict[str, Any] = {"id": str, "text": str, "level": re.compile("self-attested|witnessed|reproduced"), "run": str}
CLAIM |= {"kind": re.compile("|".join(KINDS)), "evidence": [{"path": str, "sha256": HEX}], "because": [str]}
REDACTED = {"path": PLACE, "sha256": HEX, "reason": str}
PREDICATE: dict[str, Any] = {
    "made": TIME,
    "validUntil": (TIME,),
    "supersedes": (HEX,),
    "runs": [NAME],
    "claims": [CLAIM],
}
PREDICATE |= {"notRun": dict, "redactions": [REDACTED], "limits": [str], "clauses": dict}
PREDICATE |= {"decision": ({"text": str, "by": [str], "at": TIME},)}
INDEX: dict[str, Any] = {"_type": STATEMENT_TYPE, "predicateType": EVIDENCE, "predicate": dict}
INDEX |= {"subject": [{"name": PLACE, "digest": {"sha256": HEX}}]}


def verify_bundle(report: Report, _: Any) -> None:
    with report.look("container"):
        files = Folder(report.path) if os.path.isdir(report.path) else Archive(report.path)
        need("bundle.json" in files.sizes, "no bundle.json, manifest.jsonl or model.sig: nothing that can be checked")
        other = [name for name, size in files.sizes.items() if not PLACE.fullmatch(name) or size > FILE_BYTES]
        need(not other, f"not a path of a bundle, or over {FILE_BYTES:,} bytes: {', '.join(other)}")
        few = len(files.sizes) <= FILES and sum(files.sizes.values()) <= ALL_BYTES
        need(few, f"more than {FILES:,} files or {ALL_BYTES:,} bytes")
    if not report.held:
        return
    index, gone = None, set[str]()
    with report.look("index.format"):
        content = files.read("bundle.json")
        envelope, index, subjects = read_index(content)
        value = json.loads(content)
        one = {key: value[key] for key in ("payload", "payloadType")}
        one["signatures"] = [{key: each[key] for key in ("sig", "keyid")} for each in value["signatures"]]
        need(content == json.dumps(one, separators=(",", ":")).encode() + b"\n", "not the one form an index has")
        gone = {each["path"] for each in index["redactions"]}
    if index:
        with report.look("index.signature"):
            envelope.check(report.keys)
        here = files.sizes.keys() - {"bundle.json"}
        for name, bad in (("missing", subjects.keys() - here - gone), ("extra", here - (subjects.keys() - gone))):
            with report.look(f"file.{name}"):
                need(not bad, ", ".join(sorted(bad)))
        for where in sorted(here & subjects.keys()):
            with report.look("file.digest", where):
                need(files.digest(where) == subjects[where], "its bytes are not those that were signed")
    for name in sorted({where.split("/")[1] for where in files.sizes if where.startswith("runs/")}):
        Run(report, files, name, gone).check()
    report.check_ledger()
    if index:
        check_claims(report, files, index["claims"], gone)
        with report.look("validity"):
            until = index["validUntil"]
            need(until is None or time(until) >= report.at, f"valid until {until}")
            need(time(index["made"]) <= report.at, f"made {index['made']}, after the time of this check")


def read_index(data: bytes) -> tuple[Envelope, Any, dict[str, str]]:
    """The envelope, its predicate, and path → SHA-256."""
    envelope = Envelope(parse(data))
    body = shape(parse(envelope.payload), INDEX, "the index")
    index = shape(body["predicate"], PREDICATE, "the predicate", closed=True)
    subjects = {each["name"]: each["digest"]["sha256"] for each in body["subject"]}
    need([each["name"] for each in body["subject"]] == sorted(subjects), "its subjects are not sorted, each once")
    every = subjects.keys() | {each["path"] for each in index["redactions"]}
    there = sorted({each.split("/")[1] for each in every if each.startswith("runs/")})
    need(sorted(index["runs"]) == there, "runs are not those whose files are here")
    for claim in index["claims"]:
        need(claim["run"] in (there if claim["kind"] != "root" else [""]), "a claim is of a run that is not here")
    kinds = sorted(f"{run}.{kind}" for run in there for kind in ("leak", "audit", "stress"))
    found = sorted([*index["notRun"], *(each[8:-5] for each in every if each.startswith("reports/"))])
    need(found == kinds, "each of a run's leak, audit and stress is either a report here or in notRun, not both")
    shape([[*index["notRun"].values()], *index["clauses"].values()], [[str]], "notRun and clauses")
    return envelope, index, subjects


def check_claims(report: Report, files: Folder, claims: list[Any], gone: set[str]) -> None:
    """claims.support, claims.stale, claims.level of each claim, after those it stands on; then whether it holds."""
    known, order = {claim["id"]: claim | {"state": "✗"} for claim in claims}, list[str]()
    report.claims, digest = list(known.values()), cache(files.digest)
    state = cache(lambda names, run: report.state(names.split(), run))
    with report.look("claims.support"):
        need(len(known) == len(claims), "two claims have one id")
        need(claims and claims[0]["kind"] == "root", "the first claim is not the root")
        for claim in claims:
            bare = claim["kind"] in ("root", "report") and not claim["because"] and not claim["evidence"]
            need(not bare and known.keys() >= {*claim["because"]}, f"what {claim['id']} stands on is not here")
        order += graphlib.TopologicalSorter({each["id"]: each["because"] for each in claims}).static_order()
    for claim in map(known.__getitem__, order):
        because, evidence = [known[each] for each in claim["because"]], claim["evidence"]
        states = [state(f"{KINDS[claim['kind']]} container index.", claim["run"])]
        with report.look("claims.support", claim["id"]):
            lost = {each["path"] for each in evidence} - files.sizes.keys()
            need(lost <= gone, f"not in the bundle: {', '.join(sorted(lost - gone))}")
            if lost:
                raise Unchecked(f"redacted: {', '.join(sorted(lost))}")
        with report.look("claims.stale", claim["id"]):
            for each in [each for each in evidence if each["path"] not in lost]:
                need(digest(each["path"]) == each["sha256"], f"{each['path']} has another digest now")
        with report.look("claims.level", claim["id"]):
            need(claim["level"] != "reproduced", "only an auditor can say that it was reproduced")
            if claim["level"] == "witnessed":  # what a witnessed ledger binds, on nothing less
                low = claim["kind"] == "report" or any(each["level"] == "self-attested" for each in because)
                need(not low, "a higher level than what it stands on")
                if state("log.quorum", claim["run"]) == "?":
                    raise Unchecked("called witnessed, and no quorum was checked")
                seen = [seen for run, seen in report.witnessed.items() if claim["run"] in ("", run)]
                need(seen and all(seen), "called witnessed, but no quorum with a witness cosigned")
        states += [each["state"] for each in because] + [each.state for each in report.findings[-3:]]
        claim["state"] = max(states, key=badness)


# ------------------------------------------------------------------------------------------------ command line
def verify(path: Any, keys: Sequence[bytes] = (), policy: bytes | None = None, **more: Any) -> Report:
    """Check what lies at ``path`` with the auditor's PEM keys and policy. ``more``: ``at`` and ``max_age`` in seconds,
    ``allow_git``, and the bytes of an ``entry`` or ``statement``. Raises Refused only for keys and policy."""
    report = Report(os.fspath(path), keys, policy, more)
    with report.look("internal"):
        if report.kind == "run":
            with report.look("container"):
                files = Folder(report.path, skip=("chunks", "report", ".lock", "models"))
            if report.held:
                Run(report, files).check()
                report.check_ledger()
        else:
            {"bundle": verify_bundle, "model": verify_model, "proof": verify_proof}[report.kind](report, more)
    return report.finish()


def verify_model(report: Report, more: dict[str, Any]) -> None:
    made = None
    if more.get("statement") is not None:
        with report.look("statement.format"):
            made, statement = "none", Statement(more["statement"])
            made = next(iter(statement.models.values()), "none")
        if report.held:
            with report.look("statement.signature", statement.stage):
                statement.envelope.check(report.keys)
    check_directory(report, report.path, made)


def verify_proof(report: Report, more: dict[str, Any]) -> None:
    with report.look("proof.format"):
        proof = Proof(own_file(report.path))
        report.points.append((proof.point, "", ""))
    if report.held:
        with report.look("proof.inclusion"):
            if more.get("entry") is None:
                raise Unchecked("no entry was given (--entry)")
            proof.check(more["entry"])
    report.check_ledger()


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="verify", description="Check evidence of bylaw, offline.")
    add_arguments(parser)
    try:
        return run(parser.parse_args(argv))
    except SystemExit as stop:
        return int(stop.code or 0)


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
    need(re.fullmatch("[0-9]{1,9}[smhd]", value), "not like 30d")
    return int(value[:-1]) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[value[-1]]


def run(args: argparse.Namespace) -> int:
    try:
        os.stat(args.path)
        for file in [*args.key, *filter(None, [args.policy])]:
            inside, own = (os.path.join(os.path.realpath(each), "") for each in (args.path, file))
            if own.startswith(inside):
                raise Refused(f"{file} lies in {args.path}: keys and policy come from elsewhere, or they prove nothing")
        given = {what: own_file(file) for what in ("policy", "entry", "statement") if (file := getattr(args, what))}
        options = {what: getattr(args, what) for what in ("at", "max_age", "allow_git")}
        report = verify(args.path, [own_file(file) for file in args.key], **given, **options)
    except (OSError, Refused) as error:
        print(f"verify: error: {error}", file=sys.stderr)
        return 2
    text, encoding = report.as_json() if args.json else "\n".join(report.lines()), sys.stdout.encoding or "utf-8"
    print(text.encode(encoding, "backslashreplace").decode(encoding))
    return report.code


def own_file(file: str) -> bytes:
    with open(file, "rb") as stream:
        data = stream.read(JSON_BYTES + 1)
    need(len(data) <= JSON_BYTES, f"{file} has more than {JSON_BYTES:,} bytes")
    return data


if __name__ == "__main__":
    sys.exit(main())
