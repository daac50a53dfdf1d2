"""The clip cutter against a real broker, with a folder as the object store."""

import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from connectors.clips.config import Config
from connectors.clips.cutter import Cutter
from connectors.clips.remux import remux
from connectors.objects import FolderStore
from connectors.verify.kafka import behind
from schemas.records import Clip, Frame, Highlight, Packets, Position, Ref, StreamNotice
from tests.connectors.clips.media import demuxed, logged, make
from tests.fixtures_kafka import eventually
from topics import catalog
from topics.connection import Connection
from topics.read import consumer, read
from topics.registry import Serde

pytestmark = [pytest.mark.kafka, pytest.mark.network]
S = 1_000_000
CHILD = """
import os, signal, sys
from pathlib import Path
from connectors.clips.config import Config
from connectors.clips.cutter import Cutter
from connectors.objects import FolderStore
from connectors.verify.kafka import behind
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
def running(connection: Connection, objects: FolderStore, config: Config | None = None) -> Iterator[Cutter]:
    cutter = Cutter(connection, objects, config or Config(before_s=0, after_s=0, patience_s=1))
    thread = threading.Thread(target=cutter.run)
    thread.start()
    try:
        yield cutter
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


def test_a_clip_is_not_cut_short_because_the_cutter_was_frozen_or_the_log_away(
    connection: Connection, tmp_path: Path
) -> None:
    packets = list(logged(make(tmp_path / "a.mp4", seconds=8)))
    early = [p for p in packets if p.pts_us < 3 * S and not p.end]
    put(connection, *early, highlight(0, 2, 5))
    objects, late_s = FolderStore(tmp_path / "objects"), [0.0]
    patient = Config(before_s=0, after_s=0, patience_s=60)
    cutter = Cutter(connection, objects, patient, lambda: time.monotonic() + late_s[0])
    thread = threading.Thread(target=cutter.run)
    thread.start()
    eventually(lambda: any(lane.waiting and lane.scanned for lane in list(cutter._lanes.values())))
    late_s[0] = 600.0  # what it sees when it is woken, or when the broker is back
    eventually(lambda: cutter._patience.since_s > 600)
    assert said(connection) == []
    put(connection, *packets[len(early) :])
    eventually(lambda: len(said(connection)) == 1)
    cutter.close()
    thread.join(60)
    (clip,) = said(connection)
    assert clip.missing == ""
    assert objects.read(clip.key) == remux([p for p in packets if not p.end], 2 * S, 5 * S)[0]


def test_a_cutter_that_starts_when_all_is_done_is_level(connection: Connection, tmp_path: Path) -> None:
    packets = list(logged(make(tmp_path / "a.mp4")))
    put(connection, *packets, highlight(0, 0, 0, end=True))
    with running(connection, FolderStore(tmp_path / "objects")):
        eventually(lambda: len(said(connection)) == 1)
    reset = [TopicPartition(connection.names.topic(catalog.PACKETS), p, 0) for p in range(connection.partitions)]
    with consumer(connection, group_id=connection.names.group("clips")) as client:
        client.commit(offsets=reset, asynchronous=False)  # as one that was killed while packets came
    with running(connection, FolderStore(tmp_path / "objects")):
        eventually(lambda: behind(connection, ["clips"]) == 0)


def test_a_highlight_without_packets_is_answered_and_says_why(connection: Connection, tmp_path: Path) -> None:
    late = [p for p in logged(make(tmp_path / "a.mp4", seconds=8), session_id="late") if p.seq >= 5]
    put(connection, highlight(0, 2, 4, session_id="none"), *late, highlight(0, 0, 1, session_id="late"),
        highlight(1, 0, 0, session_id="late", status="rejected", reason="because"))  # fmt: skip
    with running(connection, FolderStore(tmp_path / "objects")):
        eventually(lambda: len(said(connection)) == 3)
    assert sorted((c.session_id, c.seq, c.status, c.reason, c.key) for c in said(connection)) == [
        ("late", 0, "unavailable", "the log does not hold its packets any more", ""),
        ("late", 1, "rejected", "because", ""),
        ("none", 0, "unavailable", "its session has no packets", ""),
    ]


def notice(packets: list[Packets], places: list[Ref], session: str, *at_s: int) -> list[StreamNotice]:
    """What `streams` says of packets that lie at some places: started, and progress at some seconds."""

    def position(n: int) -> Position:
        p, ref = packets[n], places[n]
        return Position(topic=ref.topic, partition=ref.partition, offset=ref.offset, seq=p.seq, pts_us=p.pts_us)

    of: dict[str, Any] = {"stream_id": "s", "session_id": session, "media": ("packets",)}
    said = [StreamNotice(**of, seq=0, pts_us=0, kind="started", positions=(position(0),))]
    for seq, s in enumerate(at_s, 1):
        n = next(n for n, p in enumerate(packets) if p.pts_us >= s * S)
        said.append(
            StreamNotice(**of, seq=seq, pts_us=s * S, kind="progress", end_us=s * S, positions=(position(n),))
        )
    return said


def expire(connection: Connection, place: Ref) -> None:
    """Takes away what lies before a place, as retention does."""
    admin = AdminClient(connection.confluent())
    for done in admin.delete_records([TopicPartition(place.topic, place.partition, place.offset)]).values():
        done.result()


def test_a_session_that_waits_holds_up_no_other_and_is_not_forgotten(
    connection: Connection, tmp_path: Path
) -> None:
    packets, slow = (list(logged(make(tmp_path / "a.mp4", seconds=8), session_id=e)) for e in ("e", "slow"))
    put(connection, *[p for p in slow if p.pts_us < 3 * S and not p.end], highlight(0, 2, 5, session_id="slow"),
        *packets, highlight(0, 2, 4), highlight(1, 5, 7))  # fmt: skip
    objects, patient = FolderStore(tmp_path / "objects"), Config(before_s=0, after_s=0, patience_s=600)
    for wanted in ([0, 1], [0, 1, 2]):  # the second cutter finds what the first one left, and does no clip again
        if 2 in wanted:
            put(connection, highlight(2, 7, 8), highlight(3, 8, 8, end=True))
            wanted = [0, 1, 2, 3]
        with running(connection, objects, patient):
            eventually(lambda wanted=wanted: [c.seq for c in said(connection)] == wanted)  # type: ignore[misc]
    with running(connection, objects, patient):
        put(connection, *[p for p in slow if p.pts_us >= 3 * S or p.end])
        eventually(lambda: len(said(connection)) == 5)
    found = said(connection)
    assert [(c.session_id, c.seq) for c in found] == [("e", 0), ("e", 1), ("e", 2), ("e", 3), ("slow", 0)]
    assert [c.missing for c in found] == [""] * 5


def test_packets_are_read_from_where_the_open_highlights_need_them(connection: Connection, tmp_path: Path) -> None:
    packets = list(logged(make(tmp_path / "a.mp4", seconds=40)))
    places = put(connection, *packets)
    put(connection, *notice(packets, places, "e", 10, 20, 30))
    put(connection, highlight(0, 26, 28))
    objects, quick = FolderStore(tmp_path / "objects"), Config(before_s=0, after_s=0, patience_s=600)
    with running(connection, objects, quick) as cutter:
        eventually(lambda: len(said(connection)) == 1)
        n = next(n for n, p in enumerate(packets) if p.pts_us >= 20 * S)
        assert cutter._lanes[places[0].partition].followed == places[n].offset
        put(connection, highlight(1, 3, 5))  # further back than it has read
        eventually(lambda: len(said(connection)) == 2)
    whole = [p for p in packets if not p.end]
    late, early = said(connection)
    assert objects.read(late.key) == remux(whole, 26 * S, 28 * S)[0]
    assert objects.read(early.key) == remux(whole, 3 * S, 5 * S)[0]
    assert early.media_start_us <= 3 * S <= 5 * S <= early.media_end_us


def test_what_expired_of_a_clip_is_told(connection: Connection, tmp_path: Path) -> None:
    packets = list(logged(make(tmp_path / "a.mp4", seconds=20)))
    places = put(connection, *packets)
    put(connection, *notice(packets, places, "e", 10))
    n = next(n for n, p in enumerate(packets) if p.pts_us >= 8 * S)
    expire(connection, places[n])
    put(connection, highlight(0, 1, 3), highlight(1, 5, 12), highlight(2, 11, 13), highlight(3, 15, 30))
    objects = FolderStore(tmp_path / "objects")
    with running(connection, objects):
        eventually(lambda: len(said(connection)) == 4)
    gone, late, whole, beyond = said(connection)
    assert (gone.status, gone.reason, gone.missing) == (
        "unavailable", "the log does not hold its packets any more", "all of it",
    )  # fmt: skip
    assert (late.status, late.start_us, late.media_start_us) == ("ok", 5 * S, 10 * S), "the first key frame"
    assert late.missing == "its first 5.00 s have expired"
    assert (whole.missing, beyond.missing) == ("", ""), "what a session never had is not missing"
    assert beyond.media_end_us == pytest.approx(20 * S, abs=S // 4)


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
