"""A replay beside live: live goes on and says what it would have said, and how far it was behind is told truly."""

from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import ConsumerGroupTopicPartitions
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]

from deploy.replay.lag import lags
from tests.connectors.clips.media import make
from tests.faults.whole import computed, records, written
from tests.fixtures_kafka import eventually
from tests.route.replayed import Lab, ended, lab_of
from topics.connection import Connection
from topics.route import ROUTE, STATIONS

pytestmark = [
    pytest.mark.kafka, pytest.mark.store, pytest.mark.slow, pytest.mark.network, pytest.mark.timeout(400)
]  # fmt: skip
CLIP_S, LATE_S = 15, 3


@pytest.fixture(scope="module")
def lab(broker: str, registry_url: str, store_url: str, tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """A log of this module's own: live reads it while it is replayed."""
    return lab_of(broker, registry_url, store_url, tmp_path_factory.mktemp("beside"), ("door",))


def behind(connection: Connection) -> dict[str, int]:
    """How far each station's group is from the end of what it reads, as Kafka's own tools ask for it."""
    admin, found = AdminClient(connection.confluent()), dict[str, int]()
    latest: Any = OffsetSpec.latest()  # type: ignore[no-untyped-call]
    for edge in ROUTE:
        group = ConsumerGroupTopicPartitions(connection.names.group(edge.name))
        places = admin.list_consumer_group_offsets([group])[group.group_id].result().topic_partitions
        if places and edge.name in STATIONS:
            ends = admin.list_offsets(dict.fromkeys(places, latest))
            offsets = {(p.topic, p.partition): p.offset for p in places}
            found[edge.name] = sum(
                future.result().offset - offsets[place.topic, place.partition] for place, future in ends.items()
            )
    return found


def test_live_goes_on_beside_a_replay_and_says_the_same(lab: Lab, tmp_path: Path) -> None:
    clip = make(tmp_path / "gate.mp4", seconds=CLIP_S)
    live = lab.start("work", *STATIONS)
    try:
        eventually(lambda: ended(lab.connection) == len(STATIONS), 180)
        before = len(records(lab.connection, "detections"))
        fed = lab.start("ingest", str(clip), "--stream", "gate", "--speed", "real")
        eventually(lambda: len(records(lab.connection, "detections")) > before + 5, 120)
        beside = lab.replay("loaded", "--no-rows")
        _, complained = fed.communicate(timeout=120)
        assert fed.returncode == 0, complained
        eventually(lambda: ended(lab.connection) == 2 * len(STATIONS), 180)
        assert live.poll() is None
    finally:
        live.terminate()
        live.communicate(timeout=60)
    assert beside["said"] == beside["live"]
    assert set(beside["lag"]) >= set(STATIONS)
    said, wanted = written(lab.connection), computed(lab.connection)
    for noun in STATIONS:
        assert sorted(said[noun]) == sorted(wanted[noun])
        seqs = defaultdict(list)
        for record in records(lab.connection, noun):
            seqs[record.stream_id].append(record.seq)
        assert seqs == {stream: list(range(len(found))) for stream, found in seqs.items()}
        assert set(seqs) == {"door", "gate"}
    print(f"live was behind by at most {beside['lag']} records beside the replay")


def test_how_far_live_is_behind_is_told_as_it_is(lab: Lab, tmp_path: Path) -> None:
    before = behind(lab.connection)
    lab.run("ingest", str(make(tmp_path / "late.mp4", seconds=LATE_S)), "--stream", "late", "--json")
    told = lab.replay("away", "--from-station", "highlights", "--local", "--no-rows")["lag"]
    true = behind(lab.connection)
    assert set(true) == set(STATIONS)
    assert (
        {station: told[station] for station in STATIONS} == true == {s: lags(lab.connection)[s] for s in STATIONS}
    )
    assert true["detections"] - before["detections"] == 10 * LATE_S + 1
    assert true["sounds"] - before["sounds"] > 2 * LATE_S
