"""Every station, with the models that need no download: the Kafka shell says what the offline shell says."""

import os
import random
import signal
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
import simplejpeg
from confluent_kafka import Producer

from processors.build import build
from processors.offline import Offline
from processors.reading import Stored
from processors.shelf import Shelf
from processors.tail import bounds, read_tails
from processors.worker import run_worker
from schemas.records import Audio, Frame, Packets, Record, Ref
from tests.fixtures_kafka import eventually
from topics import catalog as c
from topics.connection import Connection
from topics.names import Names
from topics.partitioner import partition_of
from topics.registry import Serde
from topics.route import STATIONS
from topics.topic import Topic

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.network]
ROOT = Path(__file__).parent.parent.parent
SECONDS = 6
HZ = 16_000


def scene(stream: str) -> list[tuple[Topic[Record], Record]]:
    """A bright square that walks through noise, over silence, a tone, and noise."""
    rng = np.random.default_rng(len(stream))
    made: list[tuple[Topic[Record], Record]] = []
    for i in range(SECONDS * 10):
        picture = rng.integers(0, 60, (180, 320, 3), dtype=np.uint8)
        picture[40:120, 5 * i : 5 * i + 40] = 230
        image = simplejpeg.encode_jpeg(picture, 85, "BGR", "420")
        made.append((c.FRAMES, Frame(stream_id=stream, session_id="s", seq=i, pts_us=i * 100_000, image=image,
                                     width_px=320, height_px=180)))  # fmt: skip
        if i % 5 == 0:
            t = np.arange(HZ // 2) / HZ
            loud = (np.zeros_like(t), np.sin(2 * np.pi * 220 * t), rng.standard_normal(HZ // 2) / 4)[i // 20 % 3]
            pcm = (loud * 12_000).astype("<i2").tobytes()
            made.append(
                (c.AUDIO, Audio(stream_id=stream, session_id="s", seq=i // 5, pts_us=i * 100_000, pcm=pcm))
            )
    last = SECONDS * 1_000_000
    made.append((c.FRAMES, Frame(stream_id=stream, session_id="s", seq=SECONDS * 10, pts_us=last, end=True)))
    made.append((c.AUDIO, Audio(stream_id=stream, session_id="s", seq=SECONDS * 2, pts_us=last, end=True)))
    made.append((c.PACKETS, Packets(stream_id=stream, session_id="s", seq=0, pts_us=0, end=True)))
    return made


def test_every_station_says_the_same_bytes_in_both_shells_even_when_killed(connection: Connection) -> None:
    rng = random.Random(6)
    raw = [(topic, r) for stream in ("door", "yard") for topic, r in scene(stream)]
    derived = [c.BY_NOUN[s] for s in STATIONS]
    want: dict[tuple[str, str], list[bytes]] = defaultdict(list)
    with Serde(connection) as serde:
        shelf = Shelf("builtin", None)
        route = Offline({s: build(s, {}, shelf) for s in STATIONS}, serde.encode, serde.decode, connection.names)
        producer = Producer(connection.producer())
        offsets: dict[tuple[str, int], int] = defaultdict(int)
        for topic, record in raw:
            key, value = record.stream_id.encode(), serde.encode(record)
            place = connection.names.topic(topic), partition_of(key, connection.partitions)
            producer.produce(place[0], value, key=key)
            ref = Ref(topic=place[0], partition=place[1], offset=offsets[place])
            offsets[place] += 1
            for said in route.feed(topic, [Stored(ref, key, value)]):
                want[said.noun, said.record.stream_id].append(said.stored.value or b"")
        assert producer.flush(30) == 0
    assert {noun for noun, _ in want} == set(STATIONS)
    total = sum(map(len, want.values()))
    places = [(connection.names.topic(t), p) for t in derived for p in range(connection.partitions)]

    def count() -> int:
        return sum(end - low for low, end in bounds(connection, places).values())

    def start() -> "subprocess.Popen[bytes]":
        names = [
            connection.bootstrap,
            connection.registry_url,
            connection.names.prefix,
            str(connection.partitions),
        ]
        return subprocess.Popen([sys.executable, "-m", "tests.route.test_shells_agree", *names], cwd=ROOT)

    worker = start()
    try:
        for low, high in ((0.1, 0.4), (0.5, 0.8)):
            moment = round(
                total * rng.uniform(low, high)
            )  # so many records: the same on a slow machine and a fast one
            eventually(lambda n=moment: count() >= n, 120)  # type: ignore[misc]
            worker.kill()
            worker.wait(20)
            worker = start()
        eventually(lambda: count() >= total, 120)
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(30) == 0
    finally:
        worker.kill()
        worker.wait(20)
    got: dict[tuple[str, str], list[bytes]] = defaultdict(list)
    nouns = {connection.names.topic(t): t.noun for t in derived}
    for (name, _), tail in read_tails(connection, dict.fromkeys(places)).items():
        for m in tail.messages:
            got[nouns[name], (m.key() or b"").decode()].append(m.value() or b"")
    assert {k: len(v) for k, v in got.items()} == {k: len(v) for k, v in want.items()}
    assert got == want


def main() -> int:
    bootstrap, registry_url, prefix, partitions = sys.argv[1:]
    shelf = Shelf("builtin", None)
    cores = {s: build(s, {}, shelf) for s in STATIONS}
    connection = Connection(bootstrap, registry_url, Names(prefix), partitions=int(partitions))
    return run_worker(STATIONS, cores, connection, instance="one")


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    sys.exit(main())
