"""``bylaw constitution``: lint, show, diff, import."""

import argparse
import sys
import textwrap
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from bylaw.constitution import Constitution, default, dumps, loads
from bylaw.constitution.diff import diff, render
from bylaw.constitution.document import TEXTS, read_text
from bylaw.constitution.lint import Finding, lint
from bylaw.constitution.published import published
from bylaw.constitution.toml import line_of
from bylaw.errors import UsageError
from bylaw.records import Principle

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

DEFAULT = "default"


def register(subparsers: "Subparsers") -> None:
    """Add the verb and its four subcommands."""
    about = "check, read, compare and import constitutions"
    verbs = subparsers.add_parser("constitution", help=about, description=about).add_subparsers(
        required=True, metavar="COMMAND"
    )
    file = f"a constitution's file; the word {DEFAULT} means the one that ships with bylaw"
    _add_lint(verbs, file)
    _add_show(verbs, file)
    _add_diff(verbs, file)
    _add_import(verbs)


def _add_lint(verbs: "Subparsers", file: str) -> None:
    about = "find what would mislead a model; exit code 1 if there are errors"
    parser = verbs.add_parser("lint", help=about, description=about)
    parser.add_argument("file", metavar="FILE", nargs="?", default=DEFAULT, help=file)
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    parser.set_defaults(run=run_lint)


def _add_show(verbs: "Subparsers", file: str) -> None:
    about = "print a constitution as a table, or some principles in full"
    parser = verbs.add_parser("show", help=about, description=about)
    parser.add_argument("file", metavar="FILE", nargs="?", default=DEFAULT, help=file)
    parser.add_argument("--principle", metavar="ID", action="append", default=[], help="print this one in full")
    parser.add_argument("--json", action="store_true", help="print everything as JSON, with the digest")
    parser.set_defaults(run=run_show)


def _add_diff(verbs: "Subparsers", file: str) -> None:
    about = "show what changed, principle by principle, word by word"
    parser = verbs.add_parser("diff", help=about, description=about)
    parser.add_argument("old", metavar="OLD", help=file)
    parser.add_argument("new", metavar="NEW", help=file)
    parser.add_argument("--json", action="store_true", help="print the changes as JSON")
    parser.set_defaults(run=run_diff)


def _add_import(verbs: "Subparsers") -> None:
    about = "make a constitution from the files published with arXiv 2212.08073"
    parser = verbs.add_parser("import", help=about, description=about)
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="folder that holds the published prompts")
    parser.add_argument("-o", "--output", metavar="FILE", type=Path, help="write here (default: print)")
    parser.add_argument("--force", action="store_true", help="replace FILE if it exists")
    parser.set_defaults(run=run_import)


def run_lint(args: argparse.Namespace) -> int:
    """Print findings, one a line with file and line number; 1 if any is an error."""
    constitution, text = _read(args.file)
    findings = lint(constitution)
    if args.json:
        print(_json(findings))
    else:
        for finding in findings:
            print(f"{_place(args.file, text, constitution, finding)}: {finding.level}: {finding.message}")
        counts = Counter(finding.level for finding in findings)
        print(f"{constitution.title}: {counts['error']} errors, {counts['warning']} warnings")
    return 1 if any(finding.level == "error" for finding in findings) else 0


def run_show(args: argparse.Namespace) -> int:
    """Print the table, the chosen principles in full, or all of it as JSON."""
    constitution, _ = _read(args.file)
    chosen = [_find(constitution, key) for key in args.principle]
    if args.json:
        principles = chosen or constitution.principles
        shown = msgspec.structs.replace(constitution, principles=tuple(principles))
        print(_json({**msgspec.to_builtins(shown), "digest": constitution.digest}))
    elif chosen:
        print("\n\n".join(_full(principle) for principle in chosen))
    else:
        print(_table(constitution))
    return 0


def run_diff(args: argparse.Namespace) -> int:
    """Print the changes; the exit code is 0 whether or not there are any."""
    changes = diff(_read(args.old)[0], _read(args.new)[0])
    print(_json(changes) if args.json else render(changes) or "no change")
    return 0


def run_import(args: argparse.Namespace) -> int:
    """Write the published principles as a constitution's file."""
    text = dumps(published(args.folder))
    if args.output is None:
        print(text, end="")
        return 0
    try:
        with args.output.open("w" if args.force else "x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        raise UsageError(f"{args.output} exists; give --force to replace it") from None
    except OSError as error:
        raise UsageError(f"cannot write {args.output}: {error.strerror}") from error
    print(f"wrote {args.output}", file=sys.stderr)
    return 0


def _read(file: str) -> tuple[Constitution, str]:
    """A constitution and its text; the text of the shipped one is written anew."""
    if file == DEFAULT:
        return default(), dumps(default())
    text = read_text(Path(file))
    return loads(text, file), text


def _find(constitution: Constitution, key: str) -> Principle:
    for principle in constitution.principles:
        if principle.key == key:
            return principle
    known = ", ".join(principle.key for principle in constitution.principles)
    raise UsageError(f"no principle has the id {key!r}; there are {known}")


def _place(file: str, text: str, constitution: Constitution, finding: Finding) -> str:
    keys = [principle.key for principle in constitution.principles]
    name = ".".join(part for part in (finding.principle, finding.field) if part)
    if not finding.principle or file == DEFAULT:
        return f"{file}: {name}" if name else file
    line = line_of(text, keys.index(finding.principle), finding.field)
    return f"{file}:{line}: {name}"


def _table(constitution: Constitution) -> str:
    total = sum(principle.weight for principle in constitution.principles)
    width = max(len(principle.key) for principle in constitution.principles)
    rows = [f"{constitution.title}  ({constitution.name} {constitution.version}".rstrip() + ")"]
    rows += [f"digest {constitution.digest}", ""]
    rows += [f"{'#':>3}  {'id':<{width}}  {'share':>6}  title, and what it compares by"]
    for number, principle in enumerate(constitution.principles, start=1):
        share = f"{principle.weight / total:.1%}"
        tags = f"  [{', '.join(principle.tags)}]" if principle.tags else ""
        rows.append(f"{number:>3}  {principle.key:<{width}}  {share:>6}  {principle.title}{tags}".rstrip())
        rows.append(textwrap.indent(textwrap.fill(principle.comparison, 88), " " * (width + 15)))
    return "\n".join(rows)


def _full(principle: Principle) -> str:
    rows = [f"{principle.key}  {principle.title}".rstrip()]
    for field in TEXTS:
        body = textwrap.fill(getattr(principle, field), 96)
        rows += [f"  {field.replace('_', ' ')}", textwrap.indent(body, "    ")]
    return "\n".join(rows)


def _json(value: object) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
