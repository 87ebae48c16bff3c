"""List files are read whole or not at all."""

import json
import random
from pathlib import Path

import pytest
from list_files import ENTITIES, FILES, UNSEALED, absent, contents, unsealed

from bylaw.access.screening.formats import FORMATS, by_role, load, read
from bylaw.access.screening.parties import Name, Seal
from bylaw.canonical import sha256
from bylaw.errors import DocumentError, UsageError

PARTIES = {"ofac-sdn": 8976, "ofac-consolidated": 442, "un": 1003, "us-csl": 115, "bis-dpl": 581, "ftm": 2}


@pytest.mark.parametrize("name", list(PARTIES))
def test_every_party_of_a_real_list_is_read(name: str) -> None:
    parties = read(name, contents(name), Seal(parties=PARTIES[name], absent=absent(name)))
    assert len({party.id for party in parties}) == PARTIES[name]
    assert all(party.names and party.names[0].text.strip() for party in parties)


def test_alternates_addresses_and_remarks_reach_their_party() -> None:
    parties = {party.id: party for party in read("ofac-sdn", contents("ofac-sdn"))}
    aruri = parties["18530"]
    assert aruri.kind == "person" and aruri.born == ("1966-08-19",) and aruri.programs == ("SDGT",)
    assert Name("AL-AROURI, Saleh", "strong") in aruri.names and Name("SULEIMAN, Salih", "weak") in aruri.names
    assert parties["306"].countries[:2] == ("ch", "es")


def test_followthemoney_keeps_former_countries_and_leaves_addresses_out() -> None:
    person, company = read("ftm", contents("ftm"), UNSEALED)
    assert person.countries == ("ru", "su") and person.kind == "person" and len(person.names) == 3
    assert company.kind == "organization"


