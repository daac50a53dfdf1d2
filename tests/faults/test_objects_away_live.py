"""The object store is away, answers 5xx and breaks off in the middle while a camera sends through a whole
platform: nothing above the clips waits for it, memory stays bounded, and afterwards every clip is there, once,
the same file.
"""

import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import pytest
from confluent_kafka import Producer

from connectors.clips.cutter import Cutter
from connectors.objects.folder import FolderStore
from deploy.tunables import load as load_tunables
from schemas.records import Frame
from tests.connectors.ingest.logged import assert_whole, logged
from tests.connectors.objects.test_objects import ACCESS, moto_url
from tests.faults.proxy import Answer, CutAnswer, CutAsk, Fault, Proxy, Refuse
from tests.faults.whole import SLOW_S, Platform, assert_as_computed, messages, records, rss_bytes
from tests.fixtures_kafka import eventually
from tests.live_source import EVENTFUL, eventful_clip, live_source
from topics import catalog
from topics.broker import ensure_topics
from topics.connection import Connection
from topics.names import Names
from topics.route import STATIONS

__all__ = ["moto_url"]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.kafka,
    pytest.mark.store,
    pytest.mark.network,
    pytest.mark.timeout(900),
]
FULL = os.environ.get("FRAMELOG_FAULTS") == "full"
AWAY_S, BRIEF_S, CAMERA_S = (60, 10, 110) if FULL else (4, 1, 24)
FAULTS: tuple[tuple[float, Fault], ...] = (
    (AWAY_S, Refuse()),
    (BRIEF_S, Answer(503)),
    (BRIEF_S, CutAsk(after_bytes=5000)),
    (BRIEF_S, CutAnswer(after_bytes=40)),  # behind "100 Continue": the object is there, its answer breaks off
    (BRIEF_S, Answer(500, only=b"PUT ")),
)
WORKERS = ("vision", "sound", "fusion", "clips")
SLACK_BYTES = 100 << 20


@dataclass
class Held:
    """The most resident bytes of the ingest and of the platform's processes, whenever it is asked to look."""

    platform: Platform
    ingest: int
    before: dict[str, int] = field(default_factory=dict)
    most: dict[str, int] = field(default_factory=dict)
    cutter: list[int] = field(default_factory=list)

    def mark(self) -> None:
        """Notes what the cutter holds by now, in MiB: what grows with every try would be seen here."""
        self.cutter.append(rss_bytes(self.platform.state.parts["clips"].pid or 0) >> 20)

    def look(self) -> bool:
        pids = {n: part.pid or 0 for n, part in self.platform.state.parts.items() if n in WORKERS}
        now = {n: rss_bytes(pid) for n, pid in (pids | {"ingest": self.ingest}).items()}
        self.before = self.before or now
        self.most = {n: max(size, self.most.get(n, 0)) for n, size in now.items()}
        return True


@pytest.fixture
def bucket(moto_url: str) -> Iterator[tuple[str, Any]]:
    """A bucket and a client that goes to the store directly."""
    client: Any = boto3.client("s3", endpoint_url=moto_url, **ACCESS)  # type: ignore[call-overload]
    name = f"b{uuid4().hex[:20]}"
    client.create_bucket(Bucket=name)
    yield name, client
    client.close()


def cut_again(connection: Connection, folder: Path) -> list[Any]:
    """What a cutter with a well store says of the same highlights and packets, its objects in a folder."""
    again = replace(connection, names=Names(connection.names.prefix, "calm"))
    ensure_topics(again)
    producer = Producer(again.producer())
    asked = messages(connection, "highlights")
    for message in asked:
        producer.produce(
            again.names.topic(catalog.HIGHLIGHTS), message.value(), message.key(), partition=message.partition()
        )
    assert producer.flush(60) == 0
    cutter = Cutter(again, FolderStore(folder))
    thread = threading.Thread(target=cutter.run)
    thread.start()
    try:
        eventually(lambda: len(records(again, "clips")) == len(asked), SLOW_S)
    finally:
        cutter.close()
        thread.join(60)
    return records(again, "clips")


