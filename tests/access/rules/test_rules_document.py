"""Documents read strictly: file and line in every error, and nothing in them that could be followed."""

import re

import msgspec
import pytest
from rules_texts import BASE, DIRECTIVE, LICENSE

from bylaw.access.rules import document
from bylaw.access.rules.document import Base, Directive, License, decode, parse, predicates, read
from bylaw.access.rules.library import library
from bylaw.access.rules.predicates import Predicate
from bylaw.errors import SettingsError


def test_the_three_kinds() -> None:
    assert [type(parse(text)) for text in (DIRECTIVE, LICENSE, BASE)] == [Directive, License, Base]


def test_a_digest_is_of_what_is_said_not_of_how() -> None:
    plain, commented = parse(DIRECTIVE), parse("# a comment\n" + DIRECTIVE.replace("version = 1\n", ""))
    assert plain.digest == commented.digest
    assert plain.digest != parse(DIRECTIVE.replace("744.22(b)", "744.22(a)")).digest


@pytest.mark.parametrize(
    ("text", "change", "to", "place", "says"),
    [
        (DIRECTIVE, 'effect = "refuse"', 'effekt = "refuse"', "x.toml:10", "nearest known one is 'effect'"),
        (
            DIRECTIVE,
            'effect = "refuse"',
            'effect = "block"',
            "x.toml:10: effect",
            "Invalid enum value 'block'; known: ",
        ),
        (DIRECTIVE, "T17:21:00-04:00", "T17:21:00", "x.toml:9: effective_from", "timezone"),
        (DIRECTIVE, "2026-06-12T17:21:00-04:00", '"soon"', "x.toml:9: effective_from", "Invalid RFC3339"),
        (DIRECTIVE, '["cn"]', '["China"]', "x.toml:21: who.of[1].countries[0]", "expected"),
        (DIRECTIVE, '["cn"]', "[]", "x.toml:21: who.of[1].countries", "length >= 1"),
        (DIRECTIVE, 'is = "citizenship"', 'is = "nationality"', "x.toml:20: who.of[1].is", "known: agree, all"),
        (DIRECTIVE, 'is = "citizenship"', 'is = "citizen"', "x.toml:20: who.of[1].is", "one is 'citizenship'"),
        (DIRECTIVE, 'country = "us"', 'land = "us"', "x.toml:15: who.of[0]", "unknown field `land`"),
        (DIRECTIVE, 'kind = "directive"', 'kind = "code"', "x.toml:1: kind", "directive, license, base"),
        (DIRECTIVE, 'kind = "directive"', "", "x.toml:1", "not None"),
        (DIRECTIVE, 'effect = "refuse"', 'effect = "hold"\nunknown = "refuse"', "x.toml", "unknown cannot be refused"),
        (DIRECTIVE, 'effect = "refuse"', "", "x.toml", "`who` and `effect` belong together"),
        (DIRECTIVE, 'id = "order"', 'id = "../order"', "x.toml:2: id", "expected"),
        (DIRECTIVE, '"fable-5"]', '"fable-5"', "x.toml", "not valid TOML"),
        (LICENSE, 'partners = ["org-1"]', 'friends = ["org-1"]', "x.toml:9: organizations", "annex 'partners'"),
        (LICENSE, '["annex:partners"]', '["annex:../../etc/passwd"]', "x.toml:9: organizations[0]", "expected"),
        (LICENSE, '["annex:partners"]', '["/etc/passwd"]', "x.toml:9: organizations[0]", "expected"),
        (BASE, '{ is = "anyone" }', '{ is = "anyone", run = "import os" }', "x.toml:9: who", "unknown field `run`"),
        (BASE, '{ is = "anyone" }', '{ is = "annex", name = "x" }', "x.toml:9: who", "annex 'x'"),
    ],
)
def test_errors_name_file_line_and_field(text: str, change: str, to: str, place: str, says: str) -> None:
    assert change in text
    with pytest.raises(SettingsError) as caught:
        parse(text.replace(change, to), "x.toml")
    assert caught.value.where.startswith(place)
    assert says in str(caught.value)


