"""What a seed model is asked, as programs: to answer, and which of two answers is better."""

from bylaw.feedback import templates
from bylaw.models.base import Choose, Generate, Program
from bylaw.records import Comparison, Conversation

LONGEST = 96  # tokens of an answer: none of the world's is longer


def say(messages: Conversation, temperature: float, seed: int = 1, begun: str = "") -> Program[str]:
    """The text that follows, which begins with what is ``begun``."""
    completion = yield Generate(
        messages=messages, prefill=begun, temperature=temperature, max_tokens=LONGEST, seed=seed
    )
    return begun + str(completion.text)


def preferred(prompt: Conversation, right: str, other: str, question: str, turned: bool) -> Program[float]:
    """Log-odds of the ``right`` answer over the ``other`` one, which stands first if ``turned``."""
    pair = Comparison(messages=prompt, first=right, second=other)
    asked = templates.question("principle_last", pair.swapped() if turned else pair, question)
    choice = yield Choose(conversations=(asked,), options=("A", "B"), prefill=templates.PREFILL)
    first, second = choice.logprobs[0]
    return float(second - first) if turned else float(first - second)
