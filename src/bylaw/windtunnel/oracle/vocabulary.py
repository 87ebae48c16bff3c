"""Noticing what lies outside the world, so that it is said and never silently misjudged."""

from bylaw.errors import VocabularyError
from bylaw.records import Conversation
from bylaw.windtunnel.oracle.lexicon import lexicon, words_of
from bylaw.windtunnel.oracle.prompts import read_prompt
from bylaw.windtunnel.oracle.rules import read_principle


def unknown_words(text: str) -> tuple[str, ...]:
    """The words of a text, each once and in lower case, that nobody in this world ever says."""
    known = lexicon().words
    return tuple(dict.fromkeys(word for word in words_of(text) if word not in known))


def check_prompt(messages: Conversation) -> None:
    """Raise VocabularyError unless every word is known and the last turn asks for exactly one known goal."""
    strange = unknown_words(" ".join(message.content for message in messages))
    if strange:
        raise VocabularyError(f"the prompt uses words the wind tunnel does not know: {', '.join(strange)}")
    if read_prompt(messages).topic is None:
        raise VocabularyError("the prompt's last turn asks for nothing the wind tunnel's world contains")


def check_principle(text: str) -> None:
    """Raise VocabularyError unless every word is known and the text reads as a principle of this world."""
    strange = unknown_words(text)
    if strange:
        raise VocabularyError(f"the principle uses words the wind tunnel does not know: {', '.join(strange)}")
    reading = read_principle(text)
    if reading.unplaced:
        raise VocabularyError(f"the principle lists what no topic is known by: {', '.join(reading.unplaced)}")
    if reading.kind == "unknown":
        raise VocabularyError(f"the principle says nothing the wind tunnel's world understands: {text!r}")
