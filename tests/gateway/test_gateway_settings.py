"""A bad file stops the start with one line that says what and where; ``--check`` says the same without starting."""

import asyncio
import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from gateway_model import ModelServer
from gateway_rig import CHAT, Rig, ask, wait

from bylaw.cli import main
from bylaw.gateway import faults
from bylaw.gateway.settings import GatewaySettings, ModelSettings, Place, UpstreamSettings
from bylaw.gateway.wire.upstream import Upstreams
from bylaw.settings import dumps, load


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an office and a good file."""
    folder = tmp_path_factory.mktemp("settings")
    os.environ["MODEL_KEY"] = "sk"
    Rig(folder, "http://127.0.0.1:9000")
    return folder


BAD = [
    ("wrokers = 2\n", "unknown key 'wrokers'; the nearest known one is 'workers'"),
    ('[upstream.a]\nurl = "http://x"\nidle_second = 1\n', "upstream.a.idle_second.*'idle_seconds'"),
    ('[upstream.a]\nkey = "K"\n', "url"),
    ('[upstream.a]\nurl = "http://x"\n', r"no \[model.NAME\]"),
    ('[upstream.a]\nurl = "http://x"\n[model.m]\nupstream = "b"\n', r"model.m.upstream: there is no \[upstream.b\]"),
    ('[upstream.a]\nurl = "http://x"\n[model.m]\n', "neither which upstream"),
    ('[upstream.a]\nurl = "ftp://x"\n[model.m]\nupstream = "a"\n', "not http"),
    ('[upstream.a]\nurl = "http://u:p@x"\n[model.m]\nupstream = "a"\n', "more than scheme"),
    ('[upstream.a]\nurl = "http://169.254.169.254/"\n[model.m]\nupstream = "a"\n', "link-local"),
    ('[upstream.a]\nurl = "http://[fe80::1]/"\n[model.m]\nupstream = "a"\n', "link-local"),
    ('[upstream.a]\nurl = "http://x"\nkey = "NO_SUCH"\n[model.m]\nupstream = "a"\n', "NO_SUCH is not set"),
    ("[listen]\nport = 8080\n[admin]\nport = 8080\n", "port of its own"),
    ('[listen]\ncertificate = "c.pem"\n', "belong together"),
    ('[listen]\ncertificate = "none.pem"\nprivate_key = "k.pem"\n', "listen.certificate: .*none.pem cannot be read"),
    ('[admin]\nport = 8081\ncertificate = "none.pem"\nprivate_key = "k.pem"\n', "admin.certificate: .*none.pem"),
    ('[caller]\nhops = ["10.0.0.0/33"]\n', "caller.hops"),
    ('[caller]\nplaces = "none.csv"\n', "none.csv cannot be read"),
    ('[issuer.a]\nissuer = "i"\naudience = "a"\njwks = "none.json"\n', "issuer.a.jwks"),
    ('[issuer.a]\nissuer = "i"\naudience = "a"\njwks = "x"\nalgorithms = ["HS256"]\n', "algorithms"),
    ('[issuer.a]\nissuer = "i"\naudience = "a"\njwks = "x"\nalgorithms = ["none"]\n', "algorithms"),
    ('[snapshot]\nkey = "nokey.pem"\n', "nokey.pem"),
    ('[model.m]\nweights = "nowhere"\n', "no directory"),
    ("workers = 0\n", "workers"),
    ("office = 'elsewhere'\n", "no office"),
    ("[record]\nsync = 'never'\n", "sync"),
    ("workers = \n", "not valid TOML"),
    ('[console]\norigin = "http://console.example"\n', "console.origin.*https"),
    ('[console]\norigin = "https://console.example/path"\n', "console.origin"),
    ('[console]\norigin = "https://Console.example:443"\n', "small letters"),
    ('[console.signs.ana]\nkey = "a.pem"\n', "approver"),
    ('[console.signs.ana]\napprover = "ana"\nkey = "none.pem"\n', "none.pem is no file"),
    ('[console.signs.ana]\napprover = "ana"\ncommand = "kms"\n', "belong together"),
    ('[console.oidc]\nissuer = "http://login.example"\nclient_id = "c"\n', "console.oidc.issuer.*https"),
    ('[console.oidc]\nissuer = "https://login.example"\nclient_id = "c"\n', "console.oidc.roles"),
    ('[console.oidc]\nissuer = "https://l.example"\nclient_id = "c"\nroles = { a = "root" }\n', "Invalid enum"),
]


CLUSTER = '[cluster]\nrole = "replica"\nname = "eu"\ndatabase = "CLUSTER_DSN"\n'
UPSTREAM = '[upstream.a]\nurl = "http://x"\n[model.m]\nupstream = "a"\n'
BAD += [
    ('[cluster]\nname = "eu"\n', "cluster.role: says neither publisher nor replica"),
    ('[cluster]\nrole = "leader"\n', "role"),
    (CLUSTER, r"upstream: a replica needs an \[upstream.NAME\]"),
    (CLUSTER + UPSTREAM, "cluster.database: the environment variable CLUSTER_DSN is not set"),
    (CLUSTER.replace("CLUSTER_DSN", "HOME") + UPSTREAM, "snapshot.key: a replica needs the publisher's public key"),
    (CLUSTER.replace("CLUSTER_DSN", "HOME").replace('"eu"', '"../eu"') + UPSTREAM, "'../eu' is no name"),
    ('[cluster]\nrole = "publisher"\ndatabase = "HOME"\n[cluster.replicas]\neu = "none.pub"\n', "cluster.replicas.eu"),
    ("[cluster]\npatience_seconds = 0.1\n", "patience_seconds"),
]
INSIDE = (
    "http://169.254.169.254/", "http://2852039166/", "http://0xa9fea9fe/", "http://0251.0376.0251.0376/",
    "http://169.254.43518/", "http://0xa9.254.0251.254:80/latest", "http://[::ffff:169.254.169.254]/",
    "http://[::ffff:a9fe:a9fe]/", "http://[2002:a9fe:a9fe::]/", "http://[fe80::1%25eth0]/", "http://[fd00:ec2::254]/",
    "http://metadata.google.internal/", "http://metadata.google.internal./", "http://100.100.100.200/",
)  # fmt: skip
OUTSIDE = (
    "http://10.0.0.7:9000",
    "https://models.example/v1",
    "http://[::1]:80/",
    "http://127.1/",
    "unix:/run/model.sock",
)
NOWHERE = (
    "file:///etc/passwd", "gopher://x/", "//x", "http://", "http:///x", "http://x:99999/", "http://x:0/", "http://a b/",
    "http://x\n@169.254.169.254/", "http://x\\@169.254.169.254/", "http://x#@169.254.169.254/", "http://x?u=http://y",
    "http://x\u3002y/", "unix:x.sock", "HTTP//x", "dict://x:1/", "http://x\r\nhost: y/",
)  # fmt: skip


@pytest.mark.parametrize("url", (*INSIDE, *NOWHERE))
def test_an_upstream_s_address_leads_nowhere_it_should_not(url: str) -> None:
    assert faults.of_url(url)


@pytest.mark.parametrize("url", OUTSIDE)
def test_an_upstream_s_address_may_be_inside(url: str) -> None:
    assert not faults.of_url(url)


def test_the_environment_s_proxy_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """What leads elsewhere is not followed either: ``moved`` in test_faults."""
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "")
    with ModelServer() as server:
        settings = GatewaySettings(
            upstream={"a": UpstreamSettings(url=server.url)}, model={"m": ModelSettings(upstream="a")}
        )

        async def ask() -> int:
            answer = await Upstreams(settings).ask("m", "/v1/chat/completions", b"", {}, b'{"model": "m"}')
            answer.close()
            return answer.status

        assert asyncio.run(ask()) == 200 and len(server.heard) == 1


@pytest.mark.parametrize(("text", "said"), BAD, ids=range(len(BAD)))
@pytest.mark.parametrize("command", [["serve", "--check"], ["serve"]], ids=["check", "serve"])
def test_one_line_says_what_is_wrong(
    office: Path, text: str, said: str, command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    path = office / "bad.toml"
    head = "" if "office" in text else 'office = "office"\n'
    path.write_text(f'{head}home = "home"\n{text}')
    assert main([*command, str(path)]) == 2
    err = capsys.readouterr().err
    assert err.startswith("bylaw: error: ") and err.count("\n") == 1
    assert "bad.toml" in err
    assert re.search(said, err), err


OPENED = (
    ('[snapshot]\nkey = "junk"\n', "is not a private key in PEM"),
    ('[issuer.x]\nissuer = "https://i"\naudience = "b"\njwks = "empty"\n', "is no JWKS: .*No keys"),
    ('[issuer.x]\nissuer = "https://i"\naudience = "b"\njwks = "junk"\n', "is no JWKS"),
    ('[caller]\nplaces = "junk.mmdb"\n', "is no MMDB"),
    ('[caller]\nsignals = { tor = "junk" }\n', "'junk' is no network"),
)


@pytest.mark.parametrize(("text", "said"), OPENED, ids=range(len(OPENED)))
def test_a_file_that_is_not_what_it_should_be_stops_the_start(
    office: Path, text: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not a worker that ends again and again."""
    for name, content in (("junk", "junk"), ("junk.mmdb", "junk"), ("empty", '{"keys": []}')):
        (office / name).write_text(content)
    path = office / "bad.toml"
    path.write_text(f'office = "office"\nhome = "home"\n{text}')
    assert main(["serve", "--check", str(path)]) in (1, 2)
    err = capsys.readouterr().err
    assert err.startswith("bylaw: error: ") and err.count("\n") == 1 and re.search(said, err), err


