"""Every process of the platform is killed once in mid-run; what comes out is what comes out unkilled."""

import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest

from deploy.platform import WORKERS
from deploy.state import read_state
from tests.route.played import Played, demo

pytestmark = [pytest.mark.slow, pytest.mark.kafka, pytest.mark.store, pytest.mark.media, pytest.mark.timeout(1200)]
SEED = int(os.environ.get("FRAMELOG_SEED", "20261121"))
VICTIMS = ("ingest", *WORKERS, "rows", "clips", "clickhouse", "registry", "api", "kafka")


def ingest_pid(demo_pid: int) -> int | None:
    """The ingest process of a running demo: its child that ingests."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                parent = (folder / "stat").read_text().rpartition(")")[2].split()[1]
                words = (folder / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if parent == str(demo_pid) and b"ingest" in words:
                return int(folder.name)
    return None


class Killer:
    """Kills each victim once, in a seeded order, as soon as it is at work and the one before has come back."""

    def __init__(self, data: Path) -> None:
        self._data = data
        dice = random.Random(SEED)
        rest = list(VICTIMS[1:])
        dice.shuffle(rest)
        self.order = ["ingest", *rest]  # ingest first: it is the first to be done
        self.killed: list[str] = []
        self._pause_s = [dice.uniform(0.2, 1.5) for _ in self.order]

    def __call__(self, run: subprocess.Popen[str]) -> None:
        print(f"seed {SEED}: killing {self.order}")
        for name, pause_s in zip(self.order, self._pause_s, strict=True):
            pid = None
            while pid is None and run.poll() is None:
                state = read_state(self._data / "run")
                at_work = state.ready
                pid = (ingest_pid(run.pid) if name == "ingest" else state.parts[name].pid) if at_work else None
                time.sleep(0.02)
            time.sleep(pause_s)  # the moment of the kill is the seed's
            if pid is None or run.poll() is not None:
                return
            try:
                os.kill(pid, signal.SIGKILL)
                self.killed.append(name)
            except ProcessLookupError:
                continue


def test_a_run_with_every_process_killed_equals_one_without(
    played: Played, testdata: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    data = tmp_path_factory.mktemp("killed")
    killer = Killer(data)
    killed = demo(data, testdata / "video/stream_shared.mp4", testdata / "models", killer)
    print(f"killed {killer.killed}; restarts {killed['restarts']}")
    assert len(killer.killed) >= 6, "the run was over too soon to kill enough"
    for name in killer.killed:
        assert killed["restarts"][name] >= 1, name
    for part in ("records", "rows", "digests"):
        assert killed[part] == played.summary[part], part
    assert [h["id"] for h in killed["highlights"]] == [h["id"] for h in played.summary["highlights"]]
    assert [(c["highlight_id"], c["bytes"]) for c in killed["clips"]] == [
        (c["highlight_id"], c["bytes"]) for c in played.summary["clips"]
    ]
