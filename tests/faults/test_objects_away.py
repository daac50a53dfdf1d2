"""The object store fails in every way that a network can make it fail, while clips are cut: each highlight gets
its clip and its record once, and the objects are the very bytes that a well store gets.
"""

import hashlib
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import pytest

from connectors.clips.config import Config
from connectors.clips.cutter import Cutter
from connectors.clips.remux import remux
from connectors.objects.s3 import S3Store
from schemas.records import Frame
from tests.connectors.clips.media import logged, make
from tests.connectors.clips.test_cutter import S, highlight, put, said
from tests.connectors.objects.test_objects import ACCESS, moto_url
from tests.faults.proxy import Answer, CutAnswer, CutAsk, Fault, Proxy, Refuse, Slow
from tests.fixtures_kafka import eventually
from topics.connection import Connection

__all__ = ["moto_url"]
pytestmark = [pytest.mark.kafka, pytest.mark.network, pytest.mark.slow]
AWAY_S = 60 if os.environ.get("FRAMELOG_FAULTS") == "full" else 3
FAULTS: dict[str, Fault] = {
    "away": Refuse(),
    "an inner error": Answer(500, only=b"PUT "),
    "overloaded": Answer(503),
    "an answer cut in its head": CutAnswer(after_bytes=20, only=b"PUT "),
    "no answer after the work is done": CutAnswer(only=b"PUT "),
    "a request cut in its body": CutAsk(after_bytes=5000),
    "slow": Slow(1.0),
}


@pytest.fixture
def bucket(moto_url: str) -> Iterator[tuple[str, Any]]:
    """A bucket and a client that goes to the store directly."""
    client: Any = boto3.client("s3", endpoint_url=moto_url, **ACCESS)  # type: ignore[call-overload]
    name = f"b{uuid4().hex[:20]}"
    client.create_bucket(Bucket=name)
    yield name, client
    client.close()


@pytest.mark.parametrize("name", FAULTS)
def test_every_highlight_gets_its_clip_once_whatever_the_store_does(
    name: str, connection: Connection, moto_url: str, bucket: tuple[str, Any], tmp_path: Path
) -> None:
    packets = list(logged(make(tmp_path / "a.mp4", seconds=8)))
    poster = os.urandom(20_000)
    (place,) = put(
        connection, Frame(stream_id="s", session_id="e", seq=0, pts_us=0, image=poster, width_px=1, height_px=1)
    )
    spans = [(0, 2), (2, 4), (5, 7)]
    put(connection, *packets, *(highlight(n, *span, frame=place) for n, span in enumerate(spans)),
        highlight(len(spans), 7, 7, end=True))  # fmt: skip
    port = int(moto_url.rpartition(":")[2])
    with Proxy("127.0.0.1", port) as proxy:
        proxy.fault = fault = FAULTS[name]
        objects = S3Store(bucket[0], "", proxy.url, **ACCESS)
        cutter = Cutter(connection, objects, Config(before_s=0, after_s=0, patience_s=1, retry_s=0.1))
        thread = threading.Thread(target=cutter.run)
        thread.start()
        try:
            began_s = time.monotonic()
            if isinstance(fault, Slow):
                eventually(lambda: len(said(connection)) == len(spans) + 1, 120)
            else:
                # The time away is what is tried here; then at least one request must have met the fault.
                eventually(lambda: time.monotonic() - began_s > AWAY_S, AWAY_S + 10)
                if not isinstance(fault, Refuse):
                    eventually(lambda: proxy.did[type(fault)] >= 1, 120)
                assert said(connection) == []
            proxy.fault = None
            eventually(lambda: len(said(connection)) == len(spans) + 1, 120)
        finally:
            cutter.close()
            thread.join(60)
            objects._client.close()
        assert not thread.is_alive()
    clips = said(connection)
    assert [(c.seq, c.status, c.end) for c in clips] == [(n, "ok", n == len(spans)) for n in range(len(spans) + 1)]
    keys = {o["Key"] for o in bucket[1].list_objects_v2(Bucket=bucket[0])["Contents"]}
    assert keys == {c.key for c in clips[:-1]} | {c.poster_key for c in clips[:-1]}
    for clip, (start_s, end_s) in zip(clips[:-1], spans, strict=True):
        body = bucket[1].get_object(Bucket=bucket[0], Key=clip.key)["Body"].read()
        assert body == remux([p for p in packets if not p.end], start_s * S, end_s * S)[0]
        assert (clip.bytes, clip.sha256) == (len(body), hashlib.sha256(body).hexdigest())
        assert bucket[1].get_object(Bucket=bucket[0], Key=clip.poster_key)["Body"].read() == poster
