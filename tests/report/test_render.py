"""The page's structure: it is parsed, not searched, wherever that says more."""

import re
from html.parser import HTMLParser

import msgspec
import pytest

from bylaw.records import Message
from bylaw.report.data import Digest, ReportData, Round, Transcript
from bylaw.report.render import SECTIONS, WIND_TUNNEL_NOTE, render

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</style></script><svg onload=alert(1)>",
    "{{ 7 * 7 }} {% raw %} javascript:alert(1)",
)
VOID = {"meta", "link", "input", "br", "img", "hr"}


class Page(HTMLParser):
    """Elements with their attributes, checking that they nest."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def html(data: ReportData) -> str:
    return render(data)


def test_every_section_is_there_and_linked(html: str) -> None:
    page = Page(html)
    ids = [one["id"] for one in page.all("section")]
    assert ids == [section[0] for section in SECTIONS]
    links = {one["href"] for one in page.all("a")}
    assert {f"#{id}" for id in ids} <= links
    every = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(every) == len(set(every))
    assert len(page.all("h1")) == 1


def test_the_main_figures_stand_at_the_head(html: str) -> None:
    head = html[: html.index("<main>")]
    for figure in ("98.2\u00a0%", "3.1\u00a0%", "0.4\u00a0%"):
        assert figure in head
    assert WIND_TUNNEL_NOTE in head


def test_the_note_stands_only_where_the_wind_tunnel_was_used(data: ReportData) -> None:
    assert WIND_TUNNEL_NOTE not in render(msgspec.structs.replace(data, wind_tunnel=False))


def test_measurements_of_the_judge_stand_with_the_labels(html: str) -> None:
    labels = html[html.index('<section id="labels"') : html.index('<section id="cost"')]
    assert "label accuracy" in labels and "95.7\u00a0%" in labels
    assert "label accuracy" not in html.replace(labels, "")


def test_nothing_points_outside(html: str) -> None:
    page = Page(html)
    for _, attributes in page.elements:
        for name in ("src", "href", "action", "srcset", "xlink:href", "data"):
            assert (attributes.get(name) or "#").startswith(("#", "data:,"))
    assert not re.search(r"https?:|url\(|@import|//[a-z]+\.", html)


def test_same_data_same_bytes(data: ReportData, html: str) -> None:
    assert render(data) == html


def test_transcripts_show_critiques_and_changes(html: str, data: ReportData) -> None:
    page = Page(html)
    assert len([one for one in page.all("li") if one.get("class") == "transcript"]) == len(data.transcripts)
    rounds = sum(len(one.rounds) for one in data.transcripts)
    assert len([one for one in page.all("aside") if one.get("class") == "critique"]) == rounds
    assert "ins" in {tag for tag, _ in page.elements} and "del" in {tag for tag, _ in page.elements}


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text(text: str, data: ReportData) -> None:
    evil = Transcript(
        id=text,
        conversation=(Message("system", text), Message("user", text)),
        response=text,
        model=text,
        rounds=(Round(number=1, principle=text, critique=text, revision=f"{text} more"),),
        source=text,
        aim=text,
    )
    use = data.principles[0]
    rule = msgspec.structs.replace(use.principle, key=text, title=text, comparison=text, tags=(text,))
    page = Page(
        render(
            msgspec.structs.replace(
                data,
                name=text,
                presets=(text,),
                started=text,
                stopped=text,
                transcripts=(evil,),
                principles=(msgspec.structs.replace(use, principle=rule),),
                measurements=tuple(
                    msgspec.structs.replace(one, name=text, subset=f"{text}/{text}") for one in data.measurements
                ),
                training=tuple(msgspec.structs.replace(one, name=text, stage=text) for one in data.training),
                costs=tuple(msgspec.structs.replace(one, stage=text) for one in data.costs),
                gates=tuple(msgspec.structs.replace(one, name=text, stage=text) for one in data.gates),
                settings=text,
                constitution=text,
                digests=(Digest(name=text, value=text),),
            )
        )
    )
    assert len(page.all("script")) == 1 and len(page.all("style")) == 1 and not page.all("img")
    assert not any(name.startswith("on") for _, attributes in page.elements for name in attributes)
    assert text in "".join(page.texts)


@pytest.mark.parametrize("part", [section[2] for section in SECTIONS])
def test_an_absent_part_is_named_not_shown(part: str, data: ReportData) -> None:
    empty = getattr(ReportData(name="x"), part)
    page = Page(render(msgspec.structs.replace(data, **{part: empty})))
    shown = {one["id"] for one in page.all("section")}
    gone = {section[0] for section in SECTIONS if section[2] == part}
    assert shown.isdisjoint(gone)
    assert "Not in this report:" in " ".join(page.texts)


def test_an_empty_run_has_a_report() -> None:
    page = Page(render(ReportData(name="just-begun")))
    assert "This run has no measurements yet." in page.texts
