"""The list formats by name, and the one way to read a list: whole or not at all."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec

from bylaw.access.screening import bis, csl, ftm, ofac, un
from bylaw.access.screening.parties import Party, Seal
from bylaw.canonical import sha256
from bylaw.errors import DocumentError, UsageError


class Format(msgspec.Struct, frozen=True, kw_only=True):
    """``ends`` says whether a cut file shows by itself; ``extra`` are the files that may come with ``main``."""

    parse: Callable[[Mapping[str, bytes]], list[Party]]
    ends: bool
    extra: tuple[str, ...] = ()


_OFAC = ("alternates", "addresses")

FORMATS: dict[str, Format] = {
    "ofac-sdn": Format(parse=ofac.parse("ofac-sdn"), ends=True, extra=_OFAC),
    "ofac-consolidated": Format(parse=ofac.parse("ofac-consolidated"), ends=True, extra=_OFAC),
    "un": Format(parse=un.parse, ends=True),
    "us-csl": Format(parse=csl.parse, ends=False),
    "bis-dpl": Format(parse=bis.parse, ends=False),
    "ftm": Format(parse=ftm.parse, ends=False),
}


def load(format_name: str, paths: Mapping[str, Path], seal: Seal | None = None) -> tuple[Party, ...]:
    """The parties of a list whose files are given by role (``main`` and the format's ``extra``)."""
    return read(format_name, {role: read_file(path) for role, path in paths.items()}, seal)


def files_of(format_name: str, paths: Sequence[Path]) -> dict[str, bytes]:
    """Files given one after the other, by role: ``main``, then the format's ``extra`` in order."""
    roles = ("main", *_known(format_name).extra)
    if not 0 < len(paths) <= len(roles):
        raise UsageError(f"{format_name} is read from the files {', '.join(roles)}, in this order")
    return {role: read_file(path) for role, path in zip(roles, paths, strict=False)}


def read_file(path: Path) -> bytes:
    """The bytes of a list file. Raises ``UsageError`` if it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error


def read(format_name: str, files: Mapping[str, bytes], seal: Seal | None = None) -> tuple[Party, ...]:
    """Like ``load``, from bytes. Raises ``DocumentError`` unless the files are whole and hold at least one party."""
    form, seal = _format(format_name, files), seal or Seal()
    if not form.ends and not seal.tells:
        raise DocumentError(
            "this format has no end mark, so a file cut at a line's end looks whole: give the file's SHA-256 or the "
            "number of parties, or say that neither is known",
            format_name,
        )
    if seal.sha256 and sha256(files["main"]) != seal.sha256.lower():
        raise DocumentError(f"the file's SHA-256 is {sha256(files['main'])}, not {seal.sha256}", format_name)
    parties = tuple(form.parse(files))
    if not parties:
        raise DocumentError("the list is empty", format_name)
    if seal.parties is not None and len(parties) != seal.parties:
        raise DocumentError(f"the list has {len(parties)} parties instead of {seal.parties}", format_name)
    return parties


def _format(name: str, files: Mapping[str, bytes]) -> Format:
    form = _known(name)
    if "main" not in files or set(files) - {"main", *form.extra}:
        raise UsageError(f"{name} is read from the files main" + "".join(f", {role}" for role in form.extra))
    return form


def _known(name: str) -> Format:
    if name not in FORMATS:
        raise UsageError(f"unknown list format: {name}; known are {', '.join(FORMATS)}")
    return FORMATS[name]
