"""What users of other gateways, screeners and policy engines suffer from: each fault, by its source, is a test.

The table names where; what no other file tests stands below it.
"""

import ast
import os
import re
import threading
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from gateway_model import ModelServer
from gateway_rig import SETTLED, Rig, Stream, ask, gateway, wait

from bylaw.gateway.settings import GatewaySettings
from bylaw.settings import known_keys

ROOT = Path(__file__).parents[2]
HERE = "test_peers"
PEERS: dict[str, tuple[str, ...]] = {
    # LiteLLM: memory and speed (how much and how fast: bench/, docs/benchmarks.md)
    "LiteLLM#12685, #15128, #27954, #38193: memory grows until the process dies": (
        f"{HERE}::test_nothing_is_left_of_requests_that_are_over",
        "test_callers::test_a_worker_remembers_so_many_tokens_and_no_more",
        "test_snapshot::test_an_edition_keeps_so_many_decisions_and_no_more",
    ),
    "LiteLLM#21908: cleaning up the log loads all of it": ("test_record::test_a_segment_is_read_some_lines_at_a_time",),
    "LiteLLM PR#15007: workers must be ended and started again": (
        "test_faults::test_killed_workers_lose_no_decision_that_was_answered",
    ),
    "LiteLLM#21046, #9491, #8671, #6345: slower with many at once, until it is started again": (
        f"{HERE}::test_hundreds_at_once_are_answered_and_so_is_whoever_comes_after",
    ),
    # LiteLLM: its database
    "LiteLLM#18708: no connections to the database are left, and then nobody is known": (
        "test_cluster::test_what_answers_requests_cannot_reach_the_database",
    ),
    "LiteLLM#38121: a database that is not there at the start means 401, for ever": (
        "test_cluster_machines::test_a_replica_that_starts_before_its_database",
    ),
    "LiteLLM#34929, #34934: not ready because of the database": (
        "test_cluster_machines::test_without_the_database_all_go_on_until_their_age_and_then_nobody_is_let_through",
    ),
    "LiteLLM PR#6605, #9533: a flag that lets everybody through": (f"{HERE}::test_no_setting_lets_anybody_through",),
    # LiteLLM: streams
    "LiteLLM#26102, #39431, PR#39574: pieces are held back": (
        f"{HERE}::test_the_first_piece_is_here_before_there_is_a_second",
    ),
    "LiteLLM#34374, #34819, PR#34821: a model that thinks for long is given up": (
        f"{HERE}::test_a_model_may_think_before_it_speaks",
    ),
    "LiteLLM#36429: whoever leaves stops the others": (f"{HERE}::test_who_leaves_holds_up_nobody",),
    # revocation, there and elsewhere
    "LiteLLM#1775, PR#1788; litellm-rs#959; boxlite#1418; Tyk#2293; executor#1870: keys outlive their end": (
        "test_door_directive::test_a_revoked_key_is_refused_everywhere_and_its_streams_end",
        "test_cluster_machines::test_a_key_that_is_revoked_is_refused_at_every_machine",
    ),
    "GitLab artifact-registry MR 2427: refused, allowed, refused again": (
        f"{HERE}::test_a_key_that_has_ended_does_not_come_back",
    ),
    # LiteLLM: security in 2026
    "CVE-2026-42208: SQL in a key": (f"{HERE}::test_a_key_is_compared_with_nothing_but_by_its_hash",),
    "CVE-2026-42271: an endpoint to test things with": (f"{HERE}::test_there_is_no_endpoint_to_try_things_with",),
    "CVE-2026-49468: a path made of the Host header": (
        "test_door_attacks::test_headers_do_not_choose_the_path_or_the_person",
    ),
    "LiteLLM#24512, #24518: a release that steals": (f"{HERE}::test_little_is_installed_and_all_of_it_pinned",),
    "GHSA-v4p8-mg3p-g94g, GHSA-xqmj-j6mv-4862: templates run what callers write": (
        f"{HERE}::test_nothing_that_a_caller_writes_is_run",
    ),
    "LiteLLM: the lab's keys lie where callers reach": (f"{HERE}::test_the_labs_key_is_said_to_nobody",),
    "LiteLLM#18224, #32582: a new model is open to all": (
        "access/decide/test_decide_properties::test_nothing_is_allowed_without_a_base_rule",
    ),
    # where, and who
    "claude-code#2656, generative-bi-using-rag#361 (Bedrock): another address, and it works": (
        "test_door_who::test_an_address_at_home_makes_nobody_a_citizen",
    ),
    "zed#30496, opencode#8796, fx-private-relay#1421: the table of addresses guesses": (
        "test_callers::test_countries_and_what_hides_them",
    ),
    "ip-location-db#52: relays are taken for their users": (
        "test_callers::test_any_list_may_hide_where_its_users_are",
    ),
    "Kilo-Org/cloud PR#4288: a header says which country": (
        "test_door_who::test_a_header_that_names_a_country_is_not_believed",
    ),
    "OpenAI organisation verification: one person stands for all its users": (
        "test_door_who::test_without_an_assertion_the_end_user_is_unknown",
    ),
    # screening
    "yente: 800 MB a process and a search server beside it": ("bench/access_screening.py",),
    "yente#713: what is no longer used stays on the disk": (
        "test_cluster::test_large_parts_go_in_pieces_and_only_what_is_used_stays",
    ),
    "yente#245: short names are lost, a date of birth decides": (
        "access/screening/test_screening_index::test_a_birth_year_far_off_clears_and_an_unknown_one_does_not",
    ),
    "nomenklatura#334: most pairs have the highest score": (
        "access/screening/test_screening_index::test_labelled_pairs_reach_the_bound",
    ),
    "yente PR#779: alarms about people who are on no list": (
        "access/screening/test_screening_index::test_unlisted_people_with_their_dates_rarely_alarm",
    ),
    "Watchman#483: CORP is a match": ("access/screening/test_screening_names::test_company_forms_are_kept_aside",),
    "Watchman#338, #625: more hits than the list's own search": (
        "access/screening/test_screening_names::test_two_parties_with_like_names",
    ),
    "Watchman#660: who is described better scores lower": (
        "access/screening/test_screening_index::test_a_match_says_why",
    ),
    "Watchman#37: open when its database fails": ("test_faults::test_a_full_disk_stops_answers_and_not_the_gateway",),
    # policy engines
    "cedar-py#13, #83: rules are read again for every request": (
        "test_snapshot::test_a_head_that_changes_nothing_compiles_nothing",
    ),
    "cedar-py#27: a schema that is wrong is passed over": (
        "test_gateway_settings::test_one_line_says_what_is_wrong",
        "access/rules/test_rules_document::test_errors_name_file_line_and_field",
    ),
    "SpiceDB GHSA-w278-32qg-48q5: what has expired goes on granting": (
        "access/test_subjects::test_nothing_that_has_expired_or_lies_ahead_counts",
        "test_snapshot::test_a_key_ends_at_its_own_time",
    ),
    "OpenFGA MINIMIZE_LATENCY: an old answer is given for a new one": (
        "test_faults::test_past_its_greatest_age_nobody_is_let_through_and_then_all_is_as_before",
    ),
}


