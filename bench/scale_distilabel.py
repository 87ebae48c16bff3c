"""distilabel as its documents have it used, on the mock server: run by a Python that has it, not by the bench's own.

A custom task (a class of ``Task``) in a pipeline, asked through ``OpenAILLM``, whose retries (6) and time limit (120 s)
stay at their defaults. A batch is as large as the server has slots, since distilabel asks the rows of one batch
at once: at its default of 50 it would leave four fifths of them idle.

``bench/scale_calls.py`` starts it with ``--url``, ``--texts`` (a JSON list of questions), ``--batch`` and ``--out``,
where it writes how many rows have an answer.
"""

import argparse
import json
from pathlib import Path
from typing import Any

from distilabel.models import OpenAILLM
from distilabel.pipeline import Pipeline
from distilabel.steps import LoadDataFromDicts
from distilabel.steps.tasks import Task

HOW = {"max_new_tokens": 1, "temperature": 0.0, "logprobs": True, "top_logprobs": 20}


class Label(Task):
    """One question, and the letter that was answered; its log-probabilities are in the row's metadata."""

    @property
    def inputs(self) -> list[str]:
        return ["question"]

    def format_input(self, input: dict[str, Any]) -> list[dict[str, str]]:
        return [{"role": "user", "content": input["question"]}]

    @property
    def outputs(self) -> list[str]:
        return ["letter", "model_name"]

    def format_output(self, output: str | None, input: dict[str, Any] | None = None) -> dict[str, Any]:
        return {"letter": output}


def main() -> None:
    """Label all questions."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", required=True)
    parser.add_argument("--texts", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--batch", type=int, default=256)
    args = parser.parse_args()
    rows = [{"question": text} for text in json.loads(args.texts.read_text())]
    with Pipeline("labels", cache_dir=args.out.parent / "cache") as pipeline:
        load = LoadDataFromDicts(data=rows, batch_size=args.batch)
        llm = OpenAILLM(model="mock", base_url=args.url, api_key="none", generation_kwargs=HOW)
        load >> Label(llm=llm, input_batch_size=args.batch)
    made = pipeline.run(use_cache=False)["default"]["train"]
    args.out.write_text(json.dumps(sum(letter is not None for letter in made["letter"])))


if __name__ == "__main__":
    main()
