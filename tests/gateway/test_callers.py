"""Who is asking and from where: tokens, assertions about end users, addresses behind proxies, countries."""

import hmac
import ipaddress
import random
from base64 import urlsafe_b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, OKPKey, RSAKey
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from bylaw.errors import SettingsError
from bylaw.gateway.caller.ranges import Ranges, network_of, read_list, read_places
from bylaw.gateway.caller.tokens import BadToken, Tokens
from bylaw.gateway.caller.whence import Locator
from bylaw.gateway.settings import CallerSettings, IssuerSettings
from inputs import real

NOW = 1_795_000_000
EC, OTHER, ED, RSA = (
    ECKey.generate_key("P-256", {"kid": "ec"}),
    ECKey.generate_key("P-256", {"kid": "other"}),
    OKPKey.generate_key("Ed25519", {"kid": "ed"}),
    RSAKey.generate_key(2048, {"kid": "rsa"}),
)
CLAIMS = {"iss": "https://id.example", "aud": "bylaw", "sub": "p-7", "exp": NOW + 300, "iat": NOW}


@pytest.fixture
def tokens(tmp_path: Path) -> Tokens:
    def written(name: str, *keys: Any) -> str:
        path = tmp_path / f"{name}.json"
        path.write_bytes(msgspec.json.encode(KeySet(list(keys)).as_dict(private=False)))
        return str(path)

    own = IssuerSettings(issuer="https://id.example", audience="bylaw", jwks=written("own", EC, ED), channel="azp")
    org = IssuerSettings(
        issuer="https://org.example", audience="bylaw", jwks=written("org", OTHER), vouches="org-3", longest_seconds=300
    )
    return Tokens({"own": own, "org": org}, Path, lambda: NOW)


def token(key: Any = EC, alg: str = "ES256", header: dict[str, Any] | None = None, **claims: Any) -> str:
    said = {name: value for name, value in {**CLAIMS, **claims}.items() if value is not None}
    return jwt.encode({"alg": alg, "kid": key.kid, **(header or {})}, said, key, algorithms=[alg])


def test_a_token_says_who_by_which_channel_and_until_when(tokens: Tokens) -> None:
    for text in (token(azp="app-1"), token(ED, "EdDSA", azp="app-1")):
        said = tokens.read(text)
        assert (said.subject, said.channel, said.until, said.vouches) == ("p-7", "app-1", NOW + 310, "")
        assert tokens.read(text) is said  # its signature is not checked twice


HS = OctKey.import_key(b"\x04" + b"k" * 64, {"kid": "ec"})


@pytest.mark.parametrize(
    "made",
    [
        lambda: token(OTHER),
        lambda: token(RSA, "RS256"),
        lambda: token(EC, header={"kid": "other"}),
        lambda: token(EC, header={"kid": "../../etc/passwd"}),
        lambda: token(HS, "HS256"),
        lambda: token(OTHER, header={"kid": "ec"}),
        lambda: token(OTHER, header={"kid": "ec", "jku": "https://evil.example/jwks.json"}),
        lambda: token(OTHER, header={"kid": "ec", "jwk": OTHER.as_dict(private=False)}),
        lambda: token(aud="other"),
        lambda: token(aud=None),
        lambda: token(iss="https://evil.example"),
        lambda: token(iss=None),
        lambda: token(exp=NOW - 60),
        lambda: token(exp=None),
        lambda: token(exp="tomorrow"),
        lambda: token(nbf=NOW + 60),
        lambda: token(iat=NOW + 60),
        lambda: token(sub=None),
        lambda: token(sub=""),
        lambda: token(sub=["p-7"]),
        lambda: token(azp=3),
        lambda: token(OTHER, iss="https://org.example", exp=NOW + 3000),
        lambda: token(OTHER, iss="https://org.example", iat=None),
        lambda: token().rpartition(".")[0] + ".",
        lambda: token()[:-6] + "AAAAAA",
        lambda: "eyJhbGciOiJub25lIn0." + token().split(".")[1] + ".",
        lambda: token() + ".x",
        lambda: token(x="y" * 9000),
        lambda: "",
        lambda: "a.b.c",
        lambda: "..",
    ],
)
def test_a_token_that_is_not_believed(tokens: Tokens, made: Callable[[], str]) -> None:
    with pytest.raises(BadToken):
        tokens.read(made())


