"""Why a stage leaves out what it took: the reasons that figures and statements know, and what a person is told."""

from typing import Final

TOO_LONG, OVER_LENGTH, UNREADABLE = "too_long", "over_length", "unreadable"
SECRETS, OVERLAP, DUPLICATE = "secrets", "overlap", "near_duplicate"
SAMPLES = "samples_left_out"
LEFT_OUT: Final[dict[str, str]] = {
    TOO_LONG: "conversations left no room for an answer in the model's context",
    OVER_LENGTH: "examples were too long to train on, and were left out",
    UNREADABLE: "labels could not be read, and were left out",
    SECRETS: "rows hold secrets or personal data, and were left out",
    OVERLAP: "rows share a long run of words with an evaluation text, and were left out",
    DUPLICATE: "rows are nearly the same as one before them, and were left out",
    SAMPLES: "answers that the policy sampled were left out of its training for what was found in them",
}
"""No other reason is counted (``Stage.count``), so none is lost on the way into a statement."""
