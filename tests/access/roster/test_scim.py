"""SCIM users: the RFC's own example, its rules on names and nulls, and what goes wrong."""

from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from rosters import DAY, OPTIONS, faults, notes, put, values

from bylaw.access.roster.bring import read
from bylaw.access.roster.formats import FORMATS
from bylaw.access.roster.options import Options
from bylaw.access.roster.scim import ACCESS, ENTERPRISE, LIST, USER
from bylaw.access.subjects import Value
from bylaw.errors import RecordError

BARE = Options(today=DAY, source="directory", grade="attested", organizations={"Universal Studios": "org-us"})

EXAMPLE: dict[str, Any] = {
    # RFC 7643, section 8.3, "Enterprise User Extension Representation", shortened where attributes repeat
    "schemas": [USER, ENTERPRISE],
    "id": "2819c223-7f76-453a-919d-413861904646",
    "externalId": "701984",
    "userName": "bjensen@example.com",
    "name": {
        "formatted": "Ms. Barbara J Jensen, III",
        "familyName": "Jensen",
        "givenName": "Barbara",
        "middleName": "Jane",
        "honorificPrefix": "Ms.",
        "honorificSuffix": "III",
    },
    "displayName": "Babs Jensen",
    "nickName": "Babs",
    "emails": [{"value": "bjensen@example.com", "type": "work", "primary": True}],
    "addresses": [
        {
            "streetAddress": "100 Universal City Plaza",
            "locality": "Hollywood",
            "region": "CA",
            "postalCode": "91608",
            "country": "USA",
            "formatted": "100 Universal City Plaza\nHollywood, CA 91608 USA",
            "type": "work",
            "primary": True,
        },
        {"locality": "Hollywood", "country": "USA", "type": "home"},
    ],
    "userType": "Employee",
    "locale": "en-US",
    "active": True,
    "password": "t1meMa$heen",
    ENTERPRISE: {
        "employeeNumber": "701984",
        "costCenter": "4130",
        "organization": "Universal Studios",
        "division": "Theme Park",
        "manager": {"value": "26118915-6090-4610-87e4-49d8ca9f808d", "displayName": "John Smith"},
    },
    "meta": {
        "resourceType": "User",
        "created": "2010-01-23T04:56:22Z",
        "lastModified": "2026-05-13T04:42:34Z",
        "version": 'W/"3694e05e9dff591"',
        "location": "https://example.com/v2/Users/2819c223-7f76-453a-919d-413861904646",
    },
}


def user(**said: Any) -> dict[str, Any]:
    return {"schemas": [USER], "userName": "p-1", "meta": {"lastModified": "2026-05-13T04:42:34Z"}, **said}


def loaded(folder: Path, *users: Any, options: Options = BARE) -> Any:
    """(rows, remarks) of a list of users."""
    answer = {"schemas": [LIST], "totalResults": len(users), "Resources": list(users)}
    return read(put(folder, msgspec.json.encode(answer), "users.json"), options)


def test_the_example_of_the_rfc(tmp_path: Path) -> None:
    content = msgspec.json.encode(EXAMPLE)
    (row,), _ = read(put(tmp_path, content, "user.scim"), BARE)
    assert (row.id, row.kind) == ("bjensen@example.com", "person")
    assert {fact.name: fact.values for fact in row.facts} == {
        "name": (Value(text="Ms. Barbara J Jensen, III"), Value(text="Babs Jensen")),
        "location": (Value(text="us"),),
        "residence": (Value(text="us"),),
        "employer": (Value(text="org-us", detail="employee"),),
    }
    assert {(fact.source, fact.grade, fact.as_of) for fact in row.facts} == {
        ("directory", "attested", date(2026, 5, 13))
    }
    unused = FORMATS["scim"](content, "user.scim", BARE).unused
    assert unused["password"] == unused["name.honorificPrefix"] == unused[f"{ENTERPRISE}.costCenter"] == 1
    assert unused["addresses.locality"] == 2
    assert not {"userName", "meta.version", "externalId"} & set(unused)


@pytest.mark.parametrize(
    ("which", "id"), [("externalId", "701984"), ("id", EXAMPLE["id"]), ("userName", EXAMPLE["userName"])]
)
def test_which_attribute_is_the_id_is_said(tmp_path: Path, which: Any, id: str) -> None:
    (row,), _ = loaded(tmp_path, EXAMPLE, options=replace(BARE, scim_id=which))
    assert row.id == id


