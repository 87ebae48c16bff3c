"""The tables of a store, the triggers that guard them, and how an older store becomes a newer one.

``history`` has a row for what one import said of one subject: its facts, a line of JSON each, in the order in which
they were said. No row is ever deleted, and none is changed but by an erasure, which leaves
``{"erasure":3,"name":"born"}`` where a fact was, and no id where a subject was. It needs an entry in ``erasures`` that
says who and why, is open, and closes in the same transaction: a program that knows nothing of this can change nothing.
"""

FACTS_ID = 0x6279_6C66
"""``bylf``: what SQLite's header says the file is (``PRAGMA application_id``)."""
READS_ID = 0x6279_6C72

_KEPT = """
CREATE TRIGGER {table}_kept BEFORE UPDATE ON {table}
BEGIN SELECT RAISE(ABORT, '{table} is never changed; what was wrong is followed by what is right'); END;
"""
_ERASABLE = """
CREATE TRIGGER {table}_erasable BEFORE UPDATE ON {table}
WHEN NOT EXISTS (SELECT 1 FROM erasures WHERE open) OR new.{key} IS NOT old.{key} OR new.import IS NOT old.import
BEGIN SELECT RAISE(ABORT, '{table} is changed by an erasure only, which says who and why'); END;
"""
_FOREVER = """
CREATE TRIGGER {table}_forever BEFORE DELETE ON {table}
BEGIN SELECT RAISE(ABORT, '{table} is never deleted'); END;
"""


def _guarded(text: str, *tables: str, **more: str) -> str:
    return "".join(text.format(table=table, **more) for table in tables)


_FIRST = f"""
CREATE TABLE imports (
  id INTEGER PRIMARY KEY, recorded TEXT NOT NULL, by TEXT NOT NULL, source TEXT NOT NULL, digest TEXT NOT NULL,
  subjects INTEGER NOT NULL, facts INTEGER NOT NULL
) STRICT;
CREATE TABLE subjects (num INTEGER PRIMARY KEY, id TEXT UNIQUE, kind TEXT NOT NULL, import INTEGER NOT NULL) STRICT;
CREATE TABLE history (
  subject INTEGER NOT NULL, import INTEGER NOT NULL, facts BLOB NOT NULL, PRIMARY KEY (subject, import)
) STRICT, WITHOUT ROWID;
CREATE TABLE erasures (
  id INTEGER PRIMARY KEY, at TEXT NOT NULL, by TEXT NOT NULL, why TEXT NOT NULL, facts INTEGER NOT NULL DEFAULT 0,
  open INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE TABLE holds (
  id INTEGER PRIMARY KEY, subject INTEGER, placed TEXT NOT NULL, by TEXT NOT NULL, why TEXT NOT NULL
) STRICT;
CREATE TABLE lifts (
  hold INTEGER PRIMARY KEY, lifted TEXT NOT NULL, by TEXT NOT NULL, why TEXT NOT NULL
) STRICT;
CREATE TRIGGER erasures_close BEFORE UPDATE ON erasures
WHEN NOT (old.open AND NOT new.open AND new.id = old.id AND new.at = old.at AND new.by = old.by AND new.why = old.why)
BEGIN SELECT RAISE(ABORT, 'erasures is never changed'); END;
{_guarded(_ERASABLE, "subjects", key="num")}
{_guarded(_ERASABLE, "history", key="subject")}
{_guarded(_KEPT, "imports", "holds", "lifts")}
{_guarded(_FOREVER, "imports", "subjects", "history", "erasures", "holds", "lifts")}
"""

FACTS: tuple[str, ...] = (_FIRST,)
"""Migrations of the facts, in order: a store of version n has had the first n. A change is one more at the end."""

READS: tuple[str, ...] = (
    f"""
CREATE TABLE reads (
  id INTEGER PRIMARY KEY, at TEXT NOT NULL, by TEXT NOT NULL, why TEXT NOT NULL, subject INTEGER, names TEXT NOT NULL
) STRICT;
CREATE INDEX reads_of_subject ON reads (subject);
{_guarded(_KEPT, "reads")}
{_guarded(_FOREVER, "reads")}
""",
)
"""Migrations of the log of reads."""

MIGRATED = "CREATE TABLE IF NOT EXISTS migrations (version INTEGER PRIMARY KEY, at TEXT NOT NULL) STRICT"
"""When each version came, in either database; ``PRAGMA user_version`` is the last of them."""
