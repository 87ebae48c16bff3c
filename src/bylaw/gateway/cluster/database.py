"""PostgreSQL as a letter box: a few tables, each statement a transaction of its own, none of which waits for ever.

A server that was stopped keeps its connections open and answers nothing, so a statement that takes too long has its
socket shut. After any failure the next statement connects anew, to whichever host of the connection string takes
writes: that is how a standby that was promoted is found.
"""

import os
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo

from bylaw.errors import UsageError

SCHEMA = """
CREATE SCHEMA IF NOT EXISTS bylaw;
CREATE TABLE IF NOT EXISTS bylaw.head (
    one boolean PRIMARY KEY DEFAULT true CHECK (one), version bigint NOT NULL, envelope bytea NOT NULL);
CREATE TABLE IF NOT EXISTS bylaw.part (
    name text, number integer, content bytea NOT NULL, PRIMARY KEY (name, number));
CREATE TABLE IF NOT EXISTS bylaw.piece (
    machine text, file text, start bigint, ending bigint NOT NULL, envelope bytea NOT NULL, content bytea NOT NULL,
    PRIMARY KEY (machine, file, start));
CREATE TABLE IF NOT EXISTS bylaw.filed (machine text PRIMARY KEY, envelope bytea NOT NULL);
"""
Rows = list[tuple[Any, ...]]


class Gone(Exception):
    """The database did not do what it was asked to; says why."""


class Database:
    """The database at ``dsn``. ``made`` counts its connections: what is known of it begins anew with each."""

    def __init__(self, dsn: str, channel: str, patience: float) -> None:
        self._channel, self._patience = channel, patience
        self.made = 0
        self._connection: psycopg.Connection[tuple[Any, ...]] | None = None
        try:
            self._dsn = make_conninfo(dsn, connect_timeout=max(2, round(patience)), application_name=f"bylaw {channel}")
        except psycopg.Error as error:
            raise UsageError(f"[cluster] the connection string cannot be read: {_first_line(error)}") from None

    def open(self) -> None:
        """Be connected, and hear the channel. Raises ``Gone``."""
        if self._connection is not None:
            return
        try:
            self._connection = psycopg.connect(self._dsn, autocommit=True)
        except (psycopg.Error, OSError) as error:
            raise Gone(_first_line(error)) from error
        self.made += 1
        self.execute(f"LISTEN {self._channel}")

    def execute(self, query: str, values: Sequence[object] = ()) -> Rows:
        """The rows of a statement. Raises ``Gone``; the next one connects anew."""
        self.open()
        assert self._connection is not None
        try:
            with _bounded(self._connection, self._patience):
                done = self._connection.execute(query.encode(), values or None)
                return done.fetchall() if done.description else []
        except (psycopg.Error, OSError) as error:
            self.close()
            raise Gone(_first_line(error)) from error

    def wait(self, seconds: float) -> None:
        """Until somebody notifies the channel, or so long. Raises ``Gone``."""
        self.open()
        assert self._connection is not None
        try:
            for _ in self._connection.notifies(timeout=seconds, stop_after=1):
                pass
        except (psycopg.Error, OSError) as error:
            self.close()
            raise Gone(_first_line(error)) from error

    def close(self) -> None:
        """Leave it."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


@contextmanager
def _bounded(connection: psycopg.Connection[Any], seconds: float) -> Iterator[None]:
    """Shut the connection's socket if the body takes longer, so that it ends with an error."""
    with socket.socket(fileno=os.dup(connection.fileno())) as twin:
        timer = threading.Timer(seconds, twin.shutdown, (socket.SHUT_RDWR,))
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()


def _first_line(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
