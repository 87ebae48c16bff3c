"""What enforces and what keeps: workers, and the ledger."""

from starlette.responses import Response

from bylaw.console.sheet import sheet
from bylaw.console.views.ledger import ledger
from bylaw.console.views.workers import workers
from bylaw.console.visit import Visit
from bylaw.gateway.record.coverage import stamp_of


def enforcing(visit: Visit) -> Response:
    """Workers and policy versions."""
    return visit.page("workers.html", found=workers(visit.desk), stamp_of=stamp_of)


def enforcing_file(visit: Visit) -> Response:
    """The intervals, as a file."""
    rows = [
        (each.worker, stamp_of(each.start), stamp_of(each.end), each.policy, each.version, each.cut, each.gap)
        for each in workers(visit.desk).intervals
    ]
    return sheet("coverage", ("worker", "from", "to", "policy", "version", "cut", "nothing attested"), rows)


def keeping(visit: Visit) -> Response:
    """The last checkpoint."""
    return visit.page("ledger.html", ledger=ledger(visit.desk))
