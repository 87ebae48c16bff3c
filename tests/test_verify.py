"""The auditor's verifier: strangers' vectors for its parsers, a small lab of the test's own that writes what the
documents describe, and everything that can be done to its run, models, bundle and proofs, each caught by its check."""

import base64
import hashlib
import json
import os
import shutil
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from bylaw import verify as verifier
from bylaw.verify import Refused, Report, Unchecked, verify

FILE = Path(verifier.__file__)
AT = 1_790_000_000  # 2026-09-21T14:13:20Z
MADE, DAY = "2026-09-20T15:00:00Z", 86_400
DATA = os.environ.get("BYLAW_DATA", "")
needs_data = pytest.mark.skipif(not DATA, reason="BYLAW_DATA is not set")

# ------------------------------------------------------------------------------ a lab that shares no code with bylaw


def jcs(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def leaf(data: bytes) -> bytes:
    return hashlib.sha256(b"\0" + data).digest()


def root(leaves: list[bytes]) -> bytes:
    """RFC 6962 §2.1, by its recursive definition."""
    if len(leaves) < 2:
        return leaves[0] if leaves else hashlib.sha256(b"").digest()
    k = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + root(leaves[:k]) + root(leaves[k:])).digest()


def audit(index: int, leaves: list[bytes]) -> list[bytes]:
    """RFC 6962 §2.1.1, by its recursive definition."""
    if len(leaves) < 2:
        return []
    k = 1 << (len(leaves) - 1).bit_length() - 1
    if index < k:
        return [*audit(index, leaves[:k]), root(leaves[k:])]
    return [*audit(index - k, leaves[k:]), root(leaves[:k])]


def pem(key: Any) -> bytes:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    data: bytes = key.public_key().public_bytes(serialization.Encoding.PEM, form)
    return data


def key_id(key: Any) -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return sha(key.public_key().public_bytes(serialization.Encoding.DER, form))


def one_line(index: Any) -> bytes:
    """The one form that an index has."""
    signatures = [{"sig": each["sig"], "keyid": each["keyid"]} for each in index["signatures"]]
    said = {"payload": index["payload"], "payloadType": index["payloadType"], "signatures": signatures}
    return json.dumps(said, separators=(",", ":")).encode() + b"\n"


class NoteSigner:
    def __init__(self, name: str, kind: int) -> None:
        self.name, self.kind, self.key = name, kind, ed25519.Ed25519PrivateKey.generate()
        public = bytes([kind]) + self.key.public_key().public_bytes_raw()
        self.id = hashlib.sha256(name.encode() + b"\n" + public).digest()[:4]
        self.vkey = f"{name}+{self.id.hex()}+{b64(public)}"

    def line(self, note: str, when: int = AT - DAY) -> str:
        if self.kind == 1:
            signature = self.key.sign(note.encode())
        else:
            signature = struct.pack(">Q", when) + self.key.sign(f"cosignature/v1\ntime {when}\n{note}".encode())
        return f"— {self.name} {b64(self.id + signature)}\n"


ELSE = {"dirHash": "ab" * 32}
Twist = Callable[[str, Any], Any]


def untwisted(where: str, value: Any) -> Any:
    return value


STAGES = (
    *("prompts", "evaluate-seed", "respond", "sft", "evaluate-sft", "compare", "label", "optimise", "evaluate-final"),
)
BUILDS_ON = {
    "respond": ["prompts"],
    "sft": ["respond"],
    "compare": ["prompts"],
    "label": ["compare"],
    "optimise": ["label"],
}


