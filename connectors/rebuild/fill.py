"""Rows of a new database from the log, in order within each partition: its last row says where to go on."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message, TopicPartition

from connectors.clickhouse.ddl import Databases
from connectors.clickhouse.schema import StoreAddress
from connectors.clickhouse.sink import ClickHouseWriter
from connectors.ranges import Span
from connectors.rebuild.positions import Key, Part
from connectors.writing import StoreDown
from schemas.codec import Undecodable
from topics.catalog import CATALOG
from topics.connection import Connection
from topics.read import consumer, watermarks
from topics.registry import Serde

log = logging.getLogger(__name__)
BATCH = 10_000
PATIENCE_S = 120.0


def tops(client: Any, databases: Databases, nouns: Sequence[str] = ()) -> dict[tuple[str, str, int], int]:
    """The last offset that is a row, by run, topic and partition."""
    each = " UNION ALL ".join(
        f"SELECT run, topic, partition, max(offset) FROM {databases.log}.{noun} GROUP BY run, topic, partition"  # noqa: S608 (names of the catalog)
        for noun in nouns or [t.noun for t in CATALOG]
    )
    return {(run, topic, partition): top for run, topic, partition, top in client.query(each).result_rows}


class Filler:
    """Fills the tables of `address.databases`; a second one, after a kill, goes on where the first one was."""

    def __init__(self, connection: Connection, address: StoreAddress, client: Any) -> None:
        self._address = address
        self._clients = ExitStack()
        self._consumer = self._clients.enter_context(
            consumer(connection, fetch_max_bytes=8 << 20, fetch_wait_max_ms=20, fetch_queue_backoff_ms=20)
        )
        self._serde = Serde(connection)
        self._writers: dict[str, ClickHouseWriter] = {}
        # What it reads next if it is not told otherwise. With this, and without waits at the log's end, 150,000
        # rows are filled in 1.9 s, 17.4 before (M): each batch waited a second for its first record.
        self._next: tuple[Key, int] | None = None
        self.reached: dict[Key, int] = {
            (topic, partition): top + 1 for (_, topic, partition), top in tops(client, address.databases).items()
        }

    def close(self) -> None:
        """Lets all connections go."""
        self._serde.close()
        self._clients.close()
        for writer in self._writers.values():
            writer.close()

    def behind(self, parts: Sequence[Part]) -> int:
        """How many offsets are still to be read."""
        return sum(max(0, part.until - max(part.low, self.reached.get(part.key, 0))) for part in parts)

    def fill(self, parts: Sequence[Part], told: Callable[[int], None] = lambda _: None) -> None:
        """Every row before each part's `until`; `told` hears how many offsets were read.

        Raises StoreDown if the store is away for two minutes.
        """
        for part in parts:
            start = max(part.low, self.reached.get(part.key, 0))
            while start < part.until:
                end = min(start + BATCH, part.until)
                self._write(part, start, end)
                self.reached[part.key] = end
                told(end - start)
                start = end

    def fill_announced(self, parts: Sequence[Part]) -> None:
        """The spans that sinks are writing just now, under the tokens that they write them with: a sink that
        writes one of them again, into these tables, adds nothing.
        """
        for part in parts:
            if part.announced is not None and self.reached.get(part.key, 0) < part.announced:
                self._write(part, part.until, part.announced)
                self.reached[part.key] = part.announced

    def _write(self, part: Part, start: int, end: int) -> None:
        writer = self._writers.setdefault(part.source.run, ClickHouseWriter(self._address, part.source.run))
        span = self._span(part, start, end, writer)
        until_s = time.monotonic() + PATIENCE_S
        while span.rows or span.block is not None:
            try:
                writer.write(part.source.topic.noun, span)
                return
            except StoreDown as error:
                if time.monotonic() > until_s:
                    raise
                log.warning("%s not written, tried again: %s", span.token(part.source.topic.noun), error)
                time.sleep(0.5)

    def _span(self, part: Part, start: int, end: int, writer: ClickHouseWriter) -> Span:
        """What is written of a stretch: a block or, where the sink makes rows, rows."""
        source = part.source
        messages: Iterable[Message] = self._messages(part.key, start, end)
        blocks = writer.blocks(source.name, source.topic, self._serde)
        if blocks is not None:
            messages = kept = tuple(messages)
            if kept and (block := blocks(kept)) is not None:
                return Span(*part.key, start, end, block=block)
        made = map(writer.rows(source.name, source.topic, self._serde), messages)
        # What can not be read is a dead letter, which the sink has told of.
        return Span(*part.key, start, end, tuple(row for row in made if not isinstance(row, Undecodable)))

    def _messages(self, key: Key, start: int, end: int) -> Iterator[Message]:
        """What the log has of a stretch; transaction marks and what retention took meanwhile are not there."""
        low, high = watermarks(self._consumer, TopicPartition(*key))
        at, end = max(start, low), min(end, high)
        if at < end and self._next != (key, at):
            self._consumer.assign([TopicPartition(*key, at)])
        self._next = None
        while at < end:
            for message in self._consumer.consume(min(1000, end - at), 0.5):
                error, offset = message.error(), message.offset() or 0
                if error is not None and error.code() != KafkaError._PARTITION_EOF:
                    raise KafkaException(error)
                if error is None and offset < end:
                    yield message
                at = max(at, offset if error is not None else offset + 1)
        self._next = (key, at)
