"""Principles as a typed, linted, diffable document.

``document`` reads and writes it · ``lint`` finds what would mislead a judge · ``diff`` shows what changed ·
``published`` and ``few_shots`` read the files published with arXiv 2212.08073 · ``default.toml`` is ours.
"""

from bylaw.constitution.document import Constitution, default, dumps, load, loads

__all__ = ["Constitution", "default", "dumps", "load", "loads"]
