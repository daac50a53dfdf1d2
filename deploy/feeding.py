"""`framelog ingest` as a process beside the demo: watched, and started again when it is killed."""

import json
import os
import subprocess
from pathlib import Path

from deploy.platform import framelog
from deploy.sample import Sample
from deploy.settings import Settings
from deploy.state import read_state

TRIES = 20


class DemoFailed(Exception):
    """The demo can not go on; the message says what to do."""


def log_tail(path: Path, lines: int = 3) -> str:
    """The last lines of a log, for an error message."""
    try:
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
    except FileNotFoundError:
        return ""


class Ingest:
    """`framelog ingest` as a process that is started again when it is killed: it finds its place in the log."""

    def __init__(self, settings: Settings, sample: Sample, speed: str) -> None:
        self._words = framelog("ingest", sample.source, "--stream", sample.stream, "--speed", speed, "--json")
        self._env = os.environ | settings.environment()
        self._log, self._run_folder = settings.data / "logs/ingest.log", settings.run_folder
        self.restarts = 0
        self.session_id: str | None = None
        self._start()

    def _start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 (our own command)
                self._words, env=self._env, stdout=subprocess.PIPE, stderr=log
            )
        assert self._process.stdout is not None
        os.set_blocking(self._process.stdout.fileno(), False)
        self._rest = b""

    def poll(self) -> bool:
        """Reads what it says; True when it is done. DemoFailed if the source can not be read."""
        assert self._process.stdout is not None
        self._rest += self._process.stdout.read() or b""
        *lines, self._rest = self._rest.split(b"\n")
        for line in lines:
            self.session_id = json.loads(line).get("session_id", self.session_id)
        code = self._process.poll()
        if code is None or code == 0:
            return code == 0
        # One that was killed while the log is away finds none at its start: that passes as well.
        if self.restarts < TRIES and (code < 0 or not read_state(self._run_folder).ready):
            self.restarts += 1
            self._start()
            return False
        raise DemoFailed(log_tail(self._log, 1) or f"ingest ended with {code}")

    def stop(self) -> None:
        """Ends it if it still runs."""
        if self._process.poll() is None:
            self._process.terminate()
            self._process.wait(30)
