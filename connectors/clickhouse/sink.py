"""ClickHouse as a sink: a row for each record, a span of the log in one insert that can not be doubled."""

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from confluent_kafka import Message

from connectors.clickhouse.columns import all_columns
from connectors.clickhouse.rows import Row, block_reader, column_names, columns_of, row_reader
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


def in_one_block(noun: str, table: str, rows: Sequence[Row], settings: Mapping[str, Any]) -> Any:
    """The client's insert of rows as one block, whatever its size: an insert of several has other tokens than the
    same rows in one (M), and who writes a span again may have made one block of it (`block.py`).
    """
    from clickhouse_connect.driver.insert import InsertContext

    names, types = column_names(noun), column_types(noun)
    return InsertContext(
        table, names, types, columns_of(rows), True, settings=dict(settings), block_size=len(rows)
    )


class ClickHouseWriter:
    """Rows into the noun's table of `framelog_log`."""

    def __init__(self, address: StoreAddress, run: str) -> None:
        self._address, self._run = address, run
        self._client: Any = None

    def rows(self, name: str, topic: Topic[Record], serde: Serde) -> Callable[[Message], Row | Undecodable]:
        """What makes the row of a message, with the place where it lies."""
        return row_reader(name, topic, self._run, serde)

    def blocks(
        self, name: str, topic: Topic[Record], serde: Serde
    ) -> Callable[[Sequence[Message]], bytes | None] | None:
        """What makes the Native block of many messages at once."""
        return block_reader(name, topic, self._run, serde)

    def write(self, noun: str, span: Span) -> None:
        """One insert with the span's token."""
        from clickhouse_connect.driver.exceptions import DataError, Error

        table = f"{self._address.databases.log}.{noun}"
        settings = {**INSERT, "insert_deduplication_token": span.token(noun)}
        try:
            if self._client is None:
                self.mend()
            if span.block is not None:
                self._insert(table, column_names(noun), span.block, settings)
            else:
                self._client.data_insert(in_one_block(noun, table, span.rows, settings))
        except DataError:
            raise  # a value that its column can not hold: a bug in rows.py, not the store's trouble
        except (Error, OSError) as error:
            raise StoreDown(str(error).splitlines()[0] if str(error) else repr(error)) from error

    def _insert(self, table: str, names: Sequence[str], block: bytes, settings: Mapping[str, Any]) -> None:
        from clickhouse_connect.driver.compression import get_compressor

        compression = self._client.write_compression
        compressor: Any = get_compressor(compression)
        body = bytes(compressor.compress_block(block)) + (compressor.flush() or b"")
        self._client.raw_insert(table, names, body, settings=dict(settings), fmt="Native", compression=compression)

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
