"""The gateway: the decision reaches the wire.

Read ``door.py`` first: the one choke point, in running order. Around it::

    settings     GATEWAY.toml, checked before anything starts, with faults · state  where a gateway keeps its own
    surfaces     paths, as a table · problem  what is answered where there is no answer, as a table
    caller/      who asks, and from where
    snapshot/    what is in force: published, signed, mapped, swapped
    record/      decisions ahead of answers → archive → ledger; coverage
    wire/        callers' connections, bodies, the models' servers
    passages     answers under way, and how they are cut · refusal  a decision, as a caller is told it
    cluster/     gateways on several machines, over PostgreSQL
    limits       how much anybody may ask for at once · tally  what the workers count together
    catalogue    the list of models · weights  signed directories in ranges
    meters · log what is counted, and said
    admin/       the listener for operators · openapi  the door, described
    processes/   what runs

It adds no rules and no form of record: ``access/`` decides, ``access/office`` and the ledger keep.
"""
