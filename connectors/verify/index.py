"""What a verification remembers of the log: a database in a temporary file, so that memory stays bounded.

About 150 bytes a record on disk, 32 MiB of cache. One row a message that could be used; places that are named, and
ids; messages that could not be used, and dead letters.
"""

import sqlite3
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Self
from uuid import UUID

from topics.catalog import CATALOG

NUMBER = {topic.noun: at for at, topic in enumerate(CATALOG)}
NOUNS = tuple(NUMBER)
UNKNOWN = -1
BATCH = 5_000

TABLES = {
    # verdict: take, repeat, back, after_end; came: the input that it says it came of.
    "records": "noun, part, off, sess, seq, pts, end, verdict, rejected, hash, id, came_noun, came_off",
    "raws": "noun, part, off, sess, field, to_noun, to_part, to_off, from_us, to_us, to_seq",
    "ids": "noun, part, off, sess, field, to_noun, id",
    "unusable": "noun, part, off, hash, why",
    "letters": "noun, part, off, hash, station, letter_part, letter_off",
}
INDEXES = (
    "CREATE INDEX by_place ON records (noun, part, off)",
    "CREATE INDEX by_seq ON records (noun, sess, seq)",
    "CREATE INDEX by_id ON records (id)",
    "CREATE INDEX by_letter ON letters (noun, part, off)",
)


class Index:
    """Fill it, call `ready`, ask. Ends with its file gone."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="framelog-verify-")
        self._db = sqlite3.connect(Path(self._folder.name) / "index.db", isolation_level=None)
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -32768", "temp_store = FILE"):
            self._db.execute(f"PRAGMA {pragma}")
        for name, columns in TABLES.items():
            self._db.execute(f"CREATE TABLE {name} ({columns})")
        self._db.execute("BEGIN")
        self._waiting: dict[str, list[tuple[Any, ...]]] = {name: [] for name in TABLES}
        self._sessions: dict[tuple[str, str], int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()
        self._folder.cleanup()

    def session(self, stream_id: str, session_id: str) -> int:
        """A number for a session."""
        return self._sessions.setdefault((stream_id, session_id), len(self._sessions))

    def name(self, number: int) -> tuple[str, str]:
        """The stream and session that a number stands for."""
        return next(name for name, at in self._sessions.items() if at == number)

    def add(self, table: str, *values: Any) -> None:
        """Takes a row, in the order of the table's columns."""
        rows = self._waiting[table]
        rows.append(values)
        if len(rows) >= BATCH:
            self._flush(table)

    def _flush(self, table: str) -> None:
        rows = self._waiting[table]
        if rows:
            marks = ", ".join("?" * len(rows[0]))
            self._db.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)  # noqa: S608 (our own names)
            rows.clear()

    def ready(self) -> None:
        """Everything is in; from here on it is asked."""
        for table in TABLES:
            self._flush(table)
        for text in INDEXES:
            self._db.execute(text)
        self._db.execute("COMMIT")
        self._db.execute("ANALYZE")

    def ask(self, text: str, **values: Any) -> Iterator[Sequence[Any]]:
        """Rows of a question, as they come."""
        yield from self._db.execute(text, values)

    def one(self, text: str, **values: Any) -> Any:
        """The first value of the first row."""
        row = next(iter(self.ask(text, **values)), None)
        return None if row is None else row[0]


def id_bytes(text: str) -> bytes:
    """An id in 16 bytes; what is none stays as it is, and will be found nowhere."""
    try:
        return UUID(text).bytes
    except ValueError:
        return text.encode()


def ids_of(texts: Iterable[str]) -> Iterator[bytes]:
    """The same of several."""
    return map(id_bytes, texts)
