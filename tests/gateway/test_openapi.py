"""Requests made from the door's own OpenAPI document, right ones and wrong: each answer is one it names, none 500."""

from collections.abc import Iterator

import pytest
import schemathesis
from gateway_model import ModelServer
from gateway_rig import SETTLED, Rig, ask, gateway, letter
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import SearchStrategy, one_of, sampled_from
from schemathesis.checks import CHECKS
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.schemas import OpenApiSchema

from bylaw.gateway.openapi import document
from bylaw.gateway.problem import KINDS

HELD = (
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
)
WHO = ("citizen", "foreign", "nobody", "bylaw-nobody-s")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Rig, ModelServer]]:
    more = "decision_point = true\nbring_to = 'https://lab.example/facts'\n"
    with gateway(tmp_path_factory.mktemp("openapi"), SETTLED, more) as both:
        both[0].enact(letter("fable-5"), "letter.toml")
        both[0].wait_enforced()
        yield both


def described(rig: Rig) -> OpenApiSchema:
    """As the admin listener serves it, with models whose server behaves."""
    said = ask(rig.admin, "GET", "/openapi.json", {}).json
    said["components"]["schemas"]["Model"]["enum"] = ["fable-5", "m", "mythos-5", "no-such"]  # type: ignore[index]
    return schemathesis.openapi.from_dict(said)  # type: ignore[return-value]


def cases(rig: Rig, mode: GenerationMode) -> SearchStrategy[schemathesis.Case]:
    """Requests to every path: of the form that the document gives, or of another."""
    operations = [each.ok() for each in described(rig).get_all_operations()]
    if mode == GenerationMode.NEGATIVE:
        operations = [each for each in operations if each.method.upper() == "POST"]
    return one_of([each.as_strategy(generation_mode=mode) for each in operations])


@pytest.mark.parametrize("mode", GenerationMode)
def test_every_answer_is_one_that_the_document_names(rig: Rig, mode: GenerationMode) -> None:
    checks = CHECKS.get_by_names(HELD)
    seen: set[int] = set()

    @settings(max_examples=250, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
    @given(case=cases(rig, mode), who=sampled_from(WHO))
    def ask_it(case: schemathesis.Case, who: str) -> None:
        answer = case.call(base_url=rig.door, headers={"authorization": f"Bearer {rig.keys.get(who, who)}"})
        assert answer.status_code != 500
        case.validate_response(answer, checks=checks)
        seen.add(answer.status_code)

    ask_it()
    assert {200, 401, 404} <= seen if mode == GenerationMode.POSITIVE else {400, 401} <= seen


def test_the_document_names_every_kind_of_problem() -> None:
    said = document(["m"], decision_point=True)
    operations = [each for path in said["paths"].values() for each in path.values()]
    named = {
        kind for each in operations for got in each["responses"].values() for kind in got["description"].split(", ")
    }
    assert set(KINDS) <= named
    assert "/decide" not in document(["m"], decision_point=False)["paths"]
