"""The ClickHouse engine of this process: one data path, a handle for each session.

A handle has its own database, settings and temporary tables, and handles run side by side (M: an insert takes
8 ms while another handle's query runs for seconds), so that a reader never holds up the sink. What one statement
sets is taken back before the next one on the same handle.
"""

import fcntl
import os
import re
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from deploy.embedded.statement import Statement

NAME = re.compile(r"\A[A-Za-z_]\w*\Z")
# Blocks of these can be sent one after the other; others have a head or a foot.
STREAMED = frozenset({"Native", "TabSeparated", "TSV", "CSV", "RowBinary", "JSONEachRow"})
SESSIONS = 64


class EngineError(Exception):
    """The engine's own message, which begins with `Code: N.`."""

    @property
    def code(self) -> int:
        """ClickHouse's error code, 1002 where the message names none."""
        found = re.search(r"Code: (\d+)", str(self))
        return int(found[1]) if found else 1002


class Owned(Exception):
    """Another process has the data path."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a statement may take where it does not ask otherwise.

    max_execution_time: seconds.
    max_memory_usage: bytes of one statement.
    max_threads: cores of one statement.
    """

    max_execution_time: float = 300
    max_memory_usage: int = 4 << 30
    max_threads: int = 0


@dataclass(slots=True)
class Handle:
    """A connection to the engine; use it under its lock only."""

    connection: Any
    base: Mapping[str, str]
    database: str = "default"
    settings: dict[str, str] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    used_s: float = 0.0
    timeout_s: float = 60.0

    def run(self, sql: str, form: str = "TabSeparated", parameters: Mapping[str, str] | None = None) -> Any:
        """The result of a statement; EngineError with the engine's words if it fails."""
        try:
            return self.connection.query(sql, form, params=dict(parameters or {}))
        except Exception as error:  # the engine's verdict becomes the client's answer
            raise EngineError(_words(error)) from error

    def prepare(self, statement: Statement) -> None:
        """Database and settings as the statement wants them; `readonly` last, it forbids to set any more."""
        wanted = dict(statement.settings)
        for name in wanted:
            if not NAME.match(name):
                raise EngineError(f"Code: 115. DB::Exception: {name!r} is no setting's name. (UNKNOWN_SETTING)")

        if statement.database and statement.database != self.database:
            self.run(f"USE `{statement.database.replace('`', '``')}`")
            self.database = statement.database
        wanted = {**self.base, **wanted}
        gone = [f"{name} = DEFAULT" for name in self.settings if name not in wanted]
        if gone:
            self.run(f"SET {', '.join(gone)}")
        changed = {k: v for k, v in wanted.items() if self.settings.get(k) != v}
        self.settings = dict.fromkeys(wanted, "")  # until the engine has taken them
        readonly = changed.pop("readonly", None)
        if changed:
            self.run(f"SET {', '.join(f'{k} = {quoted(v)}' for k, v in changed.items())}")
        if readonly is not None:
            self.run(f"SET readonly = {quoted(readonly)}")
        self.settings = wanted


def quoted(text: str) -> str:
    """A string literal."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _words(error: Exception) -> str:
    text = str(error)
    return text[max(text.find("Code: "), 0) :].strip()


class Engine:
    """Owns the data path from construction to `close`; Owned if another process does."""

    def __init__(self, path: Path, limits: Limits | None = None) -> None:
        path.mkdir(parents=True, exist_ok=True)
        self._claim = (path / "owner.lock").open("a+")
        try:
            fcntl.flock(self._claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._claim.seek(0)
            owner = self._claim.read().strip() or "another process"
            self._claim.close()
            raise Owned(f"{path} belongs to process {owner}: stop it, or choose another data folder") from None
        self._claim.truncate(0)
        self._claim.write(str(os.getpid()))
        self._claim.flush()
        import chdb

        connect: Callable[[str], Any] = chdb.connect  # typed or not, as its two wheels were unpacked
        self._open: Callable[[], Any] = lambda: connect(str(path.resolve() / "chdb"))
        self._spool = path / "spool"
        self._spool.mkdir(exist_ok=True)
        for left in self._spool.iterdir():  # a killed process leaves its data files behind
            left.unlink()
        self._base = {k: str(v) for k, v in asdict(limits or Limits()).items() if v}
        self._root = self._open()  # keeps the engine in memory while sessions come and go
        self._sessions: dict[str, Handle] = {}
        self._guard = threading.Lock()

    def _fresh(self) -> Handle:
        return Handle(self._open(), self._base)

    @contextmanager
    def handle(self, statement: Statement) -> Iterator[Handle]:
        """A handle prepared for the statement and nobody else's meanwhile. Statements without a session, and
        those that ask for `readonly` (which can not be taken back), get one that is thrown away afterwards.
        """
        if not statement.session_id or "readonly" in statement.settings:
            handle = self._fresh()
            try:
                handle.prepare(statement)
                yield handle
            finally:
                handle.connection.close()
            return
        with self._guard:
            self._expire()
            handle = self._sessions.get(statement.session_id) or self._fresh()
            self._sessions[statement.session_id] = handle
            handle.used_s, handle.timeout_s = time.monotonic(), statement.session_timeout_s
        with handle.lock:
            handle.prepare(statement)
            yield handle
            handle.used_s = time.monotonic()

    def _expire(self) -> None:
        """Closes sessions past their time, and the longest unused ones where there are too many."""
        now_s = time.monotonic()
        by_age = sorted(self._sessions.items(), key=lambda item: item[1].used_s)
        for number, (name, handle) in enumerate(by_age):
            over = len(by_age) - number > SESSIONS
            if (over or now_s - handle.used_s > handle.timeout_s) and handle.lock.acquire(blocking=False):
                del self._sessions[name]
                handle.connection.close()

    def insert(self, handle: Handle, statement: Statement) -> Any:
        """Inserts the statement's data and answers with the engine's figures; all of a block or nothing."""
        assert statement.data is not None
        try:
            with tempfile.NamedTemporaryFile(dir=self._spool) as spooled:
                spooled.write(statement.data)
                spooled.flush()
                # M: 5 ms for 10,000 rows this way, 11 ms through the engine's streaming insert.
                sql = with_infile(statement.sql, spooled.name)
                return handle.run(f"{sql} FORMAT {statement.data_format}", parameters=statement.parameters)
        except OSError as error:  # the words that the engine has for it when its own files find no room
            raise EngineError(f"Code: 243. DB::Exception: {error.strerror}. (NOT_ENOUGH_SPACE)") from error

    def close(self) -> None:
        """Closes every handle and lets the path go."""
        with self._guard:
            for handle in self._sessions.values():
                handle.connection.close()
            self._sessions.clear()
            self._root.close()
            self._claim.close()


SETTINGS_CLAUSE = re.compile(r"\sSETTINGS\s+\w+\s*=", re.IGNORECASE)


def with_infile(sql: str, path: str) -> str:
    """An INSERT's head with the file that holds its data; `FROM INFILE` stands before `SETTINGS`."""
    clause = SETTINGS_CLAUSE.search(sql)
    at = clause.start() if clause else len(sql)
    return f"{sql[:at].rstrip()} FROM INFILE {quoted(path)}{sql[at:]}"
