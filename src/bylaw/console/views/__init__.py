"""What pages of figures show: frozen structs, each made from a desk and what was asked.

::

    now        what is in force, what needs somebody
    feed       decisions, the newest first, the ones of this moment too · explained  one of them, in words
    world      requests by country, model and time: a table, and the shades of a map
    subjects   who is known; one of them, with facts and history · use  what it may use now, and why not
    hits       matches with lists that nobody has looked at · hit  one of them, and what can be done
    licenses   exceptions and when they end · filings  reports owed, and by when
    workers    who enforces what, as they say · ledger  the last checkpoint
    sources    what several of them read, kept as long as it does not change · reading  that facts were looked at
    bars       steps of a chart · about  whom a document is about, in sentences
"""
