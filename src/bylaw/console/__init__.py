"""The operator's console: pages on the admin listener, beside what a monitor asks there.

::

    app          the ASGI application: the gateway's admin pages, static files, and PAGES behind the guard
    headers      host, TLS, origin; what every answer says · cookies
    guard        one request: host, encryption, session, role, CSRF; then its page, in a thread
    visit        a request as a page sees it: who, form, desk; what a page answers with
    desk         what a page may use: office, lab, gateway state, drafts, the clock
    page         one row of that table
    frame        templates, filters, headers
    accounts/    who signs in, with which role; sessions; what was done here
    pages/       one file a page or a few that belong together; the table PAGES
    views/       what pages of figures show, as frozen structs, made from a desk · decisions/  the archive for the eye
    asked        a page's query, read · sheet, csvs  a table as a file · refreshing  everybody screened anew
    data/        the map's outlines
    drafts       documents that are being written and signed · custody  how an account signs · foresight  impact, in
                 a process of its own
    processes/   the admin listener's process, and the one that works out an impact
    templates/ · static/   HTML (autoescaped), one style sheet, one script

A page is a row of ``pages.PAGES``: path, least role, handler, title in the menu, method. The handler is a plain
function ``(visit) -> Response``; it runs in a thread, so it may read files and databases (an ``async`` one runs on
the loop, for streams). ``visit.desk`` is all it works with, ``visit.page("name.html", **values)`` answers with a
template that extends ``frame.html`` and sets the blocks ``title`` and ``main``; ``visit.go(path, said)`` answers a
form; ``visit.note(what, about)`` writes into the console's journal what somebody did. Forms are POST and hold ``{{
token(visit) }}`` of ``parts.html``; the guard has checked it, and the role. An error on purpose (``BylawError``)
becomes a page that says so.

The console has no rules of its own: what it does goes through the same functions as the command line.

No template marks anything safe; no page has a script or a style in it (the CSP forbids both), or asks another host.
"""
