"""Ingest that is killed, stopped or doubled leaves a session that is whole in the end, and once."""

import json
import random
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connectors.ingest import Config, IngestError, ingest
from schemas.records import Audio, Frame, Packets
from tests.connectors.ingest.logged import assert_whole, logged
from topics.connection import Connection
from topics.names import Names

pytestmark = [pytest.mark.kafka, pytest.mark.slow]
CHILD = Path(__file__).with_name("child.py")
QUICK = Config(heartbeat_s=0.2)
Logged = dict[str, list[Frame | Audio | Packets]]


def start(connection: Connection, source: str, stream: str, speed: str = "real") -> "subprocess.Popen[str]":
    where = [connection.bootstrap, connection.registry_url, connection.names.prefix, connection.partitions]
    return subprocess.Popen(
        [sys.executable, str(CHILD), json.dumps(where), source, stream, speed],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def wait_for_frames(child: "subprocess.Popen[str]", count: int) -> None:
    assert child.stdout is not None
    for line in child.stdout:
        if int(line) >= count:
            return
    raise AssertionError(f"it ended before {count} frames: {child.stderr and child.stderr.read()}")


def content(found: Logged) -> Logged:
    """The records without the one thing that two runs may have otherwise."""
    return {noun: [replace(r, captured_us=0) for r in records] for noun, records in found.items()}


def test_killed_again_and_again_the_file_is_whole_with_the_same_records(clip: Any, connection: Connection) -> None:
    path = str(clip("a.mp4", seconds=6, options={"bf": "3"}))
    draw = random.Random(7)
    for kill_at in sorted(draw.sample(range(2, 50), 3)):
        child = start(connection, path, "cam")
        wait_for_frames(child, kill_at)
        child.kill()
        child.communicate()
    summary = ingest(path, "cam", connection, QUICK)
    assert summary.resumed
    assert sum(summary.written.values()) < 61 + 14 + 8
    found = logged(connection)
    assert_whole(found)

    unkilled = replace(connection, names=Names(connection.names.prefix + "u"))
    ingest(path, "cam", unkilled, QUICK)
    assert content(found) == content(logged(unkilled))


def test_sigterm_stops_cleanly_and_the_rest_comes_later(clip: Any, connection: Connection) -> None:
    path = str(clip("a.mp4", seconds=6))
    child = start(connection, path, "cam")
    wait_for_frames(child, 5)
    child.send_signal(signal.SIGTERM)
    out, err = child.communicate(timeout=30)
    assert (child.returncode, err) == (0, "")
    assert json.loads(out.splitlines()[-1]) == [False, False, True]
    assert not any(r.end for records in logged(connection).values() for r in records)
    assert ingest(path, "cam", connection, QUICK).resumed
    assert_whole(logged(connection))


def test_a_second_ingest_of_a_stream_in_use_is_refused_in_one_line(clip: Any, connection: Connection) -> None:
    path = str(clip("a.mp4", seconds=6))
    child = start(connection, path, "cam")
    wait_for_frames(child, 2)
    with pytest.raises(IngestError, match="is being ingested by another process"):
        ingest(path, "cam", connection, QUICK)
    _, err = child.communicate(timeout=60)
    assert (child.returncode, err) == (0, "")
    assert_whole(logged(connection))


def test_an_ingest_that_lost_its_stream_ends_itself(clip: Any, connection: Connection) -> None:
    path = str(clip("a.mp4", seconds=30))
    child = start(connection, path, "cam")
    wait_for_frames(child, 2)
    child.send_signal(signal.SIGSTOP)
    assert ingest(path, "cam", connection, QUICK).resumed
    child.send_signal(signal.SIGCONT)
    _, err = child.communicate(timeout=60)
    assert child.returncode == 1
    assert err == "framelog: stream cam was taken over by another ingest: this one has stopped\n"


def test_what_comes_next_ends_what_was_left_unfinished(clip: Any, connection: Connection) -> None:
    long = str(clip("long.mp4", seconds=6))
    child = start(connection, long, "cam")
    wait_for_frames(child, 5)
    child.kill()
    child.communicate()
    after = ingest(str(clip("b.mp4", fps=20)), "cam", connection, QUICK)
    found = logged(connection)
    for records in found.values():
        old = [r for r in records if r.session_id != after.session_id]
        assert [r.seq for r in old] == list(range(len(old)))
        assert [r.end for r in old] == [False] * (len(old) - 1) + [True]
    cut = ingest(long, "cam", connection, QUICK)
    assert cut.already
    assert "another --stream" in cut.notes[0]


def test_no_broker_is_one_line(clip: Any, connection: Connection) -> None:
    with pytest.raises(IngestError, match=r"no Kafka answers at 127\.0\.0\.1:1 .*framelog up"):
        ingest(str(clip("a.mp4")), "cam", replace(connection, bootstrap="127.0.0.1:1"), QUICK)


def test_no_registry_is_one_line(clip: Any, connection: Connection) -> None:
    with pytest.raises(IngestError, match=r"schema registry at http://127\.0\.0\.1:1 "):
        ingest(str(clip("a.mp4")), "cam", replace(connection, registry_url="http://127.0.0.1:1"), QUICK)


def test_it_stops_when_told_from_another_thread(clip: Any, connection: Connection) -> None:
    stop = threading.Event()
    summary = ingest(
        str(clip("a.mp4", seconds=20)), "cam", connection, QUICK, lambda p: stop.set() if p.frames > 3 else None,
        speed="real", stop=stop,
    )  # fmt: skip
    assert summary.stopped
    assert summary.seconds < 10