class Lab:
    """Keys, a ledger, and how to make a run and a bundle. ``twist`` gets each thing before it is signed."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.log = NoteSigner("lab.example/ledger", 1)
        self.witnesses = [NoteSigner(f"w{n}.example", 4) for n in range(3)]
        lines = [f"log {self.log.vkey}", *(f"witness w{n} {w.vkey}" for n, w in enumerate(self.witnesses))]
        self.policy = "\n".join([*lines, "group two 2 w0 w1 w2", "quorum two", ""]).encode()

    def seal(self, payload: bytes, key: Any = None) -> dict[str, Any]:
        kind = b"application/vnd.in-toto+json"
        message = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)
        signature = (key or self.key).sign(message, ec.ECDSA(hashes.SHA256()))
        return {
            "payloadType": kind.decode(),
            "payload": b64(payload),
            "signatures": [{"sig": b64(signature), "keyid": key_id(key or self.key)}],
        }

    def run(self, out: Path, twist: Twist = untwisted) -> Path:
        (out / "records").mkdir(parents=True)
        (out / "statements").mkdir()
        (out / "proofs").mkdir()
        (out / "run.toml").write_text("seed = 0\n")
        (out / "constitution.toml").write_text('[[principle]]\nname = "kind"\n')
        self.given = ("model", {"dirHash": sha(b"the given model")})
        self.made: dict[str, str] = {}
        payloads: dict[str, bytes] = {}
        manifest, entries = b"", [b"somebody else's"]
        for number, stage in enumerate(STAGES):
            if stage in ("sft", "optimise"):
                subjects = [self.model(out, stage, twist)]
            else:
                subjects = [self.records(out, stage), *([self.samples(out, stage)] if "evaluate" in stage else [])]
            outputs = [
                {
                    "path": each["name"],
                    "sha256": next(iter(each["digest"].values())),
                    "start": each.get("annotations", {}).get("start"),
                    "end": each.get("annotations", {}).get("end"),
                }
                for each in subjects
            ]
            at = f"2026-09-20T00:00:{number:02}"
            line = {"event": "finished", "stage": stage, "at": f"{at}+00:00", "outputs": outputs}
            line = jcs(twist(f"line {stage}", line)) + b"\n"
            manifest += jcs({"event": "started", "stage": stage}) + b"\n" + line
            body = self.statement(out, stage, subjects, [sha(line), sha(manifest)], payloads)
            payloads[stage] = jcs(twist(f"statement {stage}", body))
            envelope = twist(f"envelope {stage}", self.seal(payloads[stage]))
            (out / f"statements/{stage}.json").write_bytes(one_line(envelope))
            entry = {"at": f"{at}Z", "kind": "statement.v1", "predicate": "https://slsa.dev/provenance/v1"}
            entries.append(jcs(twist(f"entry {stage}", entry | {"statement": f"sha256:{sha(payloads[stage])}"})))
        (out / "manifest.jsonl").write_bytes(twist("manifest", manifest))
        self.prove(out, twist("entries", entries), twist)
        self.payloads = payloads
        return out

    def records(self, out: Path, stage: str) -> dict[str, Any]:
        where = "measurements.jsonl" if "evaluate" in stage else f"records/{stage}.jsonl"
        return self.append(out, where, [json.dumps({"of": stage, "n": n}) for n in range(7)])

    def samples(self, out: Path, stage: str) -> dict[str, Any]:
        return self.append(out, "records/samples.jsonl", [f'{{"sample":"{stage} {n}"}}' for n in range(11)])

    def append(self, out: Path, where: str, rows: list[str]) -> dict[str, Any]:
        data = "".join(f"{row}\n" for row in rows).encode()
        with (out / where).open("ab") as stream:
            start = stream.tell()
            stream.write(data)
        shown = {"count": len(rows), "root": root([leaf(row.encode()) for row in rows]).hex()}
        notes = {"start": start, "end": start + len(data), "rows": shown}
        return {"name": where, "digest": {"sha256": sha(data)}, "annotations": notes}

    def model(self, out: Path, stage: str, twist: Twist) -> dict[str, Any]:
        name = {"sft": "sft", "optimise": "final"}[stage]
        folder = out / "models" / name
        (folder / "deep").mkdir(parents=True)
        (folder / "model.safetensors").write_bytes(name.encode() * 1000)
        (folder / "config.json").write_bytes(b"{}")
        (folder / "deep" / "empty").write_bytes(b"")
        files = {str(f.relative_to(folder)): sha(f.read_bytes()) for f in sorted(folder.rglob("*")) if f.is_file()}
        (folder / "model.sig").write_bytes(json.dumps(self.oms(twist(f"oms {name}", dict(files)))).encode())
        digest = sha("".join(f"{files[where]}  {where}\n" for where in sorted(files)).encode())
        self.made[stage] = digest
        return {"name": f"models/{name}", "digest": {"dirHash": digest}}

    def oms(self, files: dict[str, str]) -> dict[str, Any]:
        resources = [{"name": name, "digest": files[name], "algorithm": "sha256"} for name in sorted(files)]
        whole = sha(b"".join(bytes.fromhex(each["digest"]) for each in resources))
        body = {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"name": "model", "digest": {"sha256": whole}}],
            "predicateType": "https://model_signing/signature/v1.0",
            "predicate": {
                "resources": resources,
                "serialization": {
                    "method": "files",
                    "hash_type": "sha256",
                    "allow_symlinks": False,
                    "ignore_paths": [],
                },
            },
        }
        return {
            "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
            "verificationMaterial": {"publicKey": {"hint": "00"}, "tlogEntries": []},
            "dsseEnvelope": self.seal(jcs(body)),
        }

    def statement(
        self, out: Path, stage: str, subjects: Any, lines: list[str], payloads: dict[str, bytes]
    ) -> dict[str, Any]:
        needs = [(name, {"sha256": sha((out / name).read_bytes())}) for name in ("run.toml", "constitution.toml")]
        needs += [(f"statements/{need}.json", {"sha256": sha(payloads[need])}) for need in BUILDS_ON.get(stage, [])]
        if stage in ("evaluate-seed", "respond", "sft"):
            needs.append(self.given)
        if stage in ("evaluate-sft", "compare", "optimise"):
            needs.append(("model", {"dirHash": self.made["sft"]}))
        if stage == "evaluate-final":
            needs.append(("model", {"dirHash": self.made["optimise"]}))
        if stage in ("label", "compare"):
            needs.append(("judge", {"dirHash": sha(b"judge")}))
        counts = None if "evaluate" in stage else {"taken": 9, "made": 7, "dropped": {"too_long": 2}}
        outside = {"stage": stage} | ({"template": sha(b"template")} if stage in ("label", "respond") else {})
        return {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": subjects,
            "predicateType": "https://slsa.dev/provenance/v1",
            "predicate": {
                "buildDefinition": {
                    "buildType": "https://bylaw.dev/stage/v1",
                    "externalParameters": outside,
                    "internalParameters": {"seed": 0, "counts": counts},
                    "resolvedDependencies": [{"name": name, "digest": digest} for name, digest in needs],
                },
                "runDetails": {
                    "byproducts": [
                        {"name": name, "digest": {"sha256": digest}}
                        for name, digest in zip(("manifest.jsonl", "manifest.jsonl, so far"), lines, strict=True)
                    ]
                },
            },
        }

    def note(self, leaves: list[bytes], twist: Twist = untwisted) -> str:
        note = f"{self.log.name}\n{len(leaves)}\n{b64(root(leaves))}\n"
        lines = [self.log.line(note), NoteSigner("nobody.example", 1).line(note)]
        lines += [witness.line(note) for witness in self.witnesses[:2]]
        return note + "\n" + "".join(twist("signatures", lines))

    def prove(self, out: Path, entries: list[bytes], twist: Twist) -> None:
        leaves = [leaf(entry) for entry in entries]
        note = self.note(leaves, twist)
        for index, stage in enumerate(STAGES, 1):
            path = "".join(b64(each) + "\n" for each in audit(index, leaves))
            proof = f"c2sp.org/tlog-proof@v1\nindex {index}\n{path}\n{note}"
            (out / f"proofs/{stage}.tlog-proof").write_text(twist(f"proof {stage}", proof))
            (out / f"proofs/{stage}.entry").write_text(f"{index}\n")
        self.entries = {stage: entries[index] for index, stage in enumerate(STAGES, 1)}

    def bundle(self, run: Path, out: Path, twist: Twist = untwisted) -> Path:
        base = out / "runs" / "first"
        for folder in ("statements", "proofs", "models", "samples"):
            (base / folder).mkdir(parents=True)
        (out / "reports").mkdir()
        (out / "reports" / "first.leak.json").write_text("{}\n")
        finding = twist("finding envelope", self.seal(jcs(twist("finding", self.finding(run)))))
        (out / "reports" / "first.leak.statement").write_bytes(one_line(finding))
        for name in ("run.toml", "constitution.toml", "manifest.jsonl", "measurements.jsonl"):
            shutil.copy(run / name, base / name)
        for stage in STAGES:
            shutil.copy(run / f"statements/{stage}.json", base / "statements")
            shutil.copy(run / f"proofs/{stage}.tlog-proof", base / "proofs")
            (base / f"proofs/{stage}.entry").write_bytes(self.entries[stage])
        for model in ("sft", "final"):
            folder = run / "models" / model
            files = sorted(
                str(f.relative_to(folder)) for f in folder.rglob("*") if f.is_file() and f.name != "model.sig"
            )
            lines = "".join(f"{sha((folder / name).read_bytes())}  {name}\n" for name in files)
            (base / f"models/{model}.files").write_text(twist(f"files {model}", lines))
            shutil.copy(folder / "model.sig", base / f"models/{model}.sig")
        for number, stage in enumerate(s for s in STAGES if "evaluate" in s):
            drawn = twist(f"samples {stage}", self.draw(run, stage, number))
            (base / f"samples/{stage}.json").write_bytes(jcs(drawn))
        (out / "bundle.json").write_bytes(one_line(self.index(out, twist)))
        return out

    def finding(self, run: Path) -> dict[str, Any]:
        """That the run was looked at once it was labelled."""
        files = ["run.toml", "constitution.toml"]
        seen = [{"name": name, "digest": {"sha256": sha((run / name).read_bytes())}} for name in files]
        for stage in ("compare", "label"):
            seen.append({"name": f"statements/{stage}.json", "digest": {"sha256": sha(self.payloads[stage])}})
        seen.append({"name": "a second judge", "digest": ELSE})
        return {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"name": "findings/leak.json", "digest": {"sha256": sha(b"{}\n")}}],
            "predicateType": "https://bylaw.dev/finding/v1",
            "predicate": {"madeOn": MADE, "materials": seen, "tool": {"name": "bylaw"}},
        }

    def draw(self, run: Path, stage: str, number: int) -> dict[str, Any]:
        rows = (run / "records/samples.jsonl").read_text().splitlines()[11 * number : 11 * number + 11]
        note = (run / f"proofs/{stage}.tlog-proof").read_text().split("\n\n")[1] + "\n"
        seed = hashlib.sha256(note.encode() + stage.encode()).digest()
        numbers = [int(sha(seed + struct.pack(">I", k)), 16) % 11 for k in range(200)]
        leaves = [leaf(row.encode()) for row in rows]
        shown = [
            {"index": n, "row": rows[n], "proof": [each.hex() for each in audit(n, leaves)]}
            for n in list(dict.fromkeys(numbers))[:5]
        ]
        head = {"stage": stage, "path": "records/samples.jsonl", "count": 11, "root": root(leaves).hex()}
        return head | {"rows": shown}

    def index(self, out: Path, twist: Twist = untwisted) -> dict[str, Any]:
        files = sorted(str(f.relative_to(out)) for f in out.rglob("*") if f.is_file() and f.name != "bundle.json")
        digests = {name: sha((out / name).read_bytes()) for name in files}

        def claim(
            name: str, kind: str, paths: list[str], because: list[str], level: str = "witnessed"
        ) -> dict[str, Any]:
            evidence = [{"path": each, "sha256": digests.get(each, "0" * 64)} for each in paths]
            run = "" if kind == "root" else "first"
            return {
                "id": name, "text": f"claim {name}", "level": level, "kind": kind, "run": run,
                "evidence": evidence, "because": because,
            }  # fmt: skip

        at = "runs/first/"
        claims = [
            claim(
                "top", "root", [], ["made", "entered", "by", "measured", "sampled", "weights", "leak"], "self-attested"
            ),
            claim("made", "lineage", [f"{at}manifest.jsonl"], []),
            claim("entered", "ledger", [f"{at}proofs/label.tlog-proof"], []),
            claim("by", "constitution", [f"{at}constitution.toml"], ["made"]),
            claim("measured", "measurements", [f"{at}measurements.jsonl"], ["made", "entered"]),
            claim("sampled", "samples", [f"{at}samples/evaluate-final.json"], ["entered"]),
            claim("weights", "model", [f"{at}models/final.files"], ["made"]),
            claim("leak", "report", ["reports/first.leak.json", "reports/first.leak.statement"], [], "self-attested"),
        ]
        predicate = {
            "made": MADE, "validUntil": "2027-01-01T00:00:00Z", "supersedes": None, "runs": ["first"],
            "claims": claims, "notRun": {"first.audit": "no time", "first.stress": "no time"}, "redactions": [],
            "limits": ["binds files, not servers"], "decision": {"text": "release", "by": ["A. B."], "at": MADE},
            "clauses": {"by": ["GPAI Code 7.1(4)"]},
        }  # fmt: skip
        body = {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"name": name, "digest": {"sha256": digest}} for name, digest in digests.items()],
            "predicateType": "https://bylaw.dev/evidence/v1",
            "predicate": predicate,
        }
        return dict(twist("index envelope", self.seal(jcs(twist("index", body)))))


@pytest.fixture(scope="module")
def lab() -> Lab:
    return Lab()


@pytest.fixture(scope="module")
def good_run(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lab.run(tmp_path_factory.mktemp("lab") / "run")


@pytest.fixture(scope="module")
def good_bundle(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("lab")
    return lab.bundle(lab.run(base / "run"), base / "bundle")


@pytest.fixture
def bundle(good_bundle: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(good_bundle, tmp_path / "bundle"))


@pytest.fixture
def run(good_run: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(good_run, tmp_path / "run"))


def check(lab: Lab, path: Path, **more: Any) -> Report:
    age = {} if (path / "model.sig").exists() else {"max_age": 30 * DAY}  # no witness has seen a model's directory
    return verify(path, [pem(lab.key)], lab.policy, **{"at": AT, **age, **more})


def zipped(bundle: Path) -> Path:
    out = bundle.with_suffix(".zip")
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(bundle.rglob("*")):
            if file.is_file():
                archive.write(file, str(file.relative_to(bundle)))
    return out


# ------------------------------------------------------------------------------------------------ what holds, holds


def test_a_bundle_holds(lab: Lab, bundle: Path) -> None:
    report = check(lab, bundle)
    assert report.code == 0, "\n".join(report.lines())
    assert report.lines()[-1] == "everything holds"
    assert [claim["state"] for claim in report.claims] == ["✓"] * 8
    assert report.claims[0]["id"] == "top"


def test_a_zip_of_it_holds(lab: Lab, bundle: Path) -> None:
    report = check(lab, zipped(bundle))
    assert report.code == 0, "\n".join(report.lines())


def test_a_run_holds(lab: Lab, run: Path) -> None:
    report = check(lab, run)
    assert report.code == 0, "\n".join(report.lines())


def test_a_model_holds(lab: Lab, run: Path) -> None:
    report = check(lab, run / "models/final", statement=(run / "statements/optimise.json").read_bytes())
    assert (report.code, report.kind) == (0, "model"), "\n".join(report.lines())


def test_what_may_be_absent_is_not_missed(lab: Lab, tmp_path: Path) -> None:
    class Unsampled(Lab):
        def samples(self, out: Path, stage: str) -> dict[str, Any]:
            return self.append(out, f"records/of-{stage}.jsonl", ["{}"])

        def draw(self, run: Path, stage: str, number: int) -> dict[str, Any]:
            return {}

    def twist(where: str, value: Any) -> Any:
        if where == "index":
            index = value["predicate"] | {"validUntil": None}
            index["claims"] = [claim for claim in index["claims"] if claim["id"] != "sampled"]
            index["claims"][0]["because"].remove("sampled")
            value["subject"] = [each for each in value["subject"] if "/samples/" not in each["name"]]
            value["predicate"] = index
        return value

    other = Unsampled()
    bundle = other.bundle(other.run(tmp_path / "run"), tmp_path / "bundle", twist)
    shutil.rmtree(bundle / "runs/first/samples")
    report = check(other, bundle)
    assert report.code == 0, "\n".join(report.lines())
    assert not [line for line in report.lines() if "samples." in line]


def test_without_keys_and_policy_little_is_checked(lab: Lab, bundle: Path) -> None:
    report = verify(bundle, at=AT)
    assert report.code == 5
    unchecked = {name for name in report.worst[None] if report.state(name) == "?"}
    assert unchecked == {"index.signature", "statement.signature", "finding.signature", "model.signature",
                         "log.signature", "log.quorum", "claims.level"}  # fmt: skip
    assert all(claim["state"] == "?" for claim in report.claims)
    assert verify(bundle, [pem(lab.key)], at=AT).code == 5


# ----------------------------------------------------------------------------- what is done to files, without a key


def edit(where: str, change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    def act(root: Path) -> None:
        (root / where).write_bytes(change((root / where).read_bytes()))

    return act


def flip(data: bytes) -> bytes:
    return bytes([data[0] ^ 1]) + data[1:]


def move(old: str, new: str) -> Callable[[Path], None]:
    return lambda root: (root / old).rename(root / new) and None  # type: ignore[func-returns-value]


def swap(one: str, two: str) -> Callable[[Path], None]:
    def act(root: Path) -> None:
        a, b = (root / one).read_bytes(), (root / two).read_bytes()
        (root / one).write_bytes(b)
        (root / two).write_bytes(a)

    return act


AT_RUN, FINDING = "runs/first/", "reports/first.leak.statement"
OUTSIDER: list[tuple[str, Callable[[Path], None]]] = [
    ("file.digest", edit(f"{AT_RUN}run.toml", flip)),
    ("lineage.document", edit(f"{AT_RUN}constitution.toml", lambda data: data + b"\n")),
    ("measurements.digest", edit(f"{AT_RUN}measurements.jsonl", flip)),
    ("measurements.digest", edit(f"{AT_RUN}measurements.jsonl", lambda data: data + b"{}\n")),
    ("manifest.line", edit(f"{AT_RUN}manifest.jsonl", lambda data: data.replace(b'"label"', b'"lable"'))),
    ("file.missing", lambda root: (root / f"{AT_RUN}statements/label.json").unlink()),
    ("lineage.chain", lambda root: (root / f"{AT_RUN}statements/label.json").unlink()),
    ("file.extra", move("reports/first.leak.json", "reports/second.leak.json")),
    ("file.missing", move("reports/first.leak.json", "reports/second.leak.json")),
    ("statement.stage", swap(f"{AT_RUN}statements/label.json", f"{AT_RUN}statements/compare.json")),
    ("proof.entry", swap(f"{AT_RUN}proofs/label.entry", f"{AT_RUN}proofs/compare.entry")),
    ("proof.inclusion", swap(f"{AT_RUN}proofs/label.tlog-proof", f"{AT_RUN}proofs/compare.tlog-proof")),
    ("proof.format", edit(f"{AT_RUN}proofs/label.tlog-proof", lambda data: data[:150])),
    ("model.files", edit(f"{AT_RUN}models/final.files", flip)),
    ("model.signature", swap(f"{AT_RUN}models/final.sig", f"{AT_RUN}models/sft.sig")),
    ("statement.format", edit(f"{AT_RUN}statements/sft.json", lambda data: b"[" * 100_000)),
    ("statement.format", edit(f"{AT_RUN}statements/sft.json", lambda data: b'{"a":1,"a":2}')),
    ("statement.format", edit(f"{AT_RUN}statements/sft.json", lambda data: data.replace(b'"keyid"', b'"\xff"'))),
    ("samples.rows", edit(f"{AT_RUN}samples/evaluate-sft.json", lambda data: data.replace(b"-sft ", b"-sft 1"))),
    ("claims.stale", edit("reports/first.leak.json", flip)),
    ("finding.lineage", edit("reports/first.leak.json", flip)),
    ("finding.format", edit("reports/first.leak.statement", lambda data: data[:-20])),
    ("finding.format", lambda root: (root / "reports/first.leak.statement").unlink()),
    ("finding.format", lambda root: shutil.copy(root / f"{AT_RUN}statements/label.json", root / FINDING) and None),
    ("index.format", edit("bundle.json", lambda data: data[:-20])),
    ("container", lambda root: (root / "bundle.json").unlink()),
    ("container", lambda root: (root / "reports/x.json").symlink_to("first.leak.json")),
    ("container", lambda root: (root / "weights.safetensors").write_bytes(b"") and None),
    ("container", lambda root: os.mkfifo(root / "reports/pipe.json")),
    ("container", lambda root: (root / "reports/a\nb.json").write_bytes(b"") and None),
]  # fmt: skip


@pytest.mark.parametrize(("name", "act"), OUTSIDER, ids=[f"{n}-{i}" for i, (n, _) in enumerate(OUTSIDER)])
def test_an_outsider_is_caught(lab: Lab, bundle: Path, name: str, act: Callable[[Path], None]) -> None:
    act(bundle)
    report = check(lab, bundle)
    assert report.code == 4
    assert name in report.failed, "\n".join(report.lines())
    assert "internal" not in report.failed, "\n".join(report.lines())


# ----------------------------------------------------------------------------------- what is signed by the lab's key


def put(*keys: Any, value: Any) -> Callable[[Any], Any]:
    """Sets (or, with a function, changes) what stands under these keys."""

    def act(thing: Any) -> Any:
        inner = thing
        for key in keys[:-1]:
            inner = inner[key]
        inner[keys[-1]] = value(inner[keys[-1]]) if callable(value) else value
        return thing

    return act


BUILD = ("predicate", "buildDefinition")
COUNTS = (*BUILD, "internalParameters", "counts")
NEEDS = (*BUILD, "resolvedDependencies")
SEEN = ("predicate", "materials")


def without(name: str) -> Callable[[Any], Any]:
    return put(*NEEDS, value=lambda needs: [need for need in needs if need["name"] != name])


def named(name: str, digest: Any) -> Callable[[Any], Any]:
    def change(needs: list[Any]) -> list[Any]:
        return [need | ({"digest": digest} if need["name"] == name else {}) for need in needs]

    return put(*NEEDS, value=change)


def claim_of(number: int, key: str, value: Any) -> Callable[[Any], Any]:
    return put("predicate", "claims", number, key, value=value)


INSIDER: list[tuple[str, str, Callable[[Any], Any]]] = [
    ("lineage.chain", "statement label", without("statements/compare.json")),
    ("lineage.chain", "statement label", named("statements/compare.json", {"sha256": "ab" * 32})),
    ("lineage.chain", "statement label", put(*NEEDS, value=lambda needs: [  # a name that only begins and ends like it
        *({"name": need["name"], "digest": {"sha256": "ab" * 32}} if "/" in need["name"] else need for need in needs),
        *(need | {"name": need["name"][:-5] + "_json"} for need in needs if "/" in need["name"])])),
    ("lineage.model", "statement optimise", named("model", ELSE)),
    ("lineage.model", "statement evaluate-final", named("model", ELSE)),
    ("lineage.model", "statement evaluate-sft", without("model")),
    ("lineage.model", "statement sft", named("model", ELSE)),
    ("lineage.judge", "statement label", named("judge", ELSE)),
    ("lineage.judge", "statement label", put(*BUILD, "externalParameters", "template", value="ab" * 32)),
    ("lineage.judge", "statement label", named("constitution.toml", {"sha256": "ab" * 32})),
    ("lineage.document", "statement label", named("run.toml", {"sha256": "ab" * 32})),
    ("lineage.counts", "statement label", put(*COUNTS, "made", value=8)),
    ("lineage.counts", "statement label", put(*COUNTS, value=None)),
    ("lineage.counts", "statement label", put(*COUNTS, "dropped", value={"a": 3, "b": -1})),
    ("statement.format", "statement label", put(*COUNTS, "made", value=True)),
    ("statement.format", "statement label", put(*BUILD, "buildType", value="https://bylaw.dev/stage/v2")),
    ("statement.format", "statement label", put("subject", 0, "name", value="../label.jsonl")),
    ("statement.format", "statement label", put(*NEEDS, value=lambda needs: needs + needs)),
    ("statement.format", "envelope label", put("payload", value=lambda text: text[:-1] + "\n")),
    ("statement.format", "envelope label", put("signatures", value=[])),
    ("statement.stage", "statement label", put(*BUILD, "externalParameters", "stage", value="compare")),
    ("statement.signature", "envelope label", lambda envelope: Lab().seal(base64.b64decode(envelope["payload"]))),
    ("statement.signature", "envelope label", put("signatures", 0, "sig", value="AAAA")),
    ("manifest.outputs", "line label", put("outputs", 0, "sha256", value="ab" * 32)),
    ("manifest.outputs", "line label", put("outputs", value=lambda outputs: outputs * 2)),
    ("manifest.line", "manifest", lambda data: data + data[data.rindex(b'{"at"') :].replace(b"08+", b"09+")),
    ("manifest.line", "manifest", lambda data: data.replace(b'"event":"started"', b'"event":NaN', 1)),
    ("proof.entry", "entry label", put("statement", value="sha256:" + "ab" * 32)),
    ("proof.entry", "entry label", put("kind", value="measurement.v1")),
    ("proof.inclusion", "proof label", lambda text: text.replace("index 7", "index 8")),
    ("proof.inclusion", "proof label", lambda text: text.replace("index 7", "index 70")),
    ("proof.format", "proof label", lambda text: text.replace("index 7", "index 07")),
    ("proof.format", "proof label", lambda text: text.replace("@v1", "@v2")),
    ("proof.format", "proof label", lambda text: text.replace("\n10\n", "\n10\r\n")),
    ("log.signature", "signatures", lambda lines: lines[1:]),
    ("log.signature", "signatures", lambda lines: [lines[0][:-8] + "AAAA" + lines[0][-4:], *lines[1:]]),
    ("log.quorum", "signatures", lambda lines: lines[:3]),
    ("log.quorum", "signatures", lambda lines: [*lines[:3], lines[2]]),
    ("log.quorum", "signatures", lambda lines: [*lines[:3], lines[3][:-8] + "AAAA" + lines[3][-4:]]),
    ("claims.level", "signatures", lambda lines: lines[:2]),
    ("age", "signatures", lambda lines: lines[:2]),
    ("model.signature", "oms final", lambda files: files | {"more.txt": "ab" * 32}),
    ("model.signature", "oms final", lambda files: {k: v for k, v in files.items() if k != "config.json"}),
    ("model.files", "files final", lambda lines: "".join(reversed(lines.splitlines(keepends=True)))),
    ("samples.draw", "samples evaluate-sft", put("rows", value=lambda rows: rows[1:])),
    ("samples.draw", "samples evaluate-sft", put("rows", value=lambda rows: rows[::-1])),
    ("samples.rows", "samples evaluate-sft", put("rows", 0, "row", value="{}")),
    ("samples.rows", "samples evaluate-sft", put("count", value=4)),
    ("finding.signature", "finding envelope", lambda envelope: Lab().seal(base64.b64decode(envelope["payload"]))),
    ("finding.lineage", "finding", put("subject", 0, "name", value="findings/audit.json")),
    ("finding.lineage", "finding", put("subject", 0, "digest", value={"sha256": "ab" * 32})),
    ("finding.lineage", "finding", put(*SEEN, value=lambda seen: [*seen[:2], *seen[4:]])),  # none of its stages
    ("finding.lineage", "finding", put(*SEEN, 2, "digest", value={"sha256": "ab" * 32})),
    ("finding.lineage", "finding", put(*SEEN, 0, "digest", value={"sha256": "ab" * 32})),
    ("finding.lineage", "finding", put(*SEEN, 2, "name", value="statements/of-another-run.json")),
    ("finding.format", "finding", put("predicateType", value="https://slsa.dev/provenance/v1")),
    ("index.format", "index", put("predicate", "more", value=1)),
    ("index.format", "index", put("predicate", "runs", value=["first", "second"])),
    ("index.format", "index", put("predicate", "notRun", value={"first.stress": "no"})),
    ("index.format", "index", put("predicate", "notRun", value=lambda kinds: kinds | {"first.leak": "both"})),
    ("index.format", "index", put("predicate", "notRun", value=lambda kinds: kinds | {"second.leak": "whose?"})),
    ("index.format", "index", claim_of(1, "run", "second")),
    ("index.format", "index", claim_of(0, "run", "first")),
    ("index.format", "index", put("predicate", "validUntil", value="soon")),
    ("index.format", "index", put("subject", value=lambda subjects: subjects[::-1])),
    ("index.format", "index", put("subject", value=lambda subjects: [subjects[0], *subjects])),
    ("index.signature", "index envelope", lambda envelope: Lab().seal(base64.b64decode(envelope["payload"]))),
    ("claims.level", "index", claim_of(1, "level", "reproduced")),
    ("claims.level", "index", claim_of(0, "level", "witnessed")),
    ("claims.level", "index", claim_of(7, "level", "witnessed")),
    ("claims.level", "index", claim_of(1, "level", "self-attested")),  # and others stand on it
    ("claims.support", "index", put("predicate", "claims", value=lambda claims: [])),
    ("claims.support", "index", claim_of(1, "because", ["nothing"])),
    ("claims.support", "index", claim_of(1, "because", ["by"])),
    ("claims.support", "index", claim_of(1, "evidence", [])),
    ("claims.support", "index", put("predicate", "claims", value=lambda claims: [  # a report in the place of statements
        *claims[:1], claims[1] | {"evidence": claims[7]["evidence"]}, *claims[2:]])),
    ("claims.support", "index", put("predicate", "claims", value=lambda claims: [
        *claims[:7], claims[7] | {"evidence": claims[1]["evidence"]}])),
    ("claims.support", "index", claim_of(1, "evidence", lambda was: [was[0] | {"sha256": "ab" * 32}, was[0]])),
    ("claims.support", "index", claim_of(1, "id", "by")),
    ("claims.support", "index", claim_of(1, "evidence", [{"path": "reports/none.json", "sha256": "ab" * 32}])),
    ("claims.stale", "index", claim_of(1, "evidence", [{"path": "reports/first.leak.json", "sha256": "ab" * 32}])),
    ("validity", "index", put("predicate", "validUntil", value="2026-09-20T00:00:01Z")),
    ("validity", "index", put("predicate", "made", value="2026-09-22T00:00:01Z")),
    ("validity", "index", put("predicate", "made", value="2026-13-45T00:00:00Z")),
    ("validity", "index", put("predicate", "made", value="2026-09-20T14:00:00Z")),  # before a witness signed
    ("validity", "index", put("predicate", "validUntil", value="2027-02-30T00:00:00Z")),
    ("index.format", "index envelope", put("signatures", 0, "keyid", value="")),
    ("index.format", "index envelope", put("signatures", 0, "keyid", value=None)),
    ("index.format", "index", put("predicate", "redactions", value=[
        {"path": "runs/first/run.toml", "sha256": "ab" * 32, "reason": "another digest than among the subjects"}])),
    ("index.format", "index", put("predicate", "redactions", value=[
        {"path": "runs/first/statements/none.json", "sha256": "ab" * 32, "reason": "none of the subjects"}])),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "where", "change"), INSIDER, ids=[f"{n}-{w}-{i}" for i, (n, w, _) in enumerate(INSIDER)]
)
def test_an_insider_is_caught(lab: Lab, tmp_path: Path, name: str, where: str, change: Callable[[Any], Any]) -> None:
    def twist(at: str, value: Any) -> Any:
        return change(value) if at == where else value

    report = check(lab, lab.bundle(lab.run(tmp_path / "run", twist), tmp_path / "bundle", twist))
    assert report.code == 4
    assert name in report.failed, "\n".join(report.lines())
    assert "internal" not in report.failed, "\n".join(report.lines())


@pytest.mark.parametrize(
    "change",
    [claim_of(1, "kind", "intent"), put("predicate", "clauses", value={"nobody": ["EU Measure 7.1"]})],
    ids=["kind", "clause"],
)
def test_what_is_not_known_is_not_checked(lab: Lab, tmp_path: Path, change: Callable[[Any], Any]) -> None:
    def twist(at: str, value: Any) -> Any:
        return change(value) if at == "index" else value

    report = check(lab, lab.bundle(lab.run(tmp_path / "run"), tmp_path / "bundle", twist))
    assert (report.code, report.state("claims.support")) == (5, "?"), "\n".join(report.lines())


def test_a_proof_of_no_statement(lab: Lab, bundle: Path) -> None:
    shutil.copy(bundle / f"{AT_RUN}proofs/label.tlog-proof", bundle / f"{AT_RUN}proofs/other.tlog-proof")
    (bundle / "bundle.json").write_bytes(one_line(lab.index(bundle)))
    assert check(lab, bundle).failed == ["manifest.line"]


def test_a_run_may_have_a_name_that_begins_like_anothers(lab: Lab, bundle: Path) -> None:
    shutil.copytree(bundle / "runs/first", bundle / "runs/first.again")
    for end in ("json", "statement"):
        shutil.copy(bundle / f"reports/first.leak.{end}", bundle / f"reports/first.again.leak.{end}")

    def twist(where: str, value: Any) -> Any:
        if where == "index":
            value["predicate"]["runs"].append("first.again")
            value["predicate"]["notRun"] |= {"first.again.audit": "no time", "first.again.stress": "no time"}
        return value

    (bundle / "bundle.json").write_bytes(one_line(lab.index(bundle, twist)))
    report = check(lab, bundle)
    assert report.code == 0, "\n".join(report.lines())


def test_two_stages_that_made_one_path_are_both_asked_for_it(lab: Lab, tmp_path: Path) -> None:
    """Else the final model could be left out, where its statement calls it by the supervised one's path."""

    def twist(where: str, value: Any) -> Any:
        if where == "statement optimise":
            value["subject"][0]["name"] = "models/sft"
        elif where == "line optimise":
            value["outputs"][0]["path"] = "models/sft"
        elif where == "index":
            (files,) = (each for each in value["subject"] if each["name"].endswith("/sft.files"))
            evidence = [{"path": files["name"], "sha256": files["digest"]["sha256"]}]
            value["predicate"]["claims"][6]["evidence"] = evidence
        return value

    bundle = lab.bundle(lab.run(tmp_path / "run", twist), tmp_path / "bundle", twist)
    for end in ("files", "sig"):
        (bundle / f"{AT_RUN}models/final.{end}").unlink()
    (bundle / "bundle.json").write_bytes(one_line(lab.index(bundle, twist)))
    assert check(lab, bundle).failed == ["model.files"]


