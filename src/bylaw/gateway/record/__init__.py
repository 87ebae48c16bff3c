"""What was decided and enforced, on the disk before anybody is answered.

::

    layout     the files of segments, there before they are needed; where in one the lines end
    segment    a worker's lines of decisions, one after the other, and when each is safe
    writing    a decision → its bytes, its receipt, a line of the segment
    drain      segments → the office's archive → batches in the ledger
    coverage   which worker enforced what from when to when; who was cut, and when

A line of a segment is the salt of a decision's commitment in hex, a space, and the canonical bytes that the archive
keeps. It holds no other form of a decision than the archive's.
"""
