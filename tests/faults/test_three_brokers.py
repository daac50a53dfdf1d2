"""A cluster of three brokers loses one while a camera's file is taken in and every station is at work."""

from pathlib import Path

import pytest
from confluent_kafka.admin._config import ConfigResource
from confluent_kafka.admin._resource import ResourceType

from tests.cluster import Cluster
from tests.connectors.conftest import write_clip
from tests.connectors.ingest.logged import assert_whole, logged
from tests.faults.whole import SLOW_S, Platform, assert_as_computed, messages, records
from tests.fixtures_kafka import eventually
from topics.broker import wanted
from topics.catalog import FRAMES

pytestmark = [pytest.mark.slow, pytest.mark.kafka, pytest.mark.store, pytest.mark.timeout(900)]


def topic_settings(cluster: Cluster, topic: str) -> dict[str, str]:
    resource = ConfigResource(ResourceType.TOPIC, topic)
    admin = cluster.admin
    found = admin.describe_configs([resource])[resource].result(20)
    return {key: entry.value for key, entry in found.items()}


def test_one_broker_of_three_is_killed_under_load_and_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "cam.mp4", seconds=25, options={"g": "25"})
    with Cluster(tmp_path / "kafka") as cluster:
        settings = {"FRAMELOG_KAFKA": cluster.bootstrap, "FRAMELOG_REPLICATION": "3"}
        with Platform(tmp_path / "data", settings) as platform:
            connection = platform.connection
            frames = connection.names.topic(FRAMES)
            for name in wanted(connection):
                assert topic_settings(cluster, name)["min.insync.replicas"] == "2", name
            assert cluster.in_sync(frames)
            fed = platform.ingest(str(clip), "cam", "--speed", "real")
            eventually(lambda: len(records(connection, "frames")) > 50, SLOW_S)
            partition = int(messages(connection, "frames")[0].partition())
            killed = [cluster.leader(frames, partition)]
            cluster.kill(killed[0])
            at = len(records(connection, "frames"))
            eventually(lambda: len(records(connection, "frames")) > at + 30, SLOW_S)
            cluster.start(killed[0])
            eventually(lambda: cluster.in_sync(frames), SLOW_S)
            said, wrong = fed.communicate(timeout=SLOW_S)
            assert fed.returncode == 0, wrong
            assert "251 frames" in said or "250 frames" in said, said
            assert_whole(logged(connection))
            counts = assert_as_computed(connection)
            found = platform.verified()
            print(f"killed {killed}; {counts}; {found}; restarts "
                  f"{ {n: p.restarts for n, p in platform.state.parts.items() if p.restarts} }")  # fmt: skip
