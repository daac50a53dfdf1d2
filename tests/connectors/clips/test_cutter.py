"""The clip cutter against a real broker, with a folder as the object store."""

import hashlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer

from connectors.clips.config import Config
from connectors.clips.cutter import Cutter
from connectors.clips.remux import remux
from connectors.objects import FolderStore
from schemas.records import Clip, Frame, Highlight, Packets, Ref
from tests.connectors.clips.media import demuxed, logged, make
from tests.fixtures_kafka import eventually
from topics import catalog
from topics.connection import Connection
from topics.read import read
from topics.registry import Serde

pytestmark = [pytest.mark.kafka, pytest.mark.network]
S = 1_000_000
CHILD = """
import os, signal, sys
from pathlib import Path
from connectors.clips.config import Config
from connectors.clips.cutter import Cutter
from connectors.objects import FolderStore
from topics.connection import Connection
from topics.names import Names

bootstrap, registry, prefix, folder, die = sys.argv[1:]
connection = Connection(bootstrap, registry, Names(prefix), partitions=2)
cutter = Cutter(connection, FolderStore(Path(folder)), Config(before_s=0, after_s=0, patience_s=2))
say, puts = cutter._say, cutter._objects.put
left = [int(die)]

def fall(when):
    left[0] -= 1
    if left[0] == 0:
        os.kill(os.getpid(), signal.SIGKILL)

def before_and_after(*args):
    fall("object written, record not")
    say(*args)
    fall("record written, offset not")

cutter._say = before_and_after
signal.signal(signal.SIGTERM, lambda *_: cutter.close())
cutter.run()
"""


def put(connection: Connection, *records: Any) -> list[Ref]:
    """Where the records lie in the log."""
    places: list[Ref] = []
    producer = Producer(connection.producer())
    with Serde(connection) as serde:
        for record in records:
            noun = next(n for n, t in catalog.BY_NOUN.items() if t.record is type(record))
            producer.produce(
                connection.names.topic(catalog.BY_NOUN[noun]), serde.encode(record), record.stream_id.encode(),
                on_delivery=lambda _, m: places.append(Ref.from_dict(place(m))),
            )  # fmt: skip
        assert producer.flush(60) == 0
    return places


def place(message: Any) -> dict[str, Any]:
    return {"topic": message.topic(), "partition": message.partition(), "offset": message.offset()}


def said(connection: Connection) -> list[Clip]:
    with Serde(connection) as serde:
        found = [
            serde.decode(m.value(), catalog.CLIPS)
            for m in read(connection, [connection.names.topic(catalog.CLIPS)])
        ]
    return [c for c in found if isinstance(c, Clip)]


@contextmanager
def running(connection: Connection, objects: FolderStore) -> Iterator[None]:
    cutter = Cutter(connection, objects, Config(before_s=0, after_s=0, patience_s=1))
    thread = threading.Thread(target=cutter.run)
    thread.start()
    try:
        yield
    finally:
        cutter.close()
        thread.join(60)
        assert not thread.is_alive()


def highlight(seq: int, start_s: int, end_s: int, **fields: Any) -> Highlight:
    made: dict[str, Any] = {
        "stream_id": "s",
        "session_id": "e",
        "seq": seq,
        "pts_us": end_s * S,
        "watermark_us": end_s * S,
        "id": f"h{seq}",
        "start_us": start_s * S,
        "end_us": end_s * S,
    }
    return Highlight(**(made | fields))  # fmt: skip


