"""The seed model: a tiny Llama trained from nothing on the world's corpus. Helpful only: it answers everything.

It learns to answer, critique, revise and judge; nothing ever teaches it to refuse a request. Schooling goes by stages:
what is short and teaches most a token comes first. Muon for the matrices (Jordan et al. 2024), AdamW for embeddings and
norms. Workers of one thread each take their part of a step's lessons and average gradients, quicker than two threads on
one small product. A step's lessons follow from seed, step and the model's own slips, which are kept with its state: a
broken-off schooling goes on where it stood, with as many workers.
"""

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import torch
import torch.distributed as dist

from bylaw.canonical import digest
from bylaw.train.packed import flushing
from bylaw.windtunnel.schooling.averaging import Average
from bylaw.windtunnel.schooling.corpus import Corpus
from bylaw.windtunnel.schooling.embedding import topical
from bylaw.windtunnel.schooling.lessons import backward, shares
from bylaw.windtunnel.schooling.muon import Muon
from bylaw.windtunnel.schooling.own import Slip, own_slips
from bylaw.windtunnel.schooling.samples import sample_texts
from bylaw.windtunnel.schooling.schedule import STAGES, Stage
from bylaw.windtunnel.schooling.tokenizer import build_tokenizer, sample_seed

STATE = "schooling.pt"


class SeedSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Shape and schooling of the seed model; the defaults take an hour or more of two CPU cores.

    ``warmup`` is the number of updates in which a stage's rate rises from nothing.
    """

    hidden: int = 128
    inner: int = 320
    layers: int = 5
    heads: int = 4
    context: int = 1024
    stages: tuple[Stage, ...] = STAGES
    warmup: int = 30
    workers: int = 2
    keep_every: int = 200
    seed: int = 0


Log = Callable[[dict[str, float]], None]


def build_seed(out: Path, settings: SeedSettings, log: Log) -> None:
    """Train a seed model from nothing and save it, with its tokenizer, as a Hugging Face directory.

    ``log`` gets step, steps, seconds and the losses after every update. State is kept in ``out``; a second call with
    the same settings goes on from there.
    """
    out.mkdir(parents=True, exist_ok=True)
    if settings.workers == 1:
        return _school(out, settings, log)
    with tempfile.TemporaryDirectory() as meeting:
        others = [
            torch.multiprocessing.get_context("spawn").Process(
                target=_work, args=(rank, Path(meeting), out, settings), daemon=True
            )
            for rank in range(1, settings.workers)
        ]
        for other in others:
            other.start()
        try:
            _work(0, Path(meeting), out, settings, log)
        finally:
            for other in others:
                other.join(timeout=5)
                other.kill()


def _work(rank: int, meeting: Path, out: Path, settings: SeedSettings, log: Log = lambda figures: None) -> None:
    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{meeting}/workers", rank=rank, world_size=settings.workers)
    try:
        _school(out, settings, log)
    finally:
        dist.destroy_process_group()
        torch.set_num_threads(threads)


def _school(out: Path, settings: SeedSettings, log: Log) -> None:
    tokenizer = build_tokenizer(sample_texts(sample_seed(), 3000))
    school = _School(settings, tokenizer)
    school.load(out / STATE)
    lead = _rank()[0] == 0
    started, first = time.monotonic(), school.step
    while school.step < school.steps:
        with flushing():
            figures = school.update()
        seconds = time.monotonic() - started
        left = seconds / (school.step - first) * (school.steps - school.step)
        log({"step": school.step, "steps": school.steps, "seconds": seconds, "left": left, **figures})
        if lead and school.step % settings.keep_every == 0:
            school.save(out / STATE)
    if lead:
        school.average.give(school.model)
        save_seed(out, school.model, tokenizer)
        (out / STATE).unlink(missing_ok=True)


class _School:
    """A model with its optimizers, and how many updates it has had."""

    def __init__(self, settings: SeedSettings, tokenizer: Any) -> None:
        self.model = new_model(settings, tokenizer)
        self.average = Average()
        self.step = 0
        self.steps = sum(stage.steps for stage in settings.stages)
        self._settings, self._tokenizer = settings, tokenizer
        self._optimizers = _optimizers(self.model)
        self.corpus = Corpus(tokenizer)
        self._letters = torch.tensor([tokenizer.convert_tokens_to_ids(letter) for letter in ("A", "B")])
        self._digest = digest(settings)

    def update(self) -> dict[str, float]:
        """One step: this worker's lessons, everybody's gradients."""
        stage, step = self._place()
        rank, workers = _rank()
        if stage.own and not step:
            self._gather_slips(stage)
        key = f"corpus {self._settings.seed} {self.step}"
        drawn = self.corpus.draw(key, stage.step_tokens, stage.tasks, stage.longest)
        figures = backward(self.model, shares(drawn, workers)[rank], self._letters)
        _average(self.model, workers)
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        start, end = stage.rate
        rate = (start + (end - start) * step / stage.steps) * min(1.0, (step + 1) / self._settings.warmup)
        for optimizer in self._optimizers:
            for group in optimizer.param_groups:
                group["lr"] = rate
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        self.step += 1
        if step + 1 == stage.steps:
            self.average.add(self.model, stage.share)
        return figures

    def _gather_slips(self, stage: Stage) -> None:
        """Each worker draws its part of the stage's answers; everybody has what is wrong of all of them."""
        rank, workers = _rank()
        key = f"own {self._settings.seed} {self.step} {rank}"
        mine = own_slips(self.model, self._tokenizer, -(-stage.own // workers), stage.own_lessons, key)
        everybodys: list[list[Slip]] = [mine]
        if workers > 1:
            everybodys = [[] for _ in range(workers)]
            dist.all_gather_object(everybodys, mine)
        self.corpus.learn_from([slip for slips in everybodys for slip in slips])

    def _place(self) -> tuple[Stage, int]:
        step = self.step
        for stage in self._settings.stages:
            if step < stage.steps:
                return stage, step
            step -= stage.steps
        raise AssertionError("schooling is over")

    def save(self, path: Path) -> None:
        """Keep everything an update depends on; the file is whole or not there."""
        state = {
            "digest": self._digest,
            "step": self.step,
            "model": self.model.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self._optimizers],
            "average": vars(self.average),
            "slips": msgspec.json.encode(self.corpus.slips).decode(),
        }
        torch.save(state, path.with_suffix(".tmp"))
        path.with_suffix(".tmp").replace(path)

    def load(self, path: Path) -> None:
        """Go on from what was kept, if it was kept under the same settings."""
        if not path.exists():
            return
        state = torch.load(path, weights_only=True)
        if state["digest"] != self._digest:
            return
        self.step = state["step"]
        self.model.load_state_dict(state["model"])
        vars(self.average).update(state["average"])
        self.corpus.learn_from(msgspec.json.decode(state["slips"], type=list[Slip]))
        for optimizer, kept in zip(self._optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(kept)


def new_model(settings: SeedSettings, tokenizer: Any) -> Any:
    """A fresh Llama of the settings' shape, tied embeddings that know which words keep company."""
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(settings.seed)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=settings.hidden,
        intermediate_size=settings.inner,
        num_hidden_layers=settings.layers,
        num_attention_heads=settings.heads,
        num_key_value_heads=settings.heads,
        max_position_embeddings=settings.context,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    model = LlamaForCausalLM(config)
    with torch.no_grad():
        # The vectors are larger than a Llama's usual ones; a small last norm keeps the first logits near zero.
        model.model.embed_tokens.weight.copy_(0.2 * topical(tokenizer, settings.hidden))
        model.model.norm.weight.fill_(0.1)
    return model


def save_seed(out: Path, model: Any, tokenizer: Any) -> None:
    """Save as safetensors with tokenizer, chat template and generation config."""
    model.generation_config.eos_token_id = tokenizer.eos_token_id
    model.generation_config.pad_token_id = tokenizer.pad_token_id
    model.save_pretrained(out)
    tokenizer.save_pretrained(out)


def _optimizers(model: Any) -> list[torch.optim.Optimizer]:
    matrices = [p for name, p in model.named_parameters() if p.ndim == 2 and "embed" not in name]
    others = [p for name, p in model.named_parameters() if p.ndim != 2 or "embed" in name]
    return [Muon(matrices, lr=0.0), torch.optim.AdamW(others, lr=0.0, betas=(0.9, 0.98), weight_decay=0.0)]


def _rank() -> tuple[int, int]:
    """This worker's number, and how many there are."""
    return (dist.get_rank(), dist.get_world_size()) if dist.is_initialized() else (0, 1)


def _average(model: Any, workers: int) -> None:
    if workers == 1:
        return
    gradients = [parameter.grad for parameter in model.parameters()]
    flat = torch.cat([gradient.flatten() for gradient in gradients])
    dist.all_reduce(flat)
    flat /= workers
    start = 0
    for gradient in gradients:
        gradient.copy_(flat[start : start + gradient.numel()].view_as(gradient))
        start += gradient.numel()
