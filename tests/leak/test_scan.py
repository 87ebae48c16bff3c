"""The scanner: what it finds and passes over, alone and in company, and that its time grows with the text only."""

import importlib
import json
import random
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bylaw.leak import finders
from bylaw.leak.finders import FINDERS, KINDS, RUN, SHORTEST, Hit
from bylaw.leak.kinds import ANY, LETTER, NEAR, SIGN, TYPES, WORD, Kind
from bylaw.leak.numbers import NUMBERS, WRONG, WRONG_LEADS
from bylaw.leak.scan import BLOCK, mask, rules_digest, scan, scan_many
from bylaw.leak.tokens import NAMES, TOKENS

parse = importlib.import_module("re._parser").parse  # what a pattern can match at most is said nowhere else
LABELLED = Path(__file__).parent / "labelled"
KEY = "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIIrYSSNQFaA2Hwf1duRSxKtLYX5CB04fSeQ6tF1aY\n-----END EC PRIVATE KEY-----"

FOUND = [
    ("Write to jane.doe+x@mail.example.co.uk.", "EMAIL", "jane.doe+x@mail.example.co.uk"),
    ("mailto:o'neil@example.org?subject", "EMAIL", "o'neil@example.org"),
    ("<müller@bücher.de>", "EMAIL", "müller@bücher.de"),
    ("call +44 (0)20 7946 0958 today", "PHONE", "+44 (0)20 7946 0958"),
    ("it is (415) 555-2671, ask", "PHONE", "(415) 555-2671"),
    ("it is 415.555.2671 ext. 12", "PHONE", "415.555.2671 ext. 12"),
    ("au 06 12 34 56 78 le soir", "PHONE", "06 12 34 56 78"),
    ("Tel.: 030/1234567", "PHONE", "030/1234567"),
    ("card 4111-1111-1111-1111 exp", "CARD", "4111-1111-1111-1111"),
    ("card 378282246310005", "CARD", "378282246310005"),
    ("to GB29 NWBK 6016 1331 9268 19 BIC NWBKGB2L", "IBAN", "GB29 NWBK 6016 1331 9268 19"),
    ("to DE89370400440532013000.", "IBAN", "DE89370400440532013000"),
    ("to DE89\u00a03704\u00a00044\u00a00532\u00a00130\u00a000", "IBAN",
     "DE89\u00a03704\u00a00044\u00a00532\u00a00130\u00a000"),
    ("SSN 123-45-6789", "NATIONAL_ID", "123-45-6789"),
    ("my ssn is 123456789", "NATIONAL_ID", "123456789"),
    ("NI AB 12 34 56 C", "NATIONAL_ID", "AB 12 34 56 C"),
    ("CF: RSSMRA85T10A562S", "NATIONAL_ID", "RSSMRA85T10A562S"),
    ("PESEL 44051401359", "NATIONAL_ID", "44051401359"),
    ("(CPF 390.533.447-05)", "NATIONAL_ID", "390.533.447-05"),
    ("BSN: 111222333", "NATIONAL_ID", "111222333"),
    ("from 192.168.2.17:8080", "IP", "192.168.2.17"),
    ("from [2001:db8::8a2e:370:7334]:443", "IP", "2001:db8::8a2e:370:7334"),
    ("listen ::1", "IP", "::1"),
    ("key=ghp_" + "a1B2" * 9, "TOKEN", "ghp_" + "a1B2" * 9),
    ("AWS AKIAIOSFODNN7QWERTYU", "TOKEN", "AKIAIOSFODNN7QWERTYU"),
    ("Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVm", "TOKEN",
     "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVm"),
    ("bot 123456789:AAF" + "x1Y_" * 8, "TOKEN", "123456789:AAF" + "x1Y_" * 8),
    ('aws_secret_access_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzQ9x1yZ2wV"', "TOKEN",
     "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzQ9x1yZ2wV"),
    (f"here\n{KEY}\nthere", "PRIVATE_KEY", KEY),
    (KEY.replace("\n", "\\n"), "PRIVATE_KEY", KEY.replace("\n", "\\n")),
    (KEY.rpartition("\n")[0] + "\nand so on", "PRIVATE_KEY", KEY.rpartition("\n")[0]),
]  # fmt: skip

