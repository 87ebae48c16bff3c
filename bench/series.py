"""Benches run one after the other, each as a process of its own; exit code 1 if any figure is short.

A figure is kept as soon as it is there, so nothing that was measured is lost with what comes after it: a part that dies
says so in a figure of its own, and the next part has its turn. With ``--json`` figures are kept in a file; whoever
starts again with the same file goes on with the parts that have not been run to their end.
"""

import argparse
import json
import runpy
import subprocess
import sys
import traceback
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from reporting import note

DIED = 3
"""Exit code of a part that was not run to its end; 0 and 1 are its own."""
Kept = dict[str, dict[str, Any]]
"""By part: the ``words`` it was given, its ``figures`` so far and, when it ended by itself, its exit ``code``."""


def run(about: str, parts: Mapping[str, str], quick: Mapping[str, Sequence[str]] = {}) -> int:
    """``parts`` are scripts beside this file by name; ``quick`` what a part takes in place of ``--quick``."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=parts, default=list(parts))
    parser.add_argument("--quick", action="store_true", help="a smoke run, no figure to quote")
    parser.add_argument("--json", type=Path, help="where figures are kept, and gone on from")
    own, more = _split(sys.argv[1:])
    args = parser.parse_args(own)
    kept: Kept = json.loads(args.json.read_text()) if args.json and args.json.exists() else {}
    for part in args.only:
        words = [*more, *(quick.get(part, ["--quick"]) if args.quick else [])]
        if kept.get(part, {}).get("words") == words and "code" in kept[part]:
            note(f"== {part}: measured before")
            continue
        note(f"== {part}")
        for said in _rows(part, parts[part], words):
            kept[part] = said
            _keep(args.json, kept)
    return _told({part: kept[part] for part in args.only})


def _split(words: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """The runner's own words, and behind ``--`` the parts'."""
    at = words.index("--") if "--" in words else len(words)
    return words[:at], words[at + 1 :]


def _rows(part: str, script: str, words: Sequence[str]) -> Iterator[dict[str, Any]]:
    """One part, as far as it is: again with every figure, and when it has ended."""
    said: dict[str, Any] = {"words": list(words), "figures": []}
    command = [sys.executable, __file__, str(Path(__file__).with_name(script)), *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout or ():
            print(line, end="", flush=True)
            said["figures"] += _figure(line)
            yield said
    if process.returncode in (0, 1):
        said["code"] = process.returncode
    else:
        said["figures"].append(_died(part, process.returncode))
    yield said


def _figure(line: str) -> list[dict[str, Any]]:
    """The figure in a line; there is none in what somebody else prints."""
    try:
        found = json.loads(line)
    except ValueError:
        return []
    return [found] if isinstance(found, dict) and "verdict" in found else []


def _died(part: str, code: int) -> dict[str, Any]:
    """That a part was not run to its end, as a figure that is short."""
    said = {"figure": f"{part}: run to its end", "value": 0, "bound": 1, "verdict": "short", "code": code}
    print(json.dumps(said), flush=True)
    return said


def _keep(path: Path | None, kept: Kept) -> None:
    """Put it in place of what was there."""
    if path is not None:
        made = path.with_name(f".{path.name}.tmp")
        made.write_text(json.dumps(kept, indent=1) + "\n")
        made.replace(path)


def _told(kept: Kept) -> int:
    """Say what is short. A part may also end with 1 because something was not there to measure against."""
    short = [each["figure"] for said in kept.values() for each in said["figures"] if each["verdict"] == "short"]
    less = [
        part
        for part, said in kept.items()
        if said.get("code") and all(each["verdict"] != "short" for each in said["figures"])
    ]
    note(f"short: {'; '.join(short)}" if short else "every figure that was measured is reached")
    if less:
        note(f"not everything was measured: {', '.join(less)}")
    return 1 if short or less else 0


def one(script: str, words: Sequence[str]) -> int:
    """Run a part in this process; its exit code, or ``DIED`` if it ended in another way than by returning one."""
    sys.argv = [script, *words]
    try:
        runpy.run_path(script, run_name="__main__")
    except SystemExit as end:
        if isinstance(end.code, int | None) and end.code in (None, 0, 1):
            return end.code or 0
        note(str(end.code))
        return DIED
    except BaseException:  # noqa: BLE001  it is told here, and as the exit code
        traceback.print_exc()
        return DIED
    return 0


if __name__ == "__main__":
    raise SystemExit(one(sys.argv[1], sys.argv[2:]))
