"""Every figure of the gateway with its bound: runs the parts one after the other.

    python bench/gateway.py                          # all; hours for a million requests and a million subjects
    python bench/gateway.py --only speed kill        # some
    python bench/gateway.py --quick                  # a smoke run of each
    python bench/gateway.py --json FIGURES.json      # figures are kept there; parts that have theirs are not run again
    python bench/gateway.py --only speed -- --clock cpu    # what follows is for the part

Exit code 1 if any figure is short, or a part could not be run. Needs nginx and wrk; ``speed`` needs LiteLLM in an
environment of its own, named by ``--litellm`` or ``BYLAW_BENCH_LITELLM``.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from reporting import note

PARTS = {
    "speed": "gateway_speed.py",
    "latency": "gateway_latency.py",
    "directive": "gateway_directive.py",
    "memory": "gateway_memory.py",
    "kill": "gateway_killed.py",
}


def main() -> int:
    """Run what is asked for; 0 if every figure reaches its bound."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", type=Path, help="where figures are kept")
    words = sys.argv[1:]
    own, more = (words[: words.index("--")], words[words.index("--") + 1 :]) if "--" in words else (words, [])
    args = parser.parse_args(own)
    more += ["--quick"] if args.quick else []
    kept: dict[str, Any] = json.loads(args.json.read_text()) if args.json and args.json.exists() else {}
    for part in args.only:
        if kept.get(part, {}).get("words") == more:
            note(f"== {part}: measured before")
            continue
        note(f"== {part}")
        kept[part] = {"words": more, **run(PARTS[part], more)}
        if args.json:
            args.json.write_text(json.dumps(kept, indent=1) + "\n")
    return told({part: kept[part] for part in args.only})


def run(script: str, words: list[str]) -> dict[str, Any]:
    """One part: its figures as they come, and its exit code."""
    command = [sys.executable, str(Path(__file__).with_name(script)), *words]
    figures = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout or ():
            print(line, end="", flush=True)
            figures.append(json.loads(line))
    return {"figures": figures, "code": process.returncode}


def told(kept: dict[str, Any]) -> int:
    """Say what is short."""
    short = [each["figure"] for part in kept.values() for each in part["figures"] if each["verdict"] == "short"]
    failed = [part for part, said in kept.items() if said["code"] and not any_short(said)]
    note(f"short: {'; '.join(short)}" if short else "every figure that was measured is reached")
    if failed:
        note(f"not run to the end: {', '.join(failed)}")
    return 1 if short or failed else 0


def any_short(said: dict[str, Any]) -> bool:
    """Whether a part ended with 1 because of a figure."""
    return any(each["verdict"] == "short" for each in said["figures"])


if __name__ == "__main__":
    raise SystemExit(main())
