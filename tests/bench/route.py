"""The whole route, from file to highlights and rows, against the same bare models called by one script.

The platform is up before the clock starts, as the script's models are loaded before its. CPU seconds are those of
all processes: ingest, broker, registry, store, stations, sinks, API; the script has models alone. Ours also has
ingest's start, coding each picture as JPEG and decoding it twice, eleven topics and the rows.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from deploy.settings import load
from deploy.state import read_state
from deploy.watch import SessionWatch, follow
from tests.fixtures_kafka import eventually

TARGET = 0.85
CLIP = "video/stream_shared.mp4"
TICK_HZ = os.sysconf("SC_CLK_TCK")


def cpu_s(pid: int) -> float:
    """User and system seconds of a process so far."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / TICK_HZ


def spent(data: Path) -> dict[str, float]:
    """CPU seconds so far of each part of a platform."""
    return {name: cpu_s(part.pid) for name, part in read_state(data / "run").parts.items() if part.pid}


def played(data: Path, clip: Path) -> tuple[float, dict[str, float]]:
    """Seconds from ingest's start to the last record, and CPU seconds of each part meanwhile."""
    settings = load(data=data)
    before, children = spent(data), resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.monotonic()
    words = [
        sys.executable,
        "-m",
        "deploy.cli",
        "ingest",
        str(clip),
        "--stream",
        "bench",
        "--json",
        "--data",
        str(data),
    ]
    done = subprocess.run(words, check=True, capture_output=True, text=True)
    session = json.loads(done.stdout.splitlines()[-1])["session_id"]
    for _ in follow(settings.connection, SessionWatch(session), lambda: time.monotonic() - began < 500):
        pass
    wall = time.monotonic() - began
    now, after = resource.getrusage(resource.RUSAGE_CHILDREN), spent(data)
    parts = {name: after[name] - before.get(name, 0.0) for name in after}
    parts["ingest"] = now.ru_utime + now.ru_stime - children.ru_utime - children.ru_stime
    return wall, parts


def bench() -> Iterator[Mapping[str, object]]:
    """Rows of wall and CPU seconds for the shared clip; nothing where it is not there."""
    testdata = Path(os.environ.get("FRAMELOG_TESTDATA", "../shared/testdata"))
    clip, weights = testdata / CLIP, Path(os.environ.get("FRAMELOG_MODELS", testdata / "models"))
    if not clip.exists():
        return
    words = [sys.executable, "-m", "tests.bench._bare", str(clip), str(weights)]

    def bare() -> dict[str, float]:
        found: dict[str, float] = json.loads(
            subprocess.run(words, check=True, capture_output=True, text=True).stdout
        )
        return found

    before = bare()
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        env = os.environ | {"FRAMELOG_PORT": "0", "FRAMELOG_MODELS": str(weights)}
        up = [sys.executable, "-m", "deploy.cli", "up", "--data", folder]
        with (data / "up.log").open("wb") as log:
            platform = subprocess.Popen(up, env=env, stdout=log, stderr=log)
        try:
            eventually(lambda: platform.poll() is not None or read_state(data / "run").ready, 180)
            wall, parts = played(data, clip)
        finally:
            platform.terminate()
            platform.wait(90)
    after = bare()  # once before and once after, so that a neighbour who comes or goes harms both
    told = ", ".join(f"{name} {seconds:.1f}" for name, seconds in sorted(parts.items(), key=lambda p: -p[1])[:6])
    for what, ours, theirs in (
        ("seconds", wall, (before["wall_s"] + after["wall_s"]) / 2),
        (f"CPU seconds ({told})", sum(parts.values()), (before["cpu_s"] + after["cpu_s"]) / 2),
    ):
        yield {
            "what": f"whole route, {clip.name}, {what}", "ours": round(ours, 1), "baseline": round(theirs, 1),
            "unit": "s", "ratio": round(theirs / ours, 2), "target": TARGET,
        }  # fmt: skip


if __name__ == "__main__":
    for row in bench():
        print(row)
