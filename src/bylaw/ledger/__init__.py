"""An append-only log that others can check: C2SP tlog-tiles as a directory of static files.

::

    merkle       the maths of RFC 6962 and RFC 9162, as pure functions over a one-method reader
    note         signed texts, verifier keys, cosignatures · checkpoint  what a log says of itself
    stores       where files are read from: directory, web server, fsspec · tiles  paths, bundles, reader, right edge
    journal      what is acknowledged is kept · disk  lock and sync · log  the writer
    entries      what bylaw enters: digests and commitments · salts  what opens a commitment, and can be destroyed
    policy       whom a reader trusts · proof  one entry, one file, checked offline
    growth       did it only grow · seen  the memory · witness  cosigns growth · monitor  reads all that is new
    publish      copying a log to an object store

A producer needs three lines::

    with Log.open(path) as log:
        log.append([encode(StatementEntry(at=…, statement=…, predicate=…))])
        log.checkpoint(signer)

docs/ledger.md has the format on disk with the clause of the standard for each part.
"""
