"""What can be asked for, as a table: a path that is not in it does not exist.

A path is compared as it was written, one with an escape in it is refused, and what goes upstream is the row's own
path, never what the caller wrote. So there is no second reading of a path anywhere: no encoded slash, no ``..``, no
Host header takes part.
"""

from collections.abc import Mapping
from typing import Literal

import msgspec

from bylaw.gateway.problem import Problem

Ask = Literal["model", "models", "weights", "decide"]


class Row(msgspec.Struct, frozen=True):
    """``asks``: *model* sends the body on to the model it names; the rest is answered here."""

    path: str
    method: str
    asks: Ask


SURFACES: Mapping[str, Row] = {
    row.path: row
    for row in (
        Row("/v1/chat/completions", "POST", "model"),
        Row("/v1/responses", "POST", "model"),
        Row("/v1/completions", "POST", "model"),
        Row("/v1/embeddings", "POST", "model"),
        Row("/v1/messages", "POST", "model"),
        Row("/v1/messages/count_tokens", "POST", "model"),
        Row("/v1/models", "GET", "models"),
        Row("/decide", "GET", "decide"),
    )
}
BELOW: Mapping[str, Row] = {
    "/v1/models/": Row("/v1/models/", "GET", "models"),
    "/weights/": Row("/weights/", "GET", "weights"),
    "/decide/": Row("/decide/", "GET", "decide"),
}
"""Rows whose path goes on with names: of a model, of a file."""
KEPT = (
    "/v1/responses/",
    "/v1/chat/completions/",
    "/v1/conversations",
    "/v1/files",
    "/v1/batches",
    "/v1/fine_tuning/",
    "/v1/messages/batches",
)
"""Where these paths begin, callers ask by id for what a model's server has kept. Such a request names no model, and the
id says neither whose it was nor which model made it, so nothing can be decided about it.
"""
QUERIES = frozenset({b"", b"beta=true"})
"""What may follow a path to a model: what the official clients send there."""


def find(method: str, path: str) -> tuple[Row, str]:
    """The row of a path, and what follows it. Raises ``Problem``."""
    row, rest = SURFACES.get(path), ""
    if row is None and "%" in path:
        raise _nothing("")
    if row is None:
        head = next((head for head in BELOW if path.startswith(head)), "")
        if not head:
            raise _nothing(path)
        row, rest = BELOW[head], path[len(head) :]
    allowed = ("GET", "HEAD") if row.method == "GET" else (row.method,)
    if method not in allowed and row.asks != "decide":  # which is asked about requests of every method
        raise Problem("method", f"This path takes {row.method}.", headers=((b"allow", ", ".join(allowed).encode()),))
    return row, rest


def _nothing(path: str) -> Problem:
    if path.startswith(KEPT):
        return Problem("kept", "What is asked for by an id names no model, so it cannot be decided about here.")
    return Problem("not-found", "There is no such path here.")
