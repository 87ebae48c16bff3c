"""AI feedback: respond, revise, compare, label (arXiv 2212.08073 §3.1 and §4.1)."""
