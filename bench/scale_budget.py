"""A budget of tokens: how far it is passed, and whether what goes on pays for anything twice."""

import sys
import tempfile
from pathlib import Path

from bylaw.errors import BudgetSpent
from reporting import report
from scale_common import asked, load, mock, opened, stats

LABELS, CALL = 600, 320  # a question here is below 320 tokens


def main() -> int:
    """Stop at a third and at two thirds, then go to the end."""
    with mock(latency=0.02) as url, tempfile.TemporaryDirectory() as folder:
        whole = LABELS * 150
        worst = 0
        for budget in (whole // 3, 2 * whole // 3):
            model = opened(url, Path(folder), budget_tokens=budget, concurrency=64)
            try:
                model.run(asked(LABELS))
            except BudgetSpent:
                worst = max(worst, stats(url)["tokens"] - budget)
            model.close()
        model = opened(url, Path(folder), concurrency=64)
        made = model.run(asked(LABELS))
        model.close()
        found = stats(url)
    good = report("budget: tokens beyond it", worst, CALL, higher=False, beside=load())
    anchors = 3 * 4 - 4  # each process asks four short questions to see who is there
    twice = max(0, found["twice"] - anchors)
    good &= report("budget: questions paid for twice after two stops", twice, 0, higher=False)
    good &= report("budget: labels at the end", sum(one.p_first is not None for one in made), LABELS)
    return int(not good)


if __name__ == "__main__":
    sys.exit(main())
