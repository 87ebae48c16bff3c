"""The door as an OpenAPI document, made from the tables that it answers by: ``surfaces`` and ``problem.KINDS``.

What a body holds besides its model is the model's server's affair and not said here.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from bylaw import __version__
from bylaw.gateway.problem import KINDS, URN
from bylaw.gateway.surfaces import BELOW, SURFACES, Ask, Row

_ALWAYS = ("malformed", "who", "not-found", "kept", "method", "too-many", "stale")
_DECIDED = ("not-permitted", "fact-missing", "unknown-subject", "law", "no-record")
_ENDS: Mapping[Ask, tuple[str, ...]] = {
    "model": (
        *_DECIDED,
        *("no-such-model", "too-slow", "too-large", "media-type", "busy", "upstream", "upstream-slow"),
    ),
    "models": ("unknown-subject",),
    "weights": (*_DECIDED, "range", "busy"),
    "decide": tuple(kind for kind in _DECIDED if kind != "law"),
}
"""How a request can end without an answer, besides in the ways in which every one can."""
_STRING = {"type": "string"}
_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "error"],
    "properties": {
        "type": {"enum": [URN + kind for kind in KINDS]},
        "title": _STRING,
        "status": {"type": "integer"},
        "detail": _STRING,
        "decision": {**_STRING, "description": "The receipt."},
        "reason": {"enum": ["law", "not-permitted", "fact-missing"]},
        "missing": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["fact", "bring"],
                "properties": {"fact": _STRING, "bring": _STRING},
            },
        },
        "bring_to": _STRING,
        "model": _STRING,
        "error": {
            "type": "object",
            "required": ["type", "code", "message"],
            "properties": {"type": _STRING, "code": {"enum": list(KINDS)}, "message": _STRING},
        },
    },
}


def document(models: Iterable[str], decision_point: bool) -> dict[str, Any]:
    """The document (OpenAPI 3.1) of a door to these models."""
    rows = [(path, row) for path, row in SURFACES.items() if decision_point or row.asks != "decide"]
    below = [(f"{path}{{name}}", row) for path, row in BELOW.items() if row.asks == "models"]
    below += [("/weights/{name}/{file}", row) for row in BELOW.values() if row.asks == "weights"]
    names = {"type": "string", "enum": sorted(models)}
    return {
        "openapi": "3.1.0",
        "info": {"title": "bylaw gateway", "version": __version__},
        "paths": {path: {row.method.lower(): _operation(path, row)} for path, row in (*rows, *below)},
        "components": {
            "schemas": {"Model": names, "Problem": _PROBLEM},
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "key": {"type": "apiKey", "in": "header", "name": "x-api-key"},
            },
        },
        "security": [{"bearer": []}, {"key": []}],
    }


def _operation(path: str, row: Row) -> dict[str, Any]:
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": _MODEL if name == "name" else _STRING}
        for name in ("name", "file")
        if f"{{{name}}}" in path
    ]
    if row.asks == "decide":
        parameters.append({"name": "bylaw-model", "in": "header", "required": True, "schema": _MODEL})
    body = {"type": "object", "required": ["model"], "properties": {"model": _MODEL}}
    asked = {"requestBody": {"required": True, "content": {"application/json": {"schema": body}}}}
    return {
        "operationId": f"{row.method.lower()} {path}",
        "parameters": parameters,
        **(asked if row.asks == "model" else {}),
        "responses": {**_ANSWERS[row.asks], **_problems(row.asks)},
    }


def _problems(asks: Ask) -> dict[str, Any]:
    kinds: dict[str, list[str]] = {}
    for kind in (*_ALWAYS, *_ENDS[asks]):
        kinds.setdefault(str(KINDS[kind][0]), []).append(kind)
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": ", ".join(each), "content": content} for status, each in sorted(kinds.items())}


_MODEL = {"$ref": "#/components/schemas/Model"}
_RECEIPT = {"bylaw-receipt": {"required": True, "schema": {"type": "string", "pattern": "^[0-9a-f]{64}$"}}}
_BYTES: dict[str, Any] = {"application/octet-stream": {}}
_ANSWERS: Mapping[Ask, Mapping[str, Any]] = {
    "model": {
        "200": {
            "description": "What the model's server answers, as it is; so are its errors.",
            "headers": _RECEIPT,
            "content": {"application/json": {}, "text/event-stream": {}},
        }
    },
    "models": {"200": {"description": "The caller's models.", "content": {"application/json": {}}}},
    "weights": {
        "200": {"description": "The file.", "headers": _RECEIPT, "content": _BYTES},
        "206": {"description": "A range of it.", "headers": _RECEIPT, "content": _BYTES},
    },
    "decide": {"200": {"description": "Allowed.", "headers": _RECEIPT}},
}
