from random import Random

import msgspec
import numpy as np
from rows_of_law import label

from bylaw.audit.settings import AuditSettings
from bylaw.audit.swaps import shift, swaps
from bylaw.records import Label

SETTINGS = AuditSettings()


def many(count: int = 400, leaning: float = 0.05) -> list[Label]:
    made = []
    for n in range(count):
        p = Random(n).choice((0.1, 0.2, 0.8, 0.9))
        off = Random(n + 1).uniform(-0.05, 0.05)
        made.append(label(f"c{n}", p, p + leaning + off, p - leaning + off))
    return made


def what(labels: list[Label], **more: object) -> set[str]:
    return {finding.what for finding in swaps(labels, SETTINGS, **more)[0]}  # type: ignore[arg-type]


def test_one_judge_throughout_is_no_finding() -> None:
    assert what(many(), principles=frozenset({"harmless"})) == set()


def test_another_judge_or_template_is_named() -> None:
    labels = many()
    labels[7] = msgspec.structs.replace(labels[7], judge="other")
    labels[9] = msgspec.structs.replace(labels[9], template="paper")
    found = {finding.what: finding.rows for finding in swaps(labels, SETTINGS)[0]}
    assert found == {"judge": ("c7",), "template": ("c9",)}


def test_a_principle_the_constitution_lacks_is_named() -> None:
    assert what(many(), principles=frozenset({"honest"})) == {"constitution"}


def test_a_stage_that_read_another_constitution_is_named() -> None:
    inputs = {"revise": {"constitution": "a" * 64}, "label": {"constitution": "b" * 64, "judge": "c"}}
    findings, _ = swaps([], SETTINGS, constitution="a" * 64, inputs=inputs)
    assert [finding.stages for finding in findings] == [("label",)]
    assert swaps([], SETTINGS, constitution="a" * 64, inputs={"revise": inputs["revise"]})[0] == []


def test_a_label_asked_fewer_questions_is_named() -> None:
    labels = many()
    labels[3] = msgspec.structs.replace(labels[3], votes=labels[3].votes[:1])
    assert "questions" in what(labels)


def test_another_judge_under_the_same_name_shows_in_its_leaning() -> None:
    findings, _ = swaps(many(300) + many(300, leaning=0.09), SETTINGS)
    found = {finding.what: finding for finding in findings}
    assert abs(found["leaning to the first"].statistic - 300) < 30


def test_a_step_at_the_border_of_sources_is_the_sources_own() -> None:
    values = np.array([0.0, 0.2] * 100 + [1.0, 1.2] * 100)
    assert shift(values)[0] < 1e-6
    assert shift(values, ["one"] * 200 + ["two"] * 200)[0] > 0.5