@pytest.mark.parametrize("places", PEERS.values(), ids=PEERS)
def test_every_fault_of_a_peer_is_a_test(places: tuple[str, ...]) -> None:
    for place in places:
        file, _, name = place.partition("::")
        if not name:
            assert (ROOT / file).is_file()
            continue
        path = ROOT / "tests" / f"{file if '/' in file else f'gateway/{file}'}.py"
        tree = ast.parse(path.read_text())
        assert name in {each.name for each in tree.body if isinstance(each, ast.FunctionDef)}, place


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Rig, ModelServer]]:
    with gateway(tmp_path_factory.mktemp("peers"), SETTLED, "workers = 2\n") as both:
        yield both


def _left_open(rig: Rig) -> list[int]:
    """Files and sockets that each worker has open."""
    return [len(os.listdir(f"/proc/{each}/fd")) for each in rig.children("worker")]


def test_nothing_is_left_of_requests_that_are_over(rig: Rig, server: ModelServer) -> None:
    wait(lambda: ask(rig.admin, "GET", "/metrics", {}).body.count(b"bylaw_running{") == 2)
    wait(lambda: all(rig.chat("citizen").status == 200 for _ in range(10)))
    before = _left_open(rig)
    for _ in range(150):
        rig.chat("citizen")
        rig.chat("citizen", model="resets")
        rig.chat("", {"authorization": "Bearer x"})
    for _ in range(20):
        Stream(rig, "citizen", "m").leave()
    wait(lambda: all(now <= was + 12 for now, was in zip(_left_open(rig), before, strict=True)))  # idle ones are kept
    wait(lambda: not re.search(rb"bylaw_running\{[^}]*\} [1-9]", ask(rig.admin, "GET", "/metrics", {}).body))


