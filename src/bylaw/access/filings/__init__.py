"""What is owed to an authority after a decision: reports due in business days, and records kept for years.

::

    calendar   business days of the United States government
    terms      how long records are kept, and reports may take · terms.toml  with sources
    drafts     the reports, as far as the records can fill them
    property   what is held of blocked persons: blocked, released, reported
    filed      what somebody said was filed

A draft is filled from decisions and facts; what they do not say stands as an open question, never as an empty answer.
Check with counsel before anything is filed.
"""