def test_names_are_read_in_any_case_and_nulls_say_nothing(tmp_path: Path) -> None:
    said = user(USERNAME="p-2", DisplayName="Ben", addresses=None, **{ENTERPRISE.upper(): {"ORGANIZATION": "org-1"}})
    del said["userName"]
    (row,), _ = loaded(tmp_path, {**said, "name": None, "emails": []})
    assert row.id == "p-2"
    assert [fact.name for fact in row.facts] == ["name", "employer"]


def test_an_attribute_that_comes_twice_in_two_cases_is_a_fault(tmp_path: Path) -> None:
    _, said = loaded(tmp_path, user(USERNAME="p-2"))
    assert faults(said) == ["line 1: fault: USERNAME comes twice"]


@pytest.mark.parametrize(
    ("role", "detail", "told"),
    [("CONTRACTOR", "contractor", 0), ("employee", "employee", 0), ("Intern", "", 1), (None, "", 1)],
)
def test_the_role_is_employee_or_contractor_or_not_known(
    tmp_path: Path, role: str | None, detail: str, told: int
) -> None:
    organization = {ENTERPRISE: {"organization": "org-1"}}
    (row,), said = loaded(tmp_path, user(userType=role, **organization))
    assert values(row, "employer") == (Value(text="org-1", detail=detail),)
    assert len([text for text in notes(said) if "role" in text]) == told


@pytest.mark.parametrize("active", [False, "False", "false"])
def test_who_is_not_active_is_not_employed_any_more(tmp_path: Path, active: object) -> None:
    (row,), _ = loaded(tmp_path, user(active=active, userType="Employee", **{ENTERPRISE: {"organization": "org-1"}}))
    day = date(2026, 5, 13)
    assert values(row, "employer") == (Value(text="org-1", detail="employee", until=day),)
    assert not (values(row, "employer") or ())[0].holds(day)


def test_activity_without_an_organisation_says_nothing_and_that_is_told(tmp_path: Path) -> None:
    (row,), said = loaded(tmp_path, user(active=False))
    assert row.facts == ()
    assert "say nothing of an employer" in notes(said)[0]


@pytest.mark.parametrize(
    ("addresses", "residence"),
    [
        ([("home", "fr", False), ("home", "us", True)], "us"),
        ([("home", "fr", False), ("home", "fr", False)], "fr"),
        ([("home", "fr", False), ("home", "us", False)], None),
        ([("other", "fr", True)], None),
    ],
)
def test_of_several_addresses_the_primary_one_counts(
    tmp_path: Path, addresses: list[Any], residence: str | None
) -> None:
    given = [{"type": type, "country": country, "primary": primary} for type, country, primary in addresses]
    (row,), said = loaded(tmp_path, user(addresses=given))
    assert [value.text for fact in row.facts for value in fact.values or ()] == ([residence] if residence else [])
    assert bool(notes(said)) == (residence is None)


def test_our_extension_says_what_scim_has_no_word_for(tmp_path: Path) -> None:
    ours = {
        "citizenships": ["Japan", {"value": "us", "since": "2021-05-01"}],
        "permanentResidencies": "none",
        "protected": ["unknown"],
        "residence": "fr",
        "dateOfBirth": "1985-02-01",
        "source": "passport desk",
        "grade": "document",
        "asOf": "2026-10-02",
        "expires": "2031-05-01",
        "shoeSize": 42,
    }
    (row,), _ = loaded(tmp_path, user(addresses=[{"type": "home", "country": "us"}], **{ACCESS: ours}))
    assert values(row, "citizenship") == (Value(text="jp"), Value(text="us", since=date(2021, 5, 1)))
    assert (values(row, "permanent_residency"), values(row, "protected")) == ((), None)
    assert values(row, "residence") == (Value(text="fr"),), "the extension is what the operator means"
    assert values(row, "born") == (Value(text="1985-02-01"),)
    fact = row.facts[0]
    assert (fact.source, fact.grade, fact.as_of) == ("passport desk", "document", date(2026, 10, 2))


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (user(userName=7), "userName is no text"),
        (user(userName=None), "there is no id"),
        (user(schemas=["urn:ietf:params:scim:schemas:core:2.0:Group"]), "is no user"),
        (user(active="perhaps", **{ENTERPRISE: {"organization": "org-1"}}), "active is neither true nor false"),
        (user(active=0, **{ENTERPRISE: {"organization": "org-1"}}), "active is neither true nor false"),
        (user(addresses=["home"]), "addresses is no object"),
        (user(meta={}), "say 'as_of'"),
        (user(meta={"lastModified": "yesterday"}), "is no date"),
        (user(**{ENTERPRISE: {"organization": "Acme Corp"}}), "say with --organization NAME=ID"),
        (user(Operations=[{"op": "replace"}]), "is a request to change a user"),
        (user(**{ACCESS: {"citizenships": ["cn", "unknown"]}}), "unknown country 'unknown'"),
        (user(**{ACCESS: {"citizenships": [{"value": "cn", "from": "1990"}]}}), "there is no 'a value.from'"),
        (user(**{ACCESS: {"grade": "sworn"}}), "there is no grade 'sworn'"),
        ("p-1", "a user is no object"),
    ],
)
def test_what_is_wrong_with_a_user_is_told(tmp_path: Path, said: Any, told: str) -> None:
    _, found = loaded(tmp_path, said)
    assert len(faults(found)) == 1 and told in faults(found)[0], found


