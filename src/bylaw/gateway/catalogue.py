"""The list of models, in the two dialects of the official clients."""

import msgspec

from bylaw.gateway.problem import Problem, Send, send_whole


async def send(models: list[str], one: str, anthropic: bool, send: Send) -> None:
    """Answer with the models, or with the ``one`` that is asked for. Raises ``Problem``."""
    if one and one not in models:
        raise Problem("no-such-model", "There is no model of this name for you here.")
    entry = _anthropic if anthropic else _openai
    if one:
        said = entry(one)
    elif anthropic:
        first, last = (models[0], models[-1]) if models else (None, None)
        said = {"data": [entry(each) for each in models], "has_more": False, "first_id": first, "last_id": last}
    else:
        said = {"object": "list", "data": [entry(each) for each in models]}
    await send_whole(send, 200, msgspec.json.encode(said), (b"content-type", b"application/json"))


def _openai(name: str) -> dict[str, object]:
    return {"id": name, "object": "model", "created": 0, "owned_by": "bylaw"}


def _anthropic(name: str) -> dict[str, object]:
    return {"type": "model", "id": name, "display_name": name, "created_at": "1970-01-01T00:00:00Z"}