def test_hundreds_at_once_are_answered_and_so_is_whoever_comes_after(rig: Rig, server: ModelServer) -> None:
    with ThreadPoolExecutor(200) as pool:
        got = list(pool.map(lambda _: rig.chat("citizen").status, range(400)))
    assert set(got) == {200} and len(server.heard) == 400
    assert rig.chat("citizen").status == 200


def test_the_first_piece_is_here_before_there_is_a_second(rig: Rig, server: ModelServer) -> None:
    stream = Stream(rig, "citizen", "waits")  # its server says the rest when it has been told that this was read
    assert stream.read == b"data: 1\n\n" and stream.goes_on
    server.enough.set()
    assert stream.end().whole


def test_a_model_may_think_before_it_speaks(rig: Rig, server: ModelServer) -> None:
    """For longer than an idle connection is kept, on either side of the gateway."""
    threading.Timer(6.0, server.enough.set).start()
    assert rig.chat("citizen", model="thinks").status == 200


def test_who_leaves_holds_up_nobody(rig: Rig, server: ModelServer) -> None:
    left, stays = server.left, Stream(rig, "citizen", "m")
    for stream in [Stream(rig, "foreign", "m") for _ in range(20)]:
        stream.leave()
    before = len(stays.read)
    wait(lambda: server.left >= left + 20 and len(stays.read) > before)
    server.enough.set()
    assert stays.end().whole


def test_a_key_that_has_ended_does_not_come_back(rig: Rig) -> None:
    for _ in range(3):
        key = rig.key("citizen")
        wait(lambda key=key: all(rig.chat(key).status == 200 for _ in range(8)), rig.log)  # type: ignore[misc]
        rig.state.keys.revoke(key, "leaked", datetime.now(UTC))
        rig.wait_enforced()
        assert {rig.chat(key).status for _ in range(40)} == {401}


STRANGE = (
    "' OR '1'='1",
    "'; DROP TABLE keys; --",
    "%",
    "*",
    "_" * 43,
    "\\x00",
    "${jndi:ldap://x}",
    "../" * 14,
    "[0-9a-f]",
)


