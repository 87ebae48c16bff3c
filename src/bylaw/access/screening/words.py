"""Words that are not names: titles, particles, company forms. Data, read by names.py."""


def words_of(text: str) -> frozenset[str]:
    """The words of a text, as a set."""
    return frozenset(text.split())


TITLES = words_of(
    "mr mrs ms miss mister dr doctor prof professor sir dame rev hon herr frau madame monsieur mme senor senora "
    "dona sheikh shaikh shaykh sheik cheikh haji hajji hadji haj hajj alhaj alhaji mullah mulla molla maulavi "
    "maulawi mawlawi maulana mawlana qari president prasident presidente general gen colonel captain capt "
    "lieutenant lt sergeant sgt brigadier commander minister ambassador senator governor imam ayatollah "
    "hojatoleslam jr junior sr senior phd esq "
)

PARTICLES = words_of(
    "al el ul ad ar as an at az ed er es ou bin ibn ben bint binti bte ould wuld oglu ogly uulu kyzy kizi de da do dos "
    "das del della di du der den des van von vom zu zur la le las los y e af av te ter ten"
)
"""Small words in a person's name that come and go between spellings."""

SON_OF = frozenset(("bin", "ibn", "ben", "bn", "bint", "binti", "ould"))
"""Between a child's and a father's name: exchanging the two makes another person."""

KUNYA = frozenset(("abu", "abou", "abo", "aboo", "umm", "um", "aw"))
"""Before a child's name, or a forefather's: with it one name."""

FORMS: dict[str, str] = {
    # Limited liability.
    **dict.fromkeys(("ltd", "limited", "ltda", "limitada", "lmt", "ltee", "limitee"), "ltd"),
    **dict.fromkeys(("llc", "ooo", "tov", "too", "mchj", "ltd liability co", "limited liability"), "llc"),
    "limited liability company": "llc",
    "limited liability partnership": "llp",
    "obshchestvo s ogranichennoy otvetstvennostyu": "llc",
    "obshchestvo s ogranichennoi otvetstvennostyu": "llc",
    "obschestvo s ogranichennoy otvetstvennostyu": "llc",
    "obshestvo s ogranichennoi otvetstvennostyu": "llc",
    "tovarystvo z obmezhenoyu vidpovidalnistyu": "llc",
    "gesellschaft mit beschrankter haftung": "gmbh",
    "societatea cu raspundere limitata": "srl",
    "societe a responsabilite limitee": "sarl",
    "sociedad de responsabilidad limitada": "srl",
    "sociedad limitada": "sl",
    "societa a responsabilita limitata": "srl",
    "sp z o o": "spzoo", "sp zoo": "spzoo", "spolka z ograniczona odpowiedzialnoscia": "spzoo",
    **{form: form for form in ("gmbh", "srl", "sarl", "sl", "bv", "bvba", "sprl", "kft", "doo",
                               "sro", "eood", "ood", "llp", "lp", "kg", "ohg", "ug", "snc", "sas", "eurl", "spzoo",
                               "fze", "fzc", "fzco", "fzllc")},
    # Share companies.
    "aktiengesellschaft": "ag", "ag": "ag",
    "incorporated": "inc", "inc": "inc", "incorporation": "inc",
    "corporation": "corp", "corp": "corp",
    "company": "co", "co": "co", "cie": "co", "cia": "co", "compagnie": "co", "compania": "co",
    "s en c": "scs", "scs": "scs", "s de rl": "srl",
    "public limited company": "plc", "plc": "plc",
    "joint stock company": "jsc", "open joint stock company": "jsc", "public joint stock company": "jsc",
    "closed joint stock company": "jsc", "joint stock": "jsc", "open joint stock": "jsc",
    "aktsionernoe obshchestvo": "jsc", "aktsionernoye obshchestvo": "jsc", "akcionernoe obshestvo": "jsc",
    "otkrytoe aktsionernoe obshchestvo": "jsc", "zakrytoe aktsionernoe obshchestvo": "jsc",
    "publichnoe aktsionernoe obshchestvo": "jsc",
    **dict.fromkeys(("jsc", "ojsc", "pjsc", "cjsc", "oao", "pao", "zao", "ao", "aoot", "aozt", "pat", "prat", "vat"),
        "jsc"),
    "private joint stock company": "jsc",
    "sociedad anonima de capital variable": "sadecv", "sa de cv": "sadecv", "sa de kv": "sadecv", "sadecv": "sadecv",
    "s a de c v": "sadecv",
    "societe anonyme": "sa", "sociedad anonima": "sa", "sociedade anonima": "sa", "sa": "sa", "sal": "sal",
    "societa per azioni": "spa", "spa": "spa", "saoc": "saoc", "saog": "saog", "sae": "sae",
    "aktiebolag": "ab", "aktiebolaget": "ab", "ab": "ab", "aktieselskab": "as", "as": "as", "asa": "asa", "aps": "aps",
    "oyj": "oy", "oy": "oy", "nv": "nv", "naamloze vennootschap": "nv", "besloten vennootschap": "bv", "se": "se",
    "anonim sirketi": "anonim", "limited sirketi": "ltd", "pt": "pt", "perseroan terbatas": "pt", "tbk": "tbk",
    "sdn bhd": "bhd", "bhd": "bhd", "berhad": "bhd", "pte": "pte", "pty": "pty", "pvt": "pvt", "private": "pvt",
    "pjs": "jsc",
    # As Cyrillic and Greek spell them.
    "ko": "co", "kompani": "co", "kompaniya": "co", "ink": "inc", "korp": "corp", "korporatsiya": "corp",
    "limitid": "ltd", "gmbkh": "gmbh", "periorismenis evthynis": "llc",
    # Arabic, in the capitals of abjad.py: sharika, and English forms as they sound.
    "CRKH": "co", "LMTD": "ltd", "ANK": "inc", "LTD": "ltd", "LTDA": "ltd", "KW": "co", "SRL": "srl",
    "SARL": "sarl", "SAS": "sas", "SAL": "sal", "SL": "sl", "BTY": "pty", "DW": "doo", "AWW": "llc", "MHDWDH": "ltd",
    "MSAHMH": "jsc", "LLK": "llc", "ALLK": "llc", "JSK": "jsc", "BF": "bv", "AWWD": "ood", "AYWWD": "eood",
    "AWAW": "jsc", "LLB": "llp", "KG": "kg", "IAT MSWWLYH MHDWDH": "llc",
    "SYA": "co", "SKS": "scs", "NF": "nv", "SR": "sro", "FZY": "fze", "FZA": "fze", "AG": "ag", "BFT": "pvt",
    "BRAYFT": "pvt", "BLK": "plc", "BL SY": "plc", "BAW": "jsc", "ZAW": "jsc", "JMBH": "gmbh", "GMBH": "gmbh",
    "pars": "pars", "ano": "ano", "up": "up", "fgup": "fgup", "gup": "gup", "kk": "kk", "kabushiki kaisha": "kk",
}  # fmt: skip
del FORMS["pars"], FORMS["up"]

