"""A file in the log: dense, whole, once."""

from pathlib import Path
from typing import Any

import pytest

from connectors.ingest import Config, Progress, ingest
from tests.connectors.ingest.logged import assert_whole, logged
from topics.catalog import AUDIO, FRAMES, PACKETS
from topics.connection import Connection
from topics.read import read

pytestmark = pytest.mark.kafka
QUICK = Config(heartbeat_s=0.3)


def test_a_file_becomes_one_whole_session(clip: Any, connection: Connection) -> None:
    path = clip("a.mp4", seconds=3)
    seen: list[Progress] = []
    summary = ingest(str(path), "cam", connection, QUICK, seen.append)
    found = logged(connection)
    assert_whole(found)
    assert (len(found["frames"]), len(found["audio"])) == (31, 8)
    assert {noun: len(records) for noun, records in found.items()} == summary.written
    assert {r.session_id for records in found.values() for r in records} == {summary.session_id}
    assert seen[-1].frames == 31
    assert seen[-1].stream_us == pytest.approx(3_000_000, abs=60_000)
    assert not summary.already
    assert not summary.stopped


def test_the_same_file_twice_adds_nothing(clip: Any, connection: Connection) -> None:
    path = clip("a.mp4")
    first = ingest(str(path), "cam", connection, QUICK)
    before = logged(connection)
    second = ingest(str(path), "cam", connection, QUICK)
    assert second.already
    assert second.session_id == first.session_id
    assert logged(connection) == before


@pytest.mark.parametrize(("how", "noun"), [({"sound": None}, "audio"), ({"video": False}, "frames")])
def test_a_missing_medium_is_one_end(how: dict[str, Any], noun: str, clip: Any, connection: Connection) -> None:
    ingest(str(clip("a.mp4", **how)), "cam", connection, QUICK)
    found = logged(connection)
    assert_whole(found)
    assert [(r.seq, r.pts_us, r.end) for r in found[noun]] == [(0, 0, True)]


def test_other_settings_are_another_session_and_end_nothing_twice(clip: Any, connection: Connection) -> None:
    path = str(clip("a.mp4"))
    one = ingest(path, "cam", connection, QUICK)
    two = ingest(path, "cam", connection, Config(heartbeat_s=0.3, fps=5))
    assert one.session_id != two.session_id
    ends = [r for r in logged(connection)["frames"] if r.end]
    assert [r.session_id for r in ends] == [one.session_id, two.session_id]


def test_every_record_says_what_it_is_in_its_headers(clip: Any, connection: Connection) -> None:
    ingest(str(clip("a.mp4")), "cam", connection, QUICK)
    names = [connection.names.topic(t) for t in (FRAMES, AUDIO, PACKETS)]
    messages = list(read(connection, names))
    heads = [dict(m.headers() or []) for m in messages]
    assert {m.key() for m in messages} == {b"cam"}
    assert {h["ce_specversion"] for h in heads} == {b"1.0"}
    assert len({h["ce_id"] for h in heads}) == len(messages)
    assert all(str(h["traceparent"]).count("-") == 3 for h in heads)


@pytest.mark.media
def test_the_shared_clip_gives_951_frames_and_sound_without_a_gap(testdata: Path, connection: Connection) -> None:
    ingest(str(testdata / "video/stream_shared.mp4"), "shared", connection, QUICK)
    found = logged(connection)
    assert_whole(found)
    assert len(found["frames"]) == 951 + 1
    assert [r.pts_us for r in found["audio"][:-1]] == [k * 500_000 for k in range(len(found["audio"]) - 1)]
