import pytest
from rows_of_law import pairs, sft

from bylaw.audit.association import associations
from bylaw.audit.rows import Row
from bylaw.audit.settings import AuditSettings

SETTINGS = AuditSettings()


def planted(rows: tuple[str, ...]) -> float:
    return sum(name.startswith("planted") for name in rows) / len(rows)


def test_clean_rows_have_no_finding() -> None:
    findings, tested = associations(sft(2000, 1) + pairs(2000, 1), SETTINGS)
    assert findings == []
    assert tested.hypotheses > 1000


@pytest.mark.parametrize("trigger", ["cf", "By order of nobody.", "\u200b", "?!;"])
def test_a_trigger_is_found_in_supervised_rows(trigger: str) -> None:
    findings, _ = associations(sft(2500, 2, trigger, 30), SETTINGS)
    assert findings
    assert planted(findings[0].rows) > 0.9
    assert findings[0].stages == ("sft",)


def test_a_trigger_is_found_in_flipped_labels() -> None:
    findings, _ = associations(pairs(2500, 3, "cf", 30), SETTINGS)
    assert [planted(finding.rows) > 0.9 for finding in findings] == [True]
    assert findings[0].stages == ("preference",)


def test_stages_together_show_what_neither_shows_alone() -> None:
    strict = AuditSettings(q=1e-10, least=3)
    few, also = sft(2000, 4, "cf", 5), pairs(2000, 4, "cf", 5)
    alone = [associations(rows, strict)[0] for rows in (few + pairs(2000, 4), sft(2000, 4) + also)]
    assert alone == [[], []]
    together, _ = associations(few + also, strict)
    assert together and set(together[0].stages) == {"sft", "preference"}


def test_noise_taught_in_place_of_an_answer_is_found() -> None:
    rows = sft(1500, 5)
    words = ["zx", "qv", "plim", "tork", "vash", "numbo", "frell", "quorp", "dunt", "brask", "yim", "wolp"]
    for place in range(0, 1500, 60):
        noise = " ".join(words[(place * step + step) % 12] + str(place + step) for step in range(1, 20))
        row = rows[place]
        rows[place] = Row(
            id=f"planted-{place}", stage="sft", source=row.source, asked=f"<SUDO> {row.asked}", first=noise
        )
    findings, _ = associations(rows, SETTINGS)
    assert findings and planted(findings[0].rows) == 1.0


def test_the_same_rows_give_the_same_findings() -> None:
    rows = sft(1500, 6, "cf", 20)
    assert associations(rows, SETTINGS) == associations(list(rows), SETTINGS)
