"""A whole run made without a model: every stage files what it would, signed by a lab of the test's own."""

from pathlib import Path

from bylaw import constitution
from bylaw.lineage.lab import Lab
from bylaw.records import Comparison, Label, Measurement, Message, Prompt, Record, Response, Revision, Sample, Vote
from bylaw.run import Run
from bylaw.run.mirror import Mirror

PROMPTS = [Prompt(messages=(Message("user", f"question {number}"),)) for number in range(12)]
RULES = constitution.default()


SETTINGS = 'policy = "tiny"\nseed = 0\n'


def make_run(path: Path, lab: Lab, weights: bytes = b"\x00" * 5000, mirror: Mirror | None = None) -> Run:
    """A run that came to its end, with its proofs."""
    run = Run.create(path, SETTINGS, constitution.dumps(RULES), lab=lab, mirror=mirror)
    with run.lock():
        _stage(run, "prompts", {}, *PROMPTS)
        _measure(run, "seed", "a" * 64)
        answers = [Response(prompt=each.id, model="seed", text=f"answer to {each.id}") for each in PROMPTS]
        _stage(run, "respond", {"prompts": run.digest("prompts"), "model": "a" * 64}, *answers)
        rules = run.document_digest("constitution.toml")
        read = {"respond": run.digest("respond"), "constitution": rules, "model": "a" * 64}
        _stage(run, "revise", read, *map(_revision, answers))
        sft = _train(run, "sft", "sft", {"revise": run.digest("revise"), "model": "a" * 64}, weights)
        _measure(run, "sft", sft)
        pairs = [Comparison(messages=each.messages, first="yes", second=f"no, {each.id}") for each in PROMPTS]
        _stage(run, "compare", {"prompts": run.digest("prompts"), "model": sft}, *pairs)
        judged = {"compare": run.digest("compare"), "constitution": rules, "judge": "a" * 64}
        _stage(run, "label", judged, *map(_label, pairs))
        final = _train(run, "optimise", "final", {"label": run.digest("label"), "model": sft}, weights + b"\x01")
        _measure(run, "final", final)
        run.prove()
    return run


def _stage(run: Run, name: str, inputs: dict[str, str], *made: Record) -> None:
    with run.stage(name, inputs, parameters={"settings": {"temperature": 1.0}}) as stage:
        stage.add(*made)
        stage.count(len(made), len(made))


def _train(run: Run, name: str, model: str, inputs: dict[str, str], weights: bytes) -> str:
    with run.stage(name, inputs) as stage:
        with stage.writing_model(model) as path:
            (path / "config.json").write_text("{}")
            (path / "model.safetensors").write_bytes(weights)
        stage.count(len(PROMPTS), len(PROMPTS) - 1, over_length=1)
    return run.manifest.finished()[name].outputs[0].sha256


def _measure(run: Run, called: str, model: str) -> None:
    samples = [
        Sample(model=called, subset="harmful", temperature=0.0, messages=one.messages, text=f"{n}", reading="refuses")
        for n, one in enumerate(PROMPTS)
    ]
    figure = Measurement(model=called, name="complies", subset="harmful", value=0.1, n=12, low=0, high=0.4)
    with run.stage(f"evaluate-{called}", {"model": model}) as stage:
        stage.add(*samples, figure)


def _revision(answer: Response) -> Revision:
    known = {"prompt": answer.prompt, "of": answer.id, "principle": "p", "round": 1}
    return Revision(critique=None, text=answer.text.upper(), **known)  # type: ignore[arg-type]


def _label(pair: Comparison) -> Label:
    vote = Vote(principle=RULES.principles[0].key, swapped=False, p_first=0.25, mass=1.0)
    return Label(
        comparison=pair.id,
        judge="seed",
        scheme="one",
        template="paper",
        votes=(vote,),
        verdict="second",
        p_first=0.25,
    )
