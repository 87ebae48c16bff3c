"""The wind tunnel's bench: every figure with its bound, *reached* or *short*; resumable, since its runs are."""

from bylaw.windtunnel.bench.figures import FIGURES, Figure, Outcome
from bylaw.windtunnel.bench.tunnel import Tunnel

__all__ = ["FIGURES", "Figure", "Outcome", "Tunnel"]