PASSED_OVER = [
    "Meet at 12:30:45 on 2024-05-06, or 06/05/2024, or 06.05.2024.",
    "version 10.0.19.1 of the driver", "see section 3.2.1.4", "std::vector<int> a::b", "mac 00:1a:2b:3c:4d:5e",
    "card 4111-1111-1111-1112 fails Luhn", "IBAN GB29 NWBK 6016 1331 9268 18 is wrong",
    "uuid 550e8400-e29b-41d4-a716-446655440000", "commit 9a241aaf28b5c0ffee9a241aaf28b5c0ffee1234",
    "ISBN 978-3-16-148410-0", "order 1234567890", "icon@2x.png, y = q@k.transpose(1)", "git@github.com:a/b.git",
    "https://user:secret@example.com/", "000-12-3456 and 666-12-3456", "1,234,567.89 and 3.14159265358979",
    "AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE", "the words BEGIN PRIVATE KEY mean nothing",
    "how-to-fix-a-long-slug-in-a-url",
    "-----BEGIN PUBLIC KEY-----\nMHcCAQEEIIrYSSNQFaA2Hwf1duRSxKtLYX5CB04f\n-----END PUBLIC KEY-----",
    "", "\0", "@", "@@@", "::::", "+(((((", "\ud800",
]  # fmt: skip


@pytest.mark.parametrize(("text", "type", "value"), FOUND)
def test_finds(text: str, type: str, value: str) -> None:
    assert [(hit.type, text[hit.start : hit.end]) for hit in scan(text)] == [(type, value)]


@pytest.mark.parametrize("text", PASSED_OVER)
def test_passes_over(text: str) -> None:
    assert scan(text) == []


def test_every_type_is_tried() -> None:
    assert {type for _, type, _ in FOUND} == set(TYPES) == {kind.type for kind in KINDS}


def test_masking_leaves_nothing_behind() -> None:
    text = ";\n".join(text for text, _, _ in FOUND)
    masked = mask(text, scan(text))
    assert masked == ";\n".join(text.replace(value, f"[{type}]") for text, type, value in FOUND)
    assert scan(masked) == []


def test_what_reaches_out_of_a_key_is_not_lost_with_it() -> None:
    token, address = "sk-" + "a1B2" * 8, "jane@example.org"
    text = f"{token}{KEY}{address}"
    assert [(hit.type, text[hit.start : hit.end]) for hit in scan(text)] == [
        ("TOKEN", token), ("PRIVATE_KEY", KEY), ("EMAIL", address)
    ]  # fmt: skip


def test_in_company_as_alone() -> None:
    texts = [text for text, _, _ in FOUND] + PASSED_OVER + ["x" * BLOCK, "SSN", "123456789", KEY[:40], KEY[40:]]
    assert scan_many(texts) == [scan(text) for text in texts]


@given(st.lists(st.one_of(st.text(max_size=60), st.sampled_from([text for text, _, _ in FOUND])), max_size=6))
def test_hits_are_in_order_inside_the_text_and_apart(texts: list[str]) -> None:
    found = scan_many(texts)
    assert found == [scan(text) for text in texts]
    for text, hits in zip(texts, found, strict=True):
        ends = [0, *(hit.end for hit in hits)]
        assert all(end <= hit.start < hit.end <= len(text) for end, hit in zip(ends, hits, strict=False))


def test_the_digest_names_the_rules() -> None:
    assert rules_digest() == rules_digest()
    assert re.fullmatch("[0-9a-f]{64}", rules_digest())
    assert len({kind.name for kind in KINDS}) == len(KINDS)


def test_labelled_texts_hold_every_type_and_few_are_missed() -> None:
    """A floor, so that a change to a row that loses things is seen; the figures stand in the bench."""
    for name in ("dev.jsonl", "test.jsonl"):
        rows = [json.loads(line) for line in (LABELLED / name).read_text().splitlines()]
        found = scan_many([row["text"] for row in rows])
        wanted = [(place, span["type"], span["start"]) for place, row in enumerate(rows) for span in row["spans"]]
        got = {(place, hit.type, hit.start) for place, hits in enumerate(found) for hit in hits}
        assert {type for _, type, _ in wanted} == set(TYPES)
        assert len(got & set(wanted)) >= 0.9 * len(wanted), name
        assert len(got & set(wanted)) >= 0.9 * len(got), name


