"""What a base install has not: which extra brings a package that a verb would need."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from bylaw.errors import MissingExtra

_OFFICE = ("numpy", "rapidfuzz", "anyascii")
_PAGES = ("jinja2", "markupsafe")
_SERVED = ("uvicorn", "httptools", "uvloop", "joserfc", "maxminddb", "starlette", "anyio", "python_multipart")
_SIGN_IN = ("argon2", "pyotp", "segno")
_LOOKED_THROUGH = ("numpy", "scipy", "rensa")
_TRAINED = ("torch", "transformers", "huggingface_hub", "tokenizers", "safetensors", "peft", "accelerate", "rapidfuzz")

BROUGHT: Mapping[str, tuple[str, ...]] = {
    "train": (*_TRAINED, *_LOOKED_THROUGH, *_PAGES),
    "judges": ("openai", "anthropic", "aiohttp"),
    "audit": _LOOKED_THROUGH,
    "access": _OFFICE,
    "gateway": (*_SERVED, *_OFFICE, *_PAGES, *_SIGN_IN),
    "cluster": ("psycopg",),
    "ray": ("ray",),
    "vllm": ("vllm",),
    "inspect": ("inspect_ai",),
    "remote": ("fsspec",),
    "s3": ("s3fs",),
    "hub": ("huggingface_hub", "pyarrow"),
}
"""By extra, the packages as they are imported; of several extras that bring one, the first is named."""
OWN: Mapping[str, str] = {
    **dict.fromkeys(("access", "directive", "decisions", "property", "screen"), "access"),
    **dict.fromkeys(("serve", "keys", "console", "coverage"), "gateway"),
    "audit": "audit",
}
"""The verbs with an extra of their own: it is named before others."""


@contextmanager
def needed_by(verb: str) -> Iterator[None]:
    """While a verb runs: a package that an extra brings and that is not here is ``MissingExtra``, which names both.

    Every other import that fails is a mistake of ours, and stays one.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        extra = extra_of(package, verb)
        if not extra:
            raise
        raise MissingExtra(package, extra) from error


def extra_of(package: str, verb: str) -> str:
    """The extra to install for a package, where a verb needs it; empty if none brings it."""
    bringing = [extra for extra, packages in BROUGHT.items() if package in packages]
    own = OWN.get(verb, "")
    return own if own in bringing else next(iter(bringing), "")
