"""The wind tunnel's oracle: it reads every prompt, answer and principle of the small world by its own parser.

It shares no text, table or code with the generator; what it knows stands in ``lexicon.toml``. Only evaluation
(and mix-ins a run declares) may ask it.
"""

from bylaw.windtunnel.oracle.answers import AnswerKind, AnswerReading, read_answer
from bylaw.windtunnel.oracle.prompts import PromptReading, read_prompt
from bylaw.windtunnel.oracle.rules import PrincipleKind, PrincipleReading, read_principle
from bylaw.windtunnel.oracle.verdicts import covered, verdict
from bylaw.windtunnel.oracle.vocabulary import check_principle, check_prompt, unknown_words

__all__ = [
    "AnswerKind",
    "AnswerReading",
    "PrincipleKind",
    "PrincipleReading",
    "PromptReading",
    "check_principle",
    "check_prompt",
    "covered",
    "read_answer",
    "read_principle",
    "read_prompt",
    "unknown_words",
    "verdict",
]