def test_a_license_names_somebody() -> None:
    text = LICENSE.replace('organizations = ["annex:partners"]\nemployees_of = ["annex:partners"]\n', "")
    with pytest.raises(SettingsError, match="names nobody"):
        parse(text, "x.toml")


def test_no_field_holds_code_or_a_path() -> None:
    """Every text that is looked up has a form without a slash; the others are only shown."""
    looked_up = ("id", "programme", "supersedes", "annexes")
    for field in looked_up:
        value = {"annexes": '{ "a/b" = [] }', "supersedes": '["../x"]'}.get(field, '"../x"')
        kept = "\n".join(line for line in BASE.splitlines() if not line.startswith(f"{field} ="))
        with pytest.raises(SettingsError, match="expected"):
            parse(f"{field} = {value}\n{kept}", "x.toml")


def test_predicates_are_found_inside_each_other() -> None:
    kinds = {type(each).__name__ for each in predicates(parse(DIRECTIVE))}
    assert kinds == {"AnyOf", "ForeignPerson", "Citizenship"}


def test_every_predicate_says_what_it_means() -> None:
    assert all(each.__doc__ for each in Predicate.__args__)  # type: ignore[attr-defined]


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "3026-06-12T00:00:00Z"])
def test_a_year_that_is_a_slip_is_refused_with_its_line(at: str) -> None:
    text = DIRECTIVE.replace("2026-06-12T17:21:00-04:00", at)
    assert at in text
    with pytest.raises(SettingsError, match=r"letter.toml:9: effective_from: .* is in no year from 1900 to 2999"):
        parse(text, "letter.toml")


@pytest.mark.parametrize(
    "text", ["a = " + "[" * 50_000, ".".join("a" * 20_000) + " = 1", "[" + ".".join("a" * 99) + "]"]
)
def test_what_is_nested_too_deep_is_refused_at_once(text: str) -> None:
    with pytest.raises(SettingsError, match="nested too deep"):
        parse("kind = 'directive'\n" + text, "letter.toml")


def test_a_byte_order_mark_is_no_part_of_a_document() -> None:
    assert decode(b"\xef\xbb\xbf" + DIRECTIVE.encode()) == parse(DIRECTIVE)


def test_files_that_are_no_text(tmp_path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "x.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match="not UTF-8"):
        read(tmp_path / "x.toml")
    with pytest.raises(SettingsError, match="cannot be read"):
        read(tmp_path / "y.toml")


@pytest.mark.parametrize("title", ["No \u202efriend", "No\u200bbody", "No \\u202efriend"])
def test_what_is_not_seen_is_not_signed(title: str) -> None:
    with pytest.raises(SettingsError, match=r"letter.toml:\d+: has a character that is not seen \(U\+20"):
        parse(
            re.sub(r'title = ".*"', lambda _: f'title = "{title}"', library()["june-2026-letter-1"].text), "letter.toml"
        )


def test_every_pattern_has_words() -> None:
    """An error says what is expected, not a regular expression."""
    text = library()["june-2026-letter-1"].text
    for wrong, said in (('country = "USA"', "two small letters of a country"), ('id = "A/b"', "small letters, digits")):
        key = wrong.partition(" ")[0]
        with pytest.raises(SettingsError, match=said):
            parse(re.sub(rf'(?m)\b{key} = ".*?"', wrong, text, count=1), "letter.toml")
    declared = {
        pattern for kind in (document.Directive, document.License, document.Base) for pattern in _patterns(kind)
    }
    assert declared <= {*document.PATTERNS}


def _patterns(kind: type) -> set[str]:
    return _found(msgspec.json.schema(kind))


def _found(schema: object) -> set[str]:
    if isinstance(schema, dict):
        own = {schema["pattern"]} if isinstance(schema.get("pattern"), str) else set()
        return own.union(*map(_found, schema.values()))
    return set().union(*map(_found, schema)) if isinstance(schema, list) else set()
