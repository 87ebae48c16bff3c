"""A budget of tokens: how far it is passed, and whether what goes on pays for anything twice."""

import argparse
import sys
import tempfile
from pathlib import Path

from bylaw.errors import BudgetSpent
from reporting import report
from scale_common import asked, load, mock, opened, stats

CALL = 320  # tokens; a question here is below


def main() -> int:
    """Stop at a third and at two thirds, then go to the end."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--labels", type=int, default=600)
    parser.add_argument("--quick", action="store_true", help="240 labels")
    args = parser.parse_args()
    labels = 240 if args.quick else args.labels
    with mock(latency=0.02) as url, tempfile.TemporaryDirectory() as folder:
        whole = labels * 150
        worst = 0
        for budget in (whole // 3, 2 * whole // 3):
            model = opened(url, Path(folder), budget_tokens=budget, concurrency=64)
            try:
                model.run(asked(labels))
            except BudgetSpent:
                worst = max(worst, stats(url)["tokens"] - budget)
            model.close()
        model = opened(url, Path(folder), concurrency=64)
        made = model.run(asked(labels))
        model.close()
        found = stats(url)
    good = report("budget: tokens beyond it", worst, CALL, higher=False, beside=load())
    anchors = 3 * 4 - 4  # each process asks four short questions to see who is there
    twice = max(0, found["twice"] - anchors)
    good &= report("budget: questions paid for twice after two stops", twice, 0, higher=False)
    good &= report("budget: labels at the end", sum(one.p_first is not None for one in made), labels)
    return int(not good)


if __name__ == "__main__":
    sys.exit(main())
