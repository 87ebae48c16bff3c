"""Organisations, their end users, places and weights, through the door as it runs; and before a real nginx."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pytest
from gateway_model import ENDLESS, ModelServer
from gateway_rig import WAIT, Got, Rig, ask, wait
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from bylaw.access.store.records import Said
from bylaw.access.subjects import Fact, Value
from bylaw.lineage.oms import sign_directory
from offices import person

ISSUER = ECKey.generate_key("P-256", {"kid": "1"})
SETTINGS = """
[snapshot]
look_seconds = 0.05
[caller]
hops = ["127.0.0.1"]
places = "places.csv"
signals = { tor = "tor.txt" }
[issuer.org]
issuer = "https://org.example"
audience = "bylaw"
jwks = "jwks.json"
vouches = "org-3"
longest_seconds = 300
[limits]
key_rate = 200.0
organization_running = 2
"""
PLACES = """
kind = "directive"
id = "places"
title = "Not from there"
authority = "The lab"
programme = "places"
citation = "terms of use"
models = ["mythos-5"]
effective_from = 2026-01-01T00:00:00Z
who = { is = "location", countries = ["cn"] }
effect = "refuse"
"""
FOREIGN = """
kind = "directive"
id = "foreign"
title = "No foreign person"
authority = "BIS"
programme = "letters"
citation = "Letter"
models = ["fable-5"]
effective_from = 2026-01-01T00:00:00Z
who = { is = "foreign_person" }
effect = "refuse"
"""
WEIGHTS = bytes(range(256)) * 400


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Rig, ModelServer]]:
    folder = tmp_path_factory.mktemp("who")
    (folder / "places.csv").write_text("prefix,country\n1.0.0.0/8,US\n1.2.0.0/16,CN\n")
    (folder / "tor.txt").write_text("1.9.9.9\n")
    (folder / "jwks.json").write_bytes(msgspec.json.encode(KeySet([ISSUER]).as_dict(private=False)))
    with ModelServer() as server:
        rig = Rig(folder, server.url, SETTINGS, "decision_point = true\nworkers = 2\n")
        _populate(rig)
        _weigh(rig)
        rig.enact(PLACES, "places.toml")
        rig.enact(FOREIGN, "foreign.toml")
        with rig.serving():
            yield rig, server


def _populate(rig: Rig) -> None:
    """An organisation with a service that nobody answers for, and two employees."""
    work = Fact(
        name="employer",
        values=(Value(text="org-3", detail="employee"),),
        source="hr",
        grade="attested",
        as_of=date(2026, 6, 1),
    )
    people = [Said(each.id, each.kind, (*each.facts, work)) for each in (person("ann", "us"), person("chen", "cn"))]
    more = [Said("org-3", "organization"), Said("service", "service"), *people]
    with rig.office.store() as store:
        store.record(more, source="hr.csv", digest="1" * 64, by="ana", at=datetime(2026, 6, 14, tzinfo=UTC))
    rig.keys["org"] = rig.key("service", organization="org-3")


def _weigh(rig: Rig) -> None:
    """A signed directory of weights behind one model."""
    folder = rig.folder / "weights"
    (folder / "sub").mkdir(parents=True)
    (folder / "model.safetensors").write_bytes(WEIGHTS)
    (folder / "sub" / "config.json").write_bytes(b"{}")
    sign_directory(folder, "m", rig.lab.signer)
    (rig.folder / "unsigned.txt").write_text("secret")
    text = rig.path.read_text()
    rig.path.write_text(text.replace('[model."fable-5"]\n', '[model."fable-5"]\nweights = "weights"\n'))


def vouched(subject: str, **claims: object) -> dict[str, str]:
    now = int(time.time())
    said = {"iss": "https://org.example", "aud": "bylaw", "sub": subject, "iat": now, "exp": now + 60, **claims}
    return {"bylaw-end-user": jwt.encode({"alg": "ES256", "kid": "1"}, said, ISSUER)}


def test_an_end_user_is_who_the_organisation_vouches_for(rig: Rig) -> None:
    assert rig.chat("org", vouched("ann"), model="fable-5").status == 200
    assert rig.chat("org", vouched("chen"), model="fable-5").status == 451


def test_without_an_assertion_the_end_user_is_unknown(rig: Rig) -> None:
    got = rig.chat("org", model="fable-5")
    assert got.status == 403 and got.json["reason"] == "fact-missing"
    assert rig.chat("org", model="m").status == 200  # where no directive asks who it is


def test_it_can_vouch_for_its_own_only_with_its_own_key_and_not_for_long(rig: Rig) -> None:
    now = int(time.time())
    assert rig.chat("org", vouched("citizen"), model="fable-5").status == 403
    assert rig.chat("org", vouched("nobody-at-all"), model="fable-5").status == 403
    for headers in (
        vouched("ann", exp=now + 3000),
        vouched("ann", exp=now - 60),
        vouched("ann", aud="x"),
        {"bylaw-end-user": "x"},
    ):
        assert rig.chat("org", headers, model="fable-5").status == 401
    assert rig.chat("foreign", vouched("ann"), model="fable-5").status == 401
    assertion = vouched("ann")["bylaw-end-user"]
    assert rig.chat("", {"authorization": f"Bearer {assertion}"}, model="fable-5").status == 401


def test_where_a_request_comes_from_decides(rig: Rig) -> None:
    def status(address: str) -> int:
        return rig.chat("citizen", {"x-forwarded-for": address}, model="mythos-5").status

    assert status("1.1.1.1") == 200
    assert status("1.2.3.4") == 403
    assert status("1.1.1.1, 1.2.3.4") == 403
    assert status("1.9.9.9") == 403  # a Tor exit says nothing of where its user is
    assert status("9.9.9.9") == 403


COUNTRY = ("cf-ipcountry", "x-vercel-ip-country", "cloudfront-viewer-country", "x-country-code", "x-appengine-country")


def test_a_header_that_names_a_country_is_not_believed(rig: Rig) -> None:
    said = dict.fromkeys((*COUNTRY, "x-geo-country", "x-client-geo-location", "x-real-ip", "forwarded"), "US")
    assert rig.chat("citizen", {**said, "x-forwarded-for": "1.2.3.4"}, model="mythos-5").status == 403
    assert rig.chat("citizen", {**said, "x-forwarded-for": "9.9.9.9"}, model="mythos-5").status == 403


def test_an_address_at_home_makes_nobody_a_citizen(rig: Rig) -> None:
    assert rig.chat("foreign", {"x-forwarded-for": "1.1.1.1"}, model="fable-5").status == 451
    assert rig.chat("citizen", {"x-forwarded-for": "1.2.3.4"}, model="fable-5").status == 200


def test_weights_whole_and_in_ranges(rig: Rig) -> None:
    whole = rig.get("/weights/fable-5/model.safetensors", "citizen")
    assert whole.status == 200 and whole.body == WEIGHTS and len(whole.headers["bylaw-receipt"]) == 64
    tag = whole.headers["etag"]
    for asked, start, end in (
        ("bytes=0-9", 0, 10),
        ("bytes=102390-", 102_390, 102_400),
        ("bytes=-5", 102_395, 102_400),
        ("bytes=5-999999999", 5, 102_400),
    ):
        part = rig.get("/weights/fable-5/model.safetensors", "citizen", {"range": asked, "if-range": tag})
        assert part.status == 206 and part.body == WEIGHTS[start:end]
        assert part.headers["content-range"] == f"bytes {start}-{end - 1}/102400"
    other = rig.get("/weights/fable-5/model.safetensors", "citizen", {"range": "bytes=0-9", "if-range": '"x"'})
    assert other.status == 200
    for asked in ("bytes=102400-", "bytes=5-2", "bytes=-0", "bytes=-", "bytes=0-1,3-4", "lines=1-2", "bytes=a-b"):
        assert rig.get("/weights/fable-5/model.safetensors", "citizen", {"range": asked}).status == 416
    head = rig.get("/weights/fable-5/model.safetensors", "citizen", method="HEAD")
    assert head.status == 200 and head.headers["content-length"] == "102400" and head.body == b""
    assert rig.get("/weights/fable-5/sub/config.json", "citizen").body == b"{}"


def test_weights_go_through_the_same_door(rig: Rig) -> None:
    path = "/weights/fable-5/model.safetensors"
    assert rig.get(path).status == 401
    assert rig.get(path, "foreign").status == 451
    assert rig.get(path, "nobody").status == 403
    for other in (
        "/weights/fable-5/../unsigned.txt",
        "/weights/fable-5/sub/../model.safetensors",
        "/weights/fable-5/",
        "/weights/m/model.safetensors",
        "/weights/fable-5/model.sig",
        "/weights//model.safetensors",
        "/weights/fable-5/%6dodel.safetensors",
        "/weights/fable-5//etc/passwd",
    ):
        assert rig.get(other, "citizen").status == 404, other
    surfaces = {made.decision.request.surface for made in rig.office.archive.between("2026", "2027")}
    assert surfaces <= {"api", "weights"}


def test_weights_that_changed_after_they_were_checked_are_not_handed_out(rig: Rig) -> None:
    path = rig.folder / "weights" / "sub" / "config.json"
    path.write_bytes(b"[]")
    assert rig.get("/weights/fable-5/sub/config.json", "citizen").status == 404


NGINX = """
daemon off; pid {folder}/pid; error_log {folder}/error.log; events {{}}
http {{
  access_log off; client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
  uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
  server {{
    listen 127.0.0.1:{port};
    location / {{
      auth_request /allowed;
      auth_request_set $receipt $upstream_http_bylaw_receipt;
      add_header bylaw-receipt $receipt;
      proxy_pass {upstream};
    }}
    location = /allowed {{
      internal;
      proxy_pass {door}/decide;
      proxy_pass_request_body off;
      proxy_set_header content-length "";
      proxy_set_header bylaw-model fable-5;
      proxy_set_header x-forwarded-for $remote_addr;
    }}
  }}
}}
"""


def test_a_real_nginx_asks_before_it_lets_anybody_to_an_engine(rig: Rig, server: ModelServer, tmp_path: Path) -> None:
    if shutil.which("nginx") is None:
        pytest.fail("nginx is not installed; .ci/run installs it")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    conf = tmp_path / "nginx.conf"
    conf.write_text(NGINX.format(folder=tmp_path, port=port, upstream=server.url, door=rig.door))
    nginx = subprocess.Popen(["nginx", "-c", str(conf), "-p", str(tmp_path)], stderr=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{port}"
        until = time.monotonic() + WAIT
        while True:
            try:
                ask(url, "GET", "/", {})
                break
            except OSError:
                assert time.monotonic() < until, (tmp_path / "error.log").read_text()
                time.sleep(0.1)
        server.heard.clear()
        body = b'{"model": "m", "messages": []}'
        statuses = {}
        for who in ("citizen", "foreign", "nobody", "unknown key"):
            headers = {"authorization": f"Bearer {rig.keys.get(who, 'x')}", "content-type": "application/json"}
            got = ask(url, "POST", "/v1/chat/completions", headers, body)
            statuses[who] = got.status
            if who == "citizen":
                assert len(got.headers["bylaw-receipt"]) == 64
        assert statuses == {"citizen": 200, "foreign": 403, "nobody": 403, "unknown key": 401}
        assert len(server.heard) == 1
    finally:
        nginx.terminate()
        nginx.wait(20)


ENVOY = """
static_resources:
  listeners:
  - address: {{ socket_address: {{ address: 127.0.0.1, port_value: {port} }} }}
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: engine
          normalize_path: true
          route_config:
            virtual_hosts:
            - name: engine
              domains: ["*"]
              routes: [{{ match: {{ prefix: "/" }}, route: {{ cluster: engine }} }}]
          http_filters:
          - name: envoy.filters.http.ext_authz
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz
              failure_mode_allow: false
              allowed_headers:
                patterns: [{{ exact: authorization }}, {{ exact: x-api-key }}, {{ exact: bylaw-end-user }}]
              http_service:
                server_uri: {{ uri: "http://127.0.0.1:{door}", cluster: bylaw, timeout: 30s }}
                path_prefix: /decide
                authorization_request: {{ headers_to_add: [{{ key: bylaw-model, value: fable-5 }}] }}
                authorization_response:
                  allowed_client_headers_on_success: {{ patterns: [{{ exact: bylaw-receipt }}] }}
          - name: envoy.filters.http.router
            typed_config: {{ "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router }}
  clusters: [{clusters}]
"""
CLUSTER = (
    "{{ name: {name}, type: STATIC, load_assignment: {{ cluster_name: {name}, endpoints: [{{ lb_endpoints: [{{"
    " endpoint: {{ address: {{ socket_address: {{ address: 127.0.0.1, port_value: {port} }} }} }} }}] }}] }} }}"
)


def test_a_real_envoy_asks_before_it_lets_anybody_to_an_engine(rig: Rig, server: ModelServer, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    door, engine = (urlsplit(each).port for each in (rig.door, server.url))
    clusters = ", ".join(CLUSTER.format(name=name, port=at) for name, at in (("bylaw", door), ("engine", engine)))
    (tmp_path / "envoy.yaml").write_text(ENVOY.format(port=port, door=door, clusters=clusters))
    command = [str(Path(sys.executable).with_name("envoy")), "-c", str(tmp_path / "envoy.yaml"), "--concurrency", "1"]
    with (tmp_path / "log").open("wb") as log:
        envoy = subprocess.Popen([*command, "--use-dynamic-base-id"], stdout=log, stderr=log, start_new_session=True)
    url = f"http://127.0.0.1:{port}"
    try:
        wait(lambda: _listens(port), (tmp_path / "log").read_text)
        server.heard.clear()
        statuses = {}
        for who in ("citizen", "foreign", "nobody", "unknown key"):
            said = {
                "authorization": f"Bearer {rig.keys.get(who, 'x')}",
                "content-type": "application/json",
                "bylaw-model": "m",  # the proxy's own counts
            }
            got = ask(url, "POST", "/v1/chat/completions", said, b'{"model": "m", "messages": []}')
            statuses[who] = got.status
            assert who != "citizen" or len(got.headers["bylaw-receipt"]) == 64
        assert statuses == {"citizen": 200, "foreign": 403, "nobody": 403, "unknown key": 401}
        assert len(server.heard) == 1
    finally:
        os.killpg(envoy.pid, signal.SIGTERM)
        envoy.wait(60)


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError:
        return False
    return True


def test_running_answers_of_an_organisation_are_limited_and_others_are_not(rig: Rig, server: ModelServer) -> None:
    from concurrent.futures import ThreadPoolExecutor

    def ask(who: str) -> Got:
        return rig.chat(who, model="m", stream=True, max_tokens=ENDLESS)

    with ThreadPoolExecutor(16) as pool:
        ours = [pool.submit(ask, "org") for _ in range(2)]
        others = [pool.submit(ask, "citizen") for _ in range(8)]
        wait(lambda: len(server.heard) == 10)
        assert ask("org").status == 429
        server.enough.set()
        assert {each.result().status for each in (*ours, *others)} == {200}
    wait(lambda: rig.chat("org").status == 200)
