"""A real Kafka node: what it keeps, and what it refuses to start with."""

import os
import shutil
import signal
import socket
import subprocess
from collections import namedtuple
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from deploy.embedded.kafka import KafkaFault, KafkaNode

pytestmark = [pytest.mark.kafka, pytest.mark.network]


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """A node on a folder, killed by 9 at the end."""
    node = KafkaNode(folder, quick=True)
    node.prepare()
    with subprocess.Popen(node.command(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            node.wait_ready(120)
            yield node.bootstrap
        finally:
            os.kill(process.pid, signal.SIGKILL)


def values(bootstrap: str, topic: str, count: int) -> list[bytes | None]:
    """The first `count` values of a topic's only partition."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "reader", "auto.offset.reset": "earliest"})
    consumer.subscribe([topic])
    try:
        return [m.value() for m in consumer.consume(count, timeout=60)]
    finally:
        consumer.close()


def test_what_was_acknowledged_is_there_after_kill_9_and_on_other_ports(broker: str, tmp_path: Path) -> None:
    with running(tmp_path / "kafka") as first:
        admin = AdminClient({"bootstrap.servers": first})
        admin.create_topics([NewTopic("t", 1, 1)])["t"].result(60)
        producer = Producer({"bootstrap.servers": first, "acks": "all"})
        for n in range(100):
            producer.produce("t", str(n).encode())
        assert producer.flush(60) == 0
    with running(tmp_path / "kafka") as second:
        assert second != first
        assert values(second, "t", 100) == [str(n).encode() for n in range(100)]


def test_a_port_in_use_is_told_before_the_start(broker: str, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(KafkaFault, match=f"port {port} is in use"):
            KafkaNode(tmp_path, port=port).prepare()


def test_a_folder_that_cannot_be_written_is_told_before_the_start(broker: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(KafkaFault, match="can not write"):
        KafkaNode(tmp_path / "file/kafka").prepare()


def test_a_full_disk_is_told_before_the_start(
    broker: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(1 << 40, 1 << 40, 5 << 20))
    with pytest.raises(KafkaFault, match="5 MiB are free"):
        KafkaNode(tmp_path / "kafka").prepare()


def test_the_class_archive_is_made_on_a_node_that_was_never_prepared(
    broker: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = tmp_path / "classes.jsa"
    monkeypatch.setattr(KafkaNode, "_archive", lambda _: archive)
    node = KafkaNode(tmp_path / "kafka", quick=True)
    node.archive_classes()
    assert archive.stat().st_size > 10 << 20
    assert f"-XX:SharedArchiveFile={archive}" in node.command()
    made = archive.stat().st_mtime_ns
    node.archive_classes()
    assert archive.stat().st_mtime_ns == made


def test_a_node_that_ends_at_once_is_told_without_waiting(broker: str, tmp_path: Path) -> None:
    with pytest.raises(KafkaFault, match="ended before it was ready"):
        KafkaNode(tmp_path / "kafka").wait_ready(60, lambda: False)
