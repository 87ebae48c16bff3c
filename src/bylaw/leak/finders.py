"""Five searches over a block of text, each from a cheap cue to precise rows.

A key needs its BEGIN, an e-mail address an ``@``, a token a long run without a space, a number digits at the start of
a word, an IPv6 address two colons. Each cue is one search at C speed; only where it is found are rows tried. So prose
costs five searches. No row has an open repeat and every look around a cue is of bounded length: time is linear.

A block begins with a NUL, so that every character of a text has one before it.
"""

import re
from collections.abc import Iterator
from operator import itemgetter
from pathlib import Path

import msgspec

from bylaw.leak import checksums, tokens
from bylaw.leak.kinds import ANY, LETTER, NEAR, SIGN, WORD, Kind, Type
from bylaw.leak.numbers import NUMBERS, WRONG, WRONG_LEADS
from bylaw.leak.tokens import NAMED_SECRET, TOKENS


class Hit(msgspec.Struct, frozen=True, order=True, gc=False):
    """``text[start:end]`` is of this type, by the row of this name."""

    start: int
    end: int
    type: Type
    name: str


def _before(text: str, start: int) -> str:
    """What stands close before a match in the same text, in lower case."""
    return text[max(0, start - NEAR) : start].rpartition("\0")[2].lower()


# --- keys ---

_PEM = Kind("pem", "PRIVATE_KEY", r"-----? ?(?P<side>BEGIN|END) (?:[A-Z0-9]{1,12} ){0,4}PRIVATE KEY(?: BLOCK)? ?-----?")
_MARK = re.compile(_PEM.pattern)
_BASE64 = re.compile(r"[A-Za-z0-9+/]{20}")
_CUT_OFF = re.compile(r"(?:(?:\\[rn]|[\s>\"'])*+[A-Za-z0-9+/=]{20,}+)++")


def keys(text: str) -> Iterator[Hit]:
    """PEM, OpenSSH, PGP and SSH2 private keys, from BEGIN to END or to where the base64 stops."""
    if "PRIVATE KEY" not in text:
        return
    marks = list(_MARK.finditer(text))
    for mark, following in zip(marks, [*marks[1:], None], strict=False):
        if mark["side"] == "END":
            continue
        limit = following.start() if following else len(text)
        nul = text.find("\0", mark.end(), limit)
        if following and nul < 0 and following["side"] == "END":
            if _BASE64.search(text, mark.end(), limit):
                yield Hit(mark.start(), following.end(), _PEM.type, _PEM.name)
        elif cut := _CUT_OFF.match(text, mark.end(), nul if nul >= 0 else limit):
            yield Hit(mark.start(), cut.end(), _PEM.type, _PEM.name)


# --- tokens ---

RUN = 20
"""A token stands in a run of at least this length: no known one is shorter."""

_IN_RUN = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-/+.~"
_RUNS = bytes(120 if each in _IN_RUN else 32 for each in range(256))
_LONG = b"x" * RUN
SHORTEST = 15
"""Characters that a row of tokens matches at least: nothing is tried nearer to the end of a run."""
_ANY_TOKEN = re.compile(
    rf"[^A-Za-z0-9](?=(?s:.){{{SHORTEST}}})(?:{'|'.join(f'(?:{kind.pattern})()' for kind in TOKENS)})"
)
"""With the character before it, so that the engine passes over the inside of words without trying."""
_SECRET = re.compile(NAMED_SECRET.pattern)
_NAMED = re.compile(tokens.NAMES).match
_BEHIND_NAME = frozenset(" \t=:>\"'`")


def secrets(text: str) -> Iterator[Hit]:
    """Known prefixes inside long runs; if a run has none, whether it stands behind the name of a secret."""
    runs = text.encode("latin-1", "replace").translate(_RUNS) + b" "
    start = runs.find(_LONG)
    while start >= 0:
        end = runs.find(b" ", start + RUN)
        known = _ANY_TOKEN.search(text, start - 1, end)
        named = None
        if not known and text[start - 1 : start] in _BEHIND_NAME and _NAMED(_before(text, start)[::-1]):
            named = _SECRET.match(text, start)
        if named and tokens.random_looking(named[0]):
            yield Hit(start, named.end(), NAMED_SECRET.type, NAMED_SECRET.name)
        while known:
            kind = TOKENS[(known.lastindex or 1) - 1]
            padding = text[end : end + 2] if known.end() == end else ""
            yield Hit(known.start() + 1, known.end() + len(padding) - len(padding.lstrip("=")), kind.type, kind.name)
            known = _ANY_TOKEN.search(text, known.end() - 1, end)
        start = runs.find(_LONG, end)


