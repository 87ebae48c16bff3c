"""Gateways on several machines, over PostgreSQL: one publishes, the others are its replicas.

::

    settings    the table [cluster], and what is wrong with it
    database    PostgreSQL as a letter box: connections that are made anew, statements that do not wait for ever
    heads       the head and its parts: put there by the publisher, fetched by replicas
    pieces      pages that both sides sign: a piece of a file, and how much of each file has been filed
    sending     a replica's decisions and beats → the database, until the publisher says it has them
    taking      the same at the publisher → the one archive, and coverage

The database is believed in nothing. A replica takes a head as it takes one from a disk: signed, by digest, not below
the version it has, for no longer than its age. The publisher files what a replica that it knows has signed. Whoever
steers the database can stop letters, and so close doors; he cannot open one, forge a decision or lose one: a replica
keeps every segment until the publisher's signature says that it is filed. Nothing that answers a request uses it.
"""
