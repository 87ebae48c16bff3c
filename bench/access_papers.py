"""Organizations' names as papers in another country write them: generic words translated, the rest as it sounds.

Truth for the screening bench, made for it alone: forms as a clerk would inflect them, not those of the matcher's table.
Words that no row has are spelled by access_scripts.py.
"""

import re
from collections.abc import Callable

import access_scripts as spelled

WORDS = """
bank | البنك | банк | τράπεζα
trading | للتجارة | торговая | εμπορική
group | مجموعة | группа | όμιλος
international | الدولية | международная | διεθνής
islamic | الإسلامية | исламская | ισλαμική
shipping | للملاحة | судоходная | ναυτιλιακή
foundation | مؤسسة | фонд | ίδρυμα
development | التنمية | развития | ανάπτυξης
organization | منظمة | организация | οργάνωση
technology | للتكنولوجيا | технологическая | τεχνολογίας
investment | للاستثمار | инвестиционная | επενδυτική
industries | للصناعات | промышленность | βιομηχανίες
industrial | الصناعية | промышленная | βιομηχανική
center | مركز | центр | κέντρο
exchange | للصرافة | обменная | συναλλάγματος
general | العامة | генеральная | γενική
holding | القابضة | холдинг | συμμετοχών
petrochemical | للبتروكيماويات | нефтехимическая | πετροχημική
services | للخدمات | услуги | υπηρεσίες
oil | النفط | нефтяная | πετρελαίου
energy | للطاقة | энергетическая | ενέργειας
charitable | الخيرية | благотворительная | φιλανθρωπική
society | جمعية | общество | σύλλογος
association | رابطة | ассоциация | ένωση
committee | لجنة | комитет | επιτροπή
engineering | الهندسية | инженерная | μηχανικής
construction | للبناء | строительная | κατασκευαστική
army | جيش | армия | στρατός
movement | حركة | движение | κίνημα
institute | معهد | институт | ινστιτούτο
research | البحوث | исследовательский | ερευνών
steel | للصلب | сталь | χάλυβας
brigade | لواء | бригада | ταξιαρχία
ministry | وزارة | министерство | υπουργείο
bureau | مكتب | бюро | γραφείο
electronics | للإلكترونيات | электроника | ηλεκτρονικά
maritime | البحرية | морская | θαλάσσια
marine | البحرية | морская | θαλάσσια
insurance | للتأمين | страховая | ασφαλιστική
aviation | للطيران | авиационная | αεροπορική
transport | للنقل | транспортная | μεταφορών
university | جامعة | университет | πανεπιστήμιο
company | شركة | компания | εταιρεία
limited | المحدودة | лимитед | επε
ltd | المحدودة | лтд | επε
and | و | и | και
of | | |
the | | |
for | | |
"""
_TABLE = {
    english: (arabic, cyrillic, greek)
    for english, arabic, cyrillic, greek in (
        [cell.strip() for cell in row.split("|")] for row in WORDS.split("\n") if row
    )
}


def arabic(text: str) -> str:
    return _written(text, 0, spelled.arabic)


def cyrillic(text: str) -> str:
    return _written(text, 1, spelled.cyrillic)


def greek(text: str) -> str:
    return _written(text, 2, spelled.greek)


LIMITED_LIABILITY = (
    "شركة ذات مسؤولية محدودة",
    "общество с ограниченной ответственностью",
    "εταιρεία περιορισμένης ευθύνης",
)
"""What no paper translates word by word."""


def _written(text: str, script: int, spell: Callable[[str], str]) -> str:
    """The name with its generic words translated; "" for one that has none."""
    before, form, after = text.lower().partition("limited liability company")
    if form:
        named = f"{before} {after}".strip()
        return f"{LIMITED_LIABILITY[script]} {_written(named, script, spell) or spell(named)}"
    words = re.findall(r"[\w.'&-]+", text.lower())
    known = [_TABLE.get(word.strip(".,")) for word in words]
    if not any(found and found[script] for found in known):
        return ""
    written = [found[script] if found else spell(word) for word, found in zip(words, known, strict=True)]
    return " ".join(filter(None, written))
