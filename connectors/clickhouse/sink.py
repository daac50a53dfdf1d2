"""ClickHouse as a sink: a row for each record, a span of the log in one insert that can not be doubled."""

import logging
from collections.abc import Callable
from functools import cache
from typing import Any

from confluent_kafka import Message

from connectors.clickhouse.columns import all_columns
from connectors.clickhouse.rows import Row, column_names, columns_of, row_reader
from connectors.clickhouse.schema import StoreAddress, connect, ensure_schema
from connectors.ranges import Span
from connectors.sink import Sink, SinkConfig, StoreDown
from schemas.codec import Undecodable
from schemas.records import Record
from topics.catalog import CATALOG
from topics.connection import Connection
from topics.registry import Serde
from topics.topic import Topic

log = logging.getLogger(__name__)
NAME = "clickhouse"
# Whole or not at all, here and now; the token also holds in views fed by the table.
INSERT = {"async_insert": 0, "insert_deduplicate": 1, "deduplicate_blocks_in_dependent_materialized_views": 1}


@cache
def column_types(noun: str) -> list[Any]:
    """The client's types of a noun's columns."""
    from clickhouse_connect.datatypes.registry import get_from_name

    return [get_from_name(c.type) for c in all_columns(noun)]


class ClickHouseWriter:
    """Rows into the noun's table of `framelog_log`."""

    def __init__(self, address: StoreAddress, run: str) -> None:
        self._address, self._run = address, run
        self._client: Any = None

    def rows(self, name: str, topic: Topic[Record], serde: Serde) -> Callable[[Message], Row | Undecodable]:
        """What makes the row of a message, with the place where it lies."""
        return row_reader(name, topic, self._run, serde)

    def write(self, noun: str, span: Span) -> None:
        """One insert with the span's token."""
        from clickhouse_connect.driver.exceptions import DataError, Error

        try:
            if self._client is None:
                self.mend()
            self._client.insert(
                f"{self._address.databases.log}.{noun}",
                columns_of(span.rows),
                column_names=column_names(noun),
                column_types=column_types(noun),  # or the client asks for them before each insert
                column_oriented=True,
                settings={**INSERT, "insert_deduplication_token": span.token(noun)},
            )
        except DataError:
            raise  # a value that its column can not hold: a bug in rows.py, not the store's trouble
        except (Error, OSError) as error:
            raise StoreDown(str(error).splitlines()[0] if str(error) else repr(error)) from error

    def mend(self) -> None:
        """Connects, and makes databases and tables that are missing (or were dropped)."""
        from clickhouse_connect.driver.exceptions import Error

        try:
            if self._client is None:
                self._client = connect(self._address)
            ensure_schema(self._client, self._address.databases)
        except (Error, OSError) as error:
            self.close()
            raise StoreDown(str(error).splitlines()[0] if str(error) else repr(error)) from error

    def close(self) -> None:
        """Lets the connection go; the next write makes another."""
        if self._client is not None:
            self._client.close()
            self._client = None


def clickhouse_sink(connection: Connection, address: StoreAddress, config: SinkConfig | None = None) -> Sink:
    """The sink of every topic that the connection's run writes; `run()` it, `close()` it."""
    own = [t for t in CATALOG if connection.names.owns(t)]
    return Sink(connection, NAME, ClickHouseWriter(address, connection.names.run), config, own)
