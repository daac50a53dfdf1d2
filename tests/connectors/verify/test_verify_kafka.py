"""`framelog verify` on a real log and a real store: clean, and with what a person or a fault may do to either."""

import json
import os
import secrets
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import clickhouse_connect
import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from typer.testing import CliRunner, Result

from connectors.clickhouse.ddl import Databases
from connectors.clickhouse.rows import Place, column_names, row
from connectors.clickhouse.schema import StoreAddress, connect, drop
from connectors.clickhouse.sink import clickhouse_sink
from connectors.objects import FolderStore
from connectors.sink import SinkConfig
from connectors.verify import Report, verify
from connectors.verify.kafka import KafkaLog
from connectors.verify.rows import Rows
from connectors.verify.run import verify_log
from deploy.cli import app
from schemas.records import Sounds
from tests.connectors.verify.memory import MemoryLog, played, scene
from tests.fixtures_kafka import eventually
from topics import catalog as c
from topics.broker import ensure_topics
from topics.connection import Connection
from topics.names import Names
from topics.read import bounds
from topics.registry import Serde
from topics.route import ROUTE

pytestmark = [pytest.mark.kafka, pytest.mark.store, pytest.mark.network, pytest.mark.slow]
QUICK = SinkConfig(max_rows=500, linger_s=0.2, session_ms=6000)


@dataclass(frozen=True, slots=True)
class Real:
    """A clean log on a real broker, its rows in a real store."""

    connection: Connection
    address: StoreAddress
    objects: FolderStore
    memory: MemoryLog
    serde: Serde

    def verify(self, **how: Any) -> Report:
        return verify(self.connection, self.address, self.objects, **how)

    def put(self, topic: str, key: bytes | None, value: bytes | None, headers: Any = ()) -> None:
        producer = Producer(self.connection.producer())
        producer.produce(topic, value, key, partition=0, headers=list(headers))
        assert producer.flush(30) == 0


def rows(store: Any, databases: Databases) -> int:
    """Rows of all tables; 0 while they are not there."""
    text = "SELECT sum(total_rows) FROM system.tables WHERE database = {d:String}"
    return int(store.query(text, parameters={"d": databases.log}).first_row[0] or 0)


@pytest.fixture(scope="module")
def real(
    broker: str, registry_url: str, store_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Real]:
    """Two streams, written by the real stations and taken in by the real sink."""
    made = Connection(broker, registry_url, Names(f"t-{secrets.token_hex(4)}"), partitions=1)
    ensure_topics(made)
    databases = Databases(f"t_{secrets.token_hex(6)}")
    objects, address = (
        FolderStore(tmp_path_factory.mktemp("verify") / "objects"),
        StoreAddress(store_url, databases=databases),
    )
    with Serde(made) as serde:
        serde.register()
        memory = played([*scene("door"), *scene("yard", bad=33)], objects, codec=(serde.encode, serde.decode),
                        names=made.names)  # fmt: skip
        producer = Producer(made.producer())
        for messages in memory.messages.values():
            for m in messages:
                producer.produce(m.topic, m.value, m.key, partition=0, headers=list(m.headers))
        assert producer.flush(60) == 0
        for edge in ROUTE:
            committer = Consumer(made.confluent(group_id=made.names.group(edge.name), enable_auto_commit=False))
            names = {made.names.topic(t) for t in edge.reads}
            ends = [TopicPartition(n, 0, offset) for (_, n, _), offset in memory.committed.items() if n in names]
            committer.commit(offsets=ends, asynchronous=False)
            committer.close()
        sink = clickhouse_sink(made, address, QUICK)
        thread = threading.Thread(target=sink.run)
        thread.start()
        try:
            with clickhouse_connect.get_client(dsn=store_url) as store:
                eventually(lambda: rows(store, databases) == sum(len(memory.of(n)) for n in c.BY_NOUN))
        finally:
            sink.close()
            thread.join(60)
        yield Real(made, address, objects, memory, serde)
    with clickhouse_connect.get_client(dsn=store_url) as client:
        drop(client, databases)


def command(real: Real, *words: str) -> Result:
    """A command of ours, in this process."""
    data = real.objects.folder.parent
    env = dict.fromkeys(k for k in os.environ if k.startswith("FRAMELOG_")) | {
        "FRAMELOG_KAFKA": real.connection.bootstrap, "FRAMELOG_REGISTRY": real.connection.registry_url,
        "FRAMELOG_PREFIX": real.connection.names.prefix, "FRAMELOG_PARTITIONS": "1", "FRAMELOG_DATA": str(data),
        "FRAMELOG_CLICKHOUSE": real.address.url, "FRAMELOG_CLICKHOUSE_DATABASE": real.address.databases.views,
    }  # fmt: skip
    return CliRunner().invoke(app, words, env=env)


def test_a_clean_log_and_its_rows_are_all_true(real: Real) -> None:
    report = real.verify(wait_s=30)
    assert report.ok, str(report)
    assert not report.told
    assert report.counted["rows"] == sum(report.records.values()) == sum(len(real.memory.of(n)) for n in c.BY_NOUN)
    assert report.counted["clips"] == 2