def signed(payload: bytes, key: Any = EC, **header: Any) -> str:
    """A token whose payload and header are just these; the signature is good."""
    said = (msgspec.json.encode({"alg": "ES256", "kid": key.kid, **header}), payload)
    text = ".".join(urlsafe_b64encode(each).decode().rstrip("=") for each in said)
    r, s = decode_dss_signature(key.private_key.sign(text.encode(), ECDSA(SHA256())))
    return f"{text}.{urlsafe_b64encode(r.to_bytes(32, 'big') + s.to_bytes(32, 'big')).decode().rstrip('=')}"


def forged(header: dict[str, Any] | bytes, signature: str = "", **claims: Any) -> str:
    """A token that no library would make."""
    head = header if isinstance(header, bytes) else msgspec.json.encode(header)
    parts = (head, msgspec.json.encode({**CLAIMS, **claims}))
    return ".".join(urlsafe_b64encode(each).decode().rstrip("=") for each in parts) + f".{signature}"


def by_public_key(key: Any, alg: str = "HS256") -> str:
    """Signed with the text of a public key as if that were a secret."""
    head = forged({"alg": alg, "kid": key.kid}).rstrip(".")
    mac = hmac.new(key.as_pem(private=False), head.encode(), "sha256").digest()
    return f"{head}.{urlsafe_b64encode(mac).decode().rstrip('=')}"


PAIRS = ",".join(f'"{name}":{msgspec.json.encode(value).decode()}' for name, value in CLAIMS.items())
TRICKS: dict[str, Callable[[], str]] = {
    **{f"alg {alg}": lambda alg=alg: forged({"alg": alg, "kid": "ec"}) for alg in ("none", "None", "NONE", "nOnE", "")},
    "alg is a list": lambda: forged({"alg": ["ES256"], "kid": "ec"}, "AA"),
    "alg is missing": lambda: forged({"kid": "ec"}, "AA"),
    "alg twice": lambda: forged(b'{"alg":"ES256","kid":"ec","alg":"none"}'),
    "HMAC with a public EC key": lambda: by_public_key(EC),
    "HMAC with a public RSA key": lambda: by_public_key(RSA),
    "HMAC with a public Ed25519 key": lambda: by_public_key(ED),
    "another curve's algorithm": lambda: forged({"alg": "ES384", "kid": "ec"}, "AA"),
    "the algorithm of another kind of key": lambda: forged({"alg": "EdDSA", "kid": "ec"}, "AA"),
    "a signature of zeros": lambda: forged({"alg": "ES256", "kid": "ec"}, "A" * 86),
    "a signature of another payload": lambda: forged({"alg": "ES256", "kid": "ec"}, token().split(".")[2], sub="p-1"),
    **{
        f"kid {kid!r}": lambda kid=kid: forged({"alg": "HS256", "kid": kid}, "AA")
        for kid in ("/dev/null", "../../../../dev/null", "x' UNION SELECT 'k", "ec\0", "|id", "file:///etc/hostname")
    },
    **{f"kid {kid!r}": lambda kid=kid: forged({"alg": "ES256", "kid": kid}, "AA") for kid in ([], {}, 1, True)},
    "no kid where there are several keys": lambda: forged({"alg": "ES256"}, token().split(".")[2]),
    "x5u": lambda: token(OTHER, header={"kid": "ec", "x5u": "https://evil.example/cert"}),
    "x5c": lambda: token(OTHER, header={"kid": "ec", "x5c": ["MIIB"]}),
    "an extension that must be understood": lambda: signed(PAYLOAD, crit=["x"], x=1),
    "an extension that must be understood and is not there": lambda: signed(PAYLOAD, crit=["exp"]),
    "extensions that are no list": lambda: signed(PAYLOAD, crit="x", x=1),
    "an unencoded payload": lambda: signed(PAYLOAD, b64=False, crit=["b64"]),
    "an encrypted token": lambda: ".".join(["e30"] * 5),
    "the JSON form": lambda: '{"payload":"e30","signatures":[{"protected":"e30","signature":""}]}',
    "a payload that is no object": lambda: signed(b'["iss"]'),
    "a payload that is no JSON": lambda: signed(b"{" + PAIRS.encode()),
    "a payload without an end": lambda: signed(b'{"a":' + b"[" * 3000 + b"}"),
    "another issuer behind the first": lambda: signed(f'{{{PAIRS},"iss":"https://org.example"}}'.encode()),
    "another issuer before the first": lambda: signed(f'{{"iss":"https://org.example",{PAIRS}}}'.encode(), OTHER),
    "an audience that begins the same": lambda: token(aud="bylaw2"),
    "an audience that contains it": lambda: token(aud=["x", {"bylaw": 1}]),
    "an issuer that begins the same": lambda: token(iss="https://id.example/"),
    **{
        f"exp {exp[:20]}": lambda exp=exp: signed(f'{{{PAIRS},"exp":{exp}}}'.encode())
        for exp in (f'"{NOW + 300}"', "1e999", f"1{'0' * 400}", "true", "null", "[]", "-1", "NaN", "Infinity", "{}")
    },
    **{
        f"{name} {value[:20]}": lambda name=name, value=value: signed(f'{{{PAIRS},"{name}":{value}}}'.encode())
        for name, value in (("nbf", '"0"'), ("iat", '"0"'), ("nbf", f"1{'0' * 400}"), ("iat", "[]"), ("sub", "7"))
    },
    "white space before it": lambda: " " + token(),
    "a line end in it": lambda: token().replace(".", ".\n", 1),
    "text that is not ASCII": lambda: token() + "é",
}
PAYLOAD = msgspec.json.encode(CLAIMS)


