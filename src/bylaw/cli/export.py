"""``bylaw export``: a run's pairs, labels and revisions as a file that other trainers and tools read."""

import argparse
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from bylaw.errors import UsageError
from bylaw.feedback.exports import EXPORTS


def register(verbs: Any) -> None:
    """Add the verb."""
    about = "a run's pairs or revisions as a file that other trainers and tools read"
    parser = verbs.add_parser("export", help=about, description=f"Write {about}.")
    parser.add_argument("run_dir", metavar="RUN", help="the run's directory or URL")
    parser.add_argument("--as", choices=tuple(EXPORTS), required=True, dest="format", help="what to write")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", required=True, help="a file that is not there yet")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write the file; say how many rows, and what was left out."""
    from bylaw import storage
    from bylaw.cli.away import run_here, without_weights
    from bylaw.constitution.document import loads
    from bylaw.feedback.exports import Made
    from bylaw.records import Comparison, Label, Prompt, Response, Revision
    from bylaw.run import Run

    if args.output.exists():
        raise UsageError(f"{args.output} exists; name a file that does not")
    opened = Run.open(run_here(args.run_dir, without_weights))
    made = Made(
        name=opened.path.name,
        prompts=list(opened.read(Prompt)),
        responses=list(opened.read(Response, stage="respond")),
        revisions=list(opened.read(Revision)),
        comparisons=list(opened.read(Comparison)),
        labels=list(opened.read(Label)),
        principles=loads(opened.constitution_text).principles,
    )
    left_out: Counter[str] = Counter()
    rows = list(EXPORTS[args.format](made, left_out))
    if not rows:
        raise UsageError(f"{args.run_dir} has nothing to write as {args.format}: the stages that make it are not done")
    storage.write_records(args.output, rows)
    for reason, count in left_out.most_common():
        print(f"left out {count}: {reason}", file=sys.stderr)
    print(f"{args.output}: {len(rows)} {'rows' if len(rows) > 1 else 'row'}, {args.format}")
    return 0