def test_the_command_says_so_and_ends_with_0(real: Real) -> None:
    done = command(real, "verify", "--json")
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert said["ok"]
    assert not said["faults"]
    table = command(real, "verify", "--stream", "yard", "--from", "2020-01-01", "--to", "2120-01-01T00:00:00Z")
    assert table.exit_code == 0, table.output
    assert "all true" in table.stdout


def test_a_run_that_is_not_there_and_a_log_that_is_away_end_with_2(real: Real) -> None:
    done = command(real, "verify", "--run", "nobody")
    assert (done.exit_code, len(done.stderr.splitlines())) == (2, 1), done.stderr
    assert "nobody" in done.stderr
    away = replace(real, connection=replace(real.connection, bootstrap="127.0.0.1:9"))
    assert command(away, "verify").exit_code == 2
    no_store = replace(real, address=replace(real.address, url="http://127.0.0.1:9"))
    done = command(no_store, "verify")
    assert (done.exit_code, len(done.stderr.splitlines())) == (2, 1), done.stderr
    assert command(no_store, "verify", "--no-store").exit_code == 0
    assert command(real, "verify", "--from", "yesterday").exit_code == 2
    done = command(real, "verify", "--stream", "nowhere")
    assert (done.exit_code, len(done.stderr.splitlines())) == (2, 1), done.stderr
    assert "says nothing of a stream nowhere" in done.stderr


def test_time_bounds_leave_the_rest_outside(real: Real) -> None:
    """What is named before the range is outside, and nothing of it is a fault."""
    report = real.verify(from_ms=4_000_000_000_000)
    assert report.ok
    assert not report.records
    report = real.verify(to_ms=0)
    assert report.ok
    assert not report.records


def test_rows_that_are_missing_changed_or_too_many_are_found(real: Real) -> None:
    log, run = real.address.databases.log, {"mutations_sync": 2}
    with clickhouse_connect.get_client(dsn=real.address.url) as store:
        store.command(f"ALTER TABLE {log}.sounds DELETE WHERE seq = 3 AND stream_id = 'door'", settings=run)
        store.command(f"ALTER TABLE {log}.fused UPDATE text = 'never said' WHERE seq = 2 AND stream_id = 'yard'",
                      settings=run)  # fmt: skip
        extra = real.memory.record("clips", 0)
        place = Place(real.connection.names.topic(c.CLIPS), 0, 0, 0)
        made = [row("clips", "live", replace(extra, seq=seq), place) for seq in (1000, 1001)]
        store.insert(f"{log}.clips", made, column_names=column_names("clips"))
        report = real.verify()
        assert set(report.faulty) == {"rows"}, str(report)
        texts = " ".join(map(str, report.faults))
        assert report.faulty["rows"] == 3, texts
        assert "it has no row" in texts
        assert "column text" in texts
        assert "never said" in texts
        assert texts.count("2 rows of") == 1
        assert all("framelog sql" in f.look for f in report.faults)
        done = command(real, "verify")
        assert done.exit_code == 1
        assert "3 faults" in done.stdout


def test_what_is_written_behind_is_found_on_the_real_log_too(real: Real) -> None:
    """A repeat with other bytes, junk on a derived topic, junk among frames that nobody has read yet."""
    names = real.connection.names
    message = real.memory.of("sounds")[5]
    twisted: Any = real.serde.decode(message.value, c.SOUNDS)
    assert isinstance(twisted, Sounds)
    real.put(message.topic, message.key, real.serde.encode(replace(twisted, peak_db=-1.0)), message.headers)
    real.put(names.topic(c.FUSED), b"door", b"junk")
    real.put(names.topic(c.FRAMES), b"door", b"junk")
    report = verify(real.connection, None, real.objects)
    assert set(report.faulty) == {"repeats", "form"}, str(report)
    assert report.told == {"doubles": 1, "poison": 1, "behind": 1}
    assert set(report.skipped) == {"rows"}
    assert f"{names.topic(c.FUSED)}/0@" in str(report)


def test_a_row_that_comes_while_it_looks_is_no_fault(real: Real) -> None:
    """The sink goes on: it writes the row of a record that had none when its batch was looked at."""
    message = real.memory.of("sounds")[-2]
    record: Any = real.serde.decode(message.value, c.SOUNDS)
    new = replace(record, session_id="new", seq=0)
    real.put(message.topic, message.key, real.serde.encode(new), message.headers)
    end = sum(stop for _, stop in bounds(real.connection, [message.topic]).values())
    came = []

    class Late(Rows):
        def finish(self, topics: Any) -> None:
            made = row("sounds", "live", new, Place(message.topic, 0, end - 1, 0))
            self.client.insert(f"{self.databases.log}.sounds", [made], column_names=column_names("sounds"))
            came.append(made)
            super().finish(topics)

    with connect(real.address) as client, Serde(real.connection) as serde:
        log = KafkaLog(real.connection)
        try:
            report = verify_log(
                log, serde.decode, rows=lambda log, report: Late(client, real.address.databases, log, report)
            )
        finally:
            log.close()
    assert came
    assert report.told["behind"] >= 1
    assert not [f for f in report.faults if "/new " in str(f)], str(report)
