"""What is known of everybody, as history: SQLite, in a directory that one process writes and any number read.

::

    errors     what goes wrong, by name · records  an import, an entry of a history, a read, a hold
    schema     the tables, their triggers, and how an older store becomes a newer one
    database   one connection: WAL, full and busy disks explained · lines  facts as a row keeps them
    imports    facts in, one transaction an import · register  facts out, as they stood
    finding    subjects by their ids
    erasure    what may not be kept, and what must be: erasure and holds · minimise  eligibility instead of nationality
    retention  until when each fact is kept, by filings/terms.toml · reads  who looked · store  ``Store``, all of it

In five lines::

    with Store.open(directory) as store:                            # made if it is not there
        store.record(said, source="hr.csv", digest=sha, by="ana")   # said: Said(id, kind, facts); one transaction
        register = store.register(on=day, recorded_by=None)         # dict of every Subject; None, an import, or a time
        subject = store.subject(id, on=day, by="ana", why="appeal 7");  store.history(id, by="ana", why="appeal 7")
        store.hold(id, by="ana", why="subpoena");  store.erase(id, by="ana", why="asked to");  store.minimise(…)

**Two axes of time.** ``on`` is the day that is asked about: which facts had been seen and not expired. ``recorded_by``
is what this store had been told by then: the id of an import, or a time. Both together give a register as it was when a
decision was made, but for what was erased since, and ``Store.erasures`` says what that is.

**Nothing is overwritten.** Triggers refuse to change or delete a row of history; a fact can only be erased, under an
entry that says who did it and why. A fact does not name its subject, so a register holds it once for all who share it.

**Who looked is in a database of its own** in the same directory: a read is entered before anything is handed out, and
must not wait for the minute in which an import holds the one lock SQLite has.
"""
