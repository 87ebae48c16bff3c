"""Names in other scripts find the Latin ones, and not those that only look like them."""

import pytest

from bylaw.access.screening.abjad import difference, lettered, skeleton
from bylaw.access.screening.names import parse
from bylaw.access.screening.score import THRESHOLD, compare
from bylaw.access.screening.syllables import korean


def alike(first: str, second: str, person: bool = True) -> bool:
    one, other = parse(first, person), parse(second, person)
    assert compare(one, other) == compare(other, one)
    return compare(one, other) >= THRESHOLD


@pytest.mark.parametrize(
    ("native", "latin"),
    [
        ("هاني عبد اللطيف طلفاح التكريتي", "Hani Abd-al-Latif Tilfah al-Tikriti"),
        ("سيف الدين فليح", "Sayf-al-Din Fulayyih"),
        ("عبدالغفار شینواری", "Abdul Ghafar Shinwari"),
        ("خيرالله خيرخواه", "Khairullah Khairkhwah"),
        ("مصطفى كمال", "Mustafa Kamal"),
        ("فتحي إسحاق", "Fathi Ishaq"),
        ("البيرتو لوبيز غارسيا", "Alberto Lopez Garcia"),
        ("בנימין נתניהו", "Binyamin Netanyahu"),
        ("Владимир Квинтеро", "Vladimir Quintero"),
        ("Αντώνης Σαμαράς", "Antonis Samaras"),
        ("Λάμπρος Κουντουράς", "Lambros Kountouras"),
        ("金正恩", "Jin Zhengen"),
        ("润玲如安", "RUNLING, Ruan"),
        ("池林白马", "CHILIN, Baima"),
        ("منصور السعدي", "Mansur al-Saadi"),
        ("رمزي محمد عبد الله بن الشيبة", "Ramzi Mohamed Abdullah Binalshibh"),
        ("محمد اسحاق آخوند زاده", "Mohammad Ishaq Akhundzada"),
        ("최용해", "Choe Yong-hae"),
        ("이영수", "Ri Yong Su"),
    ],
)
def test_a_name_in_another_script_is_found(native: str, latin: str) -> None:
    assert alike(native, latin)


@pytest.mark.parametrize(
    ("native", "latin"),
    [
        ("ساميار ربانی", "Ruben Zamora"),
        ("صامد فصيل", "Samad Sial"),
        ("张伟国", "Zheng Weiguo"),
        ("王小明", "Wang Ming"),
        ("金龍 許", "Sun Jinlong"),
        ("영수 김", "Kim Yong-chol"),
    ],
)
def test_another_person_is_not(native: str, latin: str) -> None:
    assert not alike(native, latin)


@pytest.mark.parametrize(
    ("native", "latin"),
    [
        ("الجهاد الاسلامي المصري", "Egyptian Islamic Jihad"),
        ("مكتب حنيفة للصرافة", "Hanifa Money Exchange Office"),
        ("پتروشیمی کاوه", "Kaveh Petrochemical Company"),
        ("Торговый дом Заря, ООО", "Zarya Trading House LLC"),
        ("Εθνική Τράπεζα Παλμύρας", "National Bank of Palmyra"),
        ("沈忠國際海運有限公司", "Shen Zhong International Shipping"),
        ("نوردستراند ماريتيمي اند ترادينغ كومباني", "Nordstrand Maritime and Trading Company"),
        ("джоинт сток компани вад", "Joint Stock Company VAD"),
        ("нека новин", "Neka Novin"),
        ("خان & ستشيرينديل غمبه", "Khan & Schirindel GmbH"),
        ("كاريبيان بانك ن.ف.", "Caribbean Bank N.V."),
        ("سكي اوني كونستركشن", "Sky One Construction"),
        ("الدولة الإسلامية في العراق والشام - اليمن", "Islamic State in Iraq and the Levant - Yemen"),
        ("華信船務(香港)有限公司", "Huaxin Shipping Hongkong Ltd"),
    ],
)
def test_an_organization_is_found_spelled_by_sound_and_translated(native: str, latin: str) -> None:
    assert alike(native, latin, person=False)


@pytest.mark.parametrize(
    ("native", "latin"),
    [
        ("بنك الشام", "Sham Trading Company"),
        ("Торговый дом Заря", "Zarya Bank"),
        ("Εθνική Τράπεζα Παλμύρας", "Palmyra Trading"),
    ],
)
def test_another_organization_is_not(native: str, latin: str) -> None:
    assert not alike(native, latin, person=False)


def test_short_vowels_cost_nothing_and_consonants_do() -> None:
    assert difference("MHMD", "muhammad") == 0 == difference("MHMD", "mohamed")
    assert difference("MHMD", "mahmud") == 0 and difference("MHMWD", "muhammad") > 0
    assert difference("SLYM", "karim") >= 2
    assert lettered("جمال") == "JMAL" and skeleton("JMAL") == skeleton("gamal") == skeleton("jamal")


def test_romanisations_of_a_korean_syllable_share_a_key() -> None:
    assert korean("choe") == korean("choi") and korean("yeong") == korean("yong")
    assert korean("gim") == korean("kim") != korean("im")
