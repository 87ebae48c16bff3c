"""Who is asking, and from where.

::

    keys       API keys, kept as hashes: issued, revoked
    tokens     JWT of pinned issuers, algorithms and keys that lie here
    ranges     networks → texts, bisected
    whence     the address behind trusted hops → country, and lists it is on (Tor exits, VPNs)
    identify   a request's headers → who asks
"""
