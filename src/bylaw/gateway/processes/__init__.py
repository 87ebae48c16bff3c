"""What runs: one supervisor, and below it a publisher, a recorder, an admin listener and the workers;
at a replica a carrier in place of the first two.

::

    supervisor   binds the ports, starts the others, starts again what ends
    publisher    office and keys → snapshots; the only one that signs and reads the office's facts
    worker       the door, on a port that all workers share
    recorder     segments → archive → ledger
    carrier      heads and decisions between machines, where there are several (``cluster``)
    admin        metrics, readiness, coverage, on a port of their own
    child        what all of them share · server  uvicorn, as two of them run it

Each is a module that is run by itself; what they say to each other lies in files (``state``).
"""
