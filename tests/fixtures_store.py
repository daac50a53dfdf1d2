"""A real ClickHouse engine behind HTTP, started once for the run, and databases of a test's own."""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from deploy.embedded.ports import free_port

RUN = """
import sys
from pathlib import Path
from deploy.embedded.clickhouse import serve
serve(Path(sys.argv[1]), int(sys.argv[2]))
"""


@dataclass(slots=True)
class StoreProcess:
    """The store of a folder as a process that can be killed and started again on the same port."""

    folder: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, timeout_s: float = 60) -> "StoreProcess":
        log = (self.folder.parent / f"{self.folder.name}.log").open("ab")
        with log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", RUN, str(self.folder), str(self.port)], stdout=log, stderr=log
            )
        until_s = time.monotonic() + timeout_s
        while time.monotonic() < until_s:
            try:
                with urllib.request.urlopen(f"{self.url}/ping", timeout=2):
                    return self
            except OSError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.05)
        raise RuntimeError(f"the store did not start, see {log.name}")

    def stop(self, signal_number: int = signal.SIGTERM) -> int:
        assert self.process is not None
        os.kill(self.process.pid, signal_number)
        return self.process.wait(30)


@pytest.fixture(scope="session")
def store_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a ClickHouse for the whole run."""
    store = StoreProcess(tmp_path_factory.mktemp("store") / "data").start()
    yield store.url
    store.stop()


@pytest.fixture
def database() -> str:
    """A database name that no other test has; its tables would be in `<name>_log`."""
    return f"t_{uuid4().hex[:12]}"


@pytest.fixture
def store(store_url: str) -> Iterator[Any]:
    """An ordinary client of the store."""
    import clickhouse_connect

    client = clickhouse_connect.get_client(dsn=store_url, tz_mode="aware")
    yield client
    client.close()
