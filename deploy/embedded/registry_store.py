"""The embedded registry's memory: subjects, versions and ids in SQLite, which survives `kill -9`."""

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from schemas.compatibility import BadSchema, Level, faults, parse

TABLES = """
CREATE TABLE IF NOT EXISTS schemas (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS versions (subject TEXT NOT NULL, version INTEGER NOT NULL, id INTEGER NOT NULL,
    deleted INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (subject, version));
CREATE TABLE IF NOT EXISTS levels (subject TEXT PRIMARY KEY, level TEXT NOT NULL);
"""
DEFAULT: Level = "BACKWARD_TRANSITIVE"
EVERYWHERE = ""


class Refused(Exception):
    """What the registry refuses, with Confluent's error code."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message

    @property
    def status(self) -> int:
        """The HTTP status that goes with the code."""
        return self.code if self.code < 1000 else self.code // 100


@dataclass(frozen=True, slots=True)
class Version:
    """A schema as a subject holds it."""

    subject: str
    version: int
    id: int
    text: str


def canonical(text: str) -> str:
    """The schema as compact JSON, so that white space makes no second schema; Refused (42201) if it is none."""
    try:
        parse(text)
        return json.dumps(json.loads(text), separators=(",", ":"), ensure_ascii=False)
    except (BadSchema, ValueError) as error:
        raise Refused(42201, f"Invalid schema: {error}") from error


class RegistryStore:
    """Answers every question of the REST paths. Ids are given in the order of first registration, from 1."""

    def __init__(self, path: Path | str) -> None:
        self._lock = threading.Lock()
        self._db = sqlite3.connect(str(path), check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.executescript(TABLES)

    def close(self) -> None:
        """Lets go of the file."""
        self._db.close()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:  # on a full disk SQLite may have ended it by itself
                    self._db.execute("ROLLBACK")
                raise

    def subjects(self, deleted: bool = False) -> list[str]:
        """Subjects in order of name."""
        rows = self._db.execute("SELECT DISTINCT subject FROM versions WHERE deleted <= ? ORDER BY 1", (deleted,))
        return [row[0] for row in rows]

    def versions(self, subject: str, deleted: bool = False) -> list[Version]:
        """A subject's versions, oldest first; Refused (40401) if there is none."""
        rows = self._db.execute(
            "SELECT v.subject, v.version, v.id, s.text FROM versions v JOIN schemas s ON s.id = v.id "
            "WHERE v.subject = ? AND v.deleted <= ? ORDER BY v.version",
            (subject, deleted),
        )
        found = [Version(*row) for row in rows]
        if not found:
            raise Refused(40401, f"Subject '{subject}' not found.")
        return found

    def version(self, subject: str, wanted: str) -> Version:
        """One version (`latest`, `-1` or a number); Refused (40401, 40402, 42202)."""
        have = self.versions(subject)
        if wanted in ("latest", "-1"):
            return have[-1]
        if not wanted.isdigit() or int(wanted) < 1:
            raise Refused(42202, f"The specified version '{wanted}' is not a valid version id.")
        for version in have:
            if version.version == int(wanted):
                return version
        raise Refused(40402, f"Version {wanted} not found.")

    def text(self, schema_id: int) -> str:
        """The schema of an id; Refused (40403)."""
        row = self._db.execute("SELECT text FROM schemas WHERE id = ?", (schema_id,)).fetchone()
        if row is None:
            raise Refused(40403, f"Schema {schema_id} not found")
        return str(row[0])

    def versions_of(self, schema_id: int) -> list[Version]:
        """Where an id is used; Refused (40403)."""
        text = self.text(schema_id)
        rows = self._db.execute(
            "SELECT subject, version FROM versions WHERE id = ? AND NOT deleted ORDER BY 1, 2", (schema_id,)
        )
        return [Version(subject, version, schema_id, text) for subject, version in rows]

    def lookup(self, subject: str, text: str) -> Version:
        """The version of a subject that is this schema; Refused (40401, 40403, 42201)."""
        wanted = canonical(text)
        for version in self.versions(subject):
            if version.text == wanted:
                return version
        raise Refused(40403, "Schema not found")

    def register(self, subject: str, text: str) -> Version:
        """Adds a version unless the subject has this schema; Refused (409) if it breaks the subject's level."""
        wanted = canonical(text)
        with self._writing():
            rows = self._db.execute(
                "SELECT v.version, v.id, s.text, v.deleted FROM versions v JOIN schemas s ON s.id = v.id "
                "WHERE v.subject = ? ORDER BY v.version",
                (subject,),
            ).fetchall()
            live = [row for row in rows if not row[3]]
            for number, schema_id, old, _ in live:
                if old == wanted:
                    return Version(subject, number, schema_id, wanted)
            broken = faults(wanted, [row[2] for row in live], self.level(subject))
            if broken:
                raise Refused(409, f"Schema being registered is incompatible with an earlier schema: {broken}")
            known = self._db.execute("SELECT id FROM schemas WHERE text = ?", (wanted,)).fetchone()
            schema_id = known[0] if known else self._db.execute(
                "INSERT INTO schemas (text) VALUES (?) RETURNING id", (wanted,)
            ).fetchone()[0]  # fmt: skip
            number = max((row[0] for row in rows), default=0) + 1
            self._db.execute("INSERT INTO versions VALUES (?, ?, ?, 0)", (subject, number, schema_id))
            return Version(subject, number, schema_id, wanted)

    def delete(self, subject: str, wanted: str | None = None, permanent: bool = False) -> list[int]:
        """Deletes a subject or one version: softly, or for good what was deleted softly before."""
        if permanent:
            have = self.versions(subject, deleted=True)
        else:
            have = self.versions(subject) if wanted is None else [self.version(subject, wanted)]
        numbers = [v.version for v in have if wanted is None or str(v.version) == wanted or not permanent]
        with self._writing():
            for number in numbers:
                if permanent:
                    done = self._db.execute(
                        "DELETE FROM versions WHERE subject = ? AND version = ? AND deleted", (subject, number)
                    )
                    if done.rowcount == 0:
                        raise Refused(
                            40405, f"Subject '{subject}' was not deleted first before permanent deletion"
                        )
                else:
                    self._db.execute(
                        "UPDATE versions SET deleted = 1 WHERE subject = ? AND version = ?", (subject, number)
                    )
        return numbers

    def level(self, subject: str = EVERYWHERE, fall_back: bool = True) -> Level:
        """The compatibility level of a subject, or everywhere's; Refused (40408) without one of its own."""
        row = self._db.execute("SELECT level FROM levels WHERE subject = ?", (subject,)).fetchone()
        if row is not None:
            found: Level = row[0]
            return found
        if subject == EVERYWHERE:
            return DEFAULT
        if fall_back:
            return self.level()
        raise Refused(40408, f"Subject '{subject}' does not have subject-level compatibility configured")

    def set_level(self, subject: str, level: str) -> None:
        """Sets it; Refused (42203) if there is no such level."""
        if level not in get_args(Level):
            raise Refused(42203, f"Invalid compatibility level: one of {', '.join(get_args(Level))}")
        with self._writing():
            self._db.execute("INSERT OR REPLACE INTO levels VALUES (?, ?)", (subject, level))

    def unset_level(self, subject: str) -> Level:
        """Forgets a subject's own level; returns what it was. Refused (40408) if it had none."""
        was = self.level(subject, fall_back=subject == EVERYWHERE)
        with self._writing():
            self._db.execute("DELETE FROM levels WHERE subject = ?", (subject,))
        return was

    def compatible(self, subject: str, wanted: str | None, text: str) -> list[str]:
        """Why a schema would break the level against one version (or all); empty if it would not."""
        olds = self.versions(subject) if wanted is None else [self.version(subject, wanted)]
        return faults(canonical(text), [v.text for v in olds], self.level(subject))
