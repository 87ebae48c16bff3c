"""The findings as one self-contained page in the report's style, light and dark."""

from collections.abc import Sequence
from pathlib import Path

from markupsafe import Markup

from bylaw.report import charts, frame
from bylaw.report.words import figure, interval
from bylaw.storage import write_text
from bylaw.windtunnel import NOTE
from bylaw.windtunnel.paper.finding import RULE, Chart, Finding

OUTCOMES = {"reproduced": "yes", "partly": "partly", "not reproduced": "no"}


def write_page(path: Path, findings: Sequence[Finding]) -> Path:
    """Write the page atomically and return its path."""
    write_text(path, page(findings))
    return path


def page(findings: Sequence[Finding]) -> str:
    """The page as one HTML document; the same findings give the same bytes."""
    environment = frame.environment("bylaw.windtunnel.paper")
    environment.filters.update(figure=figure)
    environment.globals.update(interval_of=interval, picture=picture)
    return environment.get_template("page.html").render(
        findings=findings, headline=headline(findings), note=NOTE, rule=RULE, outcomes=OUTCOMES
    )


def headline(findings: Sequence[Finding]) -> str:
    """How many findings came out how, in one sentence."""
    verdicts = [finding.verdict for finding in findings]
    total = f"{len(findings)} finding{'s' if len(findings) != 1 else ''}"
    parts = [f"{verdicts.count(word)} {word}" for word in OUTCOMES if word in verdicts]
    return f"Constitutional AI in the wind tunnel: of {total}, {', '.join(parts)}."


def picture(chart: Chart) -> Markup:
    """A chart drawn, and said in words for those who do not see it."""
    said = []
    for line in chart.lines:
        pairs = zip(chart.places, line.points, strict=True)
        figures = ", ".join(f"{place} {figure(one.value, one.unit)}" for place, one in pairs if one)
        said.append(f"{line.name}: {figures}")
    return charts.steps(chart.places, chart.lines, f"{chart.heading}. {'; '.join(said)}")
