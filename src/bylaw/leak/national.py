"""National numbers of persons, country by country: is this string one that its office could have issued?

Every function takes the text as a pattern of ``kinds`` found it, spaces and hyphens included, and never raises. Where
the check is weak (nine digits, one check digit), the pattern also asks for a word near it that says what it is.
"""

from bylaw.leak.checksums import (
    is_date,
    is_short_date,
    iso_7064_mod_11_10,
    luhn,
    mixed,
    plain,
    verhoeff,
    weighted,
)


def us_ssn(text: str) -> bool:
    """Area not 000, 666 or from 900, group not 00, serial not 0000 (SSA, POMS RM 10201.035), no advertised number."""
    digits = plain(text)
    return (
        digits[:3] not in ("000", "666")
        and digits[0] != "9"
        and digits[3:5] != "00"
        and digits[5:] != "0000"
        and digits not in ("078051120", "219099999")
        and mixed(digits)
    )


def us_itin(text: str) -> bool:
    """Area from 900, group 50-65, 70-88, 90-92 or 94-99 (IRS)."""
    digits = plain(text)
    group = int(digits[3:5])
    return digits[0] == "9" and (50 <= group <= 65 or 70 <= group <= 88 or (90 <= group <= 99 and group != 93))


_NINO_UNUSED = {"BG", "GB", "NK", "KN", "TN", "NT", "ZZ"}


def gb_nino(text: str) -> bool:
    """Prefix letters that are in use (HMRC, NIM39110)."""
    prefix = text[:2].upper()
    return prefix not in _NINO_UNUSED and not set(prefix) & set("DFIQUV") and prefix[1] != "O"


def gb_nhs(text: str) -> bool:
    """Modulus 11 over ten digits (NHS Data Dictionary)."""
    digits = plain(text)
    return mixed(digits) and (11 - weighted(digits[:9], (10, 9, 8, 7, 6, 5, 4, 3, 2)) % 11) % 11 == int(digits[9])


def de_idnr(text: str) -> bool:
    """ISO 7064 MOD 11,10; among the first ten digits one stands twice or three times, the others once (§139b AO)."""
    digits = plain(text)
    if digits[0] == "0" or not iso_7064_mod_11_10(digits):
        return False
    most = sorted((digits[:10].count(each) for each in set(digits[:10])), reverse=True)
    return most[0] in (2, 3) and most[1:2] != [2]


def fr_nir(text: str) -> bool:
    """Key is 97 - n mod 97; Corsica's 2A and 2B count as 19 and 18 (INSEE)."""
    number = plain(text).upper()
    month = int(number[3:5])
    body = number[:13].replace("2A", "19").replace("2B", "18")
    return (1 <= month <= 12 or 20 <= month <= 42 or month >= 50) and body.isdigit() and (
        97 - int(body) % 97 == int(number[13:15])
    )  # fmt: skip


def es_dni(text: str) -> bool:
    """DNI and NIE: the letter is the number modulo 23; X, Y, Z stand for 0, 1, 2 (Real Decreto 1553/2005)."""
    number = plain(text).upper()
    body = number[:-1].translate({ord("X"): "0", ord("Y"): "1", ord("Z"): "2"})
    return "TRWAGMYFPDXBNJZSQVHLCKE"[int(body) % 23] == number[-1]


_CF_ODD = dict(
    zip("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16,
         10, 22, 25, 24, 23), strict=True)
)  # fmt: skip


def it_codice_fiscale(text: str) -> bool:
    """The check letter over the fifteen characters before it (D.M. 12 marzo 1974)."""
    code = plain(text).upper()
    even = sum(int(each) if each.isdigit() else ord(each) - 65 for each in code[1:15:2])
    return (even + sum(_CF_ODD[each] for each in code[0:15:2])) % 26 == ord(code[15]) - 65


def nl_bsn(text: str) -> bool:
    """The eleven-test, last weight -1 (Rijksdienst voor Identiteitsgegevens)."""
    digits = plain(text).zfill(9)
    return mixed(digits) and weighted(digits, (9, 8, 7, 6, 5, 4, 3, 2, -1)) % 11 == 0


def se_personnummer(text: str) -> bool:
    """A day (or a day plus 60, for a samordningsnummer) and Luhn over the last ten digits (SKV 704)."""
    digits = plain(text)[-10:]
    day = int(digits[4:6])
    return is_short_date(digits[:2], digits[2:4], str(day - 60 if day > 60 else day)) and luhn(digits)


