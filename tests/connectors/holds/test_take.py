"""Holds of a real log in a folder and in S3: whole or not there, and the very messages."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from connectors.holds import BadFile, BadHold, Hold, faults, holds, manifest_of, messages, plan, remove, take
from connectors.holds.container import held
from connectors.ingest import ingest
from connectors.objects import FolderStore, ObjectStore
from connectors.objects.s3 import S3Store
from schemas.records import Packets, StreamNotice
from topics.catalog import AUDIO, FRAMES, PACKETS, RAW, STREAMS
from topics.connection import Connection
from topics.read import bounds, read
from topics.registry import Serde

pytestmark = [pytest.mark.kafka, pytest.mark.network]
S = 1_000_000
ACCESS = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing1", "region_name": "us-east-1"}
Write = Callable[..., Path]


@pytest.fixture(params=["folder", "s3"])
def objects(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ObjectStore]:
    if request.param == "folder":
        yield FolderStore(tmp_path / "objects")
        return
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    made: Any = S3Store(f"b{uuid4().hex[:20]}", "some/prefix", f"http://{host}:{port}", **ACCESS)
    made._client.create_bucket(Bucket=made._bucket)
    yield made
    made._client.close()
    server.stop()


@pytest.fixture
def serde(connection: Connection) -> Iterator[Serde]:
    with Serde(connection) as made:
        yield made


@pytest.fixture
def session(connection: Connection, clip: Write, serde: Serde) -> str:
    """A stream `door` of six seconds, among another one, with a notice and a poisoned record."""
    ingest(str(clip("other.mp4", seconds=1)), "yard", connection)
    path = clip("a.mp4", seconds=6, fps=10, options={"g": "20"})
    found = ingest(str(path), "door", connection).session_id
    notice = StreamNotice(stream_id="door", session_id=found, seq=0, pts_us=0, kind="started")
    producer = Producer(connection.producer())
    producer.produce(connection.names.topic(STREAMS), serde.encode(notice), b"door")
    producer.produce(connection.names.topic(AUDIO), b"poison", b"door", headers=[("x", b"y"), ("z", None)])
    assert producer.flush(60) == 0
    return found


def logged(connection: Connection, topic: Any) -> list[Any]:
    """The log's own messages of the stream."""
    return [held(m) for m in read(connection, [connection.names.topic(topic)]) if m.key() == b"door"]


def expire(connection: Connection, topic: Any) -> None:
    """Takes away everything that a topic holds, as retention does."""
    ends = bounds(connection, [connection.names.topic(topic)])
    places = [TopicPartition(t, p, high) for (t, p), (_, high) in ends.items()]
    admin = AdminClient(connection.confluent())  # kept: its answers come only while it is there
    for done in admin.delete_records(places).values():
        done.result()


def test_a_store_without_holds_has_none(objects: ObjectStore) -> None:
    assert holds(objects) == []
    with pytest.raises(BadHold, match="there is no hold accident"):
        manifest_of(objects, "accident")
    with pytest.raises(BadHold, match="there is no hold accident"):
        remove(objects, "accident")


def test_what_is_held_outlives_the_log_as_the_very_messages(
    connection: Connection, serde: Serde, objects: ObjectStore, session: str
) -> None:
    wanted = {t.noun: logged(connection, t) for t in (*RAW, STREAMS)}
    assert wanted["audio"].pop().value == b"poison", "it lies behind the session's end"
    made = take(connection, serde, objects, plan(connection, serde, "all", "door"))
    for topic in RAW:
        expire(connection, topic)
    (found,) = holds(objects)
    assert (found, found.hold.session) == (made, session)
    assert found.counts == {noun: len(of) for noun, of in wanted.items()}
    for topic in (*RAW, STREAMS):
        assert list(messages(objects, found, topic)) == wanted[topic.noun]
    assert list(faults(objects, found)) == []
    with pytest.raises(BadHold, match=r"not all of it is left: .*frames.* have expired"):
        plan(connection, serde, "again", "door", session)


