"""What ``bylaw rate`` is told to rate: models here, or the checkpoints of a run, and what they answer."""

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from bylaw.cli.judging import open_local
from bylaw.cli.lab import open_run
from bylaw.cli.names import given
from bylaw.cli.progress import Progress
from bylaw.errors import RunCorrupt, RunError, UsageError
from bylaw.evaluate.results import Said, of_some, said_in
from bylaw.feedback.sources import read_prompts
from bylaw.records import Prompt, Sample

if TYPE_CHECKING:
    from bylaw.run import Run

CHECKPOINTS = ("seed", "sft", "final")
"""The models of a run that answer, and are measured."""

Answers = dict[str, list[Said]]
"""By subset: ``harmful``, ``helpful``, ``lookalike``."""


class Rated(NamedTuple):
    """A model to rate: the name it goes by, where it lies, and its digest."""

    name: str
    path: Path
    digest: str


def is_run(thing: str) -> bool:
    """Whether something named on the command line is a run directory."""
    return (Path(thing) / "run.toml").is_file()


def measured(path: Path, args: argparse.Namespace) -> tuple[Answers, dict[str, str], str]:
    """What a run's checkpoints answered when they were measured, their digests, and the run's constitution (TOML)."""
    run = open_run(path, args.home)
    samples = list(run.read(Sample))
    at = sorted({one.temperature for one in samples})
    answers = said_in(one for one in samples if one.temperature == args.temperature)
    if not answers:
        raise RunError(f"{path} was measured at the temperatures {at}, not at {args.temperature}: name one of them")
    return answers, _digests(run), run.constitution_text


def models(args: argparse.Namespace) -> list[Rated]:
    """The models that are named, each looked at; of a run its checkpoints. Raises ``UsageError`` for fewer than two."""
    many = len(args.what) > 1
    found = [one for thing in args.what for one in _models(thing, many, args)]
    by_name = Counter(one.name for one in found)
    if twice := sorted(name for name, count in by_name.items() if count > 1):
        raise UsageError(f"two models are called {twice[0]}: give them names, as in new={twice[0]}")
    if len(found) < 2:
        raise UsageError("a rating compares: name two models at least, or a run that has a trained model")
    return found


def _models(thing: str, many: bool, args: argparse.Namespace) -> Iterator[Rated]:
    if is_run(thing):
        yield from _checkpoints(Path(thing), f"{Path(thing).name}/" if many else "", args)
        return
    name, equals, path = thing.partition("=")
    named = equals and not Path(thing).exists()
    one = given((path if named else thing,), args.trusted_key)[path if named else thing]
    yield Rated(name if named else one.name, one.path, one.digest)


def _checkpoints(path: Path, before: str, args: argparse.Namespace) -> Iterator[Rated]:
    from bylaw import recipe

    run = open_run(path, args.home)
    policy = recipe.read(run.settings_text).policy
    seed, digests = given((policy,), args.trusted_key)[policy], _digests(run)
    if digests.get("seed") != seed.digest:
        began = digests.get("seed", "none that was measured")
        raise RunCorrupt(f"{policy} is not the model that {path} began with: {began}; this one has {seed.digest}")
    yield Rated(f"{before}seed", seed.path, seed.digest)
    for name in [each for each in digests if each != "seed"]:
        yield Rated(f"{before}{name}", run.verified_model(name), digests[name])


def _digests(run: "Run") -> dict[str, str]:
    """The digests of the checkpoints that were measured."""
    finished = run.manifest.finished()
    lines = {name: finished.get(f"evaluate-{name}") for name in CHECKPOINTS}
    return {name: line.inputs["model"] for name, line in lines.items() if line}


def prompts(args: argparse.Namespace) -> dict[str, list[Prompt]]:
    """The prompts of the files that are named, by subset; ``--limit`` draws from each."""
    found: dict[str, list[Prompt]] = {}
    for aim in ("harmful", "helpful"):
        if file := getattr(args, aim):
            found[aim] = of_some(read_prompts(file, aim), args.limit, args.seed)
    return found


def longest(rated: Iterable[Rated], asked: dict[str, list[Prompt]], args: argparse.Namespace, _: Path) -> Answers:
    """Made-up answers, each as long as it may be: what a judge will be asked, before there are any."""
    said = {model.name: f"{model.name} {'x' * 4 * args.max_tokens}" for model in rated}
    return {
        subset: [Said(name, one.messages, 0, text) for one in each for name, text in said.items()]
        for subset, each in asked.items()
    }


def answered(rated: Iterable[Rated], asked: dict[str, list[Prompt]], args: argparse.Namespace, folder: Path) -> Answers:
    """Let every model answer all prompts, one in memory at a time; what is kept in ``folder`` is not asked again."""
    from bylaw.canonical import digest
    from bylaw.feedback.answering import Answering, answer_file
    from bylaw.feedback.keeping import CHUNK
    from bylaw.feedback.respond import RespondSettings

    sampling = RespondSettings(temperature=args.temperature, max_tokens=args.max_tokens)
    how = Answering(settings=sampling, seed=args.seed, chunk=args.chunk or CHUNK)
    every = [one for each in asked.values() for one in each]
    said: Answers = {subset: [] for subset in asked}
    for model in rated:
        output = folder / "answers" / f"{digest([model.name, model.digest])[:16]}.jsonl"
        report = Progress(f"answers of {model.name}", len(every), "answers")
        made = how.made(model.digest, every)
        kept = answer_file(every, partial(open_local, model.path), how, output, made, report)
        texts = {one.prompt: one.text for one in kept}
        if long := sum(text is None for text in texts.values()):
            print(f"left out {long} prompts that leave no room in the context of {model.name}", file=sys.stderr)
        for subset, each in asked.items():
            rows = [(one.messages, texts[one.id]) for one in each]
            said[subset] += [Said(model.name, messages, 0, text) for messages, text in rows if text is not None]
    return said