def dk_cpr(text: str) -> bool:
    """A day; the old modulus 11 is no longer kept (CPR-kontoret, 2007)."""
    digits = plain(text)
    return is_short_date(digits[4:6], digits[2:4], digits[:2])


def no_fnr(text: str) -> bool:
    """Two check digits modulo 11; a D-number adds 40 to the day (Skatteetaten)."""
    digits = plain(text)
    first = weighted(digits[:10], (3, 7, 6, 1, 8, 9, 4, 5, 2, 1)) % 11
    second = weighted(digits, (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)) % 11
    day = int(digits[:2])
    return first == second == 0 and is_short_date(digits[4:6], digits[2:4], str(day - 40 if day > 40 else day))


def fi_hetu(text: str) -> bool:
    """A day, and the check character: nine digits modulo 31 (Digi- ja väestötietovirasto)."""
    digits = text[:6] + text[7:10]
    known = "0123456789ABCDEFHJKLMNPRSTUVWXY"[int(digits) % 31] == text[10].upper()
    return known and is_short_date(text[4:6], text[2:4], text[:2])


def pl_pesel(text: str) -> bool:
    """Modulus 10, and a day whose month carries the century (20 for the 2000s, 80 for the 1800s)."""
    digits = plain(text)
    century, month = divmod(int(digits[2:4]), 20)
    year = (1900, 2000, 2100, 2200, 1800)[century] + int(digits[:2])
    good = weighted(digits, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1)) % 10 == 0
    return good and is_date(year, month, int(digits[4:6]))


def be_rrn(text: str) -> bool:
    """97 - n mod 97; since 2000 a 2 stands before the nine digits (Rijksregister)."""
    digits = plain(text)
    body, key = int(digits[:9]), int(digits[9:])
    return key in (97 - body % 97, 97 - (2_000_000_000 + body) % 97) and int(digits[2:4]) % 20 <= 12


def ch_ahv(text: str) -> bool:
    """EAN-13 over 756 and ten digits (AHVN13)."""
    digits = plain(text)
    return digits[:3] == "756" and weighted(digits, (1, 3) * 7) % 10 == 0


def at_svnr(text: str) -> bool:
    """Modulus 11 with the check digit in fourth place; the last six digits are a birthday (or a month 13 to 15)."""
    digits = plain(text)
    check = weighted(digits[:3] + digits[4:], (3, 7, 9, 5, 8, 4, 2, 1, 6)) % 11
    return digits[0] != "0" and check == int(digits[3]) and int(digits[6:8]) <= 15 and 1 <= int(digits[4:6]) <= 31


def cz_rodne_cislo(text: str) -> bool:
    """Ten digits divisible by eleven; a woman's month has 50 added (zákon 133/2000)."""
    digits = plain(text)
    month = int(digits[2:4]) % 50
    return int(digits) % 11 == 0 and is_short_date(digits[:2], str(month - 20 if month > 20 else month), digits[4:6])


def pt_nif(text: str) -> bool:
    """Modulus 11 over nine digits."""
    digits = plain(text)
    check = 11 - weighted(digits[:8], (9, 8, 7, 6, 5, 4, 3, 2)) % 11
    return int(digits[8]) == (0 if check > 9 else check)


def ie_pps(text: str) -> bool:
    """Modulus 23 over seven digits and, if there is one, the second letter times nine."""
    number = plain(text).upper()
    second = ord(number[8]) - 64 if len(number) > 8 and number[8] != "W" else 0
    check = (weighted(number[:7], (8, 7, 6, 5, 4, 3, 2)) + 9 * second) % 23
    return ord(number[7]) - 64 == (check or 23)


def ro_cnp(text: str) -> bool:
    """Modulus 11 over thirteen digits, 10 counting as 1, and a day."""
    digits = plain(text)
    check = weighted(digits[:12], (2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9)) % 11
    return int(digits[12]) == check % 10 + check // 10 and is_short_date(digits[1:3], digits[3:5], digits[5:7])


def tr_tckn(text: str) -> bool:
    """Two check digits over eleven; the first digit is not 0."""
    digits = [int(each) for each in plain(text)]
    tenth = (7 * sum(digits[0:9:2]) - sum(digits[1:8:2])) % 10
    return digits[0] != 0 and tenth == digits[9] and sum(digits[:10]) % 10 == digits[10]


def in_aadhaar(text: str) -> bool:
    """Verhoeff over twelve digits, the first 2 to 9 (UIDAI)."""
    digits = plain(text)
    return digits[0] > "1" and digits != digits[::-1] and verhoeff(digits)


