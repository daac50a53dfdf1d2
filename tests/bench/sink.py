"""The ClickHouse sink, from the log to rows, against a bare loop that inserts ready rows 10,000 at a time."""

import secrets
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from time import perf_counter, sleep
from typing import Any

from confluent_kafka import Producer

from connectors.clickhouse.ddl import Databases
from connectors.clickhouse.rows import Place, column_names, columns_of, row
from connectors.clickhouse.schema import StoreAddress, connect, ensure_schema
from connectors.clickhouse.sink import INSERT, clickhouse_sink, column_types
from connectors.rebuild.fill import Filler
from connectors.rebuild.positions import Positions
from deploy.embedded.kafka import KafkaNode
from deploy.embedded.registry import app
from schemas.records import Box, Detections, Ref
from tests.fixtures_store import StoreProcess
from tests.serving import serving
from topics import catalog
from topics.broker import ensure_topics
from topics.connection import Connection
from topics.names import LIVE, Names
from topics.registry import Serde

ROWS = 400_000  # the last rows wait for a second (linger): a tenth of what is measured here
BATCH = 10_000
TARGET = 0.6
NOUN = "detections"


def made(n: int) -> Detections:
    """A frame's three boxes."""
    boxes = tuple(
        Box(label="person", score=0.5 + i / 8, x1_px=n % 500 + i, y1_px=10.5, x2_px=n % 500 + 80, y2_px=200.25)
        for i in range(3)
    )
    return Detections(
        stream_id=f"s{n % 8}", session_id="bench", seq=n // 8, pts_us=n * 12_500, id=f"{n:036d}", width_px=1280,
        height_px=720, frame=Ref(topic="framelog.frames", partition=n % 4, offset=n), boxes=boxes,
    )  # fmt: skip


def bare_s(client: Any, databases: Databases, run: str) -> float:
    """Seconds to insert rows that are ready, as the sink inserts them: types, settings and a token each.
    Making them is not counted.
    """
    took = 0.0
    for at in range(0, ROWS, BATCH):
        rows = [row(NOUN, run, made(n), Place("t", 0, n, 1_700_000_000_000)) for n in range(at, at + BATCH)]
        began = perf_counter()
        client.insert(
            f"{databases.log}.{NOUN}",
            columns_of(rows),
            column_names=column_names(NOUN),
            column_types=column_types(NOUN),
            column_oriented=True,
            settings={**INSERT, "insert_deduplication_token": f"{run}:{at}"},
        )
        took += perf_counter() - began
    return took


def sink_s(connection: Connection, address: StoreAddress, client: Any) -> float:
    """Seconds from the sink's first row to its last, all records being in the log already."""
    producer = Producer(connection.producer(queue_buffering_max_messages=ROWS, compression_type="zstd"))
    with Serde(connection) as serde:
        for n in range(ROWS):
            record = made(n)
            producer.produce(
                connection.names.topic(catalog.DETECTIONS), serde.encode(record), record.stream_id.encode()
            )
    assert producer.flush(120) == 0
    sink = clickhouse_sink(connection, address)
    thread = threading.Thread(target=sink.run)
    thread.start()
    asked = f"SELECT count() FROM {address.databases.log}.{NOUN} WHERE run = 'live'"
    while not sink.assigned:
        sleep(0.005)
    began = perf_counter()
    while int(client.command(asked)) < ROWS:
        sleep(0.05)
    took = perf_counter() - began
    sink.close()
    thread.join()
    return took


def rebuild_s(connection: Connection, address: StoreAddress, client: Any) -> float:
    """Seconds to fill another database's tables from the log, as `framelog rebuild` does."""
    new = replace(address, databases=Databases("anew"))
    ensure_schema(client, new.databases)
    filler, positions = Filler(connection, new, client), Positions(connection, [LIVE])
    began = perf_counter()
    filler.fill(positions.parts())
    took = perf_counter() - began
    filler.close()
    positions.close()
    assert int(client.command(f"SELECT count() FROM {new.databases.log}.{NOUN}")) == ROWS
    return took


def bench() -> Iterator[Mapping[str, object]]:
    """Two rows, sink and rebuild: thousand rows a second; consuming, decoding and making rows is in ours, not in
    the baseline.
    """
    with tempfile.TemporaryDirectory() as folder:
        node, store = KafkaNode(Path(folder) / "kafka", quick=True), StoreProcess(Path(folder) / "store").start()
        node.prepare()
        with (Path(folder) / "kafka.log").open("wb") as log:
            broker = subprocess.Popen(node.command(), stdout=log, stderr=log)
        try:
            node.wait_ready(120)
            with serving(app(":memory:"), ws="none") as registry:
                connection = Connection(node.bootstrap, registry, Names(f"b-{secrets.token_hex(3)}"))
                with Serde(connection) as serde:
                    serde.register()
                ensure_topics(connection)
                address = StoreAddress(store.url)
                client = connect(address)
                ensure_schema(client, address.databases)
                # Once before and once after, since the store merges beside what comes next; the faster one counts.
                before = bare_s(client, address.databases, "before")
                ours = sink_s(connection, address, client)
                theirs = min(before, bare_s(client, address.databases, "after"))
                again = rebuild_s(connection, address, client)
                client.close()
        finally:
            broker.terminate()
            broker.wait(60)
            store.stop()
    for what, took, target in (("ClickHouse sink", ours, TARGET), ("rebuild of a database", again, None)):
        yield {
            "what": f"{what}, {ROWS} detections", "ours": round(ROWS / took / 1e3, 1),
            "baseline": round(ROWS / theirs / 1e3, 1), "unit": "k rows/s", "ratio": round(theirs / took, 2),
            "target": target,
        }  # fmt: skip