@pytest.mark.parametrize("made", TRICKS.values(), ids=[each.replace("\0", "NUL") for each in TRICKS])
def test_a_trick_with_a_token_is_not_believed(tokens: Tokens, made: Callable[[], str]) -> None:
    """RFC 8725 (JWT best practices), section 2, and what libraries were caught with since."""
    with pytest.raises(BadToken):
        tokens.read(made())


def test_a_token_made_by_hand_is_believed_where_nothing_is_wrong_with_it(tokens: Tokens) -> None:
    assert tokens.read(signed(PAYLOAD)).subject == "p-7"


def test_the_key_that_checks_a_token_is_never_the_one_it_brings(tokens: Tokens) -> None:
    header = {"jku": "http://127.0.0.1:9/jwks", "x5u": "http://127.0.0.1:9/", "jwk": OTHER.as_dict(private=False)}
    assert tokens.read(token(header=header)).subject == "p-7"  # signed by the issuer's own key: the rest is not read


def test_a_token_that_was_good_ends(tmp_path: Path, tokens: Tokens) -> None:
    clock = [float(NOW)]
    tokens._now = lambda: clock[0]
    text = token()
    tokens.read(text)
    clock[0] += 311
    with pytest.raises(BadToken, match="expired"):
        tokens.read(text)


