"""The broker is away for a while during a live ingest: memory stays bounded, what was dropped is counted in the
records, and everything goes on in the same session.
"""

import itertools
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.records import Frame, Packets
from tests.cluster import Cluster
from tests.connectors.ingest.logged import Raw, assert_whole, logged
from tests.faults.whole import ROOT, SLOW_S, records
from tests.fixtures_kafka import eventually
from tests.live_source import live_source, textured_clip
from topics.broker import prepare_log
from topics.connection import Connection

pytestmark = [pytest.mark.slow, pytest.mark.kafka, pytest.mark.network, pytest.mark.timeout(900)]
FULL = os.environ.get("FRAMELOG_FAULTS") == "full"
AWAY_S = 60 if FULL else 30
BEFORE_S, AFTER_S = 5, 15
BUFFER_BYTES = 4 << 20
# What waits in the producer's own queue, in the backlog, and around them.
SLACK_BYTES = (16 << 20) + BUFFER_BYTES + (24 << 20)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return textured_clip(tmp_path_factory.mktemp("clip") / "live.ts", BEFORE_S + AWAY_S + AFTER_S)


@pytest.fixture
def one_broker(tmp_path: Path) -> Iterator[Cluster]:
    with Cluster(tmp_path / "kafka", size=1) as cluster:
        yield cluster


def rss_bytes(pid: int) -> int:
    """Resident bytes of the ingest, now: of the process that our child may have started in turn none."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) << 10
    return 0


def away(cluster: Cluster, pid: int) -> int:
    """Kills the broker and starts it again after the time; the most bytes the ingest held meanwhile."""
    cluster.kill(1)
    gone_s, most = time.monotonic(), 0
    while time.monotonic() - gone_s < AWAY_S:  # the time away is what is tried here
        most = max(most, rss_bytes(pid))
        time.sleep(0.1)
    cluster.start(1)
    return most


def assert_thinned(found: dict[str, list[Raw]]) -> dict[str, int]:
    """What was dropped is told by the record behind it, and the log holds what that leaves; the counts."""
    frames = [r for r in found["frames"] if isinstance(r, Frame)]
    dropped = sum(r.dropped for r in frames)
    seconds = BEFORE_S + AWAY_S + AFTER_S
    assert dropped > 0, "nothing was dropped: the buffer was never full"
    assert len(frames) - 1 + dropped == pytest.approx(10 * seconds, abs=3)
    gaps_us = [b.pts_us - a.pts_us for a, b in itertools.pairwise(frames) if not b.end]
    lost = [round(gap / 100_000) - 1 for gap in gaps_us]
    assert [n for n in lost if n] == [r.dropped for r in frames[1:] if r.dropped]
    assert frames[-2].pts_us > (seconds - 2) * 1e6
    return {"frames": len(frames) - 1, "dropped": dropped}


def test_a_live_ingest_outlives_the_broker_in_bounded_memory(
    clip: Path, one_broker: Cluster, registry_url: str, tmp_path: Path
) -> None:
    connection = Connection(one_broker.bootstrap, registry_url, partitions=2)
    prepare_log(connection)
    settings = {
        "FRAMELOG_KAFKA": one_broker.bootstrap,
        "FRAMELOG_REGISTRY": registry_url,
        "FRAMELOG_PARTITIONS": "2",
        "FRAMELOG_DATA": str(tmp_path),
        "FRAMELOG_INGEST__LIVE_BUFFER_BYTES": str(BUFFER_BYTES),
        "FRAMELOG_INGEST__RECONNECT_S": "2",
    }
    with live_source(clip, BEFORE_S + AWAY_S + AFTER_S) as url:
        fed = subprocess.Popen(
            [sys.executable, "-m", "deploy.cli", "ingest", url, "--stream", "cam"],
            env=os.environ | settings, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            eventually(lambda: len(records(connection, "frames")) > 10 * (BEFORE_S - 2))
            before = rss_bytes(fed.pid)
            most = away(one_broker, fed.pid)
            said, wrong = fed.communicate(timeout=SLOW_S)
        finally:
            fed.kill()
    assert fed.returncode == 0, wrong
    found = logged(connection)
    assert_whole(found)
    counts = assert_thinned(found)
    print(f"away {AWAY_S} s: {counts}, {before >> 20} MiB before, {most >> 20} MiB at most")
    assert most - before < SLACK_BYTES
    assert all(isinstance(r, Packets) for r in found["packets"])
    assert "Traceback" not in wrong
    assert "complete" in said
