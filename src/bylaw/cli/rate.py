"""``bylaw rate``: Elo of models or of a run's checkpoints, by a judge or by verdicts in a file."""

import argparse
import itertools
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from bylaw import settings, storage
from bylaw.cli import rated
from bylaw.cli.judging import (
    ChunkedJudge,
    add_chunk,
    add_cluster,
    add_dry_run,
    add_judge,
    dry_run,
    open_chunked,
    remote_of,
    require_chunk,
    require_server,
)
from bylaw.cli.lab import add_home
from bylaw.cli.names import constitution_of
from bylaw.cli.progress import Progress
from bylaw.constitution import Constitution
from bylaw.constitution.document import loads
from bylaw.errors import UsageError
from bylaw.evaluate.calibration import Share, facts, joined, judge_figures
from bylaw.evaluate.ratings import Rating, Ratings, Result, rate
from bylaw.evaluate.results import Meetings, meetings, of_file, of_labels, of_some
from bylaw.feedback.label import LabelSettings
from bylaw.feedback.labelling import Labelling, label_file, made_from
from bylaw.feedback.sources import read_comparisons
from bylaw.records import Comparison, Label

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]


class Judging(msgspec.Struct, frozen=True, kw_only=True):
    """How the judge compared: figures that say what its ratings are worth. ``rates_itself``: the model that it is."""

    judge: str
    unreadable: Share | None
    ties: Share | None
    flips: Share | None
    rates_itself: str | None


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Ratings by subset of the prompts, and what they rest on. ``left_out`` are comparisons, by reason."""

    judged: Judging | None
    left_out: dict[str, int]
    subsets: dict[str, Ratings]


class Field(NamedTuple):
    """What is to be judged: comparisons by subset, digests of the models, the constitution that comes with them."""

    subsets: dict[str, Meetings]
    digests: dict[str, str]
    constitution: Constitution | None = None


def register(subparsers: "Subparsers") -> None:
    """Add the verb."""
    about = "Elo of models, or of a run's checkpoints, with intervals: a judge compares their answers in both orders"
    parser = subparsers.add_parser("rate", help=about, description=f"{about}; or somebody's verdicts in a file do.")
    add = parser.add_argument
    add(
        "what",
        metavar="WHAT",
        nargs="+",
        help="a run, by its directory or URL (its seed, sft and final: what they answered when they were measured); "
        "models, as directories, hub ids or NAME=DIRECTORY, or behind a server as NAME=RUN.toml, the file whose table "
        "[models.judge] says where; or a file of comparisons that says which models wrote the responses: without a "
        "judge, its own verdicts count",
    )
    add("--harmful", metavar="FILE", type=Path, help="prompts to answer, red-team; models need these or --helpful")
    add("--helpful", metavar="FILE", type=Path, help="prompts to answer, harmless ones; rated apart from harmful ones")
    add("--limit", metavar="N", type=int, default=0, help="prompts of each kind, drawn by the seed (default: all)")
    add("--temperature", metavar="T", type=float, default=1.0, help="how answers are sampled (default: %(default)s)")
    add("--max-tokens", metavar="N", type=int, default=256, help="the longest answer (default: %(default)s)")
    add("--seed", metavar="N", type=int, default=0, help="seed of all draws (default: %(default)s)")
    add(
        "--zero",
        metavar="NAME",
        help="the model whose Elo is 0 (default: the first; of a file, the one met most)",
    )
    add_judge(parser)
    add_cluster(parser)
    add("--constitution", metavar="C", help="a constitution's file, default or windtunnel (default: the run's own)")
    add("--set", metavar="KEY=VALUE", action="append", default=[], help="a setting of labels: template=paper")
    add_chunk(parser)
    add_dry_run(parser)
    add(
        "-o",
        "--output",
        metavar="DIR",
        type=Path,
        help="where all is kept (default: WHAT.ratings, here)",
    )
    add("--json", action="store_true", help="print the report as JSON")
    add_home(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Have the answers compared, rate, print; the same command goes on where it was."""
    file = _file(args.what)
    _check(args, file)
    if file and not (args.judge or args.models):
        return _print(args, _of_verdicts(args, file))
    remote, how = remote_of(args), _how(args)
    if not any(map(rated.is_server, args.what)):
        require_server(args, remote)
    output = args.output or Path(f"{Path(args.what[0].rpartition('=')[2]).name.partition('.')[0]}.ratings")
    args.go_on = "the same command"
    field = _of_file(args, file) if file else _of_models(args, output)
    constitution = _constitution(args, field)
    if args.dry_run and not remote:
        return 0  # what is asked of the models was counted
    if args.dry_run:
        asked = (one for each in field.subsets.values() for one in each.comparisons)
        return dry_run(remote, asked, msgspec.structs.replace(how, principles=constitution.principles))
    with open_chunked(args, remote, output / "labels.jsonl", "rate") as judge:
        report = _judged(args, field, judge, constitution, how, output)
    storage.write_bytes(output / "ratings.json", storage.pretty(report))
    return _print(args, report)


