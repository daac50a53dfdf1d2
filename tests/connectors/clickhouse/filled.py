"""Records in the log, sinks that run, and rows counted: what the tests of sink, rebuild and faults share."""

import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from clickhouse_connect.driver.exceptions import ClickHouseError
from confluent_kafka import Producer

from connectors.clickhouse.ddl import Databases
from connectors.clickhouse.rows import Place, columns_of, row
from connectors.clickhouse.schema import digests, ensure_schema
from connectors.ranges import announced_end
from connectors.sink import Sink, SinkConfig
from tests.connectors.records import record
from topics import catalog
from topics.connection import Connection
from topics.read import consumer, partitions_of
from topics.registry import Serde

NOUNS = ("frames", "fused", "highlights")
QUICK = SinkConfig(max_rows=200, linger_s=0.2, retry_s=(0.05, 0.3), session_ms=6000)


def produce(connection: Connection, seeds: range, streams: int = 3, nouns: Sequence[str] = NOUNS) -> Counter[str]:
    """Records of some nouns and streams, all of them in the log; how many of each noun."""
    producer, counts = Producer(connection.producer()), Counter[str]()
    lost: list[str] = []

    def told(error: object, _message: object) -> None:
        if error is not None:
            lost.append(str(error))

    with Serde(connection) as serde:
        for n in seeds:
            for noun in nouns:
                stream = f"s{n % streams}"
                made = record(noun, n, stream_id=stream, session_id="e", seq=n // streams)
                producer.produce(
                    connection.names.topic(catalog.BY_NOUN[noun]),
                    serde.encode(made),
                    stream.encode(),
                    on_delivery=told,
                )
                counts[noun] += 1
    assert (producer.flush(60), lost) == (0, [])
    return counts


def expected(
    store: Any, connection: Connection, seeds: range, databases: Databases, streams: int = 3
) -> dict[str, str]:
    """Digests of a table filled by hand with the same records."""
    ensure_schema(store, databases)
    for noun in NOUNS:
        made = [record(noun, n, stream_id=f"s{n % streams}", session_id="e", seq=n // streams) for n in seeds]
        rows = [row(noun, "live", m, Place("by hand", 0, n, 0)) for n, m in enumerate(made)]
        store.insert(f"{databases.log}.{noun}", columns_of(rows), column_names="*", column_oriented=True)
    return digests(store, "live", databases, NOUNS)


@contextmanager
def running(sink: Sink) -> Iterator[None]:
    thread = threading.Thread(target=sink.run)
    thread.start()
    try:
        yield
    finally:
        sink.close()
        thread.join(60)
        assert not thread.is_alive()


def count(store: Any, databases: Databases, noun: str) -> int:
    """Rows of a table; 0 while it is not there or the store is not."""
    try:
        return int(store.command(f"SELECT count() FROM {databases.log}.{noun}"))
    except ClickHouseError:
        return 0


def announced(connection: Connection) -> int:
    """How many partitions have a span announced and not closed."""
    with consumer(connection, group_id=connection.names.group("clickhouse")) as client:
        places = partitions_of(client, [connection.names.topic(catalog.BY_NOUN[noun]) for noun in NOUNS])
        return sum(announced_end(place.metadata) is not None for place in client.committed(places, timeout=30))
