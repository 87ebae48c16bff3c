"""Names are folded to one spelling, taken apart and compared."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bylaw.access.screening.dates import english_date, years
from bylaw.access.screening.fold import fold
from bylaw.access.screening.names import parse
from bylaw.access.screening.score import THRESHOLD, compare
from bylaw.access.screening.sounds import sound


def alike(first: str, second: str, person: bool = True) -> bool:
    return compare(parse(first, person), parse(second, person)) >= THRESHOLD


@pytest.mark.parametrize(
    ("disguised", "plain"),
    [
        ("Vladi\u200bmir\u200d Pu\u00adtin", "vladimir putin"),
        ("\u202eVladimir\u202c Putin\u200f", "vladimir putin"),
        ("Vlаdimir Рutin", "vladimir putin"),  # Cyrillic а and Р
        ("Ｖｌａｄｉｍｉｒ", "vladimir"),
        ("𝐕𝐥𝐚𝐝𝐢𝐦𝐢𝐫", "vladimir"),
        ("Ig0r Sech1n", "igor sechin"),
        ("José Núñez", "jose nunez"),
        ("Jose\u0301", "jose"),
        ("Πούτιν", "poytin"),
        ("Путин", "putin"),
    ],
)
def test_disguises_fold_away(disguised: str, plain: str) -> None:
    assert fold(disguised) == plain


@pytest.mark.parametrize(
    "names",
    [
        ("'Abd al-Aziz al-Nuristani", "Abdul Aziz Nuristani", "ABDULAZIZ NURISTANI"),
        ("Abdullah Omar", "ABDALLAH OMAR", "Abd Allah Omar"),
        ("Saif al-Din Rawi", "SAIF-AL-DIN AL-RAWI", "Saifuddin Rawi", "Saif ud Deen Rawi"),
    ],
)
def test_arabic_compounds_become_one_word_however_they_are_split(names: tuple[str, ...]) -> None:
    assert len({tuple(map(sound, parse(name, True).words)) for name in names}) == 1


def test_names_that_only_look_like_a_compound_stay_as_they_are() -> None:
    assert parse("Adel Anwar", True).words == ("adel", "anwar") and parse("Abel Robles", True).words[0] == "abel"
    assert parse("Abdul bin Hassan", True).words == ("abdul", "hassan")


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("Volkswagen Bank G.m.b.H.", "gmbh"),
        ("ООО Ромашка", "llc"),
        ("ОБЩЕСТВО С ОГРАНИЧЕННОЙ ОТВЕТСТВЕННОСТЬЮ Ромашка", "llc"),
        ("Stripe Limited Liability Company", "llc"),
        ("Apple Inc.", "inc"),
        ("Societatea cu Răspundere Limitată PRO TRAFFIC", "srl"),
    ],
)
def test_company_forms_are_kept_aside(text: str, form: str) -> None:
    assert parse(text, False).forms == {form}


@pytest.mark.parametrize(
    ("first", "second", "person"),
    [
        ("Putin, Vladimir", "Vladimir Vladimirovich Putin", True),
        ("VladimirPutin", "Vladimir Putin", True),
        ("A. Khamenei", "Ali Khamenei", True),
        ("Ротенберг Аркадий", "Arkadii Romanovich Rotenberg", True),
        ("فرناندو بيريز", "Fernando Pérez", True),
        ("习近平", "Xi Jinping", True),
        ("Mr. Rami Makhlouf", "Rami Makhlouf", True),
        ("Daimler Aktiengesellschaft", "Daimler AG", False),
        ("Brigade Forty-four", "Brigade 44", False),
        ("Rantisi, Abdel Aziz", "Rantisi, AAbdel Aziz", True),
        ("Fitiwi, Abdurazak", "Fitiwi, Abddurazak", True),
        ("Kim, Su-gwang", "Kim, u-gwang", True),
        ("Jildan, Wail H.A.", "Wail Jildan", True),
        ("Copy Red S.A. de C.V.", "Copy Red S.A. e C.V.", False),
        ("C.V. Playa Mar S.A. de", "Playa Mar S.A. de C.V.", False),
        ("Joint Stock Company Okeanpribor", "Okeanpribor Joint Stck Company", False),
        ("Company Transservis Limited Liability", "Limited Liability Company Transservis", False),
        ("MOHAMMAD HASNI ASAD KHAN ZARKARI", "ASAD KHAN ZARKARI MOHAMMADHASNI", True),
        ("Khatiba al-Tawhid wal-Jihad (KTJ)", "Khatiba al-Tawhid wal-Jihad", False),
    ],
)
def test_one_party_under_two_names(first: str, second: str, person: bool) -> None:
    assert alike(first, second, person) and alike(second, first, person)


@pytest.mark.parametrize(
    ("first", "second", "person"),
    [
        ("Salman bin Muhammad al-Rawi", "Muhammad bin Salman al-Rawi", True),
        ("Barack Obama", "Michelle Obama", True),
        ("Igor Deripaska", "Oleg Deripaska", True),
        ("Elias Mattsson", "ELIAS", True),
        ("Adel Cherri", "Abdul Cherri Mohammad Hadi", True),
        ("Saudi Arabian Gas Company", "Saudi Arabian Oil Company", False),
        ("김종은", "김정은", True),
        ("Bowne Global Solutions, Inc.", "Bowne Global Solutions II, Inc.", False),
        ("Management Company 23", "Management Company", False),
    ],
)
def test_two_parties_with_like_names(first: str, second: str, person: bool) -> None:
    assert not alike(first, second, person)


@given(st.text(max_size=40), st.text(max_size=40), st.booleans())
def test_any_two_texts_compare_and_the_order_does_not_matter(first: str, second: str, person: bool) -> None:
    one, other = parse(first, person), parse(second, person)
    assert 0 <= compare(one, other) <= 1
    assert fold(first).isascii() and all(one.words) and compare(other, one) == compare(one, other)


@given(st.text(st.characters(categories=["Lu", "Ll"], max_codepoint=0x52F), min_size=3, max_size=12))
def test_a_name_matches_itself(name: str) -> None:
    assert compare(parse(f"{name} {name}son", True), parse(f"{name} {name}son", True)) >= 0.9


def test_dates_in_english_and_what_years_they_may_mean() -> None:
    assert english_date("05 Nov 1951") == "1951-11-05" and english_date("circa 1951") == "1951~"
    assert english_date("1951 to 1953") == "1951/1953" and english_date("in his thirties") == ""
    assert years("1951~") == (1949, 1953) and years("01.02.1951") is None