def test_an_order_that_cannot_be(lab: Lab, tmp_path: Path) -> None:
    def later(where: str, value: Any) -> Any:
        return [*value[:6], value[7], value[6], *value[8:]] if where == "entries" else value

    def manifest(where: str, value: Any) -> Any:
        return b"".join(reversed(value.splitlines(keepends=True))) if where == "manifest" else value

    report = check(lab, lab.bundle(lab.run(tmp_path / "a", later), tmp_path / "b", later))
    assert "proof.inclusion" in report.failed or "proof.entry" in report.failed
    report = check(lab, lab.bundle(lab.run(tmp_path / "c", manifest), tmp_path / "d", manifest))
    assert report.failed == ["manifest.line", "lineage.order"]


def test_a_fork_is_seen(lab: Lab, tmp_path: Path) -> None:
    def twist(where: str, value: Any) -> Any:
        if where != "proof label":
            return value
        return value.split("\n\n")[0] + "\n\n" + lab.note([leaf(b"another history")] * 10)

    report = check(lab, lab.bundle(lab.run(tmp_path / "run", twist), tmp_path / "bundle", twist))
    assert report.failed == ["proof.inclusion", "log.fork", "claims.level"]


def test_two_entries_of_one_number_are_two_histories(lab: Lab, tmp_path: Path) -> None:
    run = lab.run(tmp_path / "run")
    leaves = [leaf(b"another history")] * 12
    leaves[7] = leaf(lab.entries["compare"])  # where the other checkpoint has the labels
    path = "".join(b64(each) + "\n" for each in audit(7, leaves))
    proof = f"c2sp.org/tlog-proof@v1\nindex 7\n{path}\n{lab.note(leaves)}"
    (run / "proofs/compare.tlog-proof").write_text(proof)
    (run / "proofs/compare.entry").write_text("7\n")
    report = check(lab, run)
    assert report.failed == ["lineage.order", "log.fork"], "\n".join(report.lines())


