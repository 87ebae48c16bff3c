"""What a page may use, and nothing else: the office, the lab, the gateway's state, the console's own, and the clock."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

from bylaw.access.office.place import Office
from bylaw.console.accounts.book import Book
from bylaw.console.accounts.journal import Journal
from bylaw.console.accounts.lockout import Lockout
from bylaw.console.accounts.oidc import Oidc
from bylaw.console.accounts.people import People
from bylaw.console.accounts.sessions import Sessions
from bylaw.console.decisions.gathering import Gathering
from bylaw.console.drafts import Drafts
from bylaw.console.foresight import Foresight
from bylaw.gateway.settings import Place
from bylaw.gateway.state import State
from bylaw.lineage.lab import Lab


class Desk:
    """One for the whole process; what it opens is read anew each time. ``told``: what a session's next page says."""

    def __init__(self, place: Place, clock: Callable[[], float] = time.time) -> None:
        self.place, self.state, self.clock = place, State(place), clock
        self.settings = place.settings.console
        self.folder = self.state.root / "console"
        self.book = Book(self.folder / "console.sqlite")
        self.people, self.lockout = People(self.book), Lockout(self.book)
        self.oidc = Oidc(self.settings.oidc, place.path, self.book) if self.settings.oidc else None
        self.drafts = Drafts(self.folder / "drafts")
        self.foresight = Foresight(self.folder / "impact", place.office)
        self.told: dict[str, str] = {}
        self.gathering = Gathering(self.state, self.folder)
        self.sessions, self.journal = Sessions(self.book, self.settings), Journal(self.book)

    def office(self) -> Office:
        """The office, as its settings are now. Raises ``UsageError`` if there is none."""
        return Office.open(self.place.office)

    def lab(self) -> Lab:
        """Whose ledger acts are entered in."""
        return Lab.open(self.place.home)

    def now(self) -> datetime:
        """The time in whole seconds, UTC, as decisions and the ledger write it."""
        return datetime.fromtimestamp(int(self.clock()), UTC)

    def instant(self) -> datetime:
        """The same, but never before the last act: a clock set back would have forgotten what is in force."""
        return self.office().clock(self.now())
