"""What was made from what: digests that bind names, signed statements, and the lab that signs and enters them.

::

    tree        one digest of a directory, hashed in parallel or while it is written · rows  the rows of a records file
    dsse        signed envelopes · statement  what one stage made from what (in-toto, SLSA provenance)
    left_out    why a stage leaves out what it took
    finding     what was found when a run was looked at
    oms         a model directory's signature in the public format (OpenSSF Model Signing v1.0)
    code        which version of which code ran
    keys        which keys count, and until when · places  where an entry stands in the ledger
    lab         the lab's keys and its ledger: who signs, and where statements are entered

docs/lineage.md has the formats. What is caught, and what is not, stands in docs/threats.md.
"""
