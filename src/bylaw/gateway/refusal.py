"""A decision that is not *allow*, as a caller is told it: the class of the reason, what is missing, where to."""

from bylaw.access.decision import Decision
from bylaw.gateway.problem import Header, Problem
from bylaw.gateway.settings import GatewaySettings
from bylaw.gateway.snapshot.edition import Edition

RECEIPT = b"bylaw-receipt"
"""The header with the receipt: the hash of the decision's entry, to be found in a batch of the ledger."""


def receipt_header(receipt: str) -> Header:
    """The header."""
    return RECEIPT, receipt.encode()


def problem_of(decision: Decision, receipt: str, edition: Edition, settings: GatewaySettings) -> Problem:
    """403, or 451 (RFC 7725) if a document of another authority than the lab itself refuses."""
    told: dict[str, object] = {"decision": receipt, "model": decision.request.model}
    headers = (receipt_header(receipt),)
    missing = dict.fromkeys(settle for finding in decision.deciding for settle in finding.settles)
    if missing:
        told |= {"missing": [{"fact": name, "bring": how} for name, how in missing]}
        told |= {"bring_to": settings.bring_to} if settings.bring_to else {}
    if decision.outcome == "refuse":
        lawful = any(
            edition.authorities.get(each.rule, "") not in settings.own_authorities for each in decision.deciding
        )
        kind = "law" if lawful else "not-permitted"
        return Problem(kind, "Use of this model is refused.", {**told, "reason": kind}, headers)
    if not missing:
        return Problem("not-permitted", "Nothing permits this use.", {**told, "reason": "not-permitted"}, headers)
    names = ", ".join(dict.fromkeys(name for name, _ in missing))
    told |= {"reason": "fact-missing"}
    where = f"; bring it to {settings.bring_to}" if settings.bring_to else ""
    return Problem(
        "fact-missing", f"It is not known whether this use is permitted: {names} is missing{where}.", told, headers
    )