def test_a_cosignature_of_later_is_none_yet(lab: Lab, run: Path) -> None:
    assert check(lab, run, at=AT - 2 * DAY, max_age=None).failed == ["log.quorum"]
    assert check(lab, run, at=AT - DAY).code == 0


def test_what_was_taken_out_is_always_said(lab: Lab, bundle: Path) -> None:
    """A report that no claim stands on: nothing else would miss it."""
    gone = ["reports/first.leak.json", "reports/first.leak.statement"]
    digests = {where: sha((bundle / where).read_bytes()) for where in gone}
    for where in gone:
        (bundle / where).unlink()

    def twist(where: str, value: Any) -> Any:
        if where == "index":
            says = value["predicate"]
            says["redactions"] = [{"path": path, "sha256": digests[path], "reason": "it is bad"} for path in gone]
            says["claims"] = [claim for claim in says["claims"] if claim["id"] != "leak"]
            says["claims"][0]["because"].remove("leak")
            value["subject"] += [{"name": path, "digest": {"sha256": digests[path]}} for path in gone]
            value["subject"].sort(key=lambda each: each["name"])
        return value

    (bundle / "bundle.json").write_bytes(one_line(lab.index(bundle, twist)))
    report = check(lab, bundle)
    assert report.code == 5 and any("redacted: it is bad" in line for line in report.lines())


