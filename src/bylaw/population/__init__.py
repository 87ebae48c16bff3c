"""A population of which the truth is known: who may use what is decided first, and the facts are made from that.

::

    classes    who there is, in classes.toml: the outcome for each order, derived by hand with a reason
    draws      what is drawn for an id: digests taken apart, so nothing depends on what was drawn before
    values     what a roster says of a subject: values, cells, rows
    names      names and places, which must not matter
    status     citizenship, residency, protection · work  employers · evidence  who says so, when, how surely
    organizations   the law they are organised under, who owns them
    world      who is of which class, works where, answers for what
    files      rosters, annex, denied persons and truth, written as they are drawn

In two lines::

    write(folder, World(1_000_000, seed=1))
    for each in truths(folder): each.outcomes["mythos-5"]["letter-2"]

It shares nothing with ``bylaw.access``, which is judged by it, and a contract keeps it so: both read the same orders,
each for itself. Formats are those of ``docs/population.md``.
"""