def test_a_page_of_a_longer_list_is_told(tmp_path: Path) -> None:
    answer = {"schemas": [LIST], "totalResults": 900, "Resources": [user()]}
    _, said = read(put(tmp_path, msgspec.json.encode(answer), "users.json"), BARE)
    assert notes(said) == [
        "totalResults: note: a page: 1 of 900 users; the others are not in this file, and nothing is said of them"
    ]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"totalResults": 900}, "900 users by its totalResults, and no list of them"),
        ({"totalResults": 1, "Resources": user()}, "no list of them as its Resources"),
        ({"totalResults": True, "Resources": [user()]}, "no number of users"),
        ({"totalResults": -1, "Resources": [user()]}, "no number of users"),
    ],
)
def test_a_list_without_its_users_is_refused(tmp_path: Path, said: dict[str, Any], told: str) -> None:
    with pytest.raises(RecordError, match=told):
        read(put(tmp_path, msgspec.json.encode({"schemas": [LIST], **said}), "users.json"), BARE)


def test_a_list_of_nobody_may_leave_its_users_out(tmp_path: Path) -> None:
    _, said = read(put(tmp_path, msgspec.json.encode({"schemas": [LIST], "totalResults": 0}), "users.json"), BARE)
    assert notes(said) == ["the file: note: holds no subject at all"]


def test_a_key_that_comes_twice_is_refused(tmp_path: Path) -> None:
    twice = msgspec.json.encode(user(active=True)).replace(b'"active":true', b'"active":true,"active":false')
    with pytest.raises(RecordError, match="the key 'active' comes twice"):
        read(put(tmp_path, twice, "user.json"), BARE)
    lines = msgspec.json.encode(user()) + b"\n" + twice + b"\n"
    found, said = read(put(tmp_path, lines, "users.scim"), BARE)
    assert len(found) == 1 and "line 2: fault: the key 'active' comes twice" in faults(said)[0]


def test_two_user_names_that_differ_in_case_alone_are_refused(tmp_path: Path) -> None:
    _, said = loaded(tmp_path, user(userName="Ana"), user(userName="ana"))
    assert faults(said) == ["line 2 ana userName: fault: is Ana of line 1 in other letters, and a userName has no case"]


def test_an_address_of_no_type_is_told_and_one_country_in_two_spellings_is_one(tmp_path: Path) -> None:
    (row,), said = loaded(tmp_path, user(addresses=[{"country": "ir", "primary": True}]))
    assert row.facts == () and "neither of type home nor work, so nothing is taken from those in ir" in notes(said)[0]
    (row,), said = loaded(tmp_path, user(addresses=[{"type": "home", "country": each} for each in ("USA", "us")]))
    assert values(row, "residence") == (Value(text="us"),) and notes(said) == []


def test_a_user_a_line(tmp_path: Path) -> None:
    text = "".join(msgspec.json.encode(user(userName=f"p-{number}")).decode() + "\n" for number in (1, 2))
    found, said = read(put(tmp_path, text, "users.scim"), BARE)
    assert [row.id for row in found] == ["p-1", "p-2"]
    found, said = read(put(tmp_path, text[:-30], "users.scim"), BARE)
    assert ([row.id for row in found], faults(said)[0][:14]) == (["p-1"], "line 2: fault:")


@pytest.mark.parametrize("content", [b"[]", b"7", b'{"userName": "p', b"", b"<xml/>"])
def test_what_is_no_scim_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(RecordError):
        read(put(tmp_path, content, "users.json"), OPTIONS)