def test_what_is_redacted_is_not_checked(lab: Lab, bundle: Path) -> None:
    gone = ["runs/first/samples/evaluate-final.json", "runs/first/statements/evaluate-final.json"]
    digests = {where: sha((bundle / where).read_bytes()) for where in gone}
    for where in gone:
        (bundle / where).unlink()

    def twist(where: str, value: Any) -> Any:
        if where == "index":
            value["predicate"]["redactions"] = [
                {"path": path, "sha256": digest, "reason": "people"} for path, digest in digests.items()
            ]
            value["subject"] += [{"name": path, "digest": {"sha256": digest}} for path, digest in digests.items()]
            value["subject"].sort(key=lambda each: each["name"])
        return value

    (bundle / "bundle.json").write_bytes(one_line(lab.index(bundle, twist)))
    report = check(lab, bundle)
    assert "manifest.line" not in report.failed
    assert {claim["id"]: claim["state"] for claim in report.claims}["sampled"] == "?"
    (bundle / gone[0]).write_bytes(b"back again")
    assert "file.extra" in check(lab, bundle).failed


# -------------------------------------------------------------------------------------- runs, models, proofs, zips


def linked(where: str) -> Callable[[Path], None]:
    def act(root: Path) -> None:
        (root / where).rename(root / "elsewhere")
        (root / where).symlink_to(root / "elsewhere")

    return act


def piped(where: str) -> Callable[[Path], None]:
    def act(root: Path) -> None:
        (root / where).unlink()
        os.mkfifo(root / where)

    return act


def sparse(where: Path, size: int) -> None:
    where.parent.mkdir(exist_ok=True)
    with where.open("wb") as stream:
        stream.truncate(size)


ROWS = "records/label.jsonl"
IN_A_RUN: list[tuple[str, Callable[[Path], None]]] = [
    ("records.digest", edit(ROWS, flip)),
    ("records.digest", edit(ROWS, lambda data: data + b"{}\n")),
    ("records.digest", edit(ROWS, lambda data: data[:-9])),
    ("records.digest", lambda root: (root / ROWS).unlink()),
    ("records.digest", lambda root: (root / "records/more.jsonl").write_bytes(b"{}\n") and None),
    ("container", lambda root: (root / "records/more.jsonl").symlink_to("label.jsonl")),
    ("model.files", edit("models/final/config.json", flip)),
    ("model.signature", edit("models/final/config.json", flip)),
    ("model.signature", move("models/final/config.json", "models/final/confug.json")),
    ("model.files", lambda root: (root / "models/final/deep/empty").unlink()),
    ("model.files", lambda root: (root / "models/final/.gitattributes").write_bytes(b"") and None),
    ("model.files", lambda root: (root / "models/final/link").symlink_to("config.json")),
    ("model.files", lambda root: shutil.rmtree(root / "models/final")),
    ("model.signature", lambda root: (root / "models/final/model.sig").unlink()),
    ("model.files", lambda root: shutil.copytree(root / "models/sft", root / "models/final", dirs_exist_ok=True)),
    ("model.files", lambda root: shutil.copytree(root / "models/sft", root / "models/more")),
    ("model.files", linked("models/sft")),
    ("model.files", linked("models/sft/model.sig")),
    ("model.signature", piped("models/sft/model.sig")),
    ("container", linked("models")),
    ("container", lambda root: os.mkfifo(root / "chunks")),
    ("container", lambda root: os.mkfifo(root / ".lock")),
    ("container", lambda root: sparse(root / "findings/leak.json", 1 << 40)),
    ("container", lambda root: [sparse(root / f"statements/s{n}.json", 64 << 20) for n in range(9)] and None),
    ("file.extra", lambda root: (root / "report").write_bytes(b"no directory") and None),
    ("records.digest", lambda root: (root / "records/more.jsonl").touch()),
    ("records.digest", lambda root: sparse(root / "records/more.jsonl", 1 << 40)),
    ("model.files", lambda root: sparse(root / "models/more/model.safetensors", 1 << 40)),
    ("proof.format", lambda root: (root / "proofs/label.tlog-proof").unlink()),
    ("proof.entry", edit("proofs/label.entry", lambda data: b"6\n")),
    ("proof.entry", edit("proofs/label.entry", lambda data: data.replace(b"\n", b"\v"))),
    ("proof.inclusion", edit("manifest.jsonl", lambda data: data.replace(b"00:00:06+", b"00:00:16+"))),
    ("statement.format", lambda root: (root / "statements/Up.json").write_bytes(b"{}") and None),
    ("statement.format", edit("statements/label.json", lambda data: data.replace(b'{"payload"', b'{ "payload"'))),
    ("statement.format", edit("statements/label.json", lambda data: b'{"approved":true,' + data[1:])),
    ("manifest.line", edit("manifest.jsonl", lambda was: was.replace(b'd","stage":"label"}', b'd","stage":"lebal"}'))),
    ("manifest.line", edit("manifest.jsonl", lambda data: data[data.index(b"\n") + 1 :])),
    ("file.extra", lambda root: (root / "approved.txt").write_bytes(b"by the board") and None),
    ("file.extra", lambda root: (root / "statements/more").mkdir() or (root / "statements/more/a.txt").touch()),
    ("finding.format", lambda root: (root / "findings").mkdir() or (root / "findings/leak.json").write_text("{}")),
]  # fmt: skip


