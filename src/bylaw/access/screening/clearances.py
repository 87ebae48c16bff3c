"""Remembered false positives: this subject is not that party, as somebody found out and said why.

A clearance holds for the particulars it was given on, by digest. Once the party's entry on the list or what is known
of the subject is another, the match comes back, with the reminder that it was cleared before and what has changed.
Kept in ``cleared.jsonl`` beside the lists; nothing is ever taken out of it: a clearance that was wrong is followed by
one that withdraws it, and the match is open again.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from bylaw.access.screening.match import Match
from bylaw.access.screening.parties import Party, Query
from bylaw.canonical import digest
from bylaw.errors import UsageError
from bylaw.storage import append_line, read_records


class Clearance(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Said by ``by`` on the day ``on``; ``query`` and ``entry`` are digests of both sides' particulars then.

    ``withdrawn``: what was said before of these two under this name was wrong.
    """

    subject: str
    list: str
    party: str
    why: str
    by: str
    on: str
    query: str
    entry: str
    withdrawn: bool = False


Parties = Mapping[tuple[str, str], Party]
"""Listed parties by list and id."""


class Clearances:
    """All that was cleared below ``root``. One writer at a time."""

    def __init__(self, root: Path) -> None:
        self._path = root / "cleared.jsonl"
        known = read_records(self._path, Clearance, torn=True) if self._path.exists() else ()
        self._last = {(each.subject, each.list, each.party, each.query): each for each in known}

    def __len__(self) -> int:
        return len(self._last)

    def clear(self, query: Query, party: Party, why: str, by: str, on: str) -> Clearance:
        """Remember that they are two. Raises ``UsageError`` without a reason."""
        if not why.strip():
            raise UsageError("say why the subject is not the party: --why")
        return self._keep(_said(query, party, why, by, on))

    def withdraw(self, query: Query, party: Party, why: str, by: str, on: str) -> Clearance:
        """It was wrong: the match is open again. Raises ``UsageError`` without a reason, or where none was given."""
        if not why.strip():
            raise UsageError("say why the clearance was wrong")
        if (before := self.given(query, party)) is None or before.withdrawn:
            raise UsageError(f"it was not cleared that {query.subject} is not {party.id} on {party.list}")
        return self._keep(msgspec.structs.replace(_said(query, party, why, by, on), withdrawn=True))

    def given(self, query: Query, party: Party) -> Clearance | None:
        """What was said last of these two, under this name and these particulars."""
        return self._last.get((query.subject, party.list, party.id, particulars(query)))

    def about(self, subject: str) -> tuple[Clearance, ...]:
        """The last word on each match of a subject."""
        return tuple(each for each in self._last.values() if each.subject == subject)

    def _keep(self, clearance: Clearance) -> Clearance:
        append_line(self._path, clearance)
        self._remember(clearance)
        return clearance

    def open(self, query: Query, matches: Iterable[Match], parties: Parties) -> tuple[Match, ...]:
        """The matches that no clearance answers; those that one answered before say what has changed."""
        found = (self._open(query, match, parties[match.list, match.party]) for match in matches)
        return tuple(match for match in found if match)

    def _open(self, query: Query, match: Match, party: Party) -> Match | None:
        now = particulars(query)
        same = self._last.get((query.subject, match.list, match.party, now))
        if same and same.entry == digest(party) and not same.withdrawn:
            return None
        before = same or self._earlier(query.subject, match)
        if before is None:
            return match
        if before.withdrawn:
            reminder = f"that it was cleared was withdrawn by {before.by} on {before.on} ({before.why})"
            return msgspec.structs.replace(match, why=(*match.why, reminder))
        changed = "the list says other things of the party" if same else "other things are known of the subject"
        reminder = f"cleared by {before.by} on {before.on} ({before.why}), but now {changed}"
        return msgspec.structs.replace(match, why=(*match.why, reminder))

    def _earlier(self, subject: str, match: Match) -> Clearance | None:
        wanted = (subject, match.list, match.party)
        return next((each for key, each in reversed(self._last.items()) if key[:3] == wanted), None)

    def _remember(self, clearance: Clearance) -> None:
        key = (clearance.subject, clearance.list, clearance.party, clearance.query)
        self._last.pop(key, None)
        self._last[key] = clearance


def _said(query: Query, party: Party, why: str, by: str, on: str) -> Clearance:
    return Clearance(
        subject=query.subject,
        list=party.list,
        party=party.id,
        why=why,
        by=by,
        on=on,
        query=particulars(query),
        entry=digest(party),
    )


def particulars(query: Query) -> str:
    """Digest of what is known of a subject under one name."""
    return digest(query)
