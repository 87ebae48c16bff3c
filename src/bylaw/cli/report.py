"""``bylaw report``: one HTML file about a run."""

import argparse
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]


def register(subparsers: "Subparsers") -> None:
    """Add the verb."""
    about = "write a run's report, one HTML file without outside requests, and print its path"
    parser = subparsers.add_parser("report", help=about, description=about)
    parser.add_argument("directory", metavar="RUN", help="the run's directory or URL")
    parser.add_argument("-o", "--output", metavar="FILE", type=Path, help="where to write it (default: into the run)")
    parser.add_argument(
        "--open", choices=("yes", "no"), default="no", help="open it in a browser (default: %(default)s)"
    )
    parser.set_defaults(run=run_report)


def run_report(args: argparse.Namespace) -> int:
    """Collect, render, write; prints the path."""
    from bylaw import storage
    from bylaw.cli.away import run_here, without_weights
    from bylaw.report.collect import collect
    from bylaw.report.render import render
    from bylaw.run import Run

    run = Run.open(run_here(args.directory, without_weights))
    html = render(collect(run))
    if args.output:
        storage.write_text(args.output, html)
    path = args.output or run.write_report(html)
    print(path)
    if args.open == "yes":
        webbrowser.open(path.resolve().as_uri())
    return 0
