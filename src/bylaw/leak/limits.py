"""What neither screening nor leak test finds: one table, said in every report."""

from collections.abc import Mapping
from typing import Final, Literal

When = Literal["before", "after"]
"""Before a training, or after it: the two halves of what is filed of leaks."""

NOT_LOOKED_FOR: Final[Mapping[When, tuple[str, ...]]] = {
    "before": (
        "names of persons, postal addresses, dates of birth, passports, driving licences, bank numbers other than IBAN "
        "and card, health data",
        "secrets without a known prefix that do not stand right behind a name such as api_key, and short passwords",
        "what is written in other digits or letters (full-width, spelled out, base64, images) or split by markup",
        "paraphrases and translations of evaluation texts, and items too short for one n-gram",
        "near-duplicates below the similarity asked for, and of texts not in this screening",
    ),
    "after": (
        "extraction by prompts other than those trained on: other wordings, adversarial prompts, repetition",
        "text that says the same in other words, or differs in more characters than near extraction allows",
        "samples at temperatures other than 0 and 1, or under other ways of sampling",
        "what the model remembers of the data that the seed model was made from",
        "all texts of one person together; each row and pair is taken alone",
        "attacks that train models of their own (shadow models), or that read weights or gradients",
        "critiques, judgements and other texts that were made on the way and not trained on",
        "checkpoints between the stages",
    ),
}
"""The same for every report; what a leak test left out besides stands before it."""
