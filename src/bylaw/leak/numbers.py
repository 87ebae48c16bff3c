"""Kinds that begin with a digit, a capital, a plus or a bracket: accounts, cards, addresses, persons, telephones.

In the order they are tried at a place: what has a shape of its own first, bare digits that need a word before them
next, telephones last. Each is tried only where ``scan`` has found digits, at the start of a word.
"""

from collections.abc import Collection
from itertools import groupby

from bylaw.leak import checksums, national
from bylaw.leak.kinds import ANY, END, LETTER, SIGN, Kind, words

_PHONE_WORDS = (
    "phone", "telephone", "tel", "call", "called", "mobile", "mob", "cell", "cellphone", "fax", "whatsapp", "whats",
    "sms", "text", "texted", "ring", "dial", "contact", "hotline", "helpline", "landline", "reach", "handy", "telefon",
    "teléfono", "téléphone", "móvil", "movil", "celular", "cellulare", "portable", "gsm", "rufnummer", "festnetz",
    "komórka", "puhelin", "signal", "extension", "voicemail", "llámame", "llama", "llame", "appelez", "anruf", "chiama",
    "iphone", "dzwoń", "dzwonić",
)  # fmt: skip
_NUMBER_WORDS = (*_PHONE_WORDS, "número", "numero", "number", "nr", "nummer", "no")


def _ibans() -> str:
    """An alternative for each length that the registry knows, with its countries, behind what all begin with."""
    by_length = sorted((length, country) for country, length in checksums.IBAN_LENGTHS.items())
    return "[A-Z][A-Z][0-9][0-9](?:" + "|".join(
        f"(?<={'|'.join(country + '..' for _, country in pairs)})"
        f"(?:[ -]?[A-Z0-9]){{{length - 4}}}(?![A-Za-z0-9])"
        for length, pairs in groupby(by_length, key=lambda pair: pair[0])
    ) + ")"  # fmt: skip


def _person(name: str, lead: Collection[int], pattern: str, *near: str) -> Kind:
    """A national number; its validator is the function of that name in ``national``."""
    check = getattr(national, name.replace("-", "_").removesuffix("_plain"))
    return Kind(name, "NATIONAL_ID", pattern + END, check, words(*near), lead=lead)


_ACCOUNTS = (
    Kind("iban", "IBAN", _ibans(), checksums.iban, lead=(LETTER,)),
    Kind("telegram", "TOKEN", r"[0-9]{8,10}:[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])", lead=(8, 9, 10)),
)

