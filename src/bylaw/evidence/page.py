"""A static page of a bundle for the public: rules, figures, what was not measured, and a check in the browser."""

import base64
import shutil
import zipfile
from collections.abc import Sequence
from importlib import resources
from itertools import groupby
from pathlib import Path

import msgspec
from markupsafe import Markup

from bylaw import storage
from bylaw.canonical import sha256
from bylaw.errors import UsageError, VerificationError
from bylaw.evidence.index import NAME
from bylaw.evidence.reading import Bundle, checked
from bylaw.report import frame, pivot, words
from bylaw.report.render import WIND_TUNNEL_NOTE
from bylaw.signing import PublicKey

SECTIONS = (
    ("rules", "Rules"),
    ("measured", "Measured"),
    ("samples", "Samples"),
    ("not", "Not measured"),
    ("claims", "Claims"),
    ("check", "Check"),
)


def publish(source: Path, out: Path, *keys: PublicKey) -> Path:
    """Write ``index.html``, ``bundle/`` and ``bundle.zip`` into a new directory; returns the page's path.

    The page checks the index with the one of the lab's ``keys`` that has signed it. Raises ``UsageError`` if ``out`` is
    there, ``VerificationError`` if none of them has, or with the name of any check of ``bylaw.verify`` that does not
    hold: what is published is what a visitor can verify.
    """
    if out.exists():
        raise UsageError(f"{out} is there already; name a new directory")
    bundle = _sound(source, keys)
    key = bundle.signed_by(keys)
    bundle.require_whole()
    with storage.writing(out) as temporary:
        for path, content in bundle.files.items():
            (temporary / "bundle" / path).parent.mkdir(parents=True, exist_ok=True)
            (temporary / "bundle" / path).write_bytes(content)
        _zip(source, temporary / "bundle.zip", bundle)
        (temporary / "index.html").write_text(render(bundle, key), encoding="utf-8")
    return out / "index.html"


def _sound(source: Path, keys: Sequence[PublicKey]) -> Bundle:
    try:
        return checked(source, keys)[0]
    except VerificationError as error:
        if error.check == "index.signature":
            Bundle(source).signed_by(keys)  # which says who has signed it
        raise


def render(bundle: Bundle, key: PublicKey) -> str:
    """The page as one HTML document."""
    predicate = bundle.predicate
    runs = predicate.runs
    environment = frame.environment("bylaw.evidence")
    environment.filters.update(by_subset=_by_subset, name_of=words.name_of, subset_of=words.subset_of)
    environment.filters.update(figure=words.figure)
    environment.globals.update(interval_of=words.interval)
    return environment.get_template("page.html").render(
        headline=_headline(bundle),
        predicate=predicate,
        sections=SECTIONS,
        constitutions={run: bundle.constitution(run) for run in runs if bundle.holds(run, "constitution.toml")},
        figures={run: _figures(bundle, run) for run in runs},
        samples={run: bundle.samples(run) for run in runs},
        note=WIND_TUNNEL_NOTE if any(_in_the_wind_tunnel(bundle, run) for run in runs) else "",
        checkpoint=bundle.checkpoint,
        payload=sha256(bundle.payload),
        key=base64.b64encode(key.der).decode(),
        key_id=key.id,
        files=[(NAME, sha256(bundle.files[NAME])), *_subjects(bundle)],
        check=Markup(resources.files("bylaw.evidence").joinpath("check.js").read_text("utf-8")),
    )


def _in_the_wind_tunnel(bundle: Bundle, run: str) -> bool:
    return bundle.holds(run, "run.toml") and bundle.settings(run).get("policy") == "windtunnel"


def _headline(bundle: Bundle) -> str:
    run = bundle.predicate.runs[0]
    measured = bundle.measurements(run)
    return words.headline(measured, pivot.models(measured))


def _figures(bundle: Bundle, run: str) -> tuple[tuple[str, ...], list[pivot.Row]]:
    measured = bundle.measurements(run)
    models = pivot.models(measured)
    return models, [row for row in pivot.rows(measured, models) if not row.family]


def _by_subset(rows: list[pivot.Row]) -> list[list[pivot.Row]]:
    return [list(same) for _, same in groupby(rows, key=lambda row: (row.name, row.subset))]


def _subjects(bundle: Bundle) -> list[tuple[str, str]]:
    said = msgspec.json.decode(bundle.payload)["subject"]
    return [(each["name"], each["digest"]["sha256"]) for each in said]


def _zip(source: Path, path: Path, bundle: Bundle) -> None:
    if source.is_file():
        shutil.copyfile(source, path)
        return
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in bundle.files.items():
            archive.writestr(name, content)