@pytest.mark.parametrize(("name", "act"), IN_A_RUN, ids=[f"{n}-{i}" for i, (n, _) in enumerate(IN_A_RUN)])
def test_what_is_done_to_a_run(lab: Lab, run: Path, name: str, act: Callable[[Path], None]) -> None:
    act(run)
    report = check(lab, run)
    assert report.code == 4
    assert name in report.failed, "\n".join(report.lines())
    assert "internal" not in report.failed, "\n".join(report.lines())


def test_rows_are_checked_even_if_bytes_hold(lab: Lab, tmp_path: Path) -> None:
    def twist(where: str, value: Any) -> Any:
        if where == "statement label":
            value["subject"][0]["annotations"]["rows"]["count"] = 8
        return value

    assert check(lab, lab.run(tmp_path / "run", twist)).failed == ["records.rows"]


def test_a_run_without_proofs_is_not_all_checked(lab: Lab, run: Path) -> None:
    for proof in (run / "proofs").iterdir():
        proof.unlink()
    report = check(lab, run, max_age=None)
    assert report.code == 5, "\n".join(report.lines())


def test_a_run_with_a_statement_outside_the_ledger_is_not_witnessed(lab: Lab, bundle: Path) -> None:
    for kind in ("entry", "tlog-proof"):
        (bundle / f"runs/first/proofs/compare.{kind}").unlink()
    (bundle / "bundle.json").write_bytes(one_line(lab.index(bundle)))
    assert check(lab, bundle).failed == ["proof.format", "claims.level"]


def test_git_files_of_a_model(lab: Lab, run: Path) -> None:
    model = run / "models/sft"
    (model / ".git").mkdir()
    (model / ".git/hook").write_bytes(b"")
    assert check(lab, model).failed == ["model.files", "model.signature"]
    report = check(lab, model, allow_git=True)
    assert report.code == 0 and "--allow-git" in report.lines()[-1]


def test_a_model_of_another_statement(lab: Lab, run: Path) -> None:
    statement = (run / "statements/sft.json").read_bytes()
    assert check(lab, run / "models/final", statement=statement).failed == ["model.files"]
    other = one_line(Lab().seal(base64.b64decode(json.loads(statement)["payload"])))
    assert check(lab, run / "models/sft", statement=other).failed == ["statement.signature"]


def test_an_ed25519_key_does_not_make_a_models_signature_checked(lab: Lab, run: Path) -> None:
    report = verify(run / "models/sft", [pem(ed25519.Ed25519PrivateKey.generate())])
    assert report.code == 5


def test_a_proof_of_an_entry(lab: Lab, tmp_path: Path) -> None:
    run = lab.run(tmp_path / "run")
    proof = run / "proofs/label.tlog-proof"
    assert check(lab, proof, entry=lab.entries["label"]).code == 0
    assert check(lab, proof, entry=b"something else").failed == ["proof.inclusion"]
    assert check(lab, proof, entry=lab.entries["label"], max_age=3600).failed == ["age"]
    assert verify(proof, policy=Lab().policy, entry=lab.entries["label"]).failed == ["log.signature", "log.quorum"]


def write_zip(where: Path, entries: list[tuple[Any, bytes]]) -> Path:
    with zipfile.ZipFile(where, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return where


def special(name: str, mode: int, dos: int = 0) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16 | dos
    return info


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    "entries",
    [
        [("../bundle.json", b"{}")],
        [("/bundle.json", b"{}")],
        [("reports\\a.json", b"{}")],
        [("bundle.json", b"{}"), ("bundle.json", b"{}")],
        [(special("bundle.json", 0o120777), b"/etc/passwd")],
        [(special("bundle.json", 0o104755), b"{}")],
        [(special("bundle.json", 0o010644), b"{}")],
        [(special("bundle.json", 0, dos=0x10), b"{}")],
        [("reports/", b""), ("bundle.json", b"{}")],
        [("reports/zero.json", bytes((64 << 20) + 1))],
        [(f"reports/{n}.json", b"") for n in range(10_001)],
    ],
    ids=["traversal", "absolute", "backslash", "twice", "link", "setuid", "pipe", "dos", "directory", "bomb", "many"],
)
def test_a_hostile_zip_is_refused(lab: Lab, tmp_path: Path, entries: list[tuple[Any, bytes]]) -> None:
    assert check(lab, write_zip(tmp_path / "b.zip", entries), max_age=None).failed == ["container"]


@pytest.mark.parametrize(
    "change",
    [
        lambda data: b"x" + data,
        lambda data: data + b"x",
        lambda data: data[:-2] + b"\1\0x",
        lambda data: data[:-30],
        lambda data: b"",
        lambda data: data[:-10] + b"\xff\xff\xff\xff" + data[-6:],
        lambda data: data[:-6] + b"\xff\xff\xff\x7f" + data[-2:],
    ],
)
def test_a_damaged_zip_is_refused(lab: Lab, bundle: Path, change: Callable[[bytes], bytes]) -> None:
    where = zipped(bundle)
    where.write_bytes(change(where.read_bytes()))
    report = check(lab, where, max_age=None)
    assert report.failed == ["container"], "\n".join(report.lines())


def test_any_byte_of_a_zip_may_change(lab: Lab, bundle: Path) -> None:
    where = zipped(bundle)
    data = where.read_bytes()
    for at in range(5, len(data), len(data) // 60):
        where.write_bytes(data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1 :])
        report = check(lab, where)
        assert "internal" not in report.failed, (at, "\n".join(report.lines()))


def test_every_byte_of_a_zip_is_of_one_file(lab: Lab, bundle: Path) -> None:
    """What other programs would read from its front, and a directory that names one file's bytes twice."""
    where = zipped(bundle)
    data = where.read_bytes()
    end = data.index(b"PK\1\2")
    hidden = data[:end] + b"hidden" + data[end:-6] + struct.pack("<I", end + 6) + data[-2:]
    where.write_bytes(hidden)
    assert check(lab, where, max_age=None).failed == ["container"]
    second = data.index(b"PK\1\2", end + 1)
    where.write_bytes(data[: second + 42] + struct.pack("<I", 0) + data[second + 46 :])
    assert check(lab, where, max_age=None).failed == ["container"]


def shifted(data: bytes, at: int, more: bytes, *counts: int) -> bytes:
    """A zip with bytes put in; ``counts``: where two bytes stand that count them; all that follows is moved."""
    start = data.index(b"PK\1\2")
    changed = bytearray(data[:at] + more + data[at:])
    moved = 0 if at > start else len(more)
    for where in counts:
        struct.pack_into("<H", changed, where, struct.unpack_from("<H", changed, where)[0] + len(more))
    entry = start + moved
    while moved and changed[entry : entry + 4] == b"PK\1\2":
        (offset,) = struct.unpack_from("<I", changed, entry + 42)
        struct.pack_into("<I", changed, entry + 42, offset + moved if offset else 0)
        entry += 46 + sum(struct.unpack_from("<3H", changed, entry + 28))
    size, begin = struct.unpack_from("<2I", changed, len(changed) - 10)
    struct.pack_into("<2I", changed, len(changed) - 10, size + len(more) - moved, begin + moved)
    return bytes(changed)


SECOND_NAME = b"up" + struct.pack("<HBI", 5 + 8, 1, zlib.crc32(b"bundle.json")) + b"run.toml"


def test_no_file_in_a_zip_has_a_second_name(lab: Lab, bundle: Path) -> None:
    """Info-ZIP's Unicode path (0x7075): who unpacks such a zip would find other files than were checked."""
    where = zipped(bundle)
    data = where.read_bytes()
    start = data.index(b"PK\1\2")
    assert data[46 + start :].startswith(b"bundle.json")
    for at, count in ((30 + len("bundle.json"), 28), (start + 46 + len("bundle.json"), start + 30)):
        where.write_bytes(shifted(data, at, SECOND_NAME, count))
        with zipfile.ZipFile(where) as archive:
            assert archive.testzip() is None
        assert check(lab, where, max_age=None).failed == ["container"]


def test_a_zip_has_no_room_for_anything_else(lab: Lab, bundle: Path) -> None:
    """Behind a file's compressed bytes, in a comment: other programs pass over both."""
    where = zipped(bundle)
    data = where.read_bytes()
    start = data.index(b"PK\1\2")
    (packed,) = struct.unpack_from("<I", data, 18)
    behind = bytearray(shifted(data, 30 + len("bundle.json") + packed, b"unseen"))
    struct.pack_into("<I", behind, 18, packed + 6)
    struct.pack_into("<I", behind, behind.index(b"PK\1\2") + 20, packed + 6)
    for other in (behind, shifted(data, start + 46 + len("bundle.json"), b"unseen", start + 32)):
        where.write_bytes(other)
        with zipfile.ZipFile(where) as archive:
            assert archive.testzip() is None
        assert check(lab, where, max_age=None).failed == ["container"]


