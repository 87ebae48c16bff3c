"""What was decided and enforced, on the disk before anybody is answered.

::

    segment    a worker's append-only file of decisions, and when it is safe
    writing    a decision → its bytes, its receipt, a line of the segment
    drain      segments → the office's archive → batches in the ledger
    coverage   which worker enforced what from when to when; who was cut, and when

A line of a segment is the salt of a decision's commitment in hex, a space, and the canonical bytes that the archive
keeps. It holds no other form of a decision than the archive's.
"""
