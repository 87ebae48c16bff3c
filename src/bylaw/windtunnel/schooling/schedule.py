"""What the seed model is taught when: stages, each with its share of tasks, its tokens and its learning rates."""

import msgspec


class Stage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``tasks`` gives each task's share of ``tokens``; principles name at most ``longest`` topics.

    ``rate`` is the learning rate at the stage's beginning and at its end, linear between.
    """

    tasks: dict[str, float]
    tokens: int
    step_tokens: int
    longest: int
    rate: tuple[float, float]

    @property
    def steps(self) -> int:
        """Number of updates."""
        return max(1, self.tokens // self.step_tokens)


WORDS = {"answer": 0.35, "meaning": 0.65}
COPIES = {"answer": 0.2, "repeat": 0.2, "meaning": 0.2, "same": 0.4}
VERDICTS = {
    "answer": 0.1,
    "meaning": 0.08,
    "same": 0.08,
    "which": 0.14,
    "check": 0.12,
    "critique": 0.22,
    "judge": 0.26,
}
EVERYTHING = {
    "answer": 0.14,
    "meaning": 0.02,
    "same": 0.02,
    "which": 0.06,
    "check": 0.08,
    "critique": 0.03,
    "revise": 0.25,
    "judge_flaws": 0.14,
    "judge": 0.2,
    "judge_paper": 0.03,
    "judge_aloud": 0.03,
}
MIXTURE = {
    "answer": 0.24,
    "repeat": 0.08,
    "meaning": 0.02,
    "same": 0.02,
    "which": 0.03,
    "check": 0.03,
    "critique": 0.02,
    "revise": 0.34,
    "judge_flaws": 0.09,
    "judge": 0.1,
    "judge_paper": 0.015,
    "judge_aloud": 0.015,
}
STAGES = (
    # Which words mean which topic: learned here to the end (a loss near 0.01), many times sooner than from the whole
    # mixture. With other lessons in it the stage ends too early, and no judge comes of it.
    Stage(tasks=WORDS, tokens=2_400_000, step_tokens=1280, longest=3, rate=(0.02, 0.003)),
    # Copying, and whether one thing is the other.
    Stage(tasks=COPIES, tokens=1_300_000, step_tokens=1280, longest=3, rate=(0.01, 0.003)),
    # The same questions, put about an answer and about two.
    Stage(tasks=VERDICTS, tokens=3_200_000, step_tokens=2560, longest=3, rate=(0.01, 0.004)),
    # Finding a mention in a list of eight comes last, and telling a complete answer from one that nearly is.
    Stage(tasks=EVERYTHING, tokens=7_000_000, step_tokens=2560, longest=8, rate=(0.012, 0.0)),
    # Sound answers and revisions.
    Stage(tasks=MIXTURE, tokens=8_000_000, step_tokens=2560, longest=8, rate=(0.007, 0.0)),
)
