"""The findings of arXiv 2212.08073, run again in the wind tunnel, each with a verdict computed from its figures."""

from collections.abc import Callable

from bylaw.windtunnel.bench import Tunnel
from bylaw.windtunnel.paper.finding import Finding
from bylaw.windtunnel.paper.page import write_page
from bylaw.windtunnel.paper.trained import human, rl, soft
from bylaw.windtunnel.paper.untrained import critique, principles, rounds

FINDINGS: dict[str, Callable[[Tunnel], Finding]] = {
    "rounds": rounds,
    "critique": critique,
    "principles": principles,
    "soft": soft,
    "rl": rl,
    "human": human,
}
"""By the name that ``--only`` takes, in the page's order; the first three train nothing."""

__all__ = ["FINDINGS", "Finding", "write_page"]