def test_why_a_zip_is_refused_names_what_and_where(lab: Lab, tmp_path: Path) -> None:
    good = write_zip(tmp_path / "good.zip", [("bundle.json", b"{}" * 50)]).read_bytes()
    begins, start = 30 + len("bundle.json"), good.index(b"PK\1\2")
    version = bytearray(good)
    version[4] = version[start + 6] = 99
    for data, why in (
        (good.replace(b"bundle", b"bundl\xff"), r"bundl\udcff.json is not a plain path in UTF-8"),
        (good[:begins] + b"\xff" * (start - begins) + good[start:], "bundle.json cannot be unpacked"),
        (bytes(version), "bundle.json is encrypted, streamed, of another method or version"),
    ):
        (tmp_path / "b.zip").write_bytes(data)
        (found,) = (each for each in check(lab, tmp_path / "b.zip", max_age=None).findings if each.state == "✗")
        assert found.check == "container" and found.why.startswith(why), found


@pytest.mark.parametrize("at", [8, 14, 22])  # method, CRC, size
def test_the_head_of_a_file_in_a_zip_says_what_the_directory_says(lab: Lab, bundle: Path, at: int) -> None:
    """Who reads from the front would find another file."""
    where = zipped(bundle)
    data = bytearray(where.read_bytes())
    data[at] ^= 1
    where.write_bytes(data)
    assert check(lab, where, max_age=None).failed == ["container"]


def test_a_streamed_zip_is_refused(lab: Lab, bundle: Path, tmp_path: Path) -> None:
    with open(tmp_path / "s.zip", "wb") as file:
        stream: Any = SimpleNamespace(write=file.write, flush=file.flush)
        with zipfile.ZipFile(stream, "w") as archive:
            archive.write(bundle / "bundle.json", "bundle.json")
    assert check(lab, tmp_path / "s.zip", max_age=None).failed == ["container"]


def test_what_would_take_long_or_much_is_refused(lab: Lab, bundle: Path) -> None:
    """Each of these once took minutes or gigabytes: lines without end, runs without end, lists without end."""
    (bundle / f"{AT_RUN}manifest.jsonl").write_bytes(b"\n" * (20 << 20))
    (bundle / f"{AT_RUN}models/sft.files").write_bytes(b"\n" * (20 << 20))
    assert {"manifest.line", "model.files"} <= {*check(lab, bundle).failed}
    for number in range(100):
        (bundle / f"runs/{number}").mkdir()
        (bundle / f"runs/{number}/run.toml").touch()
    assert check(lab, bundle, max_age=None).failed == ["container"]
    shutil.rmtree(bundle / "runs")
    (bundle / "runs/first/statements").mkdir(parents=True)
    for number in range(verifier.STAGES + 1):
        (bundle / f"runs/first/statements/{number}.json").touch()
    assert check(lab, bundle, max_age=None).failed == ["container"]


def boxed(payload: bytes) -> bytes:
    """An envelope that nobody has signed."""
    kind = "application/vnd.in-toto+json"
    return one_line({"payload": b64(payload), "payloadType": kind, "signatures": [{"sig": "AAAA", "keyid": "0" * 64}]})


def test_all_json_of_a_check_together_is_bounded(
    lab: Lab, bundle: Path, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """28 statements that nobody had signed once took 51 s and 2.3 GB, each of them within the bounds of one."""
    given = json.loads(lab.payloads["prompts"]) | {"more": [[[]] * 100] * 20}
    for root, at in ((bundle, AT_RUN), (run, "")):
        for number in range(3):
            (root / f"{at}statements/z{number}.json").write_bytes(boxed(jcs(given)))
    monkeypatch.setattr(verifier, "ALL_VALUES", 12_000)
    for root in (bundle, run):
        why = [each.why for each in check(lab, root).findings if each.check == "statement.format"]
        assert any("with all before it 12,000" in each for each in why) and "" in why
    statement = verifier.Statement(boxed(jcs(given)), [20_000])
    assert not hasattr(statement, "body")  # what nobody asks for is not kept


@pytest.mark.parametrize("first", ["prompts", "nothing"])
def test_a_chain_of_many_statements(lab: Lab, bundle: Path, first: str) -> None:
    """Each builds on many before it: 1,900 of them once took 19 s."""
    digests = {"prompts": sha(lab.payloads["prompts"])}
    for number in range(60):
        given = json.loads(lab.payloads["prompts"])
        build = given["predicate"]["buildDefinition"]
        build["externalParameters"]["stage"] = f"z{number}"
        bases = [f"z{each}" for each in range(max(0, number - 20), number)] or [first][: first == "prompts"]
        needs = [{"name": f"statements/{each}.json", "digest": {"sha256": digests[each]}} for each in bases]
        build["resolvedDependencies"] = needs
        digests[f"z{number}"] = sha(jcs(given))
        (bundle / f"{AT_RUN}statements/z{number}.json").write_bytes(boxed(jcs(given)))
    found = [each for each in check(lab, bundle).findings if each.check == "lineage.chain" and each.where[0] == "z"]
    assert len(found) == 60
    assert {each.why for each in found} == {"" if first == "prompts" else "it does not reach back to prompts"}


def test_an_index_of_too_many_claims(lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifier, "CLAIMS", 5)
    report = check(lab, lab.bundle(lab.run(tmp_path / "run"), tmp_path / "bundle"), max_age=None)
    assert report.failed == ["index.format"]
    assert any("there are over 5" in each.why for each in report.findings)


def test_claims_that_stand_on_each_other(lab: Lab, tmp_path: Path) -> None:
    def twist(where: str, value: Any) -> Any:
        if where == "index":
            value["predicate"]["claims"][1]["because"] = ["top"]
        return value

    report = check(lab, lab.bundle(lab.run(tmp_path / "run"), tmp_path / "bundle", twist))
    assert "claims stand on each other in a circle" in [each.why for each in report.findings]


def test_what_is_no_plain_file_is_never_opened(lab: Lab, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("pipe", "pipe.tlog-proof"):
        os.mkfifo(tmp_path / name)
        assert check(lab, tmp_path / name, max_age=None).failed[0] in ("container", "proof.format")
    assert check(lab, Path("/dev/zero"), max_age=None).failed == ["container"]
    proof = tmp_path / "a.tlog-proof"
    proof.touch()
    for option in ("--key", "--policy", "--entry"):
        assert verifier.main([str(proof), option, str(tmp_path / "pipe")]) == 2
        assert "pipe is no plain file" in capsys.readouterr().err


def test_what_the_system_says_is_said_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert verifier.main([str(tmp_path / "nothing")]) == 2
    assert f"{tmp_path}/nothing cannot be read: No such file or directory" in capsys.readouterr().err


def test_a_part_is_read_once(lab: Lab, bundle: Path) -> None:
    verifier.signed.cache_clear()
    check(lab, bundle)
    assert verifier.signed.cache_info().hits >= len(STAGES)  # one checkpoint in all proofs


def test_more_files_than_a_bundle_may_have(lab: Lab, bundle: Path) -> None:
    for number in range(10_001):
        (bundle / f"reports/{number}.json").touch()
    assert check(lab, bundle, max_age=None).failed == ["container"]


# -------------------------------------------------------------------------------------- parsers, strangers' vectors


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b'{"a":1,"a":1}', "a key twice"),
        (b'{"a":1,"\\u0061":1}', "a key twice"),
        (b"[NaN]", "the number nan is not finite"),
        (b"[-Infinity]", "the number -inf is not finite"),
        (b"[9007199254740993]", "the number 9007199254740993"),
        (b"[" + b"9" * 10**6 + b"]", "the number 9{20} is not finite, or not below"),
        (b'["\xff"]', "can't decode byte 0xff"),
        (b'["\\udc00"]', "surrogates not allowed"),
        (b"[" * 33 + b"]" * 33, "nested deeper than 32"),
    ],
)
def test_json_is_refused_by_name(text: bytes, why: str) -> None:
    with pytest.raises(Refused, match=why):
        verifier.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        b'{"a":1,"a":1}',
        b"[NaN]",
        b"[Infinity]",
        b"[1e999]",
        b"[-9007199254740992]",
        b"[" + b"9" * 5000 + b"]",
        b"[" * 33 + b"]" * 33,
        b"[" * 200_000,
        b'["\\ud800"]',
        b'["\xff"]',
        b"\xef\xbb\xbf[]",
        b"[" + b"0," * 1_000_001 + b"0]",
        b"{",
        b"",
    ],
)
def test_json_that_is_refused(text: bytes) -> None:
    with pytest.raises(Refused):
        verifier.parse(text)


def test_a_proof_is_utf_8() -> None:
    with pytest.raises(Refused, match="not a tlog-proof in UTF-8"):
        note = "log\n1\n" + b64(bytes(32)) + "\n\n— log AAAAAAAA"
        verifier.Proof(f"c2sp.org/tlog-proof@v1\nindex 0\n\n{note}".encode() + b"\xff\n")