def _file(what: Sequence[str]) -> Path | None:
    """The file of comparisons, where that is what is named."""
    alone = Path(what[0])
    return alone if len(what) == 1 and alone.is_file() and not rated.is_server(what[0]) else None


def _check(args: argparse.Namespace, file: Path | None) -> None:
    if args.limit < 0:
        raise UsageError("--limit is a number of prompts")
    require_chunk(args)
    if file and (args.harmful or args.helpful):
        raise UsageError(f"{file} has the answers already: --harmful and --helpful are for models that are asked")
    if file and args.limit and not (args.judge or args.models):
        raise UsageError("--limit spares a judge; of the verdicts in a file all count")


def _how(args: argparse.Namespace) -> Labelling:
    """How the judge is asked: always in both orders."""
    chosen = settings.load(LabelSettings, "", args.set)
    if not chosen.both_orders:
        raise UsageError("both_orders=false would rate models by their place: a rating asks in both orders")
    return Labelling(principles=(), settings=chosen, seed=args.seed)


def _of_verdicts(args: argparse.Namespace, file: Path) -> Report:
    left_out: Counter[str] = Counter()
    results = of_file(file, left_out)
    zero = args.zero or _met_most(results)
    return Report(judged=None, left_out=dict(left_out), subsets={"verdicts": rate(results, zero, seed=args.seed)})


def _met_most(results: Sequence[Result]) -> str:
    met = Counter(name for one in results for name in (one.first, one.second))
    return max(sorted(met), key=lambda name: met[name], default="")


def _of_file(args: argparse.Namespace, file: Path) -> Field:
    """A file's comparisons without its verdicts: the judge is asked, each pair once."""
    left_out: Counter[str] = Counter()
    read = read_comparisons(file, left_out=left_out)
    bare = [msgspec.structs.replace(one, gold=None, gold_p=msgspec.UNSET) for one in read]
    for reason, count in left_out.most_common():
        print(f"left out {count} rows of {file}: {reason}", file=sys.stderr)
    for one in bare:
        if msgspec.UNSET in (one.first_by, one.second_by):
            raise UsageError(f"{file} does not say of every response which model wrote it: give first_by and second_by")
    some = of_some(list({one.id: one for one in bare}.values()), args.limit, args.seed)
    return Field({"comparisons": Meetings(some, [])}, {})


def _of_models(args: argparse.Namespace, output: Path) -> Field:
    constitution = None
    if asked := rated.prompts(args):
        models = rated.models(args)
        digests = {one.name: one.digest for one in models}
        if args.dry_run:
            for estimate in rated.estimates(models, asked, args):
                print(estimate)
        answers = (rated.longest if args.dry_run else rated.answered)(models, asked, args, output)
    elif len(args.what) == 1 and rated.is_run(args.what[0]):
        answers, digests, text = rated.measured(args.what[0], args)
        constitution = loads(text)
        answers = {subset: of_some(said, args.limit, args.seed) for subset, said in answers.items()}
    else:
        raise UsageError("say what the models are to answer: prompts with --harmful or --helpful, or both")
    met = {name: meetings(said, "harmful" if name == "harmful" else "helpful") for name, said in answers.items()}
    return Field(met, digests, constitution)


def _constitution(args: argparse.Namespace, field: Field) -> Constitution:
    own = None if args.constitution else field.constitution
    return own or constitution_of(args.constitution or "default")


