"""The law as data: directives, licenses and base rules as TOML documents that two people have signed.

::

    predicates  whom a rule is about: one struct a predicate · meanings  all of them in one table, with citations
    document    the three documents, read with line numbers in errors
    approval    four eyes: two signatures of two approvers over a file's exact bytes
    folder      a folder of rules, seen whole: nothing in it that is no document or signature
    check       contradictions, gaps, bad dates, unknown names, more restriction than the order asks for
    diff        what changed between two sets of rules
    library     documents that ship, with sources and dates; none is legal advice

In five lines::

    rules = [approved(path, Approvers.read(Path("approvers.toml")), at) for path in documents(Path("rules"))]
    complaints = check(rules, models=("fable-5", "mythos-5"), at=at)
    changes = diff(old, rules)
    draft = library()["june-2026-letter-1"].text
    document = parse(draft, "june-2026-letter-1.toml")
"""