FILLERS = words_of("the and of for und et y e i de la le les der die das fur al el ul l fi wa wal lil fil")
"""Words a company's name is written with or without."""

NUMBERS = {
    "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9",
    "ten": "10", "eleven": "11", "twelve": "12", "first": "1", "second": "2", "third": "3",
}  # fmt: skip
TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80,
    "ninety": 90,
}  # fmt: skip

SPELLINGS: dict[str, str] = {
    **dict.fromkeys(
        ("organisation", "organizatsiya", "organizacion", "organisations", "organizations", "org"), "organization"
    ),
    **dict.fromkeys(("intl", "int", "internacional", "internationale"), "international"),
    **dict.fromkeys(("centre", "centro", "zentrum", "tsentr"), "center"),
    **dict.fromkeys(("bros", "brother"), "brothers"),
    **dict.fromkeys(("mfg", "manufacturers"), "manufacturing"),
    **dict.fromkeys(("dept", "department"), "department"),
    **dict.fromkeys(("govt", "gov"), "government"),
    **dict.fromkeys(("tech", "technologies"), "technology"),
    **dict.fromkeys(("inds", "industry", "ind"), "industries"),
    **dict.fromkeys(("mgmt",), "management"),
    **dict.fromkeys(("assoc", "assn"), "association"),
    **dict.fromkeys(("univ",), "university"),
    **dict.fromkeys(("natl",), "national"),
    **dict.fromkeys(("grp", "gruppe", "groupe", "grupo", "gruppa"), "group"),
    **dict.fromkeys(("svcs", "svc", "service"), "services"),
}
