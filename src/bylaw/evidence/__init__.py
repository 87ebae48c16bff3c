"""The bundle that is handed out: what was made from what, what was measured, and what was not looked at.

::

    index       the signed list of a bundle's files and claims · claims  what is claimed of a run, as a tree
    samples     rows that nobody chose · clauses  which clauses of which regulations a claim speaks to
    build       the whole · card  a model card · page  a page for the public

docs/evidence.md is the format; ``bylaw.verify`` checks it and shares no code with this package.
"""
