"""Decisions: rules, facts and what was computed elsewhere, in; allow, hold or refuse with every reason, out.

::

    outside    what was computed elsewhere: screening hits and ownership statuses, with their versions
    logic      yes, no, unknown (Kleene's three values), with the facts that an answer rests on
    needs      what the rules read, and of whom
    profile    what decides about a subject, without what does not; subjects of one profile are decided once
    scene      whom a predicate is asked about · evaluate  a predicate about a profile
    prepared   rules made ready, and which are in force
    rulings    the rules in force about a profile and a request: findings, precedence, outcome
    policy     ``compile``, ``decide`` and ``Desk`` · template  a ruling written down for one subject
    cedar      the same rules as Cedar policies · cedar_text, cedar_entities  expressions, entities and schema

In ten lines::

    rules = [approved(path, approvers, at) for path in documents(folder)]    # bylaw.access.rules.approval, .folder
    outside = Outside(
        lists={"ofac-sdn": Screened(version="3f…", as_of=day, max_age=2, hits={"p-7": "open"})},
        ownership={"ofac-50": Ownership(version="a1…", as_of=day, statuses={"org-3": "blocked"})},
    )
    policy = compile(rules, outside, at)                              # at: an instant with a zone
    decision = policy.decide(register, "p-7", Request(model="fable-5"))     # register: Mapping[str, Subject]
    desk = policy.over(register)                                      # for many decisions: .ready() works all out ahead
    decision = desk.decide("p-7", request)                            # the same decision, by lookup
    decision = decide(rules, outside, at, register, "p-7", request)   # all of it at once

Pure: no clock, no network, no file. An empty set of rules, a stale list or a rule that raises never allows.
The order of precedence stands in ``rulings`` and, with examples, in docs/access.md.
"""