# --- e-mail addresses ---

_EMAIL = Kind(
    "email", "EMAIL", r"(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,8}(?:[^\W\d_]{2,24}|xn--[a-z0-9-]{2,59})(?![\w-])"
)
_DOMAIN = re.compile(_EMAIL.pattern)
_LOCAL_REVERSED = re.compile(r"[\w.%+'-]{1,64}")
_TOP_LEVELS = frozenset(Path(__file__).with_name("tlds.txt").read_text().split())
"""Top-level domains of three letters and more in the root zone (IANA), and those reserved for private use."""


def emails(text: str) -> Iterator[Hit]:
    """An address on both sides of an ``@``; not one in a URL's user part, a git remote or a file name."""
    at = text.find("@")
    while at >= 0:
        domain = _DOMAIN.match(text, at + 1)
        local = _LOCAL_REVERSED.match(text[max(0, at - 64) : at][::-1]) if domain else None
        if domain and local:
            start = at - len(local[0].rstrip(".%+'-"))
            if start < at and _is_address(text, start, at, domain):
                yield Hit(start, domain.end(), _EMAIL.type, _EMAIL.name)
        at = text.find("@", at + 1)


def _is_address(text: str, start: int, at: int, domain: re.Match[str]) -> bool:
    last = domain[0].rpartition(".")[2].lower()
    remote = text[start:at] == "git" and text[domain.end() : domain.end() + 1] == ":"
    user = text[start - 1 : start] in (":", "/") and "://" in _before(text, start).rpartition(" ")[2]
    known = len(last) == 2 or last in _TOP_LEVELS or last.startswith("xn--") or not last.isascii()
    return known and not (remote or user)


# --- numbers ---


_KNOWN = frozenset[str]().union(*(kind.words for kind in NUMBERS))
_words = re.compile(rf"([^\W\d_]{{1,{WORD}}})[^\W\d_]*+").findall
_LETTERS = bytes(ord(chr(each).lower()) if chr(each).isalpha() else 32 for each in range(128)) + bytes(128)
_begin = itemgetter(slice(WORD))


def _near(text: str, start: int) -> frozenset[str]:
    """Which words of any row stand close before a match in the same text."""
    before = text[max(0, start - NEAR) : start].rpartition("\0")[2]
    if before.isascii():  # where the engine need not ask what a letter is
        return _KNOWN.intersection(map(_begin, before.encode().translate(_LETTERS).decode().split()))
    return _KNOWN.intersection(_words(before.lower()))


class _Rows:
    """The rows of ``NUMBERS`` whose match can begin with so many digits; ``match`` is of all of them as one pattern.

    The empty group behind each alternative tells which one matched, and leaves the alternative's first character in
    view of the engine, which passes over those that cannot begin with what stands there.
    """

    def __init__(self, lead: int) -> None:
        self.kinds = [kind for kind in NUMBERS if lead in kind.lead]
        self.match = re.compile("|".join(f"(?:{kind.pattern})()" for kind in self.kinds)).match
        rows = [
            (
                (kind.type, kind.name),
                kind.words,
                re.compile(kind.pattern).match,
                kind.check or bool,
                re.compile(kind.unless).match if kind.unless else None,
            )
            for kind in self.kinds
        ]
        self._rows_from = [rows[place:] for place in range(len(rows))]

    def first_believable(self, text: str, found: re.Match[str]) -> Hit | None:
        """The first believable row that matches where ``found`` does, a match of all of them.

        What stands before is looked at once, and a row that needs a word which is not there is not tried.
        """
        start = found.start()
        near: frozenset[str] | None = None
        this: re.Match[str] | None = found
        for said, words, match, check, unless in self._rows_from[(found.lastindex or 1) - 1]:
            if words:
                if near is None:
                    near = _near(text, start)
                if words.isdisjoint(near):
                    this = None
                    continue
            this = this or match(text, start)
            if this and check(this[0]) and not (unless and unless(_before(text, start)[::-1])):
                return Hit(start, this.end(), *said)
            this = None
        return None