def test_a_stretch_is_held_with_the_key_frame_that_it_needs(
    connection: Connection, serde: Serde, tmp_path: Path, session: str
) -> None:
    objects = FolderStore(tmp_path / "objects")
    made = take(connection, serde, objects, plan(connection, serde, "part", "door", session, 3 * S, 5 * S))
    times: dict[str, list[int]] = {}
    for topic in RAW:
        records = [serde.decode(m.value, topic) for m in messages(objects, made, topic)]
        times[topic.noun] = [r.pts_us for r in records if hasattr(r, "pts_us")]
    assert times["frames"] == [n * S // 10 for n in range(30, 50)]
    assert times["audio"] == [n * S // 2 for n in range(6, 10)]
    assert times["packets"][0] <= 2 * S <= times["packets"][-1] < 5 * S
    first = serde.decode(next(messages(objects, made, PACKETS)).value, PACKETS)
    assert isinstance(first, Packets)
    assert any(p.key for p in first.packets)


class Dying(FolderStore):
    """A folder whose process dies at its n-th writing."""

    left = 0

    def replace(self, key: str, body: bytes, content_type: str) -> None:
        if self.left == 0:
            raise KeyboardInterrupt
        Dying.left -= 1
        super().replace(key, body, content_type)


def test_killed_at_any_file_it_is_not_listed_and_completed_by_the_same_again(
    connection: Connection, serde: Serde, tmp_path: Path, session: str
) -> None:
    wanted = plan(connection, serde, "all", "door", session)
    whole = take(connection, serde, FolderStore(tmp_path / "whole"), wanted, part_bytes=20_000)
    assert len(whole.parts) > 6
    for die in (0, 1, 3, len(whole.parts) - 1, len(whole.parts)):
        Dying.left = die
        objects = Dying(tmp_path / f"killed-{die}")
        with pytest.raises(KeyboardInterrupt):
            take(connection, serde, objects, wanted, part_bytes=20_000)
        assert holds(objects) == []
        with pytest.raises(BadHold, match="one was begun: hold it again to complete it"):
            manifest_of(objects, "all")
        store = FolderStore(objects.folder)
        again = take(connection, serde, store, plan(connection, serde, "all", "door"), part_bytes=20_000)
        assert (again.parts, again.hold) == (whole.parts, whole.hold)
        assert list(faults(store, again)) == []


def test_a_name_stands_for_one_stretch(connection: Connection, serde: Serde, tmp_path: Path, session: str) -> None:
    objects = FolderStore(tmp_path / "objects")
    first = take(connection, serde, objects, plan(connection, serde, "all", "door"))
    assert take(connection, serde, objects, plan(connection, serde, "all", "door")) == first
    with pytest.raises(BadHold, match="choose another --name"):
        take(connection, serde, objects, plan(connection, serde, "all", "door", session, S))
    with pytest.raises(BadHold, match="no name for a hold"):
        take(connection, serde, objects, plan(connection, serde, "../all", "door"))
    for stretch, error in (((2 * S, S), "does not lie behind"), ((S, S), "does not lie behind")):
        with pytest.raises(BadHold, match=error):
            plan(connection, serde, "x", "door", session, *stretch)
    with pytest.raises(BadHold, match=r"goes from 0\.00 to .* nothing of it lies in that stretch"):
        plan(connection, serde, "x", "door", session, 600 * S, 700 * S)
    with pytest.raises(BadHold, match="stream cellar has no session"):
        plan(connection, serde, "x", "cellar")


def test_damage_is_found_and_a_hold_goes_away_whole(
    connection: Connection, serde: Serde, objects: ObjectStore, session: str
) -> None:
    made = take(connection, serde, objects, plan(connection, serde, "all", "door", session))
    gone, changed = made.parts[:2]
    objects.delete(gone.key)
    objects.replace(changed.key, objects.read(changed.key)[:-1], "application/avro")
    assert [f.split(" ")[:2] for f in faults(objects, made)] == [[gone.key, "is"], [changed.key, "has"]]
    with pytest.raises((BadFile, FileNotFoundError)):
        list(messages(objects, made, FRAMES))
    assert remove(objects, "all") == len(made.parts) + 1
    assert (holds(objects), objects.keys("holds/")) == ([], [])
    assert isinstance(made.hold, Hold)
