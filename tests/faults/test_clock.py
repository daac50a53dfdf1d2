"""The wall clock jumps two hours ahead and ten years back under ingest, stations and sink, in mid-session, and one
of them is killed and started anew by each clock: nobody says anything else for it.
"""

import os
import random
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connectors.clickhouse.ddl import Databases
from connectors.clickhouse.schema import StoreAddress, drop
from connectors.objects import FolderStore
from connectors.verify import verify
from schemas.records import Frame
from tests.connectors.clips.media import make
from tests.connectors.ingest.logged import Raw, assert_whole, logged
from tests.faults.clock import Clock, clock
from tests.faults.dice import SEED
from tests.faults.whole import ROOT, SLOW_S, assert_as_computed, records
from tests.fixtures_kafka import eventually
from topics.broker import prepare_log
from topics.connection import Connection
from topics.names import Names
from topics.route import STATIONS

__all__ = ["clock"]
pytestmark = [
    pytest.mark.slow, pytest.mark.kafka, pytest.mark.store, pytest.mark.network, pytest.mark.timeout(600),
]  # fmt: skip
PARTITIONS, SECONDS, FPS = 2, 12, 10
AHEAD_S, BACK_S = 2 * 3600, 3653 * 86_400
# A process for each kind of station: Maps of pictures, Maps of sound, and Folds, those that merge among them.
PROCESSES = {
    "vision": ("work", "detections", "faces"),
    "sound": ("work", "utterances", "sounds", "speech"),
    "fusion": (
        "work",
        *(s for s in STATIONS if s not in ("detections", "faces", "utterances", "sounds", "speech")),
    ),
    "rows": ("sink", "clickhouse"),
    "clips": ("sink", "s3"),
}


@contextmanager
def running(env: dict[str, str], folder: Path) -> Iterator[dict[str, "subprocess.Popen[bytes]"]]:
    """The processes by name; whoever replaces one in there has it ended here."""
    alive = {name: start(env, folder, *words) for name, words in PROCESSES.items()}
    try:
        yield alive
    finally:
        for process in alive.values():
            process.terminate()
        for process in alive.values():
            process.wait(60)


def start(env: dict[str, str], folder: Path, *words: str) -> "subprocess.Popen[bytes]":
    with (folder / f"{words[0]}-{Path(words[1]).name}.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "deploy.cli", *words], cwd=ROOT, env=os.environ | env, stdout=log, stderr=log
        )


def uncaptured(raw: dict[str, list[Raw]]) -> dict[str, list[Raw]]:
    """Without the one field that says what the clock on the wall was."""
    return {noun: [replace(r, captured_us=0) for r in found] for noun, found in raw.items()}


@pytest.mark.parametrize("off_s", [0, AHEAD_S, -BACK_S])
def test_a_clock_is_off_as_told_whoever_asks_in_whatever_way(clock: Clock, off_s: int) -> None:
    clock.jump(off_s)
    assert clock.believed_s() == pytest.approx([time.time() + off_s] * 5, abs=60)


def test_jumps_of_the_wall_clock_change_no_record_and_no_row(
    broker: str, registry_url: str, store_url: str, store: Any, clock: Clock, tmp_path: Path
) -> None:
    rng = random.Random(SEED)
    connection = Connection(broker, registry_url, Names(f"t-{secrets.token_hex(4)}"), partitions=PARTITIONS)
    prepare_log(connection)
    databases = Databases(f"t_{secrets.token_hex(6)}")
    env = {
        "FRAMELOG_KAFKA": broker, "FRAMELOG_REGISTRY": registry_url, "FRAMELOG_CLICKHOUSE": store_url,
        "FRAMELOG_CLICKHOUSE_DATABASE": databases.views, "FRAMELOG_PREFIX": connection.names.prefix,
        "FRAMELOG_PARTITIONS": str(PARTITIONS), "FRAMELOG_PROFILE": "builtin", "OMP_NUM_THREADS": "1",
        "FRAMELOG_DATA": str(tmp_path / "data"),
    }  # fmt: skip
    clip = make(tmp_path / "cam.mp4", seconds=SECONDS)
    jumps = [AHEAD_S, -BACK_S, 0]
    at = sorted(rng.sample(range(10, (SECONDS - 2) * FPS), len(jumps)))
    kills = dict(zip(jumps, rng.sample(sorted(PROCESSES), len(jumps)), strict=True))
    print(f"seed {SEED}: jumps {dict(zip(jumps, at, strict=True))} (seconds: frames), killed after each {kills}")
    try:
        with running(env | clock.env, tmp_path) as alive:
            words = ("ingest", str(clip), "--stream", "cam", "--speed", "real", "--json")
            fed = start(env | clock.env, tmp_path, *words)
            try:
                for off_s, frames in zip(jumps, at, strict=True):
                    eventually(lambda n=frames: len(records(connection, "frames")) >= n, SLOW_S)  # type: ignore[misc]
                    clock.jump(off_s)
                    victim = kills[off_s]
                    alive[victim].kill()
                    alive[victim].wait(20)
                    alive[victim] = start(env | clock.env, tmp_path, *PROCESSES[victim])
                assert fed.wait(SLOW_S) == 0, (tmp_path / "ingest-cam.mp4.log").read_text()[-3000:]
            finally:
                fed.kill()
                fed.wait(20)
            counts = assert_as_computed(connection)
            address = StoreAddress(store_url, databases=databases)
            report = verify(connection, address, FolderStore(tmp_path / "data/objects"), wait_s=SLOW_S)
            assert report.ok, str(report)
            assert not report.told, report.told
    finally:
        drop(store, databases)
    raw = logged(connection)
    assert_whole(raw)
    believed = [f.captured_us / 1e6 - time.time() for f in raw["frames"] if isinstance(f, Frame) and f.captured_us]
    assert min(believed) < -0.9 * BACK_S
    assert max(believed) > 0.9 * AHEAD_S, "both jumps came in mid-session"

    by_no_clock = replace(connection, names=Names(f"t-{secrets.token_hex(4)}"))
    prepare_log(by_no_clock)
    fed = start(
        env | {"FRAMELOG_PREFIX": by_no_clock.names.prefix}, tmp_path, "ingest", str(clip), "--stream", "cam"
    )
    assert fed.wait(SLOW_S) == 0
    assert uncaptured(raw) == logged(by_no_clock)
    print(f"{counts}, verified {report.as_dict()['records']}, raw records equal: "
          f"{ {noun: len(found) for noun, found in raw.items()} }")  # fmt: skip
