"""Signatures and what follows: each act on a page of its own that says what it does, and on the text that was shown."""

from starlette.responses import Response

from bylaw.access.office.enact import enact
from bylaw.access.office.place import stamp
from bylaw.access.rules.approval import join, sign
from bylaw.console.custody import custody, signer_of
from bylaw.console.drafts import Draft, signatures
from bylaw.console.pages.drafts import findings
from bylaw.console.pages.impact import behind
from bylaw.console.views.about import about
from bylaw.console.visit import Visit
from bylaw.errors import UsageError
from bylaw.lineage.dsse import LIMIT, parse


def ask_to_sign(visit: Visit) -> Response:
    """What a signature would mean."""
    draft, office, at = visit.desk.drafts.find(visit.word("name")), visit.desk.office(), visit.desk.instant()
    return visit.page(
        "sign.html",
        draft=draft,
        document=draft.document,
        tree=about(draft.document),
        signed=signatures(draft, office, at),
        mine=custody(visit.desk.place, visit.me.name),
        sums=visit.desk.foresight.sums(draft),
        found=findings(draft, office, visit),
    )


def sign_here(visit: Visit) -> Response:
    """One signature more, by the key of whoever is signed in."""
    office, name = visit.desk.office(), visit.word("name")
    signer = signer_of(visit.desk.place, visit.me.name, office.approvers())
    with visit.desk.drafts.holding(name, visit.form.get("seen", "")) as draft:
        sign(draft.path, signer)
    visit.note("signed", f"{name} {draft.mark} with the key {signer.public.id}")
    return visit.go(f"/drafts/{name}", _after(visit, draft))


def bring(visit: Visit) -> Response:
    """Signatures that were made elsewhere, over a copy of the same bytes."""
    office, name, file = visit.desk.office(), visit.word("name"), visit.files.get("envelope")
    content = file.file.read(LIMIT + 1) if file else b""
    if not content:
        raise UsageError("choose the file that `bylaw directive sign` wrote: NAME.toml.dsse")
    with visit.desk.drafts.holding(name, visit.form.get("seen", "")) as draft:
        names = join(draft.path, parse(content), office.approvers())
    visit.note("brought signatures", f"{name} {draft.mark} of {', '.join(names)}")
    return visit.go(f"/drafts/{name}", f"{' and '.join(names)} signed. {_after(visit, draft)}")


def ask_to_enact(visit: Visit) -> Response:
    """What enacting would do, in numbers."""
    draft, office, at = visit.desk.drafts.find(visit.word("name")), visit.desk.office(), visit.desk.instant()
    sums, found = visit.desk.foresight.sums(draft), findings(draft, office, visit)
    own = [each for each in found if each.severity == "error" and draft.document]
    return visit.page(
        "enact.html",
        draft=draft,
        document=draft.document,
        signed=signatures(draft, office, at),
        sums=sums,
        behind=behind(visit, sums) if sums else "",
        errors=own,
        acts=len(office.journal.acts()),
        at=at,
    )


def bring_into_force(visit: Visit) -> Response:
    """Enacted: by the same function as the command line's, with the same refusals."""
    desk, name = visit.desk, visit.word("name")
    despite = visit.form.get("despite") == "yes"
    if despite and not visit.may("counsel"):
        raise UsageError("only counsel may enact a document in spite of errors")
    with desk.drafts.holding(name, visit.form.get("seen", "")) as draft:
        sums = desk.foresight.sums(draft)
        if sums is None or sums.acts != len(desk.office().journal.acts()):
            raise UsageError("work out whom it hits first, as things are now; then enact it")
        act = enact(desk.office(), draft.path, desk.lab(), desk.instant(), despite_errors=despite)
    desk.drafts.done(draft)
    places = ", ".join(map(str, act.entries))
    visit.note(
        "enacted", f"{act.document} {act.digest}, ledger entries {places}" + (" despite errors" if despite else "")
    )
    said = f"{act.document} is enacted, effective {stamp(act.effective)}. It is entered in the ledger as {places}."
    return visit.go(f"/directives/{act.document}", said)


def _after(visit: Visit, draft: Draft) -> str:
    found = signatures(visit.desk.drafts.find(draft.name), visit.desk.office(), visit.desk.instant())
    return "Two people have signed: it can be enacted." if found.enough else "A second person must sign."
