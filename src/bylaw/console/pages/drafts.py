"""A draft: begun from a text that ships or one that was enacted, edited as text, checked each time it is shown."""

from datetime import datetime

from starlette.responses import Response

from bylaw.access.office.enact import complaints
from bylaw.access.office.place import Office
from bylaw.access.office.status import before, statuses
from bylaw.access.rules.check import Complaint
from bylaw.access.rules.diff import diff
from bylaw.access.rules.document import Document, parse
from bylaw.access.rules.library import library
from bylaw.console.custody import custody
from bylaw.console.drafts import Draft, signatures
from bylaw.console.views.about import about
from bylaw.console.visit import Visit
from bylaw.errors import DocumentError, UsageError


def choose(visit: Visit) -> Response:
    """What one can begin from."""
    shelf = sorted(library().values(), key=lambda each: each.id)
    enacted = tuple(reversed(statuses(visit.desk.office(), visit.desk.instant())))
    return visit.page("choose.html", shelf=shelf, enacted=enacted)


def begin(visit: Visit) -> Response:
    """A copy to edit."""
    source = visit.form.get("source", "")
    if source in library():
        draft = visit.desk.drafts.new(source, library()[source].text)
    else:
        draft = _next_version(visit, source)
    visit.note("began a draft", f"{draft.name}, from {source}")
    return visit.go(
        f"/drafts/{draft.name}", f"{draft.name} is a draft: nothing follows from it until two people sign it."
    )


def show(visit: Visit) -> Response:
    """A draft with all that can be said of it."""
    office, at = visit.desk.office(), visit.desk.instant()
    draft = visit.desk.drafts.find(visit.word("name"))
    earlier = before(office, draft.document, at) if draft.document else None
    return visit.page(
        "draft.html",
        draft=draft,
        document=draft.document,
        tree=about(draft.document),
        found=findings(draft, office, visit),
        signed=signatures(draft, office, at),
        mine=custody(visit.desk.place, visit.me.name),
        earlier=earlier,
        changes=diff([earlier], [draft.document]) if earlier and draft.document else (),
        sums=visit.desk.foresight.sums(draft),
        progress=visit.desk.foresight.progress(draft),
        at=at,
    )


def edit(visit: Visit) -> Response:
    """The text in a field."""
    draft = visit.desk.drafts.find(visit.word("name"))
    return _editor(visit, draft, draft.text)


def save(visit: Visit) -> Response:
    """Another text; with ``check`` it is only looked at."""
    draft, text = visit.desk.drafts.find(visit.word("name")), visit.form.get("text", "")
    if visit.form.get("act") == "check":
        return _editor(visit, draft, text)
    if visit.form.get("seen") != draft.mark:
        return _editor(visit, draft, text, "Somebody has saved another text meanwhile. Yours is below, not saved.", 409)
    saved = visit.desk.drafts.save(draft.name, text, draft.mark)
    visit.note("saved a draft", f"{saved.name} {saved.mark}")
    return visit.go(f"/drafts/{saved.name}", "Saved. Signatures over the text before have fallen away.")


def download(visit: Visit) -> Response:
    """The very bytes, to read or to sign elsewhere."""
    draft = visit.desk.drafts.find(visit.word("name"))
    headers = {"content-disposition": f'attachment; filename="{draft.name}.toml"'}
    return Response(draft.path.read_bytes(), media_type="application/toml", headers=headers)


def discard(visit: Visit) -> Response:
    """Thrown away."""
    name = visit.word("name")
    visit.desk.drafts.discard(name, visit.form.get("seen", ""))
    visit.note("threw a draft away", name)
    return visit.go("/directives", f"The draft {name} is gone.")


def findings(draft: Draft, office: Office, visit: Visit) -> tuple[Complaint, ...]:
    """What ``bylaw directive check`` says of the draft beside what is in force."""
    at = visit.desk.instant()
    if draft.document is None:
        return (Complaint(severity="error", rule="", field="", text=draft.fault),)
    return _beside(office, draft.document, at)


def _beside(office: Office, document: Document, at: datetime) -> tuple[Complaint, ...]:
    """What is found of a document beside what is in force: first what is about the document itself."""
    found = complaints(office, (*office.rules(at), document), at)
    return tuple(sorted(found, key=lambda each: each.rule not in ("", document.name)))


def _editor(visit: Visit, draft: Draft, text: str, wrong: str = "", status: int = 200) -> Response:
    found: tuple[Complaint, ...]
    try:
        office, at = visit.desk.office(), visit.desk.instant()
        found = _beside(office, parse(text.replace("\r\n", "\n"), "line"), at)
    except DocumentError as error:
        found = (Complaint(severity="error", rule="", field="", text=str(error)),)
    return visit.page("edit.html", status, draft=draft, text=text, found=found, wrong=wrong)


def _next_version(visit: Visit, source: str) -> Draft:
    """The text of one that was enacted, to be given its next version."""
    office = visit.desk.office()
    if source not in {act.document for act in office.journal.acts()}:
        raise UsageError("choose a text to begin from")
    text = (office.rules_folder / f"{source}.toml").read_text(encoding="utf-8")
    return visit.desk.drafts.new(source.partition("@")[0], text)
