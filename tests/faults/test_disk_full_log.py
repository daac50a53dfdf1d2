"""The broker's disk runs full while a file is taken in: the broker says why it ends, what it acknowledged is there
when it comes back, and the same command completes the session.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.embedded.kafka import KafkaNode
from deploy.health import disk_rows, is_healthy
from tests.connectors.ingest.logged import assert_whole, logged
from tests.faults.whole import ROOT, SLOW_S, records
from tests.fixtures_kafka import eventually
from tests.live_source import textured_clip
from tests.small_disk import resize, small_disk, used_bytes
from topics.broker import prepare_log
from topics.connection import Connection

pytestmark = [pytest.mark.slow, pytest.mark.kafka, pytest.mark.timeout(600)]
WIDE_MIB, ROOM_BYTES = 2048, 6 << 20


def test_what_a_full_disk_had_acknowledged_is_there_and_the_session_is_completed(
    registry_url: str, tmp_path: Path
) -> None:
    clip = textured_clip(tmp_path / "large.mp4", 20)
    with small_disk(tmp_path / "disk", WIDE_MIB) as disk:
        node = KafkaNode(disk / "kafka")
        node.prepare()
        said = tmp_path / "kafka.log"

        def start() -> "subprocess.Popen[bytes]":
            with said.open("ab") as log:
                return subprocess.Popen(node.command(), stdout=log, stderr=log)

        broker = start()
        try:
            node.wait_ready(120)
            connection = Connection(node.bootstrap, registry_url, partitions=2)
            prepare_log(connection)
            where = json.dumps([node.bootstrap, registry_url, connection.names.prefix, 2])
            child = str(ROOT / "tests/connectors/ingest/child.py")
            words = [sys.executable, child, where, str(clip), "cam", "real"]
            fed = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            eventually(lambda: len(records(connection, "frames")) > 20, SLOW_S)
            resize(disk, used_bytes(disk) + ROOM_BYTES)
            acknowledged = len(records(connection, "frames"))
            assert broker.wait(SLOW_S) != 0
            assert "No space left on device" in said.read_text()
            (row,) = disk_rows(disk)
            assert (row["part"], row["state"]) == ("disk", "full")
            assert str(disk) in row["says"]
            assert not is_healthy([row])

            resize(disk, WIDE_MIB << 20)
            assert disk_rows(disk) == []
            broker = start()
            node.wait_ready(120, lambda: broker.poll() is None)
            assert len(records(connection, "frames")) >= acknowledged
            _, wrong = fed.communicate(timeout=SLOW_S)
            assert fed.returncode == 0, wrong
            found = logged(connection)
            assert_whole(found)
            assert len(found["frames"]) == 201
        finally:
            broker.kill()
            broker.wait(30)


def test_the_small_disk_of_these_tests_does_run_full(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 4) as disk:
        resize(disk, 1 << 20)
        with pytest.raises(OSError, match="No space left"):
            (disk / "x").write_bytes(bytes(2 << 20))
        resize(disk, 4 << 20)
        (disk / "x").write_bytes(bytes(2 << 20))
