"""The disk under a whole platform runs full while a clip is taken in: `status` says so, nothing that was
acknowledged is lost, and once there is room all goes on by itself and ends as on a disk that never was full.
"""

import json
import os
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from connectors.clickhouse.schema import StoreAddress, connect, digests
from tests.faults.whole import SLOW_S, Platform, messages
from tests.fixtures_kafka import eventually
from tests.live_source import EVENTFUL, eventful_clip
from tests.small_disk import resize, small_disk, used_bytes
from topics.catalog import CATALOG

pytestmark = [
    pytest.mark.slow,
    pytest.mark.kafka,
    pytest.mark.store,
    pytest.mark.network,
    pytest.mark.timeout(900),
]
FULL = os.environ.get("FRAMELOG_FAULTS") == "full"
FULL_S, CLIP_S = (60, 30) if FULL else (8, 14)
WIDE_MIB, ROOM_BYTES = 2048, 1 << 20
# A clip is cut without what did not come for so long: here nothing comes for as long as the disk is full.
SETTINGS = EVENTFUL | {"FRAMELOG_INGEST__LOG_PATIENCE_S": "600"}
KILLED = ("registry", "clickhouse", "rows", "clips")


def said(platform: Platform) -> dict[str, Any]:
    """All that a platform made of a clip: values of every topic, digests of every table, bytes of every object."""
    where = json.loads((platform.data / "run/endpoints.json").read_text())
    with connect(StoreAddress(where["clickhouse"])) as store:
        rows = digests(store)
    objects = platform.data / "objects"
    return {
        "records": {t.noun: [m.value() for m in messages(platform.connection, t.noun)] for t in CATALOG},
        "rows": rows,
        "objects": {str(p.relative_to(objects)): p.read_bytes() for p in objects.rglob("*") if p.is_file()},
    }


def kill(pid: int | None, platform: Platform) -> None:
    """Kills a process of the platform; not one that has got its number meanwhile."""
    with suppress(OSError):
        if str(platform.data).encode() in Path(f"/proc/{pid}/environ").read_bytes():
            os.kill(pid or 0, signal.SIGKILL)


@contextmanager
def full(disk: Path, platform: Platform) -> Iterator[None]:
    """A disk with room for a part of the clip, then for nothing at all; wide again at the end."""
    broker = platform.state.parts["kafka"].pid
    resize(disk, used_bytes(disk) + ROOM_BYTES)
    try:
        yield
        eventually(lambda: not Path(f"/proc/{broker}").exists(), SLOW_S)
        resize(disk, used_bytes(disk))
        rows = platform.status()
        assert platform.run("status").returncode == 1
        assert rows["disk"]["state"] == "full"
        assert f"0 MiB are free at {platform.data}: make room" in rows["disk"]["says"]
        assert rows["kafka"]["state"] in ("dead", "failing", "starting")
        for name in KILLED:  # whoever is started again now finds no room
            kill(rows[name]["pid"], platform)
        began_s = time.monotonic()
        eventually(lambda: time.monotonic() - began_s > FULL_S, FULL_S + 10)  # the time is what is tried here
        assert platform.process is not None
        assert platform.process.poll() is None, platform.told[-2000:]
        assert platform.run("status").returncode == 1
    finally:
        resize(disk, WIDE_MIB << 20)
        shutil.copytree(platform.data / "logs", disk.parent / "logs")  # the disk is gone after the test
        shutil.copy(platform.data.parent / f"{platform.data.name}.up.log", disk.parent / "up.log")


def test_a_platform_whose_disk_was_full_ends_as_if_it_never_had_been(tmp_path: Path) -> None:
    clip = eventful_clip(tmp_path / "clip.mp4", CLIP_S)
    with Platform(tmp_path / "calm", SETTINGS) as calm:
        _, wrong = calm.ingest(str(clip), "cam").communicate(timeout=SLOW_S)
        calm.verified()
        wanted = said(calm)
    with small_disk(tmp_path / "disk", WIDE_MIB) as disk, Platform(disk / "data", SETTINGS) as platform:
        with full(disk, platform):
            fed = platform.ingest(str(clip), "cam")
        eventually(lambda: platform.state.ready, SLOW_S)
        _, wrong = fed.communicate(timeout=SLOW_S)
        assert fed.returncode == 0, wrong
        assert "Traceback" not in wrong
        verified = platform.verified()
        found = said(platform)
        assert platform.run("status").returncode == 0
        again = {name: part.restarts for name, part in platform.state.parts.items() if part.restarts}
    counts = {noun: len(values) for noun, values in found["records"].items()}
    print(f"{FULL_S} s without a byte of room: {counts}; {len(found['objects'])} objects; "
          f"told {verified['told']}; restarts {again}")  # fmt: skip
    assert counts["clips"] > 2
    for noun, values in wanted["records"].items():
        assert found["records"][noun] == values, noun
    assert found["rows"] == wanted["rows"]
    assert found["objects"] == wanted["objects"]
