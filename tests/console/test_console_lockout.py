"""Wrong answers: how long the next one waits, where, and that a stranger cannot shut somebody out so easily."""

from pathlib import Path

import pytest

from bylaw.console.accounts.book import Book
from bylaw.console.accounts.lockout import FIRST, FREE, FREE_ANYWHERE, LONGEST, REMEMBERED, Lockout


@pytest.fixture
def lockout(tmp_path: Path) -> Lockout:
    return Lockout(Book(tmp_path / "console.sqlite"))


def test_the_wait_doubles_up_to_the_longest(lockout: Lockout) -> None:
    waits = []
    for _ in range(FREE + 9):
        lockout.wrong("ana", "here", 0.0)
        waits.append(lockout.wait("ana", "here", 0.0))
    assert waits[: FREE - 1] == [0.0] * (FREE - 1)
    assert waits[FREE - 1 : FREE + 2] == [FIRST, 2 * FIRST, 4 * FIRST]
    assert waits[-1] == LONGEST
    assert lockout.wait("ana", "here", LONGEST) == 0.0


def test_somebody_elsewhere_does_not_shut_them_out_so_soon(lockout: Lockout) -> None:
    for number in range(FREE_ANYWHERE - 1):
        lockout.wrong("ana", f"there-{number}", 0.0)
    assert lockout.wait("ana", "here", 0.0) == 0.0
    lockout.wrong("ana", "there", 0.0)
    assert lockout.wait("ana", "here", 0.0) == FIRST


def test_counts_are_forgotten_by_the_right_answer_by_a_day_and_by_the_machine_s_owner(lockout: Lockout) -> None:
    def wrong(now: float) -> float:
        for _ in range(FREE):
            lockout.wrong("ana", "here", now)
        return lockout.wait("ana", "here", now)

    assert wrong(0.0) == FIRST
    lockout.right("ana", "here")
    assert wrong(1.0) == FIRST
    assert wrong(2.0 + REMEMBERED + LONGEST) == FIRST
    lockout.reset("ana")
    assert lockout.wait("ana", "here", 2.0) == 0.0


def test_names_are_not_kept_as_they_were_typed(lockout: Lockout, tmp_path: Path) -> None:
    lockout.wrong("swordfish lane", "here", 0.0)
    assert b"swordfish" not in b"".join(path.read_bytes() for path in tmp_path.iterdir())
