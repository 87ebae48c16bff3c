"""Who is owned by whom, and what follows from it: blocked, clear or undetermined, with a proof for every *blocked*.

::

    stake      how much of an entity one owner holds, at least and at most, exactly
    records    parties and interests as a register gives them, each with the place it came from
    graph      the interests in force on one day, checked as a whole
    rule       threshold, strictness, aggregation, what is followed · rules.toml  OFAC, BIS, headquarters, with sources
    seeds      who is blocked to begin with: on a list, headquartered somewhere, or possibly so
    fixpoint   what follows from the seeds by stakes · parents  … by ultimate parents · chains  where those may end
    solution   ``solve``: every party's status · witness  why, smallest and in order · doubts  what would settle it
    bods       Beneficial Ownership Data Standard 0.4, with its fields in bods_format
    psc        Companies House, persons with significant control
    reading    what both loaders share

In five lines::

    records = bods.load(path, at=day)
    graph = Graph.build(records.interests, records.parties, at=day)
    rule = rules()["ofac-50"]
    solution = solve(graph, rule, Seeds.listed(graph, ids))
    solution.status(party), explain(witness(solution, party))

**What a status means.** The records leave several states of the world open: a stake lies anywhere in its interval, the
stakes in one entity add up to 100 % at the most, an unsure seed is one or is none. *Blocked*: blocked in every such
world. *Clear*: in none. *Undetermined*: in some. No approximation is made; see ``fixpoint`` for why two fixed points
suffice. Nothing here reads a clock or the network; only ``bods``, ``psc`` and ``rule.rules`` read files.
"""
