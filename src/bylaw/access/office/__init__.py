"""The operator's office: what is in force, what is known, what was decided, all in one directory.

::

    place     ``Office``: where everything lies, and a policy of any instant
    journal   which document was enacted when, and where the ledger says so
    enact     a signed document comes into force, or ends another
    outside   hits and ownership, worked out from facts and lists, kept by digest
    made      a decision with what it was made from, and its bytes
    archive   decisions kept, committed to in the ledger · listing  the same, for whoever reads many of them
    batches   the archive's batches as they lie there · commit  the step that enters them
    impact    whom a draft would hit, before it does · status  what has become of what was enacted
    reports   what decisions amount to, and the reports that are owed
    property  what is held of blocked persons · filing  which reports were filed
    retire    decisions forgotten when their time is over
    agreement whether journal, archive and filings say what the ledger says
    remake    a past decision made again, to the byte
    words     a decision for a person to read

In five lines::

    office = Office.open(folder)
    policy, basis = office.present(at)
    with office.subjects(at, basis.facts) as register:       # office.register(at, basis.facts): everybody, for many
        made = Made(decision=policy.decide(register, "p-7", request), basis=basis)
    office.archive.keep([made])

On disk, below one directory::

    access.toml           models known here, seeds of ownership rules, how old a list may be
    approvers.toml        whose signatures bring a document into force
    rules/                documents, each with its approval beside it; never deleted
    journal.jsonl         what came into force when
    office.name           what the ledger's entries call this office
    facts/  lists/        stores of facts and of screening lists
    outside/              hits and ownership by digest, and which is current
    decisions/            the archive and its salts
    property.jsonl        property of blocked persons
    filed.jsonl           which reports were filed; filed.salts opens the ledger's commitments to that
"""
