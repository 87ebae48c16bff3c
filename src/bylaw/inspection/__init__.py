"""Evaluations as Inspect tasks: ``inspect eval bylaw/hhh -T file=438HHHEvaluations.jsonl --model …``.

``tasks`` what is asked and how it is scored · ``questions`` rows of others' files as what is asked (without Inspect).
The files are the user's: none is shipped. Imported by Inspect alone, through the entry point ``inspect_ai``.
"""

from bylaw.inspection.tasks import hhh, rbr, xstest

__all__ = ["hhh", "rbr", "xstest"]
