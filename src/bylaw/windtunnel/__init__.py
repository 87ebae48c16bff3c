"""The wind tunnel: a small world in which the whole method truly happens in minutes, and the truth is known.

``grammar`` (with ``topics``, ``wording``, ``principles``) makes the world's texts, ``seed`` trains the helpful-only
model on them, ``oracle`` reads them back by a parser of its own. What it validates is the method and the code, not the
moral judgement of a large model: its skills were taught from the world's own templates.
"""

from pathlib import Path

WEIGHTS = Path(__file__).parent / "weights"
"""The shipped seed model, a Hugging Face directory."""

NOTE = "The wind tunnel validates the method and the code, not the moral judgement of a large model."
