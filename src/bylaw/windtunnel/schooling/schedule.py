"""What the seed model is taught when: stages, each with its share of tasks, its tokens and its learning rates."""

import msgspec


class Stage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``tasks`` gives each task's share of ``tokens``; principles name at most ``longest`` topics.

    ``rate`` is the learning rate at the stage's beginning, after a warm-up, and at its end, linear between. The model
    that is kept is the mean of those at the stages' ends, each by its ``share``; without any share, the last. Before
    the stage the model, and a copy fine-tuned by ``own_lessons``, answer ``own`` prompts, and ``judge_own`` asks about
    what went wrong.
    """

    tasks: dict[str, float]
    tokens: int
    step_tokens: int
    longest: int
    rate: tuple[float, float]
    share: float = 0.0
    own: int = 0
    own_lessons: int = 640

    @property
    def steps(self) -> int:
        """Number of updates."""
        return max(1, self.tokens // self.step_tokens)


WORDS = {"answer": 0.35, "meaning": 0.65}
COPIES = {"answer": 0.16, "repeat": 0.16, "meaning": 0.16, "same": 0.32, "pick_goals": 0.2}
LETTERS = {"pick_goals": 0.3, "pick_near": 0.5, "answer": 0.1, "same": 0.1}
VERDICTS = {
    "answer": 0.1,
    "meaning": 0.08,
    "same": 0.07,
    "check": 0.08,
    "critique": 0.17,
    "judge_clear": 0.4,
    "pick_goals": 0.03,
    "pick_near": 0.07,
}
EVERYTHING = {
    "answer": 0.12,
    "meaning": 0.02,
    "same": 0.04,
    "check": 0.1,
    "critique": 0.05,
    "revise": 0.17,
    "judge_clear": 0.12,
    "judge_flaws": 0.12,
    "judge": 0.1,
    "judge_paper": 0.02,
    "judge_aloud": 0.02,
    "pick_near": 0.06,
    "pick": 0.06,
}
MIXTURE = {
    "answer": 0.24,
    "repeat": 0.1,
    "meaning": 0.03,
    "same": 0.03,
    "check": 0.03,
    "critique": 0.02,
    "revise": 0.32,
    "judge_clear": 0.05,
    "judge_flaws": 0.08,
    "judge": 0.07,
    "judge_paper": 0.015,
    "judge_aloud": 0.015,
}
TELLING = {
    "found": 0.18,
    "differ": 0.22,
    "pick": 0.18,
    "pick_near": 0.08,
    "begun": 0.09,
    "answer": 0.07,
    "odd": 0.03,
    "revise": 0.05,
    "judge_clear": 0.06,
    "judge": 0.02,
    "judge_flaws": 0.02,
}
STEPS = {
    "astray": 0.27,
    "pick_steps": 0.27,
    "pick": 0.04,
    "pick_goals": 0.03,
    "differ": 0.03,
    "judge_slips": 0.13,
    "judge_clear": 0.06,
    "check_slips": 0.05,
    "answer": 0.08,
    "revise": 0.04,
}
SLIPS = {
    "judge_slips": 0.24,
    "judge_even": 0.06,
    "pick_steps": 0.06,
    "astray": 0.03,
    "pick": 0.13,
    "pick_goals": 0.01,
    "differ": 0.03,
    "check_slips": 0.11,
    "revise_slips": 0.04,
    "answer": 0.1,
    "odd": 0.04,
    "critique": 0.02,
    "revise": 0.06,
    "judge": 0.03,
    "judge_clear": 0.04,
}
OWN = {
    "judge_own": 0.28,
    "judge_even": 0.08,
    "judge_slips": 0.05,
    "pick_steps": 0.08,
    "astray": 0.03,
    "check_slips": 0.02,
    "revise_slips": 0.03,
    "answer": 0.12,
    "odd": 0.05,
    "critique": 0.07,
    "revise": 0.1,
    "judge": 0.04,
    "judge_clear": 0.04,
    "judge_paper": 0.005,
    "judge_aloud": 0.005,
}
POLISH = {
    "critique": 0.1,
    "revise": 0.1,
    "revise_slips": 0.02,
    "judge": 0.02,
    "judge_clear": 0.02,
    "judge_own": 0.22,
    "judge_even": 0.09,
    "judge_slips": 0.05,
    "pick": 0.03,
    "pick_steps": 0.08,
    "astray": 0.03,
    "check_slips": 0.02,
    "answer": 0.13,
    "odd": 0.08,
    "judge_paper": 0.005,
    "judge_aloud": 0.005,
}
STAGES = (
    # Which words mean which topic: learned here to the end (a loss near 0.01), many times sooner than from the whole
    # mixture. With other lessons in it the stage ends too early, and no judge comes of it.
    Stage(tasks=WORDS, tokens=2_400_000, step_tokens=1280, longest=3, rate=(0.02, 0.003)),
    # Copying, whether one thing is the other, and what the letters of options stand for.
    Stage(tasks=COPIES, tokens=1_800_000, step_tokens=1280, longest=3, rate=(0.01, 0.003)),
    # The letters to the end. Known by half they are forgotten under the next stage, and no judge comes of it.
    Stage(tasks=LETTERS, tokens=1_200_000, step_tokens=1280, longest=3, rate=(0.01, 0.003)),
    # The same questions, put about an answer and about two of which every principle clearly prefers one. Where most
    # letters are even, as between answers drawn at random, all are drawn towards even, and no judge comes of it.
    Stage(tasks=VERDICTS, tokens=3_400_000, step_tokens=2560, longest=3, rate=(0.01, 0.004)),
    # Finding a mention in a list of eight comes last, and telling a complete answer from one that nearly is. Clear
    # letters stay among the even ones: with fewer of them, at a higher rate, what was learned of judging was lost.
    Stage(tasks=EVERYTHING, tokens=5_000_000, step_tokens=2560, longest=8, rate=(0.008, 0.0)),
    # Sound answers and revisions.
    Stage(tasks=MIXTURE, tokens=1_500_000, step_tokens=2560, longest=8, rate=(0.007, 0.0)),
    # Is each word one that was said? Bare words first: an answer that slips in one cannot be told otherwise. Options
    # that are nearly alike say little about letters: without clear pairs beside them judging is forgotten here.
    Stage(tasks=TELLING, tokens=2_600_000, step_tokens=2560, longest=8, rate=(0.01, 0.007)),
    # Does each step lead there? Some two hundred are to be known, each by its topic and its place.
    Stage(tasks=STEPS, tokens=3_400_000, step_tokens=2560, longest=8, rate=(0.01, 0.008)),
    # Then about whole answers: not to be said, and to be seen in an answer that is judged.
    Stage(tasks=SLIPS, tokens=3_600_000, step_tokens=2560, longest=8, rate=(0.008, 0.005)),
    # What the model itself goes wrong in, among everything, so that nothing is forgotten; the grammar's slips again, of
    # which some were (a wrong object, an adjective); and then both, and to name in critiques what a list names. Sound
    # answers are judged against sound ones beside them: who always looks for a slip finds one in the same sound steps.
    # Odd verbs to the end: without them a request's *tell* is taken for what is to be done.
    Stage(tasks=OWN, tokens=3_000_000, step_tokens=2560, longest=8, rate=(0.007, 0.004), share=0.35, own=16_000),
    Stage(tasks=SLIPS, tokens=2_800_000, step_tokens=2560, longest=8, rate=(0.007, 0.004)),
    Stage(tasks=POLISH, tokens=2_600_000, step_tokens=2560, longest=8, rate=(0.005, 0.0), share=0.65, own=16_000),
)
