"""Who signs in, with which role, and what they did.

::

    roles      viewer < operator < counsel < admin
    book       the SQLite file below all of it, readable by its owner alone
    people     local accounts: a password (argon2id) and a code (TOTP); first passwords are for once
    lockout    wrong answers are counted, and have to wait
    sessions   who is signed in: random ids, hashes of which are kept; they end by themselves
    journal    what was done, append-only
    oidc       who signs in elsewhere: authorization code with PKCE
    tokens     what an OpenID provider says, believed or not
"""
