"""Words with one slip of the pen: a letter left out, added, replaced, or exchanged with the next."""


def shortened(word: str) -> set[str]:
    """A word, with one letter left out, and with two neighbours exchanged: two words one slip apart share one of these
    (symmetric deletion, Garbe 2012)."""
    cuts = range(len(word))
    exchanged = {word[:at] + word[at + 1 : at + 2] + word[at] + word[at + 2 :] for at in cuts}
    return {word} | {word[:at] + word[at + 1 :] for at in cuts} | exchanged
