"""``bylaw export``: a run's pairs, labels and revisions as a file that other trainers and tools read, or on a hub."""

import argparse
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from bylaw.errors import UsageError
from bylaw.feedback.exports import EXPORTS, Made

Rows = list[dict[str, Any]]


def register(verbs: Any) -> None:
    """Add the verb."""
    about = "a run's pairs or revisions as a file that other trainers and tools read"
    parser = verbs.add_parser("export", help=about, description=f"Write {about}, or push it to a hub.")
    add = parser.add_argument
    add("run_dir", metavar="RUN", help="the run's directory or URL")
    add("--as", choices=tuple(EXPORTS), required=True, dest="format", help="what to write")
    add("-o", "--output", type=Path, metavar="FILE", help="a file that is not there yet; it has every text in full")
    add(
        "--push",
        metavar="OWNER/NAME",
        help="push it as a dataset to the hub that HF_ENDPOINT names (huggingface.co), with the token of HF_TOKEN or "
        "hf auth login: private, and of harmful prompts and what was said to them only digests",
    )
    add("--public", action="store_true", help="everybody may see what is pushed")
    add("--with-harmful", action="store_true", help="push harmful prompts and what was said to them in full")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Push, write the file; say how many rows, and what was left out."""
    _check(args)
    made, wanted = _made(args.run_dir), _wanted(args)
    left_out = {full: Counter[str]() for full in wanted}
    rows = {full: list(EXPORTS[args.format](made._replace(redacted=not full), left_out[full])) for full in wanted}
    if not rows[wanted[0]]:
        raise UsageError(f"{args.run_dir} has nothing to write as {args.format}: the stages that make it are not done")
    for reason, count in left_out[wanted[0]].most_common():
        print(f"left out {count}: {reason}", file=sys.stderr)
    said = f"{_counted(rows[wanted[0]])}, {args.format}"
    if args.push:  # first: where the hub refuses, nothing is there, and the same command can be given again
        print(f"{_push(args, made, rows[args.with_harmful])}: {said}")
    if args.output:
        from bylaw import storage

        storage.write_records(args.output, rows[True])
        print(f"{args.output}: {said}")
    return 0


def _wanted(args: argparse.Namespace) -> list[bool]:
    """In which ways the rows are made: in full (True: a file here, a push that says so), as digests (False)."""
    ways = [True] if args.output else []
    return [*ways, args.with_harmful] if args.push and args.with_harmful not in ways else ways


def _counted(rows: Rows) -> str:
    return f"{len(rows)} {'rows' if len(rows) > 1 else 'row'}"


def _check(args: argparse.Namespace) -> None:
    if not (args.output or args.push):
        raise UsageError("say where to: a file with -o, a hub with --push, or both")
    if not args.push and (args.public or args.with_harmful):
        raise UsageError("--public and --with-harmful say how to push; name a dataset with --push")
    if args.output and args.output.exists():
        raise UsageError(f"{args.output} exists; name a file that does not")


def _made(place: str) -> Made:
    from bylaw.cli.away import run_here, without_weights
    from bylaw.constitution.document import loads
    from bylaw.records import Comparison, Label, Prompt, Response, Revision
    from bylaw.run import Run

    opened = Run.open(run_here(place, without_weights))
    return Made(
        name=opened.path.resolve().name,
        prompts=list(opened.read(Prompt)),
        responses=list(opened.read(Response, stage="respond")),
        revisions=list(opened.read(Revision)),
        comparisons=list(opened.read(Comparison)),
        labels=list(opened.read(Label)),
        principles=loads(opened.constitution_text).principles,
    )


def _push(args: argparse.Namespace, made: Made, rows: Rows) -> str:
    """Push the rows, which are as others may see them; returns where they lie, and how."""
    from bylaw.feedback.push import push
    from bylaw.storage import line_of

    file = f"{args.format}.{'json' if args.format == 'icai' else 'jsonl'}"
    card = _card(made._replace(redacted=not args.with_harmful), args.format, file, rows)
    message = f"{args.format} of {made.name}, by bylaw export"
    pushed = push(args.push, {file: b"".join(map(line_of, rows))}, card, message, args.public)
    seen = "private" if pushed.private else "public"
    return f"{pushed.url} ({seen}, harmful texts {'in full' if args.with_harmful else 'as digests'})"


def _card(made: Made, format: str, file: str, rows: Rows) -> str:
    """The dataset's card: what it is, by whom it was labelled, and what is not shown."""
    judges = ", ".join(sorted({label.judge for label in made.labels}))
    parts = [
        f"---\ntags: [bylaw, constitutional-ai]\nconfigs:\n- config_name: {format}\n  data_files: {file}\n---",
        f"# {made.name}: {format}",
        f"{_counted(rows)} of a run of bylaw, written by `bylaw export --as {format}`.",
    ]
    if judges:
        parts.append(f"Preferences are labels of a model ({judges}) by a constitution, not of people.")
    if made.redacted:
        parts.append(
            "Of harmful prompts, and of what was said to them, there are only SHA-256 digests (`sha256:…`; `redacted` "
            "says where)."
        )
    return "\n\n".join(parts) + "\n"