def test_json_at_its_bounds() -> None:
    assert verifier.parse(b"[" * 32 + b"]" * 32)
    assert verifier.parse(b"[9007199254740991,-0.5]") == [2**53 - 1, -0.5]


@pytest.mark.parametrize("text", ["YQ", "YQ==\n", "YR==", "YQ= =", "-_8=", "YQ==YQ==", "é"])
def test_base64_has_one_spelling(text: Any) -> None:
    assert verifier.unbase64("YQ==") == b"a"
    with pytest.raises(ValueError):
        verifier.unbase64(text)


@needs_data
def test_inclusion_vectors_of_transparency_dev() -> None:
    files = sorted(Path(DATA, "transparency/merkle/inclusion").rglob("*.json"))
    assert len(files) == 98
    for file in files:
        case = json.loads(file.read_text())
        decoded = {key: base64.b64decode(case[key] or "") for key in ("root", "leafHash")}
        proof = [base64.b64decode(each) for each in case["proof"] or []]
        held = verifier.included(case["leafIdx"], case["treeSize"], decoded["leafHash"], proof, decoded["root"])
        assert held != case["wantErr"], file


@needs_data
def test_checkpoints_of_tessera() -> None:
    vkey = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"
    policy = verifier.Policy(f"log {vkey}\nquorum none\n".encode())
    for size in range(1, 16):
        data = Path(DATA, f"transparency/tessera/log/checkpoint.{size}").read_bytes()
        point = verifier.Proof(b"c2sp.org/tlog-proof@v1\nindex 0\n\n" + data)
        assert point.size == size
        assert point.origin in policy.signers(point, 1)
        point.note = point.note.replace("\n", "\nx\n", 1)
        with pytest.raises(Refused):
            policy.signers(point, 1)


@needs_data
def test_vectors_of_model_signing() -> None:
    base = Path(DATA, "oms/test-vectors/v1.0")

    def listed(data: bytes) -> bytes:
        body = json.loads(base64.b64decode(json.loads(data)["dsseEnvelope"]["payload"]))
        return "".join(f"{each['digest']}  {each['name']}\n" for each in body["predicate"]["resources"]).encode()

    good = (base / "valid/key.bundle.json").read_bytes()
    assert [line[66:] for line in listed(good).split(b"\n")] == [b"signme-1", b"signme-2", b""]
    with pytest.raises(Unchecked):  # all but the key
        verifier.check_oms(good, listed(good), [])
    bad = [*(base / "invalid").iterdir(), *(base / "invalid-payload").iterdir()]
    others = [base / "valid/certificate.bundle.json", base / "valid/sigstore.bundle.json"]  # not the key method
    assert len(bad) == 5
    for file in [*bad, *others]:
        with pytest.raises(Refused):
            verifier.check_oms(file.read_bytes(), listed(good), [])


def test_the_example_of_signed_note() -> None:
    policy = verifier.Policy(b"log example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k\nquorum none")
    line = (
        "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM="
    )
    _, name, key = line.split(" ")
    data = base64.b64decode(key)
    signatures = [(name, data[:4].hex(), data[4:])]
    point: Any = SimpleNamespace(note="This is an example message.\n", signatures=signatures)
    assert policy.signers(point, 1) == {"example.com/foo": 0}


W = [NoteSigner(f"w{n}", 4).vkey for n in range(3)]
LOG = NoteSigner("log", 1).vkey


@pytest.mark.parametrize(
    "text",
    [
        f"log {LOG}",
        "quorum nobody",
        f"log {W[0]}\nquorum none",
        f"log {LOG}\nlog {LOG}\nquorum none",
        f"witness a {LOG}\nquorum a",
        f"witness none {W[0]}\nquorum none",
        f"witness a {W[0]}\nwitness b {W[0]}\nquorum a",
        f"witness a {W[0]}\nwitness a {W[1]}\nquorum a",
        f"witness a {W[0]}\ngroup g 2 a\nquorum g",
        f"witness a {W[0]}\ngroup g 0 a\nquorum g",
        f"witness a {W[0]}\ngroup g 1 a a\nquorum g",
        f"group g any g\nwitness a {W[0]}\nquorum g",
        f"quorum a\nwitness a {W[0]}",
        f"witness a {W[0]}\nquorum a\nquorum a",
        f"witness a {W[0]}\nquorum\va",
        f"witness a {W[0][:-3]}\nquorum a",
        "logs x\nquorum none",
        f"log {LOG}\ngroup g any none\nquorum g",
        "#\n" * 4_097 + "quorum none",
        "#" * (1 << 20) + "\nquorum none",
    ],
)
def test_policies_that_are_refused(text: str) -> None:
    with pytest.raises(Refused):
        verifier.Policy(text.encode())


def test_policies_that_are_read() -> None:
    members = f"witness a {W[0]}\nwitness b {W[1]}\ngroup g all a b\ngroup h any g a"
    text = f"# ours\n\n \tlog {LOG} https://x\n{members}\nquorum h"
    policy = verifier.Policy(text.encode())
    assert [name for _, _, name in policy.keys.values()] == ["", "a", "b"]
    assert policy.groups == {"g": (2, ["a", "b"]), "h": (1, ["g", "a"])}


# ---------------------------------------------------------------------------------------------------- command line


def lines_of(*args: Any, **more: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *map(str, args)], capture_output=True, text=True, check=False, **more)


def test_it_runs_alone(lab: Lab, bundle: Path, tmp_path: Path) -> None:
    alone = tmp_path / "alone"
    alone.mkdir()
    shutil.copy(FILE, alone / "verify.py")
    (tmp_path / "lab.pub").write_bytes(pem(lab.key))
    (tmp_path / "policy").write_bytes(lab.policy)
    ours = ["--key", tmp_path / "lab.pub", "--policy", tmp_path / "policy", "--at", "2026-09-21T00:00:00Z"]
    done = lines_of("-I", "verify.py", bundle, *ours, "--max-age", "30d", cwd=alone, env={"LC_ALL": "C"})
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    done = lines_of("-I", "verify.py", bundle, *ours, "--max-age", "1h", "--json", cwd=alone)
    assert (done.returncode, json.loads(done.stdout)["failed"]) == (4, ["age"])
    done = lines_of("-I", "verify.py", bundle, cwd=alone, env={"PYTHONIOENCODING": "ascii"})
    assert (done.returncode, done.stderr) == (5, "")


def test_keys_come_from_elsewhere(lab: Lab, bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (bundle / "lab.pub").write_bytes(pem(lab.key))
    (tmp_path / "link.pub").symlink_to(bundle / "lab.pub")
    for key in (bundle / "lab.pub", tmp_path / "link.pub"):
        assert verifier.main([str(bundle), "--key", str(key)]) == 2
        assert "come from elsewhere" in capsys.readouterr().err


@pytest.mark.parametrize(
    "args",
    [
        [],
        ["nowhere"],
        [".", "--key", "nowhere"],
        [".", "--max-age", "soon"],
        [".", "--at", "2026-13-01T00:00:00Z"],
        [".", "--unknown"],
    ],
)
def test_a_wrong_command_line(args: list[str]) -> None:
    try:
        assert verifier.main(args) == 2
    except SystemExit as stop:  # of argparse
        assert stop.code == 2


def test_what_is_asked_and_cannot_be_done_is_a_wrong_command_line(lab: Lab, run: Path) -> None:
    model, entry = str(run / "models/sft"), str(run / "proofs/label.entry")
    assert verifier.main([model, "--max-age", "30d"]) == 2
    assert verifier.main([model, "--entry", entry]) == 2
    assert verifier.main([str(run), "--statement", str(run / "statements/sft.json")]) == 2
    assert verifier.main([str(run / "proofs/label.tlog-proof"), "--allow-git"]) == 2
    for empty in ("--policy", "--entry", "--statement"):
        assert verifier.main([str(run), empty, ""]) == 2


def test_no_witness_is_never_new_enough(lab: Lab, run: Path) -> None:
    policy = f"log {lab.log.vkey}\nquorum none\n".encode()
    assert verify(run, [pem(lab.key)], policy, at=AT).code == 0
    assert verify(run, [pem(lab.key)], policy, at=AT, max_age=10**11).failed == ["age"]


def test_keys_of_other_kinds_are_refused(bundle: Path) -> None:
    private = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    one = pem(ec.generate_private_key(ec.SECP256R1()))
    for key in (pem(ec.generate_private_key(ec.SECP384R1())), private, b"", b"\xff", one + one):
        with pytest.raises(Refused):
            verify(bundle, [key])


def test_what_is_printed_cannot_pass_for_ours(lab: Lab, tmp_path: Path) -> None:
    def twist(where: str, value: Any) -> Any:
        if where == "index":
            value["predicate"]["claims"][0]["text"] = "\n  ✓ index.signature\x1b[2J\u202e" + 60 * " " + "✔ it is safe"
        return value

    report = check(lab, lab.bundle(lab.run(tmp_path / "run"), tmp_path / "bundle", twist))
    assert all(line.isprintable() for line in report.lines())
    (said,) = (line for line in report.lines() if "claim top" in line)
    assert said.endswith(r"\x1b[2J\u202e \u2714 it is safe") and said.count("✓") == 1  # not where a terminal breaks it


def test_an_unexpected_error_is_a_failure(lab: Lab, bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifier, "included", lambda *_: 1 / 0)
    report = check(lab, bundle)
    assert (report.code, report.failed) == (4, ["internal"])