_PERSONS = (
    _person("it-codice-fiscale", (LETTER,),
            r"[A-Z]{6}[0-9LMNPQRSTUV]{2}[ABCDEHLMPRST][0-9LMNPQRSTUV]{2}[A-Z][0-9LMNPQRSTUV]{3}[A-Z]"),
    _person("mx-curp", (LETTER,), r"[A-Z][AEIOUX][A-Z]{2}[0-9]{6}[HMX][A-Z]{5}[A-Z0-9][0-9]"),
    _person("gb-nino", (LETTER,),
            r"[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z][ -]?[0-9]{2}[ -]?[0-9]{2}[ -]?[0-9]{2}[ -]?[A-D]"),
    _person("in-pan", (LETTER,), r"[A-Z]{3}[ABCFGHLJPT][A-Z][0-9]{4}[A-Z]"),
    _person("sg-nric", (LETTER,), r"[STFGM][0-9]{7}[A-Z]"),
    _person("es-nie", (LETTER,), r"[XYZ][ -]?[0-9]{7}[ -]?[A-HJ-NP-TV-Z]"),
    _person("es-dni", (2, 8), r"(?:[0-9]{8}|[0-9]{2}\.[0-9]{3}\.[0-9]{3})[ -]?[A-HJ-NP-TV-Z]"),
    _person("ie-pps", (7,), r"[0-9]{7}[A-W][A-IW]?"),
    _person("fi-hetu", (6,), r"[0-3][0-9][01][0-9]{3}[-+A-FU-Y][0-9]{3}[0-9A-Y]"),
    _person("us-ssn", (3,), r"[0-8][0-9]{2}(?:-[0-9]{2}-| [0-9]{2} )[0-9]{4}"),
    _person("us-itin", (3,), r"9[0-9]{2}(?:-[0-9]{2}-| [0-9]{2} )[0-9]{4}"),
    _person("br-cpf", (3,), r"[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}"),
    _person("cl-rut", (1, 2), r"[0-9]{1,2}\.[0-9]{3}\.[0-9]{3}-[0-9Kk]"),
    _person("ch-ahv", (3, 7, 11, 13),
            r"756(?:\.[0-9]{4}\.[0-9]{4}\.|[ -]?[0-9]{4}[ -]?[0-9]{4}[ -]?)[0-9]{2}"),
    _person("be-rrn", (2, 4, 6, 9, 11), r"[0-9]{2}[. ]?[0-9]{2}[. ]?[0-9]{2}[- ]?[0-9]{3}[. -]?[0-9]{2}"),
    _person("fr-nir", ANY, r"[1278] ?[0-9]{2} ?[0-9]{2} ?(?:[0-9]{2}|2[AB]) ?[0-9]{3} ?[0-9]{3} ?[0-9]{2}"),
    _person("cn-resident", (17, 18), r"[1-9][0-9]{5}(?:19|20)[0-9]{9}[0-9Xx]"),
    _person("kr-rrn", (6,), r"[0-9]{6}-[1-8][0-9]{6}"),
    _person("se-personnummer", (6, 8), r"(?:19|20)?[0-9]{6}[-+][0-9]{4}"),
    _person("dk-cpr", (6,), r"[0-3][0-9][01][0-9]{3}-[0-9]{4}", "cpr", "personnummer", "dansk", "danish"),
    _person("cz-rodne-cislo", (6,), r"[0-9]{6}/[0-9]{4}"),
    _person("za-id", (6, 10, 13), r"[0-9]{6} ?[0-9]{4} ?[0-9]{3}"),
    _person("ro-cnp", (13,), r"[1-9][0-9]{12}"),
    _person("th-id", (1,), r"[1-8](?:-[0-9]{4}-[0-9]{5}-[0-9]{2}-| [0-9]{4} [0-9]{5} [0-9]{2} )[0-9]"),
    _person("th-id-plain", (13,), r"[1-8][0-9]{12}", "thai", "citizen", "บัตร"),
    _person("in-aadhaar", (4,), r"[2-9][0-9]{3}(?:-[0-9]{4}-| [0-9]{4} )[0-9]{4}(?![ -][0-9])"),
    _person("in-aadhaar-plain", (12,), r"[2-9][0-9]{11}", "aadhaar", "adhaar", "uid", "uidai"),
    _person("jp-my-number", (4, 8, 12), r"[0-9]{4}[ -]?[0-9]{4}[ -]?[0-9]{4}", "mynumber", "number", "マイナンバー"),
    _person("de-idnr", (2, 5, 8, 11), r"[1-9][0-9] ?[0-9]{3} ?[0-9]{3} ?[0-9]{3}"),
    _person("pl-pesel", (11,), r"[0-9]{11}"),
    _person("no-fnr", (6, 11), r"[0-7][0-9][0-5][0-9]{3} ?[0-9]{5}"),
    _person("tr-tckn", (11,), r"[1-9][0-9]{10}", "tc", "tckn", "kimlik", "turkish", "türk", "türkiye"),
    _person("br-cpf-plain", (11,), r"[0-9]{11}", "cpf"),
    _person("gb-nhs", (3, 6, 10), r"[0-9]{3}[ -]?[0-9]{3}[ -]?[0-9]{4}", "nhs", "patient", "hospital", "gp"),
    _person("at-svnr", (4, 10), r"[0-9]{4} ?[0-9]{6}", "sozialversicherung", "svnr", "sv", "versicherungsnummer"),
    _person("au-medicare", (4, 9, 10), r"[2-6][0-9]{3} ?[0-9]{5} ?[0-9]", "medicare"),
    _person("nl-bsn", (3, 4, 6, 8, 9),
            r"(?:[0-9]{4}[. ][0-9]{2}[. ]?[0-9]{3}|[0-9]{3}[. ]?[0-9]{3}[. ]?[0-9]{3}|[0-9]{8,9})",
            "bsn", "burgerservicenummer", "sofi", "sofinummer", "citizen"),
    _person("ca-sin", (3, 9), r"[1-79][0-9]{2}(?:-[0-9]{3}-| [0-9]{3} |[0-9]{3})[0-9]{3}",
            "sin", "social", "insurance", "nas", "assurance", "canada"),
    _person("au-tfn", (3, 6, 9), r"[0-9]{3}[ -]?[0-9]{3}[ -]?[0-9]{3}", "tfn", "tax"),
    _person("pt-nif", (3, 6, 9), r"[1-9][0-9]{2} ?[0-9]{3} ?[0-9]{3}", "nif", "contribuinte"),
    _person("il-id", (9,), r"[0-9]{9}", "teudat", "israel", "zehut", "תעודת"),
    _person("us-ssn-plain", (9,), r"[0-8][0-9]{8}", "ssn", "social", "ss"),
    _person("us-itin-plain", (9,), r"9[0-9]{8}", "itin", "taxpayer"),
    _person("se-personnummer-plain", (10, 12), r"(?:19|20)?[0-9]{10}", "personnummer", "samordningsnummer"),
    _person("dk-cpr-plain", (10,), r"[0-3][0-9][01][0-9]{7}", "cpr"),
    _person("cz-rodne-cislo-plain", (9, 10), r"[0-9]{10}", "rodné", "rodne", "rč", "rc"),
    _person("cl-rut-plain", (7, 8), r"[0-9]{7,8}-[0-9Kk]", "rut", "run", "chile"),
)  # fmt: skip