def _believes(kind: Kind, text: str, start: int) -> re.Match[str] | None:
    """A row by the letter of ``kinds.Kind``, with nothing kept from another row."""
    found = re.compile(kind.pattern).match(text, start)
    before = text[max(0, start - NEAR) : start].rpartition("\0")[2].lower()
    near = {word[:WORD] for word in re.findall(r"[^\W\d_]+", before)}
    right = found and (not kind.check or kind.check(found[0])) and (not kind.words or near & kind.words)
    return found if right and not (kind.unless and re.match(kind.unless, before[::-1])) else None


GAP_DIGIT = "[A-Z ()+./-]{0,6}+[0-9]"
CUE = re.compile(
    rf"[0-9A-Z+(](?<!\w.)(?={GAP_DIGIT * 3})(?<![A-Za-z0-9][-._].)(?<![0-9]/.)"
    rf"(?:(?={GAP_DIGIT * 6})|(?<=[A-Z])|(?=[0-9]{{0,2}}(?:\.[0-9]{{1,3}}){{3}}))"
    r"(?!(?<=[12])[09][0-9]{2}-[01][0-9]-[0-3][0-9](?![0-9]))((?<=[0-9])[0-9]*+)?"
)
"""Where a number can begin, with no row's help."""


def _one_by_one(text: str) -> list[Hit]:
    """The numbers in a text, every row tried at every cue."""
    hits, done = list[Hit](), 0
    for cue in CUE.finditer(text):
        start, digits = cue.start(), cue.end(1) - cue.start()
        lead = digits if cue[1] is not None else SIGN if cue[0] in "+(" else LETTER
        rows = [kind for kind in NUMBERS if lead in kind.lead] if start >= done else []
        if found := next(((kind, match) for kind in rows if (match := _believes(kind, text, start))), None):
            hits.append(Hit(start, found[1].end(), found[0].type, found[0].name))
            done = hits[-1].end
        elif lead in WRONG_LEADS and any(re.compile(kind.pattern).match(text, start) for kind in rows):
            done = wrong.end() if (wrong := re.compile(WRONG).match(text, start)) else done
    return hits


def _mixed(size: int) -> Iterator[str]:
    """Labelled texts with characters changed, dropped and put in, and pieces of others between."""
    rng = random.Random(20)
    texts = [json.loads(line)["text"] for file in sorted(LABELLED.glob("*.jsonl")) for line in file.open()]
    yield from texts
    for _ in range(size):
        text, other = list(rng.choice(texts)), rng.choice(texts)
        for _ in range(rng.randint(1, 6)):
            at, begin = rng.randrange(len(text)), rng.randrange(len(other))
            piece = rng.choice([rng.choice("0123456789 -./()+xAZ,:;\0é漢😀"), other[begin : begin + 30], ""])
            text[at : at + rng.randint(0, 1)] = piece
        yield "".join(text) + "."


def test_short_cuts_change_nothing_that_is_found() -> None:
    text = "\0".join(["", *_mixed(3000)])
    found = list(finders.written_numbers(text))
    assert len(text) > 400_000 and len(found) > 1_500
    assert found == _one_by_one(text)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_row_has_no_open_repeat(kind: Kind) -> None:
    assert parse(kind.pattern).getwidth()[1] <= 20_000


def test_no_token_is_shorter_than_what_is_tried() -> None:
    assert min(parse(kind.pattern).getwidth()[0] for kind in TOKENS) == SHORTEST <= RUN


def test_the_other_patterns_have_none_either() -> None:
    assert all(parse(pattern).getwidth()[1] <= 200 for pattern in (WRONG, NAMES))
    assert all(parse(kind.unless).getwidth()[1] <= 100 for kind in KINDS)