def _judged(
    args: argparse.Namespace,
    field: Field,
    judge: ChunkedJudge,
    constitution: Constitution,
    how: Labelling,
    output: Path,
) -> Report:
    chunk = args.chunk or judge.rows
    how = msgspec.structs.replace(how, principles=constitution.principles, chunk=chunk)
    pairs = list({one.id: one for each in field.subsets.values() for one in each.comparisons}.values())
    made = made_from(judge.bound, constitution, pairs, how, judge.engine)
    progress = Progress("label", len(pairs), "comparisons")
    labels = label_file(pairs, judge.model, how, output / "labels.jsonl", made, progress)
    left_out: Counter[str] = Counter()
    results = _results(field, labels, left_out)
    zero = args.zero or next(iter(field.digests), None) or _met_most([one for each in results.values() for one in each])
    return Report(
        judged=_figures(pairs, labels, judge, field),
        left_out=dict(left_out),
        subsets={name: rate(found, zero, seed=args.seed) for name, found in results.items() if found},
    )


def _results(field: Field, labels: list[Label], left_out: Counter[str]) -> dict[str, list[Result]]:
    by_id = {one.comparison: one for one in labels}
    return {
        name: [*each.alike, *of_labels([(one, by_id[one.id]) for one in each.comparisons], left_out)]
        for name, each in field.subsets.items()
    }


def _figures(pairs: list[Comparison], labels: list[Label], judge: ChunkedJudge, field: Field) -> Judging:
    figures = judge_figures(joined(labels, facts(pairs)))
    itself = next((name for name, digest in field.digests.items() if digest == judge.digest), None)
    return Judging(
        judge=labels[0].judge if labels else judge.name,
        unreadable=figures.unreadable,
        ties=figures.ties,
        flips=figures.flips,
        rates_itself=itself,
    )


def _print(args: argparse.Namespace, report: Report) -> int:
    print(storage.pretty(report).decode().rstrip() if args.json else "\n".join(_text(report)))
    return 0


def _text(report: Report) -> Iterator[str]:
    if one := report.judged:
        yield f"compared in both orders by {one.judge}"
        shares = {"ties": one.ties, "flip when the order is swapped": one.flips, "unreadable": one.unreadable}
        yield from (f"{name:<32} {share.value:>7.1%}  of {share.n}" for name, share in shares.items() if share)
        if one.rates_itself:
            yield f"The judge is one of those it rates, {one.rates_itself}: models tend to prefer what they say."
    yield from (f"left out {count}: {reason}" for reason, count in report.left_out.items())
    for subset, found in report.subsets.items():
        yield from ("", f"{subset}: {found.results} results on {found.prompts} prompts")
        yield from _table(found)
    if not report.subsets:
        yield "no results: nothing could be compared"


def _table(found: Ratings) -> Iterator[str]:
    wide = max(len(one.model) for one in found.ratings)
    yield f"{'':<{wide}}  {'Elo':>6}  {'95 % interval':<19}  won"
    for one in found.ratings:
        won = f"{one.won:.1f} of {one.n}{_why(one, found.zero)}"
        yield f"{one.model:<{wide}}  {_elo(one.elo):>6}  {_ends(one, found.zero):<19}  {won}"
    beside = {(one.first, one.second): one for one in found.leads}
    names = [one.model for one in found.ratings]
    for lead in (beside[pair] for pair in itertools.pairwise(names) if beside[pair].elo is not None):
        met = f"{lead.share:.0%} of {lead.n} between them" if lead.share is not None else "never met"
        yield f"  {lead.first} over {lead.second}: {_elo(lead.elo)}, {_elo(lead.low)} … {_elo(lead.high)}; won {met}"


def _elo(value: float | None) -> str:
    return "?" if value is None else f"{value:+.0f}" if round(value) else "0"


def _ends(one: Rating, zero: str) -> str:
    return "by definition" if one.model == zero else f"{_elo(one.low)} … {_elo(one.high)}"


def _why(one: Rating, zero: str) -> str:
    """Why a model has no Elo, or its interval no end."""
    why = {
        "above": f"no Elo: it never lost, however indirectly, to {zero}",
        "below": f"no Elo: it never won, however indirectly, against {zero}",
        "apart": f"no Elo: no results connect it with {zero}; --zero names another",
    }
    open_ended = "?: too few results to bound it" if None in (one.low, one.high) else ""
    said = why[one.beyond] if one.beyond else open_ended
    return f"  {said}" if said else ""