_CARD_16 = Kind("card-16", "CARD", r"[2-6][0-9]{3}(?:[ -]?[0-9]{4}){3}" + END, checksums.card, lead=(4, 8, 12, 16))
_CARDS = (Kind("card", "CARD", r"[2-6][0-9]{3}(?:[ -]?[0-9]){8,15}" + END, checksums.card, lead=range(4, 20)),)

_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"


def _backwards(words: str) -> str:
    """An alternative for each word, as ``unless`` reads it."""
    return "|".join(word[::-1] for word in words.split("|"))


_VERSION_WORDS = _backwards(
    "version|release|ver|firmware|build|v|§|section|clause|chapter|paragraph|guide|table|fig|figure|kernel|driver"
    "|app|agent|openssh|tag|support for|library|package|revision|see"
)
_VERSION = (
    rf"\W{{0,3}}[\"']?(?:{_VERSION_WORDS})(?!\w)"
    rf"|(?: \w{{1,12}}){{0,4}} \w{{0,4}}(?:{_backwards('upgrad|updat|downgrad|bump')})| #"
)
"""Before four numbers that are a version or a paragraph."""

_ADDRESSES = (
    Kind("ipv4", "IP", rf"{_OCTET}(?:\.{_OCTET}){{3}}(?![\w]|\.[0-9]|-[A-Za-z])", unless=_VERSION, lead=(1, 2, 3)),
)

_EXTENSION = r"(?:,? ?(?:x|ext\.?|extension) ?[0-9]{1,6})?"
_NO_DATE = r"(?!(?:19|20)[0-9]{2}[-./][01]?[0-9]|[0-3]?[0-9][-./][0-3]?[0-9][-./][0-9])"
_OTHER_NUMBERS = _backwards(
    "order|invoice|ref|reference|isbn|tracking|serial|sku|ticket|case|version|batch|model|po|rechnung|pedido|commande|bestell"
)
_NOT_PHONE = rf"\W{{0,4}}(?:{_backwards('no|nr|id|number')})?\W{{0,4}}\w{{0,8}}(?:{_OTHER_NUMBERS})"
_PHONE_CHECKS = {"abroad": checksums.phone_abroad, "nanp": checksums.phone_nanp, "near": checksums.phone_plain}


