"""An auditor of the door, who trusts none of our code: this one file, a Python with ``cryptography``, and what is his.

His are the log's key and a policy with a witness of his own, the texts of the orders, the receipts that callers were
given with what became of each call, and who he thinks may have been let through. Handed to him are decisions, opened,
and a proof of logging for each entry. He is run as ``python -I an_auditor.py HIS HANDED``, prints what he found, and
ends with 1 at the first thing that does not hold. Formats: RFC 6962 and 9162, RFC 8785, C2SP signed-note,
tlog-checkpoint, tlog-cosignature, tlog-proof, tlog-policy.
"""

import base64
import hashlib
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

MARK = b"bylaw commitment 1\n"
STATUS = {"allow": 200, "refuse": 451, "hold": 403}


def sha256(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


def leaf_of(entry: bytes) -> bytes:
    return sha256(b"\0" + entry)


def root_of(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes:
    """The root that an inclusion proof leads to (RFC 9162, 2.1.3.2)."""
    assert 0 <= index < size, "an index outside the tree"
    at, last, found = index, size - 1, leaf
    for each in path:
        assert last, "a path that is too long"
        if at & 1 or at == last:
            found = sha256(b"\1" + each + found)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = sha256(b"\1" + found + each)
        at, last = at >> 1, last >> 1
    assert last == 0, "a path that is too short"
    return found


def signed(note: str, vkey: str, cosigns: bool) -> str:
    """A note's text, if the key signed it."""
    name, id, material = vkey.split("+", 2)
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(material)[1:])
    text, _, lines = note.partition("\n\n")
    text += "\n"
    for line in lines.splitlines():
        _, by, content = line.split(" ")
        blob = base64.b64decode(content)
        if by == name and blob[:4].hex() == id:
            head = f"cosignature/v1\ntime {int.from_bytes(blob[4:12], 'big')}\n" if cosigns else ""
            key.verify(blob[12:] if cosigns else blob[4:], (head + text).encode())
            return text
    raise AssertionError(f"{name} did not sign")


def logged(proof: str, entry: bytes, policy: dict[str, str]) -> tuple[int, dict[str, Any]]:
    """The place of an entry in the log that the policy trusts, cosigned by its witness; and the entry, read."""
    head, _, note = proof.partition("\n\n")
    _, index, *path = head.splitlines()
    text = signed(note, policy["log"], cosigns=False)
    assert signed(note, policy["witness"], cosigns=True) == text
    origin, size, root = text.splitlines()[:3]
    assert origin == policy["log"].split("+")[0], "another log"
    place = int(index.split()[1])
    found = root_of(leaf_of(entry), place, int(size), [base64.b64decode(each) for each in path])
    assert found == base64.b64decode(root), f"entry {place} is not in the log"
    return place, json.loads(entry)


def decided(opened: dict[str, Any], entries: dict[int, dict[str, Any]]) -> tuple[str, dict[str, Any]]:
    """The receipt of an opened decision that is in a batch of the log, and the decision."""
    body = json.dumps(opened["made"], sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    salt = bytes.fromhex(opened["salt"])
    committed = f"salted:{sha256(MARK + salt + body).hex()}"
    assert committed == opened["committed"], "a commitment that does not open"
    batch, leaf = entries[opened["place"]], leaf_of(committed.encode())
    assert batch["kind"] == "decision-batch.v1" and batch["count"] == opened["count"]
    path = [bytes.fromhex(each) for each in opened["path"]]
    root = root_of(leaf, opened["index"], opened["count"], path)
    assert root.hex() == batch["decisions"], "a decision that is not in its batch"
    return leaf.hex(), opened["made"]


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def main(his: Path, handed: Path) -> None:
    words = [line.split() for line in (his / "policy").read_text().splitlines()]
    policy = {"log": words[0][1], "witness": words[1][2]}
    entries = {}
    for path in sorted(handed.glob("*.entry")):
        place, entry = logged(path.with_suffix(".tlog-proof").read_text(), path.read_bytes(), policy)
        entries[place] = entry
    found = dict(decided(read(path), entries) for path in sorted(handed.glob("*.decision")))

    orders = [f"sha256:{sha256(path.read_bytes()).hex()}" for path in sorted(his.glob("letter-*.toml"))]
    enacted = {each["directive"]: place for place, each in entries.items() if each["kind"] == "directive-enacted.v1"}
    places = [enacted[each] for each in orders]
    assert places == sorted(places), "the letters were not enacted in their order"
    ended = {each["directive"] for each in entries.values() if each["kind"] == "directive-rescinded.v1"}
    assert ended == set(orders[:2]), "the third letter did not end the other two"

    counted: Counter[str] = Counter()
    for call in read(his / "calls.json"):
        made = found[call["receipt"]]
        decision = made["decision"]
        said = (decision["subject"], decision["request"]["model"], decision["outcome"])
        assert said == (call["subject"], call["model"], call["expected"]), f"{said} where {call}"
        assert STATUS[decision["outcome"]] == call["status"], f"{decision['outcome']} answered {call['status']}"
        assert made["basis"]["acts"] == call["acts"], "decided by other rules than were in force when it was asked"
        counted[f"{call['phase']} {decision['outcome']}"] += 1
    assert "bylaw" not in sys.modules
    print(json.dumps(counted))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