def test_a_model_that_the_office_does_not_know_is_told(office: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = office / "more.toml"
    path.write_text(f'office = "office"\nhome = "home"\n{UPSTREAM.replace("model.m", "model.nobody")}')
    assert main(["serve", "--check", str(path)]) == 0
    assert "model.nobody: the office does not know it" in capsys.readouterr().err


def test_a_good_file_passes(office: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--check", str(office / "gateway.toml")]) == 0
    assert "nothing is wrong" in capsys.readouterr().out


def test_a_port_that_is_taken_stops_the_start(office: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        path = office / "taken.toml"
        text = (office / "gateway.toml").read_text()
        path.write_text(text.replace("[listen]\nport = 0", f"[listen]\nport = {taken.getsockname()[1]}"))
        assert main(["serve", str(path)]) == 2
    assert "[listen] cannot listen on 127.0.0.1" in capsys.readouterr().err


def test_an_office_that_was_just_made_is_served(tmp_path: Path) -> None:
    """Nothing was signed before: the gateway's key is made before the lab's, in the same folder."""
    environment = {**os.environ, "BYLAW_HOME": str(tmp_path / "home")}
    bylaw, keys = [sys.executable, "-m", "bylaw"], tmp_path / "home" / "keys"
    path = tmp_path / "gateway.toml"
    path.write_text(f"[listen]\nport = 0\n[admin]\nport = 0\n{UPSTREAM}")
    subprocess.run([*bylaw, "access", "init", "--model", "m"], env=environment, check=True)
    issued = [*bylaw, "keys", "issue", "anna", "--gateway", str(path)]
    key = subprocess.run(issued, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    with subprocess.Popen([*bylaw, "serve", str(path)], env=environment, stdout=subprocess.PIPE, text=True) as serving:
        try:
            assert serving.stdout is not None
            door = serving.stdout.readline().split()[1]
            wait(lambda: (keys / "ledger.pem").is_file() or serving.poll() is not None)
            wait(lambda: ask(door, "POST", "/v1/chat/completions", headers, json.dumps(CHAT).encode()).status == 403)
        finally:
            serving.terminate()
    assert serving.returncode == 0
    assert {each.name for each in keys.glob("*.pem")} == {"gateway.pem", "ledger.pem", "statements.pem"}


def test_settings_mean_the_same_in_another_folder(office: Path) -> None:
    place = Place.read(office / "gateway.toml")
    again = Place(load(GatewaySettings, dumps(place.absolute())), Path("/"))
    assert (again.office, again.home, again.state) == (place.office, place.home, place.state)
    assert again.settings.upstream == place.settings.upstream


def test_a_replica_issues_no_keys_and_is_checked_without_an_office(
    office: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CLUSTER_DSN", "host=127.0.0.1")
    (tmp_path / "gateway.pem.pub").write_bytes((office / "ana.pem.pub").read_bytes())
    path = tmp_path / "gateway.toml"
    path.write_text(f'state = "state"\n[snapshot]\nkey = "gateway.pem"\n{CLUSTER}{UPSTREAM}')
    assert main(["serve", "--check", str(path)]) == 0
    assert main(["keys", "issue", "citizen", "--gateway", str(path)]) == 2
    assert "where the publisher is" in capsys.readouterr().err and not (tmp_path / "state").exists()


def test_keys_by_the_command(office: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gateway = ["--gateway", str(office / "gateway.toml")]
    assert main(["keys", "issue", "foreign", "--expires", "2030-01-01", *gateway]) == 0
    key = capsys.readouterr().out.strip()
    main(["keys", "list", *gateway])
    listed = capsys.readouterr().out
    assert "until 2030-01-01" in listed and key not in listed
    assert key.encode() not in (office / "office" / "gateway" / "keys.jsonl").read_bytes()
    assert main(["keys", "revoke", key, "--why", "lost", *gateway]) == 0
    assert main(["keys", "revoke", key, *gateway]) == 2
    assert main(["keys", "issue", "foreign", "--surface", "front-door", *gateway]) == 2
    assert "revoked" in capsys.readouterr().out
