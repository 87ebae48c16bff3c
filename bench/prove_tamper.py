"""Random mutations of a bundle, spread over every file and kind: none may verify, none may crash the verifier.

The bundle is of a small run made without a model (``tests/runs.py``): every kind of file is in it. A mutation is drawn
from its number alone. What it leaves as it was is drawn again.

    python bench/prove_tamper.py                  # 10,000 mutations
    python bench/prove_tamper.py --quick          # 200
"""

import argparse
import base64
import json
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random

from bylaw import verify
from bylaw.evidence.build import build
from bylaw.lineage.lab import Lab
from reporting import note, report

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from runs import make_run  # a whole run, as the tests make it

FEWEST_CHECKS = 15
Mutation = Callable[[Random, Path, list[Path]], None]


def flip(rng: Random, file: Path, others: list[Path]) -> None:
    """One bit."""
    content = bytearray(file.read_bytes())
    content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    file.write_bytes(content)


def cut(rng: Random, file: Path, others: list[Path]) -> None:
    """A piece is gone."""
    content = file.read_bytes()
    start = rng.randrange(len(content))
    file.write_bytes(content[:start] + content[start + rng.randrange(1, 40) :])


def put(rng: Random, file: Path, others: list[Path]) -> None:
    """A piece that was not there."""
    content = file.read_bytes()
    start = rng.randrange(len(content) + 1)
    file.write_bytes(content[:start] + rng.randbytes(rng.randrange(1, 9)) + content[start:])


def exchange(rng: Random, file: Path, others: list[Path]) -> None:
    """Another file's content."""
    shutil.copy(rng.choice(others), file)


def drop(rng: Random, file: Path, others: list[Path]) -> None:
    file.unlink()


def rename(rng: Random, file: Path, others: list[Path]) -> None:
    file.rename(file.with_name(f"{rng.choice('abcxyz')}{file.name}"))


def add(rng: Random, file: Path, others: list[Path]) -> None:
    """A file beside it."""
    shutil.copy(file, file.with_name(f"{file.stem}-{rng.randrange(9)}{file.suffix}"))


def lines(rng: Random, file: Path, others: list[Path]) -> None:
    """A line dropped, doubled or moved."""
    rows = file.read_bytes().splitlines(keepends=True)
    row = rows.pop(rng.randrange(len(rows)))
    for _ in range(rng.randrange(3)):
        rows.insert(rng.randrange(len(rows) + 1), row)
    file.write_bytes(b"".join(rows))


def word(rng: Random, file: Path, others: list[Path]) -> None:
    """A digit or letter of a text is another one."""
    content = bytearray(file.read_bytes())
    places = [at for at, each in enumerate(content) if chr(each).isalnum() and each < 128]
    at = rng.choice(places)
    content[at] = rng.choice(b"0123456789abcdefXYZ")
    file.write_bytes(content)


def said(rng: Random, file: Path, others: list[Path]) -> None:
    """A value somewhere in what a signed envelope says, or in a JSON file; the signature stays."""
    try:
        outer = json.loads(file.read_bytes())
    except ValueError:
        return flip(rng, file, others)
    signed = isinstance(outer, dict) and isinstance(outer.get("payload"), str)
    inner = json.loads(base64.b64decode(outer["payload"])) if signed else outer
    _change(rng, inner)
    if signed:
        outer["payload"] = base64.b64encode(json.dumps(inner, separators=(",", ":")).encode()).decode()
    file.write_text(json.dumps(outer if signed else inner, separators=(",", ":")) + "\n")
    return None


def _change(rng: Random, value: object) -> None:
    """Walk down to a container of plain values and change one."""
    while True:
        keys: list[object] = list(value) if isinstance(value, dict) else list(range(len(value)))  # type: ignore[arg-type]
        if not keys:
            return
        key = rng.choice(keys)
        below = value[key]  # type: ignore[index]
        if isinstance(below, dict | list) and below and rng.random() < 0.85:
            value = below
            continue
        if rng.random() < 0.3:
            del value[key]  # type: ignore[attr-defined]
        else:
            value[key] = rng.choice([None, 0, -1, 1e300, "", "x" * 64, [], {}, True])  # type: ignore[index]
        return


KINDS: tuple[Mutation, ...] = (flip, cut, put, exchange, drop, rename, add, lines, word, said, said, said)


def mutate(number: int, files: list[str], bundle: Path) -> str:
    """Change one file; returns what was done. Every file has its turn."""
    rng = Random(f"mutation {number}")
    name = files[number % len(files)]
    kind = rng.choice(KINDS)
    kind(rng, bundle / name, [bundle / each for each in files if each != name])
    return f"{kind.__name__} {name}"


def contents(root: Path) -> dict[str, bytes]:
    return {each.relative_to(root).as_posix(): each.read_bytes() for each in root.rglob("*") if each.is_file()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--count", type=int, default=10_000)
    args = parser.parse_args()
    count = 200 if args.quick else args.count
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        lab = Lab.open(root / "lab")
        make_run(root / "tiny", lab).file_finding("audit", {"findings": ["none"]})
        bundle = build([root / "tiny"], root / "bundle", lab)
        keys, policy = [lab.signer.public.pem], f"log {lab.vkey}\nquorum none\n".encode()
        whole = contents(bundle)
        files = sorted(whole)
        assert verify.verify(str(bundle), keys=keys, policy=policy).code == 0
        checks: Counter[str] = Counter()
        passed, broke, made, number = [], [], 0, 0
        while made < count:
            done = mutate(number, files, bundle)
            number += 1
            changed = contents(bundle) != whole
            if changed:
                made += 1
                found = verify.verify(str(bundle), keys=keys, policy=policy)
                checks.update(set(found.failed))
                passed += [done] if found.code == 0 else []
                broke += [done] if "internal" in found.failed or found.code not in (0, 4) else []
                shutil.rmtree(bundle)
                for name, content in whole.items():
                    (bundle / name).parent.mkdir(parents=True, exist_ok=True)
                    (bundle / name).write_bytes(content)
            if made % 500 == 0 and changed:
                note(f"{made} of {count}")
    note(f"caught by: {dict(checks.most_common())}; verified: {passed[:5]}; crashed: {broke[:5]}")
    reached = report("mutations of a bundle that verify", len(passed), 0, False, mutations=made, files=len(files))
    reached &= report("mutations that crash the verifier", len(broke), 0, False)
    reached &= report("different checks that catch them", len(checks), FEWEST_CHECKS)
    return 0 if reached else 1


if __name__ == "__main__":
    raise SystemExit(main())