def _as_generated(pattern: str) -> str:
    """The pattern without what looks around it, which hypothesis cannot fulfil."""
    return re.sub(r"\(\?!(?:[^()\[\]]|\[[^\]]*\])*\)|\(\?<=(?:[^()])*\)", "", pattern)


@pytest.mark.parametrize("kind", NUMBERS, ids=lambda kind: kind.name)
@settings(max_examples=15, suppress_health_check=list(HealthCheck), deadline=None)
@given(st.data())
def test_a_row_is_tried_at_all_it_can_match(kind: Kind, data: st.DataObject) -> None:
    """``lead`` holds every number of digits that a match can begin with; what is believed has the digits of the cue."""
    text = data.draw(st.from_regex(_as_generated(kind.pattern), fullmatch=True, alphabet=st.characters(codec="ascii")))
    if match := re.match(kind.pattern, text):
        digits = re.match("[0-9]*", text)
        lead = len(digits[0]) if digits and digits[0] else SIGN if text[0] in "+(" else LETTER
        assert lead in kind.lead or match.end() < len(text) or lead not in ANY
        believed = kind.check is None or kind.check(match[0])
        seven = sum(map(str.isdigit, match[0])) >= 7 or kind.name == "ipv4"
        assert lead == LETTER or seven or not believed  # or the cue would pass it over


HOSTILE: dict[str, Callable[[int], str]] = {
    "at": lambda size: "@" * size,
    "a@": lambda size: "a@" * (size // 2),
    "a.a.a@": lambda size: "a.a.a@a.a-a.a_" * (size // 14),
    "labels": lambda size: "x@" + "a." * (size // 2),
    "letters": lambda size: "a" * size,
    "capitals": lambda size: "A" * size,
    "digits": lambda size: "1" * size,
    "spaced digits": lambda size: "4 1 " * (size // 4),
    "groups": lambda size: "4111 1111 1111 1111 " * (size // 20),
    "wrong groups": lambda size: "4111 1111 1111 1112 " * (size // 20),
    "dotted": lambda size: "1.1.1." * (size // 6),
    "colons": lambda size: ":" * size,
    "hex": lambda size: "ab:1:" * (size // 5),
    "plus": lambda size: "+1(" * (size // 3),
    "ibans": lambda size: "GB29 NWBK 6016 1331 9268 1 " * (size // 27),
    "begin": lambda size: "-----BEGIN RSA PRIVATE KEY-----\n" * (size // 32),
    "hyphens": lambda size: "-" * size,
    "base64": lambda size: "-----BEGIN RSA PRIVATE KEY-----\n" + ("A" * 64 + "\n") * (size // 65),
    "jwt": lambda size: "eyJaaaaaaaa." * (size // 12),
    "prefixes": lambda size: "ghp_sk-xoxb-AKIA/" * (size // 17),
    "names": lambda size: "api_key=" * (size // 8),
    "secrets": lambda size: "token secret password aaaaaaaaaaaaaaaaaaaa1 " * (size // 44),
    "quotes": lambda size: "-----BEGIN RSA PRIVATE KEY-----" + '\n\\n"' * (size // 4),
}


def _seconds(text: str, times: int) -> float:
    taken = []
    for _ in range(times):
        start = time.process_time()
        scan(text)
        taken.append(time.process_time() - start)
    return min(taken)


@pytest.mark.parametrize("size", [1 << 16, pytest.param(1 << 20, marks=pytest.mark.long)])
@pytest.mark.parametrize("name", HOSTILE)
def test_time_grows_with_the_text_only(name: str, size: int) -> None:
    """Eight times the text: about 8 times the time if linear, 64 times if quadratic. The ratio alone is judged."""
    make = HOSTILE[name]
    assert _seconds(make(size), 2) < 28 * max(_seconds(make(size // 8), 3), 1e-4)


def test_finders_cope_with_lone_characters() -> None:
    for code in (*range(0x300), 0x2028, 0xD800, 0xFFFF, 0x1F600):
        assert all(isinstance(hit, Hit) for find in (finders.keys, *FINDERS) for hit in find("\0" + chr(code) * 3))