def br_cpf(text: str) -> bool:
    """Two check digits modulo 11 over eleven digits (Receita Federal)."""
    digits = plain(text)
    first = weighted(digits[:9], (10, 9, 8, 7, 6, 5, 4, 3, 2)) * 10 % 11 % 10
    if first != int(digits[9]):
        return False
    second = weighted(digits[:10], (11, 10, 9, 8, 7, 6, 5, 4, 3, 2)) * 10 % 11 % 10
    return mixed(digits) and second == int(digits[10])


def cn_resident(text: str) -> bool:
    """ISO 7064 MOD 11-2 over eighteen characters, and a day (GB 11643-1999)."""
    number = text.upper()
    total = weighted(number[:17], (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2))
    return "10X98765432"[total % 11] == number[17] and is_date(
        int(number[6:10]), int(number[10:12]), int(number[12:14])
    )


def kr_rrn(text: str) -> bool:
    """A day and a century digit; the check digit is no longer kept since October 2020."""
    digits = plain(text)
    return digits[6] in "12345678" and is_short_date(digits[:2], digits[2:4], digits[4:6])


def sg_nric(text: str) -> bool:
    """The last letter from seven weighted digits, for series S, T, F, G and M (ICA)."""
    number = text.upper()
    total = weighted(number[1:8], (2, 7, 6, 5, 4, 3, 2)) + {"T": 4, "G": 4, "M": 3}.get(number[0], 0)
    letters = {"S": "JZIHGFEDCBA", "T": "JZIHGFEDCBA", "F": "XWUTRQPNMLK", "G": "XWUTRQPNMLK", "M": "KLJNPQRTUWX"}
    place = 10 - total % 11 if number[0] == "M" else total % 11
    return letters[number[0]][place] == number[8]


def th_id(text: str) -> bool:
    """Modulus 11 over thirteen digits."""
    digits = plain(text)
    return (11 - weighted(digits[:12], tuple(range(13, 1, -1))) % 11) % 10 == int(digits[12])


def za_id(text: str) -> bool:
    """Luhn over thirteen digits, the first six a birthday, the eleventh 0 to 2."""
    digits = plain(text)
    return digits[10] in "012" and is_short_date(digits[:2], digits[2:4], digits[4:6]) and luhn(digits)


_CURP = "0123456789ABCDEFGHIJKLMNÑOPQRSTUVWXYZ"


def mx_curp(text: str) -> bool:
    """Modulus 10 over seventeen characters (RENAPO)."""
    code = text.upper()
    total = sum(_CURP.index(each) * (18 - place) for place, each in enumerate(code[:17]))
    return (10 - total % 10) % 10 == int(code[17]) if code[17].isdigit() else False


def ca_sin(text: str) -> bool:
    """Luhn over nine digits; the first is neither 0 nor 8."""
    digits = plain(text)
    return digits[0] not in "08" and luhn(digits)


def au_tfn(text: str) -> bool:
    """Modulus 11 over nine digits (ATO)."""
    return weighted(plain(text), (1, 4, 3, 7, 5, 8, 6, 9, 10)) % 11 == 0


def au_medicare(text: str) -> bool:
    """Modulus 10 in the ninth place; the first digit is 2 to 6."""
    digits = plain(text)
    return digits[0] in "23456" and weighted(digits[:8], (1, 3, 7, 9, 1, 3, 7, 9)) % 10 == int(digits[8])


def cl_rut(text: str) -> bool:
    """Modulus 11 with K for ten."""
    number = plain(text).upper()
    total = sum(int(digit) * (2 + place % 6) for place, digit in enumerate(reversed(number[:-1])))
    return "0123456789K0"[11 - total % 11] == number[-1]


def il_id(text: str) -> bool:
    """Luhn over nine digits, counted from the left (the same sums)."""
    return luhn(plain(text).zfill(9))


def jp_my_number(text: str) -> bool:
    """Modulus 11 over twelve digits (総務省令 85, 2014)."""
    digits = plain(text)
    rest = weighted(digits[10::-1], (2, 3, 4, 5, 6, 7, 2, 3, 4, 5, 6)) % 11
    return int(digits[11]) == (0 if rest <= 1 else 11 - rest)


def es_nie(text: str) -> bool:
    """As ``es_dni``."""
    return es_dni(text)


def in_pan(text: str) -> bool:
    """The pattern is all there is: the algorithm of the last letter is not published (Income Tax Department)."""
    return len(text) == 10
