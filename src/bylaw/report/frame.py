"""What every page is set in: the frame, the style sheet, the script, and one rule on escaping."""

from importlib.resources import files

import jinja2
from markupsafe import Markup


def environment(package: str, folder: str = "") -> jinja2.Environment:
    """Jinja for the templates in ``folder`` of ``package``, which extend ``frame.html``.

    All that is put into them is escaped; only the package's own style sheet and script are inserted as they are.
    """
    made = jinja2.Environment(
        loader=jinja2.ChoiceLoader([jinja2.PackageLoader(package, folder), jinja2.PackageLoader("bylaw.report")]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.globals.update(style=Markup(_asset("palette.css") + _asset("style.css")), script=Markup(_asset("script.js")))
    return made


def _asset(name: str) -> str:
    return files("bylaw.report").joinpath(name).read_text("utf-8")
