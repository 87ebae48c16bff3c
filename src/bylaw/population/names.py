"""Names and countries. Neither decides anything in June 2026: they are drawn without regard to what is true."""

from bylaw.population.draws import Draws

ABROAD = (
    *("cn", "in", "gb", "de", "fr", "ca", "kr", "jp", "il", "tw", "sg", "br", "mx", "pl", "ua", "ru", "ir", "tr", "vn"),
    *("ng", "eg", "ke", "za", "ar", "cl", "co", "es", "it", "nl", "se", "ch", "at", "ie", "au", "nz", "id", "pk", "bd"),
    *("hk", "ve", "cu", "sy", "by", "kz", "ge", "sa", "ae"),
)
"""Foreign countries and territories, some of them under embargo: after the letters all are the same."""

_GIVEN = (
    *("Maria", "John", "Wei", "Aisha", "Dmitri", "Priya", "José", "Anna", "Kwame", "Yuki", "Fatima", "Lars", "Min-jun"),
    *("Chloé", "Omar", "Ingrid", "Tariq", "Sofia", "Nguyễn", "Emily", "Zoltán", "Siobhán", "Ravi", "Leila", "Tomás"),
    *("王", "李", "Иван", "Ольга", "محمد", "فاطمة", "דוד", "Γιώργος", "さくら", "지훈"),
)
_FAMILY = (
    *("Smith", "García", "Chen", "Khan", "Ivanov", "Patel", "Müller", "Kowalska", "Mensah", "Tanaka", "Haddad", "Berg"),
    *("Kim", "Dubois", "Farouk", "O'Brien", "Rossi", "Trần", "Johnson", "Nagy", "Singh", "Rahimi", "Silva", "Okafor"),
    *("伟", "娜", "Петров", "الأحمد", "כהן", "Παπαδόπουλος", "田中", "김"),
)
_FIRST = (
    *(
        "Aurora",
        "Baltic",
        "Cobalt",
        "Delta",
        "Evergreen",
        "Fulcrum",
        "Granite",
        "Harbor",
        "Indigo",
        "Juniper",
        "Kestrel",
    ),
    *(
        "Lumen",
        "Meridian",
        "Northwind",
        "Orchid",
        "Pacific",
        "Quartz",
        "Redwood",
        "Summit",
        "Tundra",
        "Umbra",
        "Vertex",
    ),
)
_SECOND = (
    *(
        "Analytics",
        "Biologics",
        "Capital",
        "Dynamics",
        "Energy",
        "Foundry",
        "Genomics",
        "Health",
        "Instruments",
        "Labs",
    ),
    *("Logistics", "Materials", "Networks", "Optics", "Pharma", "Robotics", "Semiconductor", "Systems", "Telecom"),
)
_FORM = ("Inc.", "LLC", "Ltd", "GmbH", "S.A.", "K.K.", "Co. Ltd", "AG", "B.V.", "Pte. Ltd.")


_PEOPLE = tuple(f"{given} {family}" for given in _GIVEN for family in _FAMILY)
_ANYWHERE = ABROAD + ("us",) * len(ABROAD)


def person_name(draws: Draws) -> str:
    """A given and a family name, in whatever languages."""
    return draws.pick(_PEOPLE)


def organization_name(draws: Draws, number: int) -> str:
    """A name that no other number has."""
    return f"{draws.pick(_FIRST)} {draws.pick(_SECOND)} {number} {draws.pick(_FORM)}"


def foreign(draws: Draws, but: str = "") -> str:
    """A country other than the United States, and than one more."""
    found = draws.pick(ABROAD)
    return found if found != but else foreign(draws, but)


def anywhere(draws: Draws) -> str:
    """Any country, half of the time the United States."""
    return draws.pick(_ANYWHERE)
