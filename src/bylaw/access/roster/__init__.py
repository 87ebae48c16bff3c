"""Files about subjects, turned into facts: read, checked row by row, compared with what is known, brought in or not.

::

    rows        a row: a line, a subject, its facts; remarks: faults and notes
    options     what the operator says of a whole file · provenance  … and a row of itself
    words       kinds, names, grades that must be known ones · reading  files as text and lines
    table       CSV, with cells · jsonl  JSONL · scim  SCIM 2.0 users, with attributes · kyc  signed results
    formats     FORMATS: the loaders by name
    characters  what must not be in an id, and is told of a name
    values      values against ``FACTS`` · checker  … and whose, from whom, from when · sift  each row by itself
    whole       all rows together: ids that come twice, references, circles
    compare     beside the store: what is new, changed, confirmed, disputed
    report      row by row, and in total · bring  all of it

In five lines::

    options = Options(today=day, source="hr", grade="attested", as_of=day)     # what the file itself does not say
    report = bring(path, store, options, by="ana", dry=True)                   # format by its name, or format="scim"
    report.text();  report.refused                                             # True: faults, and nothing was applied
    report = bring(path, store, options, by="ana")                             # one import, or nothing at all
    rows, remarks = read(path, options)                                        # without a store: rows that passed

A file with a fault is refused whole. ``skip_faulty`` leaves the rows with faults out, and the report says so. What is
no roster at all (not UTF-8, no column ``id``, a column nobody knows) raises ``RecordError``.

SCIM attributes of our own are under ``scim.ACCESS``; the payload type of a signed result is ``kyc.TYPE``.
"""