def test_a_camera_is_understood_while_the_object_store_fails_and_every_clip_comes_afterwards(
    moto_url: str, bucket: tuple[str, Any], tmp_path: Path
) -> None:
    name, client = bucket
    clip = eventful_clip(tmp_path / "live.ts", CAMERA_S)
    with Proxy("127.0.0.1", int(moto_url.rpartition(":")[2])) as proxy:
        settings = EVENTFUL | {
            "FRAMELOG_INGEST__RECONNECT_S": "2",
            "FRAMELOG_OBJECTS": f"s3://{name}", "FRAMELOG_S3_ENDPOINT": proxy.url,
            "AWS_ACCESS_KEY_ID": ACCESS["aws_access_key_id"], "AWS_DEFAULT_REGION": ACCESS["region_name"],
            "AWS_SECRET_ACCESS_KEY": ACCESS["aws_secret_access_key"],
        }  # fmt: skip
        with Platform(tmp_path / "data", settings) as platform, live_source(clip, CAMERA_S) as url:
            connection = platform.connection
            proxy.fault = Refuse()
            fed = platform.ingest(url, "cam")
            held = Held(platform, fed.pid)
            eventually(lambda: len(records(connection, "highlights")) > 0, SLOW_S)
            for seconds, fault in FAULTS:
                held.mark()
                proxy.fault, struck = fault, proxy.did[type(fault)]
                began_s = time.monotonic()
                # The time away is what is tried here, and each fault has to have met the cutter.
                eventually(lambda s=seconds, b=began_s: held.look() and time.monotonic() - b > s, seconds + 30)  # type: ignore[misc]
                if not isinstance(fault, Refuse):
                    eventually(lambda f=fault, n=struck: held.look() and proxy.did[type(f)] > n, SLOW_S)  # type: ignore[misc]
            eventually(lambda: held.look() and fed.poll() is not None, SLOW_S)
            held.mark()
            _, wrong = fed.communicate(timeout=SLOW_S)
            assert fed.returncode == 0, wrong
            raw = logged(connection)
            assert_whole(raw)
            frames = [r for r in raw["frames"] if isinstance(r, Frame)]
            # Nothing waited: the whole session is in the log, understood to its end, and the store still fails.
            assert sum(r.dropped for r in frames) == 0
            assert len(frames) - 1 == pytest.approx(10 * CAMERA_S, abs=3)
            counts = assert_as_computed(connection, load_tunables(list(STATIONS), settings))
            assert records(connection, "clips") == []
            status = platform.run("status", "--json")
            assert status.returncode == 1
            assert "the object store is away: tried again until it answers" in status.stdout
            proxy.fault = None
            eventually(lambda: len(records(connection, "clips")) == counts["highlights"], SLOW_S)
            verified = platform.verified()
            eventually(lambda: platform.run("status").returncode == 0, SLOW_S)
            wanted = cut_again(connection, tmp_path / "calm")
            clips = records(connection, "clips")
            again = {n: part.restarts for n, part in platform.state.parts.items() if part.restarts}
        assert [replace(w, key="", poster_key="") for w in wanted] == [
            replace(c, key="", poster_key="") for c in clips
        ]
        assert len(clips) > 3
        keys = {key for c in clips for key in (c.key, c.poster_key) if key}
        assert keys == {o["Key"] for o in client.list_objects_v2(Bucket=name)["Contents"]}
        for clip_, calm in zip(clips, wanted, strict=True):
            for key, same in ((clip_.key, calm.key), (clip_.poster_key, calm.poster_key)):
                if key:
                    body = client.get_object(Bucket=name, Key=key)["Body"].read()
                    assert body == (tmp_path / "calm" / same).read_bytes()
    mib = {n: (held.before[n] >> 20, size >> 20) for n, size in held.most.items()}
    print(f"away {AWAY_S} s: {len(frames) - 1} frames, none dropped; {counts}; {len(clips) - 1} clips; "
          f"told {verified['told']}; restarts {again}; MiB before and at most {mib}; "
          f"the cutter from fault to fault {held.cutter}")  # fmt: skip
    assert all(held.most[n] - held.before[n] < SLACK_BYTES for n in held.most)
    assert "clips" not in again
