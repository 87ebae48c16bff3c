"""Directives: what is being written, what was enacted and what has become of it, one of them whole, and its end."""

from starlette.responses import Response

from bylaw.access.office.enact import rescission
from bylaw.access.office.status import Status, before, status, statuses
from bylaw.access.rules.approval import signed_by
from bylaw.access.rules.diff import diff
from bylaw.console.drafts import signatures
from bylaw.console.views.about import about
from bylaw.console.visit import Visit
from bylaw.errors import UsageError

GROUPS = (
    ("to come", "Enacted, not yet in force"),
    ("in force", "In force"),
    ("out", "No longer in force"),
)


def index(visit: Visit) -> Response:
    """Drafts, then every act by what has become of it, the newest first."""
    office, at = visit.desk.office(), visit.desk.instant()
    found = tuple(reversed(statuses(office, at)))
    drafts = [(each, signatures(each, office, at)) for each in visit.desk.drafts.all()]
    groups = [(name, title, [each for each in found if _group(each) == name]) for name, title in GROUPS]
    return visit.page("directives.html", drafts=drafts, groups=groups, at=at)


def one(visit: Visit) -> Response:
    """An enacted document: what it says, from what, since when, by whose word, and what it changed."""
    office, at, name = visit.desk.office(), visit.desk.instant(), visit.word("name")
    found = status(office, name, at)
    earlier = before(office, found.document, at)
    path = office.rules_folder / f"{name}.toml"
    return visit.page(
        "directive.html",
        found=found,
        document=found.document,
        text=path.read_text(encoding="utf-8"),
        tree=about(found.document),
        signed=signed_by(path, office.approvers()),
        earlier=earlier,
        changes=diff([earlier], [found.document]) if earlier else (),
        at=at,
    )


def rescind(visit: Visit) -> Response:
    """What ends a document is a document too: it is asked for with the order that says so."""
    found = status(visit.desk.office(), visit.word("name"), visit.desk.instant())
    return visit.page("rescind.html", found=found, document=found.document)


def begin_rescission(visit: Visit) -> Response:
    """A draft that ends it, as ``bylaw directive rescind`` writes it."""
    name, citation = visit.word("name"), visit.form.get("citation", "").strip()
    if not citation:
        raise UsageError("say which order ends it, and why")
    text = rescission(visit.desk.office(), name, citation, visit.desk.instant())
    draft = visit.desk.drafts.new(f"rescind-{name.partition('@')[0]}", text)
    visit.note("began a rescission", f"{name}: {citation}")
    return visit.go(f"/drafts/{draft.name}", "Nothing has changed yet: look at its effect, have it signed, enact it.")


def _group(found: Status) -> str:
    return found.state if found.state in ("to come", "in force") else "out"
