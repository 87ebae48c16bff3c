"""A leak report against its plan: what one who trusts neither can check without the model."""

from itertools import groupby

from bylaw.errors import VerificationError
from bylaw.leak.canaries import CanaryPlan, held_out, planted
from bylaw.leak.measure import measure_exposures
from bylaw.leak.report import LeakReport


def check_report(report: LeakReport, plan: CanaryPlan) -> None:
    """Return if the report is of this plan and its exposures add up; else raise ``VerificationError``.

    The plan is the one whose digest was entered before the training. What is left to trust is each canary's own
    exposure: to have that, the model must be scored again.
    """
    if report.plan != plan.digest:
        raise VerificationError("canaries", f"the report is of the plan {report.plan}, this one is {plan.digest}")
    if not report.canaries:
        raise VerificationError("canaries", "the report shows none")
    for (model, carrier), some in groupby(report.canaries, key=lambda one: (one.model, one.carrier)):
        shown = list(some)
        drawn = [*held_out(plan, bytes.fromhex(report.secret), carrier), *planted(plan, carrier)]
        if [(one.number, one.count) for one in shown] != [(n, one.count) for n, one in enumerate(drawn)]:
            raise VerificationError("canaries", f"{model}: the {carrier} canaries are not all of the plan's, once each")
        for figure in measure_exposures(shown):
            if figure not in report.measurements:
                raise VerificationError("exposure", f"{model}: {figure.name} of {figure.subset} does not add up")