def _phone(name: str, lead: Collection[int], pattern: str, *near: str) -> Kind:
    check = _PHONE_CHECKS.get(name.split("-")[0], checksums.phone_national)
    unless = _NOT_PHONE if "plain" in name else ""
    return Kind(f"phone-{name}", "PHONE", pattern + END, check, words(*near), unless, lead)


_PHONES = (
    _phone("nanp-1", (SIGN, 1, 4, 7, 11),
           r"\(?\+?1\)?[-. ]{0,2}\(?[2-9][0-9]{2}\)?[-. ]{0,2}[2-9][0-9]{2}[-. ]?[0-9]{4}" + _EXTENSION),
    _phone("abroad", (SIGN,), r"\(?\+ ?[1-9](?:[ .\-/()]{0,3}[0-9]){6,14}" + _EXTENSION),
    _phone("abroad-00", range(3, 19), r"00[1-9](?:[ .\-/()]{0,3}[0-9]){7,13}"),
    _phone("nanp", (SIGN, 3), r"(?:\([2-9][0-9]{2}\) ?|[2-9][0-9]{2}[-. ])[2-9][0-9]{2}[-. ][0-9]{4}" + _EXTENSION),
    _phone("trunk-brackets", (SIGN,), r"\(0[0-9]{1,5}\)[ /-]{0,2}[0-9]{2,8}(?:[ -]?[0-9]{2,4}){0,3}"),
    _phone("brazil", (SIGN, 2), r"(?:\([1-9][0-9]\) ?|[1-9][0-9] )9?[0-9]{4}[- ][0-9]{4}"),
    _phone("trunk", range(2, 7),
           r"0[1-9](?:[0-9]{2,3}[ /-][0-9]{6}|(?:[ .-][0-9]{2}){4}|[0-9]{0,4}(?:[ /-]{1,3}[0-9]{3,8}){1,3})"),
    _phone("india", (5,), r"[6-9][0-9]{4}[ -][0-9]{5}"),
    _phone("china", (3,), r"1[3-9][0-9][ -][0-9]{4}[ -][0-9]{4}"),
    _phone("toll-free", (4,), r"1[38]00[ -][0-9]{3}[ -][0-9]{3}"),
    _phone("russia", (1, 4), r"8[ -]?\(?9[0-9]{2}\)?[ -][0-9]{3}[ -][0-9]{2}[ -][0-9]{2}"),
    _phone("spain", (3,), r"[6-9][0-9]{2}(?: [0-9]{2}){3}"),
    _phone("trunk-unbroken-plain", (10, 11), r"0[6-9][0-9]{8,9}"),
    _phone("near-number", (2, 3, 4), _NO_DATE + r"[2-9][0-9]{1,3}(?:[ .-][0-9]{2,4}){2,3}", *_NUMBER_WORDS),
    _phone("near-word-plain", (SIGN, *ANY),
           _NO_DATE + r"\(?[0-9](?:[ .\-/()]{0,2}[0-9]){6,13}" + _EXTENSION, *_PHONE_WORDS),
)  # fmt: skip

NUMBERS: tuple[Kind, ...] = (*_ACCOUNTS, _CARD_16, *_PERSONS, *_CARDS, *_ADDRESSES, *_PHONES)

WRONG_LEADS = (LETTER, 4)
WRONG = (
    _ibans()
    + r"|[A-Z]{2}[0-9]{2}(?: [A-Z0-9]{4}){2,8}(?: [A-Z0-9]{1,4})?"
    + r"|[0-9]{4}(?:[ -][0-9]{4}){2,4}(?:[ -][0-9]{1,3})?"
)
"""Looks like an account or a card and was not believed: nothing inside it is looked at either."""
