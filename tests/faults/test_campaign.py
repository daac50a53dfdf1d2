"""Processes of the whole platform are killed at seeded moments; what comes out is what comes out unkilled."""

import os
import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from connectors.clickhouse.schema import StoreAddress
from connectors.objects import FolderStore
from connectors.verify import verify
from deploy.platform import WORKERS
from deploy.state import read_state
from tests.faults.dice import SEED, times
from tests.fixtures_kafka import eventually
from tests.route.played import Played, demo
from tests.route.reopened import Log, reopen, reopen_store
from topics.catalog import CATALOG

pytestmark = [pytest.mark.slow, pytest.mark.kafka, pytest.mark.store, pytest.mark.media, pytest.mark.timeout(1800)]
VICTIMS = ("ingest", *WORKERS, "rows", "clips", "clickhouse", "registry", "api", "kafka")
# Those that a record passes through are drawn again and again once each has had its turn.
AGAIN = ("ingest", *WORKERS, "rows", "clips", "clickhouse", "kafka")
KILLS = times(few=len(VICTIMS), whole=40)


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
    """Kills in a seeded order, each victim as soon as it is at work: first each once, then whoever is drawn."""

    def __init__(self, data: Path, kills: int) -> None:
        self._data, self._kills, self._dice = data, kills, random.Random(SEED)
        self.killed: list[str] = []

    def _victims(self) -> Iterator[str]:
        rest = list(VICTIMS[1:])
        self._dice.shuffle(rest)
        yield from ("ingest", *rest)  # ingest first: it is the first to be done
        while True:
            yield self._dice.choice(AGAIN)

    def __call__(self, run: subprocess.Popen[str]) -> None:
        print(f"seed {SEED}: {self._kills} kills")
        eventually(lambda: run.poll() is not None or read_state(self._data / "run").ready, 180)
        for name in self._victims():
            if len(self.killed) == self._kills or run.poll() is not None:
                return
            self._kill(run, name, self._dice.uniform(0.2, 1.5))

    def _kill(self, run: subprocess.Popen[str], name: str, pause_s: float) -> None:
        pid = None
        while pid is None and run.poll() is None:
            state = read_state(self._data / "run")
            part = state.parts.get(name)
            if name != "ingest":
                pid = part.pid if part is not None and part.state == "ready" else None
            elif (pid := ingest_pid(run.pid)) is None and self.killed:
                return  # it is done
            time.sleep(0.02)
        time.sleep(pause_s)  # the moment of the kill is the seed's
        if pid is None or run.poll() is not None:
            return
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            self.killed.append(name)


def test_a_run_with_processes_killed_at_any_moment_equals_one_without(
    played: Played, reopened: Log, testdata: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    data = tmp_path_factory.mktemp("killed")
    killer, began_s = Killer(data, KILLS), time.monotonic()
    killed = demo(data, testdata / "video/stream_shared.mp4", testdata / "models", killer)
    took_s = time.monotonic() - began_s
    print(f"killed {len(killer.killed)}: {dict(Counter(killer.killed))}; restarts {killed['restarts']}")
    assert len(killer.killed) >= 0.6 * KILLS, "the run was over too soon to kill enough"
    for name in set(killer.killed):
        assert killed["restarts"][name] >= 1, name
    for part in ("records", "rows", "digests"):
        assert killed[part] == played.summary[part], part
    assert [h["id"] for h in killed["highlights"]] == [h["id"] for h in played.summary["highlights"]]
    assert [(c["highlight_id"], c["bytes"]) for c in killed["clips"]] == [
        (c["highlight_id"], c["bytes"]) for c in played.summary["clips"]
    ]
    records = lost = doubled = 0
    with (
        reopen(data, tmp_path_factory.mktemp("killed-log")) as log,
        reopen_store(data, tmp_path_factory.mktemp("killed-store")) as store,
    ):
        for topic in CATALOG:
            ours = [m.value or b"" for m in log.messages(topic.noun)]
            theirs = [m.value or b"" for m in reopened.messages(topic.noun)]
            records += len(theirs)
            lost += len(set(theirs) - set(ours))
            doubled += len(ours) - len(set(ours))
            assert ours == theirs, f"{topic.noun}: {len(ours)} messages, unkilled {len(theirs)}"
        report = verify(log.connection, StoreAddress(store), FolderStore(data / "objects"))
        assert report.ok, str(report)
        assert not report.told["doubles"], report.told
    print(f"{len(killer.killed)} kills in {took_s:.0f} s, {records} records, {lost} lost, {doubled} doubled, "
          f"{len(killed['digests'])} digests and {len(killed['clips'])} clips equal")  # fmt: skip
