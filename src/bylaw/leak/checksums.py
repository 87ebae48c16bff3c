"""Is this string of digits the number it looks like? Check digits, dates and reserved ranges, each from its standard.

Every function takes the text as it was found, with its spaces and hyphens, and never raises: what is too short, or has
letters where digits belong, is simply not the number.
"""

import re
from collections import defaultdict
from datetime import date
from functools import cache
from ipaddress import IPv6Address
from operator import mul

_BETWEEN = b" -./()+\t\n\xa0"
_DOUBLED = bytes((0, 2, 4, 6, 8, 1, 3, 5, 7, 9)[each - 48] if 48 <= each < 58 else 0 for each in range(256))
_VALUE = bytes(each - 48 if 48 <= each < 58 else 0 for each in range(256))
_BASE_36 = defaultdict(lambda: "0", {ord(each): str(int(each, 36)) for each in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"})

IBAN_LENGTHS = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BI": 27, "BR": 29,
    "BY": 28, "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DJ": 27, "DK": 18, "DO": 28, "EE": 20, "EG": 29,
    "ES": 24, "FI": 18, "FK": 18, "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28,
    "HN": 28, "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20,
    "LB": 28, "LC": 32, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "LY": 25, "MC": 27, "MD": 24, "ME": 22, "MK": 19,
    "MN": 20, "MR": 27, "MT": 31, "MU": 30, "NI": 28, "NL": 18, "NO": 15, "OM": 23, "PK": 24, "PL": 28, "PS": 29,
    "PT": 25, "QA": 29, "RO": 24, "RS": 22, "RU": 33, "SA": 24, "SC": 31, "SD": 18, "SE": 24, "SI": 19, "SK": 24,
    "SM": 27, "SO": 23, "ST": 25, "SV": 28, "TL": 23, "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20,
    "YE": 30,
}  # fmt: skip
"""Characters of an IBAN by country (SWIFT's IBAN registry, ISO 13616)."""


def plain(text: str) -> str:
    """The text without what people put between digits."""
    if text.isascii() and text.isdigit():
        return text
    return text.encode("latin-1", "replace").translate(None, _BETWEEN).decode("latin-1")


def mixed(digits: str) -> bool:
    """Not the same digit all through."""
    return digits != digits[:1] * len(digits)


def luhn(digits: str) -> bool:
    """ISO/IEC 7812-1 annex B, for digits alone."""
    code = digits.encode()
    return (sum(code[-1::-2]) - 48 * ((len(code) + 1) // 2) + sum(code[-2::-2].translate(_DOUBLED))) % 10 == 0


def weighted(digits: str, weights: tuple[int, ...]) -> int:
    """Sum of digits times weights, as far as the shorter of the two goes."""
    return sum(map(mul, digits.encode("latin-1", "replace").translate(_VALUE), weights))


def iso_7064_mod_11_10(digits: str) -> bool:
    """ISO 7064 hybrid system MOD 11,10."""
    product = 10
    for digit in digits[:-1]:
        product = (product + int(digit)) % 10 or 10
        product = product * 2 % 11
    return (product + int(digits[-1])) % 10 == 1


_VERHOEFF_D = tuple(
    tuple((a + b) % 5 if a < 5 and b < 5 else
          5 + (a + b) % 5 if a < 5 else
          5 + (a - b) % 5 if b < 5 else
          (a - b) % 5
          for b in range(10))
    for a in range(10)
)  # fmt: skip
_VERHOEFF_P = [tuple(range(10)), (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)]
for _ in range(6):
    _VERHOEFF_P.append(tuple(_VERHOEFF_P[1][each] for each in _VERHOEFF_P[-1]))


def verhoeff(digits: str) -> bool:
    """Verhoeff's scheme over the dihedral group D5 (1969)."""
    check = 0
    for place, digit in enumerate(reversed(digits)):
        check = _VERHOEFF_D[check][_VERHOEFF_P[place % 8][int(digit)]]
    return check == 0


def is_date(year: int, month: int, day: int) -> bool:
    """Does the calendar have this day?"""
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def is_short_date(year: str, month: str, day: str) -> bool:
    """Does a day with a two-digit year exist in this century or the last?"""
    in_century, month_number, day_number = int(year), int(month), int(day)
    return any(is_date(century + in_century, month_number, day_number) for century in (1900, 2000))


def card(text: str) -> bool:
    """A payment card: Luhn, and a range and length that an issuer has (ISO/IEC 7812, the schemes' public ranges)."""
    digits = plain(text)
    return _issued(digits[:4], len(digits)) and mixed(digits) and luhn(digits)


@cache
def _issued(first: str, length: int) -> bool:
    """Whether an issuer has numbers of this length that begin with these four digits."""
    two, three, four = int(first[:2]), int(first[:3]), int(first)
    if first[0] == "4":
        return length in (13, 16, 19)
    if two in (34, 37):
        return length == 15
    if 51 <= two <= 55 or 2221 <= four <= 2720:
        return length == 16
    if 300 <= three <= 305 or two in (36, 38, 39) or three == 309:
        return 14 <= length <= 19
    if 3528 <= four <= 3589 or four == 6011 or 644 <= three <= 649 or two in (60, 62, 65):
        return 16 <= length <= 19
    if 2200 <= four <= 2204:
        return 16 <= length <= 19
    return (two in (50, 56, 57, 58, 63, 67) or four in (6759, 6761, 6762)) and 12 <= length <= 19


def iban(text: str) -> bool:
    """ISO 13616: the country's length, and ISO 7064 MOD 97-10 over the rearranged characters."""
    account = plain(text).upper()
    if len(account) != IBAN_LENGTHS.get(account[:2]):
        return False
    return int((account[4:] + account[:4]).translate(_BASE_36)) % 97 == 1


def ipv6(text: str) -> bool:
    """An address in one of the forms of RFC 4291 §2.2, with a digit in it (``a::b`` may be a name in a program)."""
    groups_fit = "::" in text or text.count(":") in (6, 7)
    if not groups_fit or not any(each.isdigit() for each in text):
        return False
    try:
        IPv6Address(text)
    except ValueError:
        return False
    return True


_CODES = """
    1 7 20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 65 66 81 82 84
    86 90 91 92 93 94 95 98 211 212 213 216 218 220 221 222 223 224 225 226 227 228 229 230 231 232 233 234 235 236
    237 238 239 240 241 242 243 244 245 246 247 248 249 250 251 252 253 254 255 256 257 258 260 261 262 263 264 265
    266 267 268 269 290 291 297 298 299 350 351 352 353 354 355 356 357 358 359 370 371 372 373 374 375 376 377 378
    379 380 381 382 383 385 386 387 389 420 421 423 500 501 502 503 504 505 506 507 508 509 590 591 592 593 594 595
    596 597 598 599 670 672 673 674 675 676 677 678 679 680 681 682 683 685 686 687 688 689 690 691 692 800 808 850
    852 853 855 856 870 878 880 881 882 883 886 888 960 961 962 963 964 965 966 967 968 970 971 972 973 974 975 976
    977 979 992 993 994 995 996 998
"""
_CALLING_CODES = frozenset(_CODES.split())
"""Country codes of ITU-T E.164 that are assigned."""


def phone_abroad(text: str) -> bool:
    """A number with its country code: the code is assigned, 7 to 15 digits in all (ITU-T E.164 §6)."""
    digits = _subscriber(text)
    if digits.startswith("00"):
        digits = digits[2:]
    assigned = digits[:2] in _CALLING_CODES or digits[:3] in _CALLING_CODES or digits[:1] in _CALLING_CODES
    return assigned and 7 <= len(digits) <= 15 and (digits[0] != "1" or (len(digits) == 11 and digits[1] > "1"))


def phone_nanp(text: str) -> bool:
    """Area and exchange begin with 2 to 9, and neither is a service code N11 (North American Numbering Plan)."""
    digits = _subscriber(text)[-10:]
    return digits[0] > "1" and digits[3] > "1" and digits[1:3] != "11"


_DATE = re.compile(
    r"(?:19|20)[0-9]{2}[-./][01]?[0-9][-./][0-3]?[0-9]|[0-3]?[0-9][-./][0-3]?[0-9][-./](?:19|20)[0-9]{2}"
)


def phone_national(text: str) -> bool:
    """Digits that could be a subscriber's number with its trunk prefix: 9 to 12 of them, and not a date."""
    return 9 <= len(plain(text)) <= 12 and not _DATE.match(text)


def phone_plain(text: str) -> bool:
    """Digits that could be a number of any form: 7 to 13 of them, not all alike, and not a date."""
    digits = _subscriber(text)
    return 7 <= len(digits) <= 13 and mixed(digits) and not _DATE.match(text)


def _subscriber(text: str) -> str:
    """The digits before an extension."""
    return plain(text.partition("x")[0].partition("e")[0] if "x" in text or "e" in text else text)