def test_a_highlight_becomes_a_clip_with_poster_and_a_record(connection: Connection, tmp_path: Path) -> None:
    path = make(tmp_path / "a.mp4", seconds=8)
    packets = list(logged(path))
    (poster,) = put(
        connection, Frame(stream_id="s", session_id="e", seq=0, pts_us=0, image=b"jpeg", width_px=1, height_px=1)
    )
    put(connection, *packets, highlight(0, 2, 4, frame=poster), highlight(1, 6, 7), highlight(2, 7, 7, end=True))
    objects = FolderStore(tmp_path / "objects")
    with running(connection, objects):
        eventually(lambda: len(said(connection)) == 3)
    first, second, last = said(connection)
    assert [(c.seq, c.end, c.status) for c in (first, second, last)] == [
        (0, False, "ok"),
        (1, False, "ok"),
        (2, True, "ok"),
    ]
    assert (first.key, first.poster_key, second.poster_key) == ("clips/s/h0.mp4", "clips/s/h0.jpg", "")
    body = objects.read(first.key)
    assert (first.bytes, first.sha256) == (len(body), hashlib.sha256(body).hexdigest())
    assert body == remux([p for p in packets if not p.end], 2 * S, 4 * S)[0]
    assert objects.read(first.poster_key) == b"jpeg"
    assert first.first_seq <= first.last_seq < second.last_seq
    assert demuxed(BytesIO(body))["video"][0] in demuxed(path)["video"]


def test_a_clip_waits_until_its_packets_are_there(connection: Connection, tmp_path: Path) -> None:
    packets = list(logged(make(tmp_path / "a.mp4", seconds=8)))
    early = [p for p in packets if p.pts_us < 3 * S and not p.end]
    put(connection, *early, highlight(0, 2, 5))
    objects = FolderStore(tmp_path / "objects")
    cutter_config = Config(before_s=0, after_s=0, patience_s=60)
    cutter = Cutter(connection, objects, cutter_config)
    thread = threading.Thread(target=cutter.run)
    thread.start()
    eventually(lambda: any(lane.waiting and lane.scanned for lane in list(cutter._lanes.values())))
    assert said(connection) == []
    put(connection, *packets[len(early) :])
    eventually(lambda: len(said(connection)) == 1)
    cutter.close()
    thread.join(60)
    (clip,) = said(connection)
    assert objects.read(clip.key) == remux([p for p in packets if not p.end], 2 * S, 5 * S)[0]


def test_a_highlight_without_packets_is_answered_and_says_why(connection: Connection, tmp_path: Path) -> None:
    late = [p for p in logged(make(tmp_path / "a.mp4", seconds=8), session_id="late") if p.seq >= 5]
    put(connection, highlight(0, 2, 4, session_id="none"), *late, highlight(0, 0, 1, session_id="late"),
        highlight(1, 0, 0, session_id="late", status="rejected", reason="because"))  # fmt: skip
    with running(connection, FolderStore(tmp_path / "objects")):
        eventually(lambda: len(said(connection)) == 3)
    assert [(c.session_id, c.status, c.reason, c.key) for c in said(connection)] == [
        ("none", "unavailable", "its session has no packets", ""),
        ("late", "unavailable", "the log does not hold its packets any more", ""),
        ("late", "rejected", "because", ""),
    ]


@pytest.mark.slow
def test_kills_between_object_and_record_lose_and_double_nothing(connection: Connection, tmp_path: Path) -> None:
    packets: list[Packets] = list(logged(make(tmp_path / "a.mp4", seconds=8)))
    wanted = [*(highlight(n, n, n + 2) for n in range(6)), highlight(6, 8, 8, end=True)]
    put(connection, *packets, *wanted)
    for die in (1, 2, 3, 4, 1, 0):
        arguments = [
            connection.bootstrap,
            connection.registry_url,
            connection.names.prefix,
            str(tmp_path / "o"),
            str(die),
        ]
        child = subprocess.Popen([sys.executable, "-c", CHILD, *arguments])
        if die:
            assert child.wait(90) == -signal.SIGKILL
    eventually(lambda: any(c.end for c in said(connection)))
    os.kill(child.pid, signal.SIGTERM)
    assert child.wait(60) == 0
    found = said(connection)
    assert [c.seq for c in found] == list(range(7)), "each once, in order"
    objects = FolderStore(tmp_path / "o")
    assert sorted(objects.keys()) == [f"clips/s/h{n}.mp4" for n in range(6)]
    for clip in found[:-1]:
        assert hashlib.sha256(objects.read(clip.key)).hexdigest() == clip.sha256
