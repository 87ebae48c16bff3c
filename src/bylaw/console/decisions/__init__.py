"""Decisions as the console shows them: found by what was asked, counted over time, and those of this moment.

::

    summary   a line a decision to find it by, and counts by hour and day, in one file that can be made again
    counts    what the counts say · search  decisions by outcome, model, country, organisation, rule
    gather    the archive → the summary, some thousands at a time · gathering  on a thread, as long as the console runs
    tail      decisions that workers have written and nobody has filed yet
    people    the snapshot's people: under which organisation somebody is counted

The archive stays the only record. The summary names nobody: it holds an archive's numbers, and the rest is looked up
there when it is shown.
"""
