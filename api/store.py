"""Asking ClickHouse: one client over HTTP, made when it is first needed and again after the server was away."""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import clickhouse_connect
import orjson
from clickhouse_connect.driver import Client
from clickhouse_connect.driver.exceptions import ClickHouseError, DatabaseError

from api.problem import Problem, away

DO = "wait: the page recovers by itself; `framelog status` says whether the store is being started"
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Clickhouse:
    """Where the store is. Neither the password nor a `url` that carries one is ever printed."""

    url: str
    database: str = "framelog"
    log_database: str = "framelog_log"
    user: str | None = None
    password: str = field(default="", repr=False)
    timeout_s: float = 30
    connect_timeout_s: float = 3

    def __repr__(self) -> str:
        parts = urlsplit(self.url)
        return f"Clickhouse({parts.scheme}://{parts.hostname}:{parts.port}, {self.database})"


@dataclass(frozen=True, slots=True)
class Limits:
    """What one query may cost. The first of them that is reached ends it."""

    seconds: float = 20
    rows: int = 500_000
    memory_bytes: int = 2 << 30
    break_at_rows: bool = False

    def clause(self) -> str:
        """As ClickHouse's SETTINGS. They stand in the text, so that any speaker of its HTTP obeys them."""
        mode = "break" if self.break_at_rows else "throw"
        return (
            f"SETTINGS max_execution_time={self.seconds}, timeout_overflow_mode='throw', "
            f"max_result_rows={self.rows}, result_overflow_mode='{mode}', max_memory_usage={self.memory_bytes}, "
            "output_format_json_quote_64bit_integers=0, output_format_json_named_tuples_as_objects=1, "
            "output_format_json_quote_denormals=0"
        )


OURS = Limits()


class Store:
    """Queries, from any thread. What fails becomes a Problem: 503 while the server is away, else 400."""

    def __init__(self, place: Clickhouse) -> None:
        self.place = place
        self._lock = threading.Lock()
        self._client: Client | None = None
        self._away_until_s = 0.0
        self._why = ""
        self.away_since_s: float | None = None

    def ask(self, sql: str, parameters: Mapping[str, Any] | None = None, limits: Limits = OURS) -> list[Row]:
        """Rows of a query, a dict each; `{name:Type}` in it stands for a parameter."""
        rows: list[Row] = self.table(sql, parameters, limits)["data"]
        return rows

    def table(self, sql: str, parameters: Mapping[str, Any] | None = None, limits: Limits = OURS) -> Row:
        """The same with the columns' names and types (`meta`), as ClickHouse's JSON format has it."""
        try:
            raw = self._connected().raw_query(f"{sql}\n{limits.clause()}", dict(parameters or {}), fmt="JSON")
        except DatabaseError as error:
            raise Problem(400, plain(error), "check it against the views of `framelog`") from error
        except (ClickHouseError, OSError) as error:
            raise self._lost(error) from error
        self.away_since_s = None
        answer: Row = orjson.loads(raw)
        return answer

    def _connected(self) -> Client:
        with self._lock:
            if self._client is None:
                if time.monotonic() < self._away_until_s:  # a page asks ten things at once: fail fast
                    raise away("clickhouse", self._why, DO)
                try:
                    self._client = clickhouse_connect.get_client(
                        dsn=self.place.url, username=self.place.user, password=self.place.password,
                        autogenerate_session_id=False, query_limit=0, compress=False,
                        connect_timeout=self.place.connect_timeout_s, send_receive_timeout=self.place.timeout_s,
                        dedicated_pool=True,
                    )  # fmt: skip
                except (ClickHouseError, OSError) as error:
                    self._why = plain(error)
                    self.away_since_s = self.away_since_s or time.time()
                    self._away_until_s = time.monotonic() + 0.5
                    raise away("clickhouse", self._why, DO) from error
            return self._client

    def _lost(self, error: Exception) -> Problem:
        self.close()
        self.away_since_s = self.away_since_s or time.time()
        return away("clickhouse", plain(error), DO)

    def close(self) -> None:
        """Gives the connections back; the next query makes new ones."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()


def plain(error: Exception) -> str:
    """An error's first line, without stack and without addresses that may hold a password."""
    text = str(error).split("(for url", 1)[0].split("Stack trace", 1)[0].split("\n", 1)[0]
    if "Max retries exceeded" in text:
        return "nothing listens there" if "refused" in text else "no connection"
    if "Read timed out" in text:
        return "no answer in time"
    return text.strip()[:400] or type(error).__name__
