"""llama.cpp's own server on a small model: labels against the in-process backend, and tokens that it computes.

The tokens are the server's count (its ``/metrics``), for 16 principles in both orders of one pair after another, with
the principle last and with the paper's template, prefix cache on. Worked out beforehand from lengths of real texts (811
tokens of worked examples, 113 of conversation, 88 of both answers, 36 of a principle): 1,768 a pair, and 5,048.
"""

import argparse
import sys
import tempfile
import urllib.request
from pathlib import Path

from bylaw.feedback.label import LabelSettings, label
from bylaw.models.local import open_model
from bylaw.records import Comparison, Message, Principle
from reporting import report
from scale_common import llama_server, load, opened

PRINCIPLES = [
    Principle(key=f"p{n}", comparison=f"Which answer is better by rule {n}: {'be kind and honest ' * 3}?")
    for n in range(16)
]
FEW_SHOTS, CONVERSATION, ANSWERS, OVERHEAD, PRINCIPLE = 811, 113, 88, 30, 36
"""Tokens by the facts' table; the texts here are cut to them with the model's own tokenizer."""


def main() -> int:
    """Equality, then prefixes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="two pairs instead of four")
    pairs = 2 if parser.parse_args().quick else 4
    with tempfile.TemporaryDirectory() as folder:
        directory = llama_server.opinionated(Path(folder) / "tiny")
        file = llama_server.gguf(directory, Path(folder) / "tiny.gguf")
        texts = _texts(directory, pairs)
        good = equal(directory, file, texts, Path(folder))
        good &= prefixes(directory, file, texts, Path(folder))
    return int(not good)


def equal(directory: Path, file: Path, texts: list[Comparison], folder: Path) -> bool:
    """The largest difference of a vote."""
    settings = LabelSettings(min_mass=0)
    programs = lambda: [label(one, PRINCIPLES, "j", settings, 0) for one in texts]  # noqa: E731
    here = open_model(directory).run(programs())
    with llama_server.llama(file, slots=1) as url:
        model = opened(url, folder, **_how(directory))
        there = model.run(programs())
        model.close()
    apart = [
        abs(one.p_first - two.p_first)
        for first, second in zip(here, there, strict=True)
        for one, two in zip(first.votes, second.votes, strict=True)
    ]
    return report("llama.cpp's server: largest difference of a vote", max(apart), 1e-2, higher=False, votes=len(apart))


def prefixes(directory: Path, file: Path, texts: list[Comparison], folder: Path) -> bool:
    """Tokens computed a pair, principle last and by the paper's template."""
    computed = {}
    for template in ("principle_last", "paper"):
        with llama_server.llama(file, slots=1) as url:
            model = opened(url, folder, **{**_how(directory), "cache": "off"})
            shots = (Message("user", _words(directory, FEW_SHOTS)), Message("assistant", "(A)"))
            settings = LabelSettings(min_mass=0, template=template)  # type: ignore[arg-type]
            model.run([label(texts[0], PRINCIPLES, "j", settings, 0, shots)])  # the examples are warm from here on
            before = _computed(url)
            model.run([label(one, PRINCIPLES, "j", settings, 0, shots) for one in texts[1:]])
            computed[template] = (_computed(url) - before) / (len(texts) - 1)
            model.close()
    apart = computed["principle_last"] / 1768
    more = {"tokens_a_pair": {name: round(value) for name, value in computed.items()}, "facts": [1768, 5048]}
    more["ratio"] = round(computed["principle_last"] / computed["paper"], 3)
    return report("tokens computed, principle last, of 1,768", apart, 1.2, higher=False, **more, beside=load())


def _how(directory: Path) -> dict[str, object]:
    return {"model": "tiny", "api": "completions", "tokenizer": str(directory), "top": 300, "concurrency": 1}


def _texts(directory: Path, count: int) -> list[Comparison]:
    made = []
    for n in range(count):
        asked = f"Number {n}. {_words(directory, CONVERSATION - 8)}"
        answer = _words(directory, ANSWERS // 2 - 4)
        made.append(Comparison(messages=(Message("user", asked),), first=f"{n} {answer}", second=f"{answer} {n}"))
    return made


def _words(directory: Path, tokens: int) -> str:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(directory)
    text = "kind and true words said to a human by a machine " * 400
    return str(tokenizer.decode(tokenizer.encode(text)[:tokens]))


def _computed(url: str) -> float:
    with urllib.request.urlopen(url.removesuffix("/v1") + "/metrics", timeout=60) as answer:
        for line in answer.read().decode().splitlines():
            if line.startswith("llamacpp:prompt_tokens_total"):
                return float(line.split()[1])
    raise RuntimeError("the server counts no prompt tokens")


if __name__ == "__main__":
    sys.exit(main())
