"""The leak room: before training, what must not go in; after training, what came to be remembered.

Before (no torch, no numpy)::

    kinds        what a row of the rules is · numbers, tokens  the tables
    checksums    check digits and issued ranges · national  numbers of persons, by country · tlds.txt  top-level domains
    finders      from a cheap cue to precise rows · scan  hits, masks, the digest of the rules
    duplicates   texts that are nearly the same, in clusters
    overlap      what texts share with evaluation sets, word for word
    texts        what of a record is learned
    screening    settings and report, with figures that add up · screen  all of it over the rows of a run

After::

    canaries, formats, plant      made-up secrets, committed before training and planted
    scoring, speaking, exposure, extraction, membership      what the trained model gives away of them, and of its data
    seam, canary_run, measure, report, check      a whole test, its report, and a report held against its plan
    findings     what is filed in a run · limits  what neither half finds

::

    screened = screen(rows, {"xstest": prompts}, LeakSettings(secrets="mask", overlap="drop"), salt=salt)
    enforce(screened.report)
"""
