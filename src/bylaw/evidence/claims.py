"""What is claimed of a run: a tree whose leaves are files by digest, each with the level it has earned."""

from collections.abc import Iterator, Mapping, Sequence

from bylaw.canonical import sha256
from bylaw.evidence.index import Claim, Kind, Level, Ref

TEXTS: dict[Kind, str] = {
    "lineage": "Each model of {run} was made from what its stages' statements name, and nothing went missing between",
    "ledger": "The statements of {run} are entered in the ledger, in the order in which the stages ended",
    "constitution": "{run} was trained to the constitution in this bundle, from its first critique to its last label",
    "model": "The models of {run} are the files listed here, and no others",
    "measurements": "The models of {run} were measured, with the figures listed here",
    "samples": "The answers shown are answers that were measured in {run}, and nobody chose them",
}
"""What a claim of a kind says; the root says it of all."""
REPORTS = {
    "audit": "The data that {run} trained on was screened for tampering, with these findings",
    "leak": "What {run} trains on was looked through before each training; whether a leak test followed, the file says",
    "stress": "The final model of {run} was attacked, with these findings",
}
WHERE: dict[Kind, tuple[str, ...]] = {
    "lineage": ("statements/", "manifest.jsonl", "run.toml"),
    "ledger": ("proofs/",),
    "constitution": ("constitution.toml", "statements/revise.json", "statements/label.json"),
    "model": ("models/",),
    "measurements": ("measurements.jsonl", "statements/evaluate-"),
    "samples": ("samples/",),
}
"""Which files of a run's folder show it."""


LEVELS: tuple[Level, ...] = ("self-attested", "witnessed", "reproduced")


def claims(runs: Mapping[str, bool], files: Mapping[str, bytes]) -> Iterator[Claim]:
    """The root, then each run's claims. ``runs`` says of each run whether its proofs are witnessed."""
    made = [claim for run, witnessed in runs.items() for claim in _of(run, _level(witnessed), files)]
    # No proof shows when a report's statement was entered, so no witness speaks for it.
    signed = [claim for claim in made if claim.kind != "report"]
    names = ", ".join(runs)
    yield Claim(
        id="root",
        text=f"What is said here of {names} is what the lab's stages made, read and measured",
        level=min((claim.level for claim in signed), key=LEVELS.index),
        kind="root",
        run="",
        because=tuple(claim.id for claim in signed),
    )
    yield from made


def _of(run: str, level: Level, files: Mapping[str, bytes]) -> Iterator[Claim]:
    for kind, where in WHERE.items():
        shown = [path for path in files if path.startswith(tuple(f"runs/{run}/{each}" for each in where))]
        if shown:
            yield _claim(f"{run}.{kind}", kind, level, run, TEXTS[kind], [(path, files[path]) for path in shown])
    for name, text in REPORTS.items():
        paths = [f"reports/{run}.{name}.{suffix}" for suffix in ("json", "statement")]
        if found := [(path, files[path]) for path in paths if path in files]:
            yield _claim(f"{run}.report.{name}", "report", "self-attested", run, text, found)


def _claim(name: str, kind: Kind, level: Level, run: str, text: str, shown: Sequence[tuple[str, bytes]]) -> Claim:
    evidence = tuple(Ref(path=path, sha256=sha256(content)) for path, content in sorted(shown))
    return Claim(id=name, text=text.format(run=run), level=level, kind=kind, run=run, evidence=evidence)


def _level(witnessed: bool) -> Level:
    return "witnessed" if witnessed else "self-attested"