_ROWS = {lead: rows for lead in (LETTER, SIGN, *ANY) if (rows := _Rows(lead)).kinds}
_WRONG = re.compile(WRONG)
_GAP_DIGIT = "[A-Z ()+./-]{0,6}+[0-9]"


def _behind_first(pattern: str) -> str:
    """A pattern that begins with one set of characters, without the first of them."""
    begin = re.match(r"(\[[^]]*\])(?:\{([0-9]+)\})?", pattern)
    assert begin, f"{pattern} begins with no set"
    return f"{begin[1]}{{{int(begin[2] or 1) - 1}}}{pattern[begin.end() :]}"


_LETTERED = "|".join(_behind_first(kind.pattern) for kind in NUMBERS if LETTER in kind.lead)
_NUMBER_CUE = re.compile(
    # with the character before it: there are fewer such characters than digits and capitals
    rf"[^0-9A-Za-z][0-9A-Z+(](?={_GAP_DIGIT * 3})(?<!\w.)(?<![A-Za-z0-9][-._].)(?<![0-9]/.)"
    # what begins with a digit or sign has seven digits, or is four numbers with points between, and no day, which no
    # row takes: 2024-05-06, 06.05.2024
    rf"(?:(?<=[A-Z])(?={_LETTERED})|(?<![A-Z])(?={_GAP_DIGIT * 6}|[0-9]{{0,2}}(?:\.[0-9]{{1,3}}){{3}})"
    r"(?!(?<=[12])[09][0-9]{2}-[01][0-9]-[0-3][0-9](?![0-9])|(?<=[0-3])[0-9]\.[01][0-9]\.(?:19|20)[0-9]{2}(?![0-9]))"
    r"((?<=[0-9])[0-9]*+)?)"
)


def written_numbers(text: str) -> Iterator[Hit]:
    """The first believable row of ``NUMBERS`` at each place where digits begin."""
    search = _NUMBER_CUE.search
    cue = search(text)
    while cue:
        before, done = cue.span()
        start = before + 1
        lead = done - start if cue.lastindex else SIGN if text[start] in "+(" else LETTER
        rows = _ROWS.get(lead)
        if rows and (found := rows.match(text, start)):
            if hit := rows.first_believable(text, found):
                yield hit
                done = max(done, hit.end)
            elif lead in WRONG_LEADS and (wrong := _WRONG.match(text, start)):
                done = max(done, wrong.end())
        cue = search(text, done - 1)


# --- addresses of version 6 ---

_IPV6 = Kind("ipv6", "IP", r"[0-9A-Fa-f:]{2,39}(?:(?<=:)[0-9]{1,3}(?:\.[0-9]{1,3}){3})?(?![\w:])", checksums.ipv6)
_IPV6_RUN = re.compile(_IPV6.pattern)
_IPV6_CUE = re.compile(r":[0-9A-Fa-f]{0,4}:")
_HEX_REVERSED = re.compile(r"[0-9A-Fa-f:]{0,39}")


def ipv6_addresses(text: str) -> Iterator[Hit]:
    """The whole run of hexadecimal digits and colons around two colons, if it is an address."""
    done = 0
    for cue in _IPV6_CUE.finditer(text):
        if cue.start() < done:
            continue
        left = _HEX_REVERSED.match(text[max(done, cue.start() - 39) : cue.start()][::-1])
        start = cue.start() - len(left[0] if left else "")
        found = _IPV6_RUN.match(text, start)
        done = found.end() if found else cue.end() - 1
        if found and not text[start - 1 : start].isalnum() and checksums.ipv6(found[0]):
            yield Hit(start, done, _IPV6.type, _IPV6.name)


KINDS: tuple[Kind, ...] = (_PEM, *TOKENS, NAMED_SECRET, _EMAIL, *NUMBERS, _IPV6)
FINDERS = (secrets, emails, written_numbers, ipv6_addresses)
"""What is looked for around keys."""
