"""Countries by code, English name and former code."""

import pytest

from bylaw.access.countries import country_of, find, same, split_countries
from bylaw.errors import UsageError


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("IRN", "ir"),
        (" ir ", "ir"),
        ("Iran (Islamic Republic of)", "ir"),
        ("Korea, North", "kp"),
        ("The Gambia", "gm"),
        ("Côte d'Ivoire", "ci"),
        ("USSR", "su"),
        ("suhh", "su"),
    ],
)
def test_countries_by_code_name_and_former_code(text: str, code: str) -> None:
    assert country_of(text).code == code


def test_a_former_country_agrees_with_its_successors_and_they_not_with_each_other() -> None:
    assert same("su", "ee") and same("ru", "su") and not same("ru", "ee")
    assert "ru" in country_of("su").successors and country_of("ru").successors == ()


def test_what_is_no_country_is_named() -> None:
    assert find("Region: Crimea") is None
    with pytest.raises(UsageError, match="zz"):
        country_of("zz")


def test_texts_are_split_into_codes_and_what_does_not_read() -> None:
    found = split_countries(["Iran", "unknown", "IR", "Atlantis", "", "Atlantis", "stateless"])
    assert found == (("ir",), ("Atlantis",))
