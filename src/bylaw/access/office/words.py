"""A decision for a person to read: what was asked, what follows, from which rule, on which facts, and what to bring."""

from collections.abc import Iterator

from bylaw.access.decision import Decision, Finding, Used
from bylaw.access.roster.rows import printable
from bylaw.access.subjects import Fact, Value

SAYS = {"allow": "ALLOWED", "hold": "HELD", "refuse": "REFUSED"}
ABOUT = {"yes": "is about this subject", "no": "is not about this subject", "unknown": "may be about this subject"}


def explain(decision: Decision, id: str = "", at: str = "") -> str:
    """The whole decision in lines; what a fact says can neither turn nor hide a line of it."""
    request = decision.request
    head = f"{SAYS[decision.outcome]}  {decision.subject} · model {request.model} · {request.surface}"
    place = [
        f"from {request.location}" if request.location else "",
        f"through {request.channel}" if request.channel else "",
    ]
    lines = [" · ".join([head, *filter(None, place)])]
    lines += (
        [f"decided for {at}" + (f", to be made again from {decision.until}" if decision.until else "")] if at else []
    )
    lines += [f"id {id}"] if id else []
    deciding = decision.deciding
    for finding in sorted(decision.findings, key=lambda each: _rank(each, each in deciding)):
        lines += ["", *_finding(finding)]
    for duty, rule in decision.duties:
        lines += ["", f"Duty: {duty} ({rule})"]
    return "\n".join(map(printable, lines))


def _finding(finding: Finding) -> Iterator[str]:
    yield f"{finding.kind} {finding.rule}: {ABOUT[finding.concerns]} → {finding.outcome}"
    yield f"  {finding.clause}"
    if finding.fault:
        yield f"  it cannot be relied on: {finding.fault}"
    if finding.lifted_by:
        yield f"  lifted by the license {finding.lifted_by}"
    if finding.unsafe:
        yield "  UNSAFE: an unknown was let pass, because the rule says unsafe_allow"
    yield from (f"  fact     {_used(each)}" for each in finding.used)
    yield from (f"  list     {each}" for each in finding.lists)
    yield from (f"  condition {each}" for each in finding.conditions)
    yield from (f"  settle it with {name}: {how}" for name, how in finding.settles)


def _used(used: Used) -> str:
    what = f"{used.name.replace('_', ' ')} of {used.subject}"
    if used.said is None:
        return f"{what}: nothing is known"
    said = f"{what}: {fact(used.said.fact)}"
    against = "; ".join(map(fact, used.said.against))
    return f"{said}; DISPUTED by {against}" if against else said


def fact(fact: Fact) -> str:
    """Values, grade, source and dates in a line."""
    values = "unknown" if fact.values is None else ", ".join(map(_value, fact.values)) or "none"
    until = f", until {fact.expires}" if fact.expires else ""
    evidence = f", evidence {fact.evidence}" if fact.evidence else ""
    return printable(f"{values} ({fact.grade}, {fact.source}, {fact.as_of}{until}{evidence})")


def _value(value: Value) -> str:
    dates = f" from {value.since}" if value.since else ""
    dates += f" until {value.until}" if value.until else ""
    extra = " ".join(filter(None, (value.detail, f"{value.share} %" if value.share else "")))
    return f"{value.text}{dates}{f' [{extra}]' if extra else ''}"


def _rank(finding: Finding, decided: bool) -> tuple[bool, bool, str]:
    """What decided first, then what else is about the subject, then the rest."""
    return (not decided, finding.concerns == "no", finding.rule)
