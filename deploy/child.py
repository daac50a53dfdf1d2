"""One child process: how it is started, where its output goes, what it said last."""

import asyncio
import ctypes
import os
import shutil
import signal
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from topics.limit import POISONED

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None, use_errno=True)  # loaded before any fork: nothing may be loaded between fork and exec
LOG_BYTES = 16 << 20
KEPT_LOGS = 2
TAIL_BYTES = 8192


@dataclass(frozen=True, slots=True)
class Child:
    """What the supervisor keeps alive.

    command: Its words; env: added to the supervisor's own environment.
    needs: Names of children that must be ready before it is started.
    ready: Says whether it does its work now (may block for a second); none: it is ready once it runs.
    ready_within_s: Not ready by then counts as dead.
    """

    name: str
    command: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    needs: tuple[str, ...] = ()
    ready: Callable[[], bool] | None = None
    ready_within_s: float = 120.0


class Log:
    """A child's log file: appended to by the child itself, so that nothing of ours stands between them."""

    def __init__(self, path: Path, limit_bytes: int = LOG_BYTES) -> None:
        self.path = path
        self._limit_bytes = limit_bytes
        self._from = 0

    def open(self) -> int:
        """A descriptor to append to; what comes from now on is this life's."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.rotate()
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640)
        self._from = os.fstat(descriptor).st_size
        return descriptor

    def rotate(self) -> bool:
        """Copies a log that has grown too large aside and empties it (the child goes on writing); True if so."""
        if not self.path.exists() or self.path.stat().st_size <= self._limit_bytes:
            return False
        for n in range(KEPT_LOGS, 1, -1):
            older = self.path.with_suffix(f".log.{n - 1}")
            if older.exists():
                older.replace(self.path.with_suffix(f".log.{n}"))
        aside = self.path.with_suffix(".log.1")
        try:
            shutil.copyfile(self.path, aside)
        except OSError:  # half a log in its place would push out a whole one at the next try
            aside.unlink(missing_ok=True)
            raise
        os.truncate(self.path, 0)
        self._from = 0
        return True

    def last_lines(self, count: int = 2) -> str:
        """What this life wrote last, without empty lines."""
        with self.path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(size - TAIL_BYTES, min(self._from, size)))
            lines = [line.strip() for line in file.read().decode(errors="replace").splitlines()]
        return "\n".join([line for line in lines if line][-count:])[-500:]


async def start(child: Child, log: Log) -> asyncio.subprocess.Process:
    """Starts a child in a session of its own; it dies with this process. OSError if it cannot be started."""
    parent = os.getpid()

    def die_with_parent() -> None:
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it was gone before we could ask
            os._exit(1)

    descriptor = log.open()
    try:
        return await asyncio.create_subprocess_exec(
            *child.command, stdin=asyncio.subprocess.DEVNULL, stdout=descriptor, stderr=descriptor,
            env={**os.environ, **child.env}, start_new_session=True, preexec_fn=die_with_parent,
        )  # fmt: skip
    finally:
        os.close(descriptor)


def signal_group(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    """Sends a signal to a child and to what it started itself."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def cause(returncode: int, said: str) -> str:
    """How a child ended and what it said last, for people."""
    if returncode == POISONED:
        return f"stopped because of its input: {said}"
    how = f"killed by {signal.Signals(-returncode).name}" if returncode < 0 else f"ended with code {returncode}"
    return f"{how}: {said}" if said else how
