"""Signing in elsewhere: there and back with a provider's real steps, and every token that must not be believed."""

import hmac
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from console_rig import Client, Rig
from joserfc.jwk import ECKey
from oidc_provider import SECRET, Provider, provider

from browser import NEEDS_CHROMIUM, chromium

SETTINGS = """
[console.oidc]
issuer = "{url}"
client_id = "console"
client_secret = "CONSOLE_SECRET"
algorithms = ["ES256"]
[console.oidc.roles]
gateway-viewers = "viewer"
gateway-operators = "operator"
"""


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Rig, Provider]]:
    with pytest.MonkeyPatch.context() as patch, provider() as other:
        patch.setenv("CONSOLE_SECRET", SECRET)
        settings = SETTINGS.format(url=other.url)
        with Rig(tmp_path_factory.mktemp("oidc"), settings=settings).serving() as rig:
            yield rig, other


@pytest.fixture
def rig(both: tuple[Rig, Provider]) -> Rig:
    return both[0]


@pytest.fixture
def other(both: tuple[Rig, Provider]) -> Iterator[Provider]:
    found = both[1]
    before = dict(found.person)
    yield found
    found.person, found.changes, found.signs = before, {}, found.key


def base64(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def there(client: Client, query: str = "") -> tuple[str, dict[str, str]]:
    """Where the provider is asked, and with what; the client keeps the cookie."""
    status, headers, _ = client.get(f"/signin/elsewhere{query}")
    assert status == 303
    client.cookie = headers["set-cookie"].partition(";")[0]
    asked = {name: values[0] for name, values in parse_qs(urlsplit(headers["location"]).query).items()}
    return headers["location"], asked


def consented(url: str) -> str:
    """The provider's answer: the path that the browser comes back to."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.netloc, timeout=60)
    connection.request("GET", f"{parts.path}?{parts.query}")
    back = urlsplit(connection.getresponse().headers["location"])
    connection.close()
    return f"{back.path}?{back.query}"


def arrive(client: Client, query: str = "") -> tuple[int, str]:
    """There and back: status and page; the session's cookie is kept."""
    url, _ = there(client, query)
    status, headers, text = client.get(consented(url))
    if status == 200:
        client.cookie = next(each for each in headers["set-cookie"].split(", ") if "bylaw-session=" in each)
        client.cookie = client.cookie.partition(";")[0]
    return status, text


def test_there_and_back(rig: Rig, other: Provider) -> None:
    client = Client(rig)
    _, asked = there(client)
    assert (asked["response_type"], asked["code_challenge_method"], asked["client_id"]) == ("code", "S256", "console")
    status, text = arrive(client, "?back=/directives")
    assert status == 200 and 'content="0; url=/directives"' in text
    page = client.get("/directives")[2]
    assert "Ana Horvat" in page and "operator" in page and "Write down an order" in page
    assert rig.desk.journal.read()[0].who == "oidc:u-1"


def test_a_provider_s_memory_is_no_fresh_proof(rig: Rig, other: Provider) -> None:
    client = Client(rig)
    arrive(client)
    rig.desk.drafts.new("letter", "x = 1")
    assert client.get("/drafts/letter/sign")[1]["location"].startswith("/again")
    _, asked = there(client, "?again=1")
    assert (asked["max_age"], asked["prompt"]) == ("0", "login")
    assert arrive(client, "?again=1&back=/drafts/letter/sign")[0] == 200
    assert client.get("/drafts/letter/sign")[0] == 200
    other.changes = {"auth_time": int(time.time()) - 4000}
    status, text = arrive(Client(rig), "?again=1")
    assert status == 409 and "did not ask anew" in text


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"roles": ["staff"]}, "gives u-1 a role"),
        ({"roles": None}, "gives u-1 a role"),
        ({"aud": "another"}, "not believed"),
        ({"aud": ["console", "another"]}, "several clients"),
        ({"iss": "https://evil.example"}, "not believed"),
        ({"exp": 1}, "not believed"),
        ({"nonce": "another"}, "another request"),
        ({"sub": ""}, "says nobody"),
        ({"sub": "a\nb"}, "says nobody"),
    ],
)
def test_what_is_not_believed(rig: Rig, other: Provider, changes: dict[str, Any], why: str) -> None:
    other.changes = changes
    status, text = arrive(Client(rig))
    assert status == 409 and why in text, text


def test_keys_and_algorithms_that_are_not_the_provider_s(
    rig: Rig, other: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    other.signs = ECKey.generate_key("P-256", {"kid": "one"}, private=True)
    assert arrive(Client(rig))[0] == 409
    public = other.key.as_pem(private=False)
    said = {"iss": other.url, "aud": "console", "iat": int(time.time()), "exp": int(time.time()) + 60, **other.person}

    def forged(asked: dict[str, str]) -> str:
        """By HMAC, with the public key as the secret: what a library that believes ``alg`` would take."""
        parts = [{"alg": "HS256", "kid": "one"}, {**said, "nonce": asked["nonce"]}]
        text = ".".join(base64(json.dumps(each).encode()) for each in parts)
        return f"{text}.{base64(hmac.digest(public, text.encode(), 'sha256'))}"

    monkeypatch.setattr(other, "id_token", forged)
    assert arrive(Client(rig))[0] == 409


def test_a_flow_is_of_one_browser_and_counts_once(rig: Rig, other: Provider) -> None:
    mine, his = Client(rig), Client(rig)
    url, _ = there(mine)
    back = consented(url)
    there(his)
    assert his.get(back)[0] == 409, "somebody else's way back"
    assert mine.get(back)[0] == 200
    assert mine.get(back)[0] == 409, "twice"
    url, _ = there(mine)
    back = consented(url)
    rig.later += 700
    assert mine.get(back)[0] == 409, "too late"
    rig.later -= 700
    url, _ = there(mine)
    assert mine.get(consented(url).replace("iss=", "iss=x"))[0] == 409, "another provider answers (RFC 9207)"


@NEEDS_CHROMIUM
@pytest.mark.long
def test_a_browser_comes_back_from_another_site_with_its_session(rig: Rig, other: Provider) -> None:
    with chromium() as browser:
        page = browser.new_page()
        page.set_default_timeout(240_000)
        page.goto(f"{rig.url}/directives")
        page.click("text=Sign in with http://localhost")
        page.wait_for_url(f"{rig.url}/directives")
        page.wait_for_selector("text=Ana Horvat")
        cookies = {each["name"]: each["sameSite"] for each in page.context.cookies()}
        assert cookies == {"bylaw-session": "Strict"}
