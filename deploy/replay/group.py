"""A run's processes under a supervisor of their own, in a thread of this process."""

import asyncio
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from deploy.child import Child
from deploy.state import read_state
from deploy.supervisor import Supervisor, Taken, sole


class RunFailed(Exception):
    """The run can not go on; the message says why. What it has done stays, the same command goes on with it."""


class Group:
    """Processes that a run needs; `check` tells whether one of them keeps dying."""

    def __init__(self, folder: Path, children: Sequence[Child]) -> None:
        self._folder = folder
        self._supervisor = Supervisor(folder, children)
        self._loop = asyncio.new_event_loop()
        self._error: BaseException | None = None
        # The children die with the thread that started them, which is this one.
        self._thread = threading.Thread(target=self._run, name="supervisor")

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._supervisor.run(held=True))
        except BaseException as error:  # noqa: BLE001 (told by `check`, in the thread that can do something about it)
            self._error = error
        finally:
            self._loop.close()

    def start(self) -> None:
        """Starts the processes."""
        self._thread.start()

    def stop(self) -> None:
        """Ends the processes and returns when they have ended."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._supervisor.stop)
        self._thread.join()

    @property
    def restarts(self) -> dict[str, int]:
        """How often each process had to be started again."""
        return {name: part.restarts for name, part in read_state(self._folder / "run").parts.items()}

    def check(self) -> None:
        """RunFailed where a process keeps dying, with what it said last."""
        if self._error is not None:
            raise RunFailed(f"the run's processes could not be kept: {self._error}") from self._error
        for name, part in read_state(self._folder / "run").parts.items():
            if part.state == "failing":
                raise RunFailed(f"{name} keeps ending: {part.last_error} (logs in {self._folder / 'logs'})")


@contextmanager
def alone(folder: Path, name: str) -> Iterator[None]:
    """Holds a run's folder; RunFailed if another replay of the run has it."""
    try:
        with sole(folder / "run"):
            yield
    except Taken as error:
        raise RunFailed(f"run {name} is being played already: `framelog runs show {name}` tells of it") from error


@contextmanager
def group(folder: Path, children: Sequence[Child]) -> Iterator[Group]:
    """The processes while the context lasts, for who holds the folder (`alone`)."""
    made = Group(folder, children)
    made.start()
    try:
        yield made
    finally:
        made.stop()
