"""Check digits against numbers that their offices or standards publish, and against one changed digit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bylaw.leak import checksums, national

PUBLISHED = {
    "card": ("4111 1111 1111 1111", "5555-5555-5555-4444", "378282246310005", "6011111111111117", "2223003122003222"),
    "iban": ("GB29 NWBK 6016 1331 9268 19", "DE89370400440532013000", "FR1420041010050500013M02606", "NO9386011117947",
             "MT84MALT011000012345MTLCAST001S"),
    "us_ssn": ("123-45-6789", "536 90 4399"),
    "us_itin": ("912-90-3457",),
    "gb_nino": ("AB123456C", "JG 12 13 16 A"),
    "gb_nhs": ("943 476 5919",),
    "de_idnr": ("86095742719", "47 036 892 816", "65929970489"),
    "fr_nir": ("2 55 08 14 168 025 38", "1 84 12 76 451 089 46"),
    "es_dni": ("12345678Z", "54362315-K", "12.345.678-Z"),
    "es_nie": ("X1234567L",),
    "it_codice_fiscale": ("RSSMRA85T10A562S", "MRTMTT91D08F205J"),
    "nl_bsn": ("111222333", "1112.22.333"),
    "se_personnummer": ("811228-9874", "19640823-3234", "640823+3234"),
    "dk_cpr": ("211062-5629",),
    "no_fnr": ("15108695088",),
    "fi_hetu": ("131052-308T", "131052A308T"),
    "pl_pesel": ("44051401359", "02070803628"),
    "be_rrn": ("85.07.30-033.28",),
    "ch_ahv": ("756.9217.0769.85",),
    "at_svnr": ("1237 010180",),
    "cz_rodne_cislo": ("710319/2745",),
    "pt_nif": ("123456789", "501964843"),
    "ie_pps": ("6433435F", "6433435OA"),
    "ro_cnp": ("1630615123457",),
    "tr_tckn": ("17291716060",),
    "in_aadhaar": ("2341 2341 2346",),
    "br_cpf": ("390.533.447-05", "529.982.247-25"),
    "cn_resident": ("11010519491231002X", "360426199101010071"),
    "kr_rrn": ("900101-1234567",),
    "sg_nric": ("S1234567D", "F1234567N", "T1234567J", "G1234567X"),
    "th_id": ("1-2345-45678-78-1",),
    "za_id": ("7503305044089", "800101 5009 087"),
    "mx_curp": ("BOXW310820HNERXN09",),
    "ca_sin": ("123-456-782",),
    "au_tfn": ("123 456 782",),
    "au_medicare": ("2123 45670 1",),
    "cl_rut": ("12.531.909-2",),
    "il_id": ("039337423",),
    "jp_my_number": ("1234 5678 9018",),
}  # fmt: skip
EVERY_DIGIT_COUNTS = (
    "card", "iban", "gb_nhs", "de_idnr", "fr_nir", "es_dni", "es_nie", "it_codice_fiscale", "nl_bsn", "no_fnr",
    "fi_hetu", "ch_ahv",
    "cz_rodne_cislo", "ie_pps", "ro_cnp", "tr_tckn", "in_aadhaar", "cn_resident", "ca_sin", "au_tfn",
    "jp_my_number", "za_id", "cl_rut",
)  # fmt: skip


def check(name: str, text: str) -> bool:
    return bool(getattr(national, name, getattr(checksums, name, None))(text))


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_numbers_pass(name: str) -> None:
    assert [text for text in PUBLISHED[name] if not check(name, text)] == []


@pytest.mark.parametrize("name", EVERY_DIGIT_COUNTS)
def test_any_one_changed_digit_is_seen(name: str) -> None:
    for text in PUBLISHED[name]:
        for place, digit in enumerate(text):
            if digit.isdigit():
                wrong = text[:place] + str((int(digit) + 1) % 10) + text[place + 1 :]
                assert not check(name, wrong), wrong


def test_every_national_validator_has_a_published_number() -> None:
    ours = {name for name in vars(national) if getattr(national, name).__class__.__name__ == "function"}
    helpers = {"is_date", "is_short_date", "iso_7064_mod_11_10", "luhn", "mixed", "plain", "verhoeff", "weighted"}
    assert {name for name in ours - helpers if not name.startswith("_")} - set(PUBLISHED) == {"in_pan"}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("us_ssn", "000-12-3456"), ("us_ssn", "666-12-3456"), ("us_ssn", "900-12-3456"), ("us_ssn", "123-00-4567"),
        ("us_ssn", "123-45-0000"), ("us_ssn", "078-05-1120"), ("us_itin", "912-66-3457"), ("gb_nino", "GB123456A"),
        ("gb_nino", "DA123456A"), ("gb_nino", "AO123456A"), ("card", "0000 0000 0000 0000"),
        ("card", "9111111111111111"),
        ("card", "4111 1111 1111 11"), ("iban", "ZZ29NWBK60161331926819"), ("iban", "GB29NWBK6016133192681"),
        ("dk_cpr", "321362-5629"), ("kr_rrn", "901301-1234567"), ("cn_resident", "110105194913310025"),
    ],
)  # fmt: skip
def test_reserved_and_impossible_ones_fail(name: str, text: str) -> None:
    assert not check(name, text)


@pytest.mark.parametrize("text", ["::1", "2001:db8::8a2e:370:7334", "fe80::1", "::ffff:192.0.2.128", "1:2:3:4:5:6:7:8"])
def test_addresses_of_version_6(text: str) -> None:
    assert checksums.ipv6(text)


@pytest.mark.parametrize("text", ["12:30:45", "a::b", "::", "1:2:3:4:5:6:7", "00:1a:2b:3c:4d:5e", "1::2::3"])
def test_times_names_and_hardware_addresses_are_none(text: str) -> None:
    assert not checksums.ipv6(text)


@given(st.text("0123456789", min_size=2, max_size=30))
def test_luhn_takes_exactly_one_last_digit(digits: str) -> None:
    assert sum(checksums.luhn(digits + last) for last in "0123456789") == 1


@given(st.text("0123456789", min_size=1, max_size=30), st.integers(0, 29), st.integers(1, 9))
def test_verhoeff_sees_a_changed_digit_and_a_swap(digits: str, place: int, add: int) -> None:
    whole = next(digits + last for last in "0123456789" if checksums.verhoeff(digits + last))
    place %= len(whole)
    assert not checksums.verhoeff(whole[:place] + str((int(whole[place]) + add) % 10) + whole[place + 1 :])
    for at in range(len(whole) - 1):
        swapped = whole[:at] + whole[at + 1] + whole[at] + whole[at + 2 :]
        assert swapped == whole or not checksums.verhoeff(swapped)
