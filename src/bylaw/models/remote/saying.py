"""What servers and connections said, made fit to be shown: without the key, without what was asked, in plain signs."""

import re
from collections.abc import Sequence

from bylaw.models.remote.asked import Request
from bylaw.models.remote.settings import RemoteSettings, secret_of

_MOST, _READ = 300, 1000
"""Characters: of what is shown, and of what is looked at for it, which bounds what a long answer costs."""
_PART, _PROMPT_PART = 8, 16
"""Characters in a row that a text must share with the key, or with a prompt, to count as a piece of it."""
_ACCOUNT = re.compile(r"//[^/@\s]+@")


def shown(said: object, settings: RemoteSettings, asked: Sequence[Request] = ()) -> str:
    """A text from outside as an error may hold it, at most 300 characters: key and prompts are named, not repeated.

    A server that refuses a key likes to repeat it, whole or shortened, and logs are read by more people than keys are
    for.
    """
    text = " ".join(str(said)[:_READ].split())
    text = _without(text, secret_of(settings), _PART, "[the key]")
    for request in asked:
        text = _without(text, " ".join(request.text.split()), _PROMPT_PART, "[what was asked]")
    return plain(_ACCOUNT.sub("//[account]@", text))[:_MOST]


def plain(text: str) -> str:
    """A text whose control signs, which can rewrite what a terminal shows, are spelled out."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


def _without(text: str, hidden: str, part: int, instead: str) -> str:
    """A text with every piece of what is hidden, of ``part`` characters or more (all, if there are fewer), replaced."""
    part = min(part, len(hidden))
    made, at = [], 0
    while at < len(text):
        upto = at + part
        if not part or text[at:upto] not in hidden or len(text) < upto:
            made.append(text[at])
            at += 1
            continue
        while upto < len(text) and text[at : upto + 1] in hidden:
            upto += 1
        made.append(instead)
        at = upto
    return "".join(made)
