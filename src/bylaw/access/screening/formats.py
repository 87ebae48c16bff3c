"""The list formats by name, and the one way to read a list: whole or not at all."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from bylaw.access.screening import bis, csl, ftm, ofac, un
from bylaw.access.screening.parties import Party, Seal
from bylaw.canonical import sha256
from bylaw.errors import DocumentError, UsageError


class Format(msgspec.Struct, frozen=True, kw_only=True):
    """``ends`` says whether a cut file shows by itself; ``extra`` are the files that come with ``main``."""

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
    with naming(paths):
        return read(format_name, {role: read_file(path) for role, path in paths.items()}, seal)


def by_role(format_name: str, paths: Sequence[Path], absent: Sequence[str] = ()) -> dict[str, Path]:
    """Files given one after the other, by role: ``main``, then those of the format's ``extra`` that are not absent."""
    roles = [role for role in _roles(format_name) if role not in absent]
    if not 0 < len(paths) <= len(roles):
        raise UsageError(f"{format_name} is read from the files {', '.join(roles)}, in this order")
    return dict(zip(roles, paths, strict=False))


@contextmanager
def naming(paths: Mapping[str, Path]) -> Iterator[None]:
    """Errors in here name the file instead of its role."""
    try:
        yield
    except DocumentError as error:
        role, colon, place = error.where.partition(":")
        if role not in paths:
            raise
        text = str(error).removeprefix(f"{error.where}: ")
        raise DocumentError(text, f"{paths[role]}{colon}{place}") from error


def read_file(path: Path) -> bytes:
    """The bytes of a list file. Raises ``UsageError`` if it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error


def read(format_name: str, files: Mapping[str, bytes], seal: Seal | None = None) -> tuple[Party, ...]:
    """Like ``load``, from bytes. Raises ``UsageError`` unless every file of the format is there or said to be absent,
    ``DocumentError`` unless they are whole and hold at least one party."""
    seal = seal or Seal()
    form = _format(format_name, files, seal)
    if not form.ends and not seal.tells:
        raise DocumentError(
            "this format has no end mark, so a file cut at a line's end looks whole: give the file's SHA-256 or the "
            "number of parties, or say that neither is known",
            format_name,
        )
    _hold_to_digests(files, [role for role in _roles(format_name) if role in files], seal)
    parties = tuple(form.parse(files))
    if not parties:
        raise DocumentError("the list is empty", "main")
    if seal.parties is not None and len(parties) != seal.parties:
        raise DocumentError(f"the list has {len(parties)} parties instead of {seal.parties}", "main")
    return parties


def _format(name: str, files: Mapping[str, bytes], seal: Seal) -> Format:
    form = _known(name)
    if "main" not in files or set(files) - set(_roles(name)):
        raise UsageError(f"{name} is read from the files {', '.join(_roles(name))}")
    if strange := [role for role in seal.absent if role not in form.extra or role in files]:
        raise UsageError(f"{strange[0]} cannot be absent: {name} has no such file, or it is given")
    if lacking := [role for role in form.extra if role not in files and role not in seal.absent]:
        raise UsageError(
            f"{name} is read from the files {', '.join(_roles(name))}; not given: {', '.join(lacking)}. Whoever is"
            " found by what they say would be missed; where there are none, say so: "
            + " ".join(f"--without {role}" for role in lacking)
        )
    return form


def _hold_to_digests(files: Mapping[str, bytes], roles: Sequence[str], seal: Seal) -> None:
    if len(seal.sha256) > len(roles):
        raise UsageError(f"{len(seal.sha256)} digests are given for {len(roles)} files")
    for role, wanted in zip(roles, seal.sha256, strict=False):
        if (found := sha256(files[role])) != wanted.lower():
            raise DocumentError(f"the file's SHA-256 is {found}, not {wanted}", role)


def _roles(name: str) -> tuple[str, ...]:
    return ("main", *_known(name).extra)


def _known(name: str) -> Format:
    if name not in FORMATS:
        raise UsageError(f"unknown list format: {name}; known are {', '.join(FORMATS)}")
    return FORMATS[name]
