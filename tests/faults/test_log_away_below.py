"""The broker is away while a camera sends and the whole platform listens: everything comes back by itself, and the
stations, the rows and the cutter catch up with whatever the camera could still write.
"""

import os
import time
from pathlib import Path

import pytest

from schemas.records import Frame
from tests.cluster import Cluster
from tests.connectors.ingest.logged import assert_whole, logged
from tests.faults.whole import SLOW_S, Platform, assert_as_computed, records, rss_bytes
from tests.fixtures_kafka import eventually
from tests.live_source import live_source, textured_clip

pytestmark = [
    pytest.mark.slow,
    pytest.mark.kafka,
    pytest.mark.store,
    pytest.mark.network,
    pytest.mark.timeout(900),
]
FULL = os.environ.get("FRAMELOG_FAULTS") == "full"
AWAY_S, AROUND_S = (60, 30) if FULL else (10, 15)
BUFFER_BYTES = 1 << 20
# What waits in the producer's own queue, in the backlog, and around them.
SLACK_BYTES = (16 << 20) + BUFFER_BYTES + (24 << 20)
WORKERS = ("vision", "sound", "fusion", "rows", "clips")


def test_a_platform_catches_up_with_a_camera_after_its_broker_was_away(tmp_path: Path) -> None:
    seconds = AWAY_S + AROUND_S
    clip = textured_clip(tmp_path / "live.ts", seconds, size=(320, 240))
    with Cluster(tmp_path / "kafka", size=1) as cluster:
        settings = {
            "FRAMELOG_KAFKA": cluster.bootstrap, "FRAMELOG_INGEST__LIVE_BUFFER_BYTES": str(BUFFER_BYTES),
            "FRAMELOG_INGEST__RECONNECT_S": "2",
        }  # fmt: skip
        with Platform(tmp_path / "data", settings) as platform, live_source(clip, seconds) as url:
            connection = platform.connection
            fed = platform.ingest(url, "cam")
            eventually(lambda: len(records(connection, "frames")) > 20, SLOW_S)
            pids = {n: platform.state.parts[n].pid or 0 for n in WORKERS}
            before = {n: rss_bytes(pid) for n, pid in {"ingest": fed.pid, **pids}.items()}
            most = dict(before)
            cluster.kill(1)
            gone_s = time.monotonic()
            while time.monotonic() - gone_s < AWAY_S:  # the time away is what is tried here
                now = {"ingest": fed.pid, **{n: platform.state.parts[n].pid or 0 for n in WORKERS}}
                most = {n: max(most[n], rss_bytes(pid)) for n, pid in now.items()}
                time.sleep(0.2)
            assert platform.run("status").returncode == 1, "a platform without its log is not well"
            cluster.start(1)
            _, wrong = fed.communicate(timeout=SLOW_S)
            assert fed.returncode == 0, wrong
            assert "Traceback" not in wrong
            raw = logged(connection)
            assert_whole(raw)
            frames = [r for r in raw["frames"] if isinstance(r, Frame)]
            dropped = sum(r.dropped for r in frames)
            assert len(frames) - 1 + dropped == pytest.approx(10 * seconds, abs=3)
            assert dropped > 0 or not FULL
            counts = assert_as_computed(connection)
            found = platform.verified()
            assert platform.run("status").returncode == 0
            again = {n: part.restarts for n, part in platform.state.parts.items() if part.restarts}
    mib = {name: (before[name] >> 20, most[name] >> 20) for name in most}
    print(f"away {AWAY_S} s: {len(frames) - 1} frames, {dropped} dropped and counted; {counts}; verified "
          f"{sum(found['records'].values())} records, told {found['told']}; restarts {again}; "
          f"MiB before and at most {mib}")  # fmt: skip
    assert most["ingest"] - before["ingest"] < SLACK_BYTES
    assert all(most[n] - before[n] < 200 << 20 for n in WORKERS)