def test_a_worker_remembers_so_many_tokens_and_no_more(tokens: Tokens, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bylaw.gateway.caller.tokens.KEEP", 5)
    for number in range(12):
        assert tokens.read(token(jti=str(number))).subject == "p-7"
        assert len(tokens._known) <= 5


def test_a_file_of_keys_holds_public_keys_only(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    issuer = IssuerSettings(issuer="i", audience="a", jwks=str(path))
    for content in (KeySet([EC]).as_dict(private=True), {"keys": [HS.as_dict()]}, {"keys": []}, {"no": 1}, []):
        path.write_bytes(msgspec.json.encode(content))
        with pytest.raises(SettingsError, match=r"JWKS|public keys"):
            Tokens({"x": issuer}, Path)


def locator(tmp_path: Path, hops: tuple[str, ...] = ()) -> Locator:
    (tmp_path / "places.csv").write_text("prefix,country\n1.0.0.0/8,US\n1.2.0.0/16,CN\n2001:db8::/32,DE\n")
    (tmp_path / "tor.txt").write_text("# exits\n1.9.9.9\n\n1.8.0.0/16  # a whole network\n")
    signals = {"tor": "tor.txt"}
    return Locator(CallerSettings(hops=hops, places="places.csv", signals=signals), lambda text: tmp_path / text)


def test_countries_and_what_hides_them(tmp_path: Path) -> None:
    found = locator(tmp_path)
    assert [found.of(each, "").country for each in ("1.1.1.1", "1.2.3.4", "9.9.9.9", "2001:db8::1")] == [
        "us",
        "cn",
        "",
        "de",
    ]
    assert found.of("::ffff:1.2.3.4", "").country == "cn"
    assert found.of("1.9.9.9", "") == ("", ("tor",))
    assert found.of("1.8.3.3", "").signals == ("tor",)


def test_any_list_may_hide_where_its_users_are(tmp_path: Path) -> None:
    locator(tmp_path)
    (tmp_path / "relay.txt").write_text("1.7.0.0/16\n")
    settings = CallerSettings(places="places.csv", signals={"relay": "relay.txt"}, hides_location=("relay",))
    found = Locator(settings, lambda text: tmp_path / text)
    assert found.of("1.7.1.1", "") == ("", ("relay",)) and found.of("1.6.1.1", "").country == "us"


def test_only_trusted_hops_are_believed(tmp_path: Path) -> None:
    outside = locator(tmp_path)
    assert outside.of("9.9.9.9", "1.2.3.4").country == ""
    behind = locator(tmp_path, ("10.0.0.0/8", "::1"))
    assert behind.of("10.0.0.1", "1.2.3.4").country == "cn"
    assert behind.of("10.0.0.1", "1.2.3.4, 1.1.1.1").country == "us"  # the first is what the caller claimed
    assert behind.of("10.0.0.1", "1.1.1.1, 1.2.3.4, 10.0.0.9").country == "cn"
    assert behind.of("::1", "[2001:db8::1]:443").country == "de"
    assert behind.of("10.0.0.1", "1.2.3.4:5555").country == "cn"
    for said in ("nonsense", "1.1.1.1, unknown", "1.1.1.1,", "1.2.3", "0x01020304", "localhost"):
        assert behind.of("10.0.0.1", said).country == ""


def test_networks_in_networks_against_looking_at_all(tmp_path: Path) -> None:
    draw = random.Random(7)
    rows = []
    for _ in range(400):
        length = draw.choice((8, 12, 16, 20, 24, 32))
        network = ipaddress.ip_network((draw.getrandbits(32) >> (32 - length) << (32 - length), length))
        rows.append((str(network), draw.choice("abcd")))
    rows = list(dict(rows).items())
    ranges = Ranges((network_of(text), said) for text, said in rows)
    networks = [(ipaddress.ip_network(text), said) for text, said in rows]
    for _ in range(3000):
        near = draw.choice(networks)[0]
        at = ipaddress.ip_address(
            min(2**32 - 1, max(0, int(near.network_address) + draw.randint(-2, near.num_addresses + 2)))
        )
        holding = [(network.prefixlen, said) for network, said in networks if at in network]
        assert ranges.find(str(at)) == (max(holding)[1] if holding else "")


def test_a_list_with_a_fault_names_its_line(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    for text in ("1.2.3.4\n1.2.3.0/33\n", "1.2.3.4\nexample.com\n", "1.2.3.4\n1.2.3.4/x\n", "x\n"):
        path.write_text(text)
        with pytest.raises(SettingsError, match=r"list.txt:[12]"):
            read_list(path, "tor")


def test_the_registries_delegations() -> None:
    """Against a linear look at the same file with the standard library."""
    ranges = read_places(real("geo", "ip-country.csv.gz"))
    known = {
        "8.8.8.8": "us",
        "2a00:1450::1": "ie",
        "1.0.1.1": "cn",
        "127.0.0.1": "",
        "10.1.1.1": "",
        "2001:200::1": "jp",
    }
    assert {each: ranges.find(each) for each in known} == known


def test_an_mmdb_says_which_country(tmp_path: Path) -> None:
    """Written by a stranger's writer; read by the format's own reader."""
    writer = MMDBWriter(ip_version=6, ipv4_compatible=True, database_type="GeoLite2-Country")
    rows: dict[str, object] = {
        "1.0.0.0/8": {"country": {"iso_code": "US"}},
        "1.2.0.0/16": {"country": {"iso_code": "CN", "names": {"en": "China"}}},
        "2001:db8::/32": {"country": {"iso_code": "DE"}},
        "3.0.0.0/8": {"registered_country": {"iso_code": "US"}},  # who owns it says nothing of where its user is
        "4.0.0.0/8": {"country": {"iso_code": 7}},
        "5.0.0.0/8": "US",
        "6.0.0.0/8": {"country": "US"},
    }
    for network, said in rows.items():
        writer.insert_network(IPSet([network]), said)
    writer.to_db_file(str(tmp_path / "x.mmdb"))
    found = Locator(CallerSettings(hops=("10.0.0.0/8",), places="x.mmdb"), lambda text: tmp_path / text)
    known = {"1.1.1.1": "us", "1.2.3.4": "cn", "2001:db8::1": "de", "::ffff:1.2.3.4": "cn"}
    unknown = ("3.1.1.1", "4.1.1.1", "5.1.1.1", "6.1.1.1", "9.9.9.9", "2001:db9::1")
    assert {each: found.of(each, "").country for each in known} == known
    assert {found.of(each, "").country for each in unknown} == {""}
    assert found.of("10.0.0.1", "1.2.3.4").country == "cn" and found.of("10.0.0.1", "x").country == ""


def test_an_mmdb_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.mmdb").write_bytes(b"nothing")
    with pytest.raises(SettingsError, match="no MMDB"):
        Locator(CallerSettings(places="x.mmdb"), lambda text: tmp_path / text)