def test_a_key_is_compared_with_nothing_but_by_its_hash(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """How long a guess takes says nothing: it is hashed, and one that is nearly right has quite another hash."""
    from bylaw.canonical import sha256
    from bylaw.gateway.caller.identify import Headers, identify
    from bylaw.gateway.caller.tokens import Tokens
    from bylaw.gateway.problem import Problem

    asked = []

    class Edition:
        def key(self, hash: str) -> None:
            asked.append(hash)

    right = rig.keys["citizen"]
    other = [right[:at] + ("A" if right[at] != "A" else "B") + right[at + 1 :] for at in (6, 42, 48)]
    near = [*other, "bylaw-" + "a" * 43, f"bylaw-{STRANGE[0]:x<43}"]
    for guess in near:
        with pytest.raises(Problem):
            identify(Headers.of([(b"x-api-key", guess.encode())]), Tokens({}, Path), Edition(), 0.0)  # type: ignore[arg-type]
    assert asked == [sha256(guess.encode()) for guess in near]
    answers = {rig.chat("", {"x-api-key": key}).body for key in (*near, *STRANGE)}
    assert len(answers) == 1 and b'"who"' in answers.pop()
    for path in rig.state.snapshot.iterdir():
        assert right.encode() not in path.read_bytes()


TRIES = [
    "/mcp",
    "/mcp/",
    "/mcp-rest/test/connection",
    "/mcp-rest/test/tools/list",
    "/test",
    "/test/connection",
    "/health/services",
    "/health",
    "/health/test_connection",
    "/config",
    "/config/update",
    "/key/generate",
    "/key/info",
    "/user/new",
    "/sso/key/generate",
    "/ui",
    "/docs",
    "/redoc",
    "/openapi.json",
    "/debug",
    "/debug/pprof/",
    "/metrics",
    "/admin",
    "/graphql",
    "/console",
    "/login",
    "/.env",
    "/.git/config",
    "/utils/transform_request",
    "/prompts/test",
    "/guardrails/apply_guardrail",
    "/v1/mcp",
    "/v1/realtime",
    "/pass-through",
    "/bedrock",
    "/vertex_ai/",
]


def test_there_is_no_endpoint_to_try_things_with(rig: Rig, server: ModelServer) -> None:
    for path in TRIES:
        for method in ("GET", "POST"):
            headers = {"authorization": f"Bearer {rig.keys['citizen']}", "content-type": "application/json"}
            got = ask(rig.door, method, path, headers, b'{"command":"id","url":"http://127.0.0.1/"}')
            assert got.status == 404, path
    assert not server.heard


def test_little_is_installed_and_all_of_it_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    names = {re.split(r"[\[><=;]", each)[0] for each in (*extras["gateway"], *extras["cluster"])}
    pinned = set(re.findall(r"^([\w-]+)==", (ROOT / "constraints.txt").read_text(), re.MULTILINE))
    assert len(names) <= 15 and names <= pinned
    assert not list((ROOT / "src").rglob("*.pth"))


def test_nothing_that_a_caller_writes_is_run(rig: Rig, server: ModelServer) -> None:
    for text in ("{{7*191}}", "${7*191}", "<%= 7*191 %>", "#{7*191}", "{7*191}", "%{7*191}", "{0.__class__}"):
        for got in (
            rig.chat("citizen", model=text),
            rig.chat("citizen", {"bylaw-end-user": text}),
            rig.get(f"/v1/models/{text.replace(' ', '')}", "citizen"),
        ):
            assert got.status < 500 and b"1337" not in got.body and b"class" not in got.body
    assert not server.heard


def test_the_labs_key_is_said_to_nobody(rig: Rig, server: ModelServer) -> None:
    said = [rig.chat("citizen", model=model) for model in ("m", "resets", "nowhere", "broken", "moved", "spoofs")]
    assert server.heard[0].headers["authorization"] == "Bearer sk-upstream"
    for got in said:
        assert b"sk-upstream" not in got.body and "sk-upstream" not in str(got.headers)
    pages = [ask(rig.admin, "GET", path, {}).body for path in ("/metrics", "/coverage", "/openapi.json", "/readyz")]
    assert not any(b"sk-upstream" in page for page in pages) and "sk-upstream" not in rig.log()
    for path in rig.state.root.rglob("*"):
        assert not path.is_file() or b"sk-upstream" not in path.read_bytes()


def test_no_setting_lets_anybody_through() -> None:
    words = re.compile("allow|open|skip|disable|insecure|unsafe|bypass|permissive|ignore|trust_|verify")
    assert not [key for key in known_keys(GatewaySettings) if words.search(key)]