@pytest.mark.parametrize("name", list(PARTIES))
def test_a_file_cut_anywhere_is_refused(name: str) -> None:
    files = contents(name)
    size = len(files["main"])
    seal = Seal(parties=PARTIES[name] if not FORMATS[name].ends else None, absent=absent(name))
    draw = random.Random(name)
    for at in [0, 1, size // 2, size - 1, *(draw.randrange(size) for _ in range(12))]:
        if files["main"][at:].strip():
            with pytest.raises(DocumentError):
                read(name, {**files, "main": files["main"][:at]}, seal)


@pytest.mark.parametrize("name", list(PARTIES))
def test_a_changed_byte_raises_or_loses_nobody(name: str) -> None:
    files = contents(name)
    draw = random.Random(f"byte {name}")
    for _ in range(25):
        damaged = bytearray(files["main"])
        damaged[draw.randrange(len(damaged))] = draw.randrange(256)
        try:
            found = read(name, {**files, "main": bytes(damaged)}, unsealed(name))
        except DocumentError:
            continue
        assert len(found) >= PARTIES[name]


@pytest.mark.parametrize("name", [name for name in PARTIES if not FORMATS[name].ends])
def test_a_format_without_an_end_mark_needs_a_seal(name: str) -> None:
    files = contents(name)
    with pytest.raises(DocumentError, match="no end mark"):
        read(name, files)
    lines = files["main"].splitlines(keepends=True)
    with pytest.raises(DocumentError, match="SHA-256"):
        read(name, {"main": b"".join(lines[:-1])}, Seal(sha256=(sha256(files["main"]),)))


def test_a_line_lost_from_ofacs_main_file_leaves_orphans() -> None:
    files = contents("ofac-sdn")
    lines = files["main"].splitlines(keepends=True)
    without = b"".join(line for line in lines if not line.startswith(b"18530,"))
    with pytest.raises(DocumentError, match="18530"):
        read("ofac-sdn", {**files, "main": without})


def test_ofacs_files_are_there_or_absent_on_purpose() -> None:
    """Without alternates nobody would be found by an alias, without addresses nobody known from a country."""
    files = contents("ofac-sdn")
    main = {"main": files["main"]}
    with pytest.raises(UsageError, match=r"alternates, addresses.*--without alternates --without addresses"):
        read("ofac-sdn", main)
    with pytest.raises(UsageError, match="not given: addresses"):
        read("ofac-sdn", main, Seal(absent=("alternates",)))
    with pytest.raises(UsageError, match="cannot be absent"):
        read("ofac-sdn", files, Seal(absent=("alternates",)))
    with pytest.raises(UsageError, match="cannot be absent"):
        read("un", contents("un"), Seal(absent=("addresses",)))
    assert len(read("ofac-sdn", main, Seal(absent=("alternates", "addresses")))) == PARTIES["ofac-sdn"]


def test_each_file_can_have_its_digest() -> None:
    files = contents("ofac-sdn")
    digests = tuple(sha256(files[role]) for role in ("main", "alternates", "addresses"))
    assert read("ofac-sdn", files, Seal(sha256=digests))
    lines = files["alternates"].splitlines(keepends=True)
    cut = {**files, "alternates": b"".join(lines[:100] + lines[101:])}  # a line cut out: nothing else tells of it
    assert read("ofac-sdn", cut, Seal(sha256=digests[:1]))
    with pytest.raises(DocumentError, match="alternates: the file's SHA-256 is"):
        read("ofac-sdn", cut, Seal(sha256=digests))
    with pytest.raises(UsageError, match="4 digests are given for 3 files"):
        read("ofac-sdn", files, Seal(sha256=(*digests, "0")))


@pytest.mark.parametrize(("role", "line"), [("main", 266), ("alternates", 40), ("addresses", 7)])
def test_an_error_names_the_file_and_the_line(tmp_path: Path, role: str, line: int) -> None:
    files = contents("ofac-sdn")
    lines = files[role].splitlines(keepends=True)
    paths = by_role("ofac-sdn", [tmp_path / f"{each}-of-today.csv" for each in files])
    for each, path in paths.items():
        path.write_bytes(files[each])
    paths[role].write_bytes(b"".join([*lines[: line - 1], b"1,2\r\n", *lines[line:]]))
    with pytest.raises(DocumentError) as error:
        load("ofac-sdn", paths)
    assert str(error.value).startswith(f"{paths[role]}:{line}: the line has 2 fields")
    paths[role].write_bytes(files[role][:-10])
    with pytest.raises(DocumentError) as error:
        load("ofac-sdn", paths)
    assert str(error.value).startswith(f"{paths[role]}: does not end with")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (b"<INDIVIDUALS>", b"<INDIVIDUALZ>", "damaged"),
        (b"<ALIAS_NAME>", b"<ALIAS_NOME>", "damaged"),
        (b"<QUALITY>Good", b"<QUALITY>Goad", "quality"),
        (b"<DATAID>6907994", b"<DATAID>6907993", "twice"),
        (b"<CONSOLIDATED_LIST", b'<!DOCTYPE x [<!ENTITY a "b">]><CONSOLIDATED_LIST', "entities"),
    ],
)
def test_a_mutated_un_list_is_refused(old: bytes, new: bytes, said: str) -> None:
    content = contents("un")["main"]
    assert old in content
    with pytest.raises(DocumentError, match=said):
        read("un", {"main": content.replace(old, new, 1)})


def test_an_unknown_element_of_the_un_list_is_refused() -> None:
    content = contents("un")["main"].replace(b"ALIAS_NAME>", b"OTHER_NAME>")
    with pytest.raises(DocumentError, match="OTHER_NAME"):
        read("un", {"main": content})


def test_what_a_list_never_holds_is_refused() -> None:
    entity = {**ENTITIES[0], "schema": "Persom"}
    with pytest.raises(DocumentError, match="Persom"):
        read("ftm", {"main": json.dumps(entity).encode() + b"\n"}, UNSEALED)
    files = contents("us-csl")
    for old, new in [(b"(SDN)", b"(SDM)"), (b"Individual", b"Indevidual"), (b"2017-10-16", b"2O17-10-16")]:
        with pytest.raises(DocumentError):
            read("us-csl", {"main": files["main"].replace(old, new)}, UNSEALED)
    with pytest.raises(DocumentError, match="header"):
        read("us-csl", {"main": files["main"].replace(b"alt_names", b"alt_name", 1)}, UNSEALED)
    with pytest.raises(DocumentError, match="UTF-8"):
        read("bis-dpl", {"main": contents("bis-dpl")["main"].replace(b"E", b"\xe9", 5)}, UNSEALED)


def test_a_wrong_request_is_named() -> None:
    with pytest.raises(UsageError, match="known are"):
        read("ofac", {"main": b""})
    with pytest.raises(UsageError, match="main"):
        read("un", {"main": b"", "alternates": b""})
    assert set(FILES) | {"ftm"} == set(FORMATS)
