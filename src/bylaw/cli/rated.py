"""What ``bylaw rate`` is told to rate: models here or behind servers, or the checkpoints of a run; what they answer."""

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from bylaw.canonical import digest
from bylaw.cli.away import run_here, without_weights
from bylaw.cli.judging import open_local, open_server, server_of
from bylaw.cli.lab import open_run
from bylaw.cli.names import given
from bylaw.cli.progress import Progress
from bylaw.errors import RunCorrupt, RunError, UsageError
from bylaw.evaluate.results import Said, of_some, said_in
from bylaw.feedback.answering import Answering, answer_file
from bylaw.feedback.keeping import CHUNK
from bylaw.feedback.respond import RespondSettings
from bylaw.feedback.sources import read_prompts
from bylaw.models.base import Model
from bylaw.models.remote.settings import RemoteSettings
from bylaw.objects import is_url
from bylaw.records import Prompt, Sample

if TYPE_CHECKING:
    from bylaw.run import Run

CHECKPOINTS = ("seed", "sft", "final")
"""The models of a run that answer, and are measured."""

Answers = dict[str, list[Said]]
"""By subset: ``harmful``, ``helpful``, ``lookalike``."""


class Rated(NamedTuple):
    """A model to rate: the name it goes by, its directory or the server it is behind, and its digest."""

    name: str
    place: Path | RemoteSettings
    digest: str


def is_run(thing: str) -> bool:
    """Whether something named on the command line is a run: its directory, or a URL."""
    return is_url(thing) or (Path(thing) / "run.toml").is_file()


def is_server(thing: str) -> bool:
    """Whether something named on the command line is a model behind a server: the file that says where."""
    return thing.endswith(".toml")


def measured(place: str, args: argparse.Namespace) -> tuple[Answers, dict[str, str], str]:
    """What a run's checkpoints answered when they were measured, their digests, and the run's constitution (TOML)."""
    run = open_run(run_here(place, without_weights), args.home)
    samples = list(run.read(Sample))
    at = sorted({one.temperature for one in samples})
    answers = said_in(one for one in samples if one.temperature == args.temperature)
    if not answers:
        raise RunError(f"{place} was measured at the temperatures {at}, not at {args.temperature}: name one of them")
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
        yield from _checkpoints(thing, f"{Path(thing).name}/" if many else "", args)
        return
    name, equals, place = thing.partition("=")
    if not equals or Path(thing).exists():
        name, place = "", thing
    if is_server(place):
        server = server_of(Path(place), args.trusted_key)
        yield Rated(name or server.name, server, server.digest)
        return
    one = given((place,), args.trusted_key)[place]
    yield Rated(name or one.name, one.path, one.digest)


def _checkpoints(place: str, before: str, args: argparse.Namespace) -> Iterator[Rated]:
    from bylaw import recipe

    run = open_run(run_here(place, _that_answers), args.home)
    policy = recipe.read(run.settings_text).policy
    seed, digests = given((policy,), args.trusted_key)[policy], _digests(run)
    if digests.get("seed") != seed.digest:
        began = digests.get("seed", "none that was measured")
        raise RunCorrupt(f"{policy} is not the model that {place} began with: {began}; this one has {seed.digest}")
    yield Rated(f"{before}seed", seed.path, seed.digest)
    for name in [each for each in digests if each != "seed"]:
        yield Rated(f"{before}{name}", run.verified_model(name), digests[name])


def _that_answers(path: str) -> bool:
    """Of models those that are rated, and how the others were trained."""
    return path.startswith(tuple(f"models/{name}/" for name in CHECKPOINTS)) or without_weights(path)


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


def estimates(rated: Iterable[Rated], asked: dict[str, list[Prompt]], args: argparse.Namespace) -> Iterator[str]:
    """What the servers among the models would be asked, and what that costs."""
    from bylaw.models.remote.estimate import Counting

    for model in rated:
        if isinstance(model.place, RemoteSettings):
            counting = Counting(model.place)
            counting.run(_answering(model, args).program(one) for one in _every(asked))
            yield f"answers of {model.name}: {counting.estimate().text()}"


def answered(rated: Iterable[Rated], asked: dict[str, list[Prompt]], args: argparse.Namespace, folder: Path) -> Answers:
    """Let every model answer all prompts, one in memory at a time; what is kept in ``folder`` is not asked again."""
    every = _every(asked)
    said: Answers = {subset: [] for subset in asked}
    for model in rated:
        texts = _texts(model, every, args, folder)
        if long := sum(text is None for text in texts.values()):
            print(f"left out {long} prompts that leave no room in the context of {model.name}", file=sys.stderr)
        for subset, each in asked.items():
            rows = [(one.messages, texts[one.id]) for one in each]
            said[subset] += [Said(model.name, messages, 0, text) for messages, text in rows if text is not None]
    return said


def _texts(model: Rated, every: list[Prompt], args: argparse.Namespace, folder: Path) -> dict[str, str | None]:
    """What one model answers, by prompt."""
    how = _answering(model, args)
    output = folder / "answers" / f"{digest([model.name, model.digest])[:16]}.jsonl"
    report = Progress(f"answers of {model.name}", len(every), "answers")
    with ExitStack() as at_the_end:
        opened = partial(_opened, model.place, output, at_the_end)
        kept = answer_file(every, opened, how, output, how.made(model.digest, every), report)
    return {one.prompt: one.text for one in kept}


def _opened(place: Path | RemoteSettings, output: Path, at_the_end: ExitStack) -> Model:
    """The model; what a server is paid is entered beside ``output``."""
    if isinstance(place, Path):
        return open_local(place)
    model = open_server(place, output, "answer")
    at_the_end.callback(model.close)
    return model


def _answering(model: Rated, args: argparse.Namespace) -> Answering:
    sampling = RespondSettings(temperature=args.temperature, max_tokens=args.max_tokens)
    rows = CHUNK if isinstance(model.place, Path) else model.place.rows
    return Answering(settings=sampling, seed=args.seed, chunk=args.chunk or rows)


def _every(asked: dict[str, list[Prompt]]) -> list[Prompt]:
    return [one for each in asked.values() for one in each]
