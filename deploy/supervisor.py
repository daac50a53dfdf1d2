"""Keeps the platform's processes alive: starts them in order, starts again what dies, stops them in reverse order.

Neither what a child does nor a full disk ends the supervisor. What it knows is in `DATA/run/supervisor.json`.
"""

import asyncio
import fcntl
import os
import random
import signal
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

from deploy.child import Child, Log, cause, signal_group, start
from deploy.restarts import Deaths, Policy
from deploy.state import Part, State, StateFile, read_state, start_ticks
from deploy.terminal import quiet

FILES_EVERY_S = 1.0
PROBE_EVERY_S = 0.1


class SupervisorFault(Exception):
    """The supervisor cannot start; the message says why and what to do."""


class Taken(SupervisorFault):
    """Another supervisor has the folder."""


def in_order(children: Sequence[Child]) -> tuple[Child, ...]:
    """Children after what they need; SupervisorFault if that cannot be."""
    left, done = list(children), dict[str, Child]()
    if len({c.name for c in left}) < len(left):
        raise SupervisorFault(f"two children have one name: {', '.join(c.name for c in left)}")
    while left:
        free = [c for c in left if all(need in done for need in c.needs)]
        if not free:
            stuck = "; ".join(f"{c.name} needs {', '.join(n for n in c.needs if n not in done)}" for c in left)
            raise SupervisorFault(f"these can never start: {stuck}")
        done |= {c.name: c for c in free}
        left = [c for c in left if c.name not in done]
    return tuple(done.values())


@contextmanager
def sole(run_folder: Path) -> Iterator[None]:
    """Holds the data folder for one supervisor; Taken if another has it, else SupervisorFault."""
    try:
        run_folder.mkdir(parents=True, exist_ok=True)
        lock = (run_folder / "supervisor.lock").open("ab")
    except OSError as error:
        raise SupervisorFault(f"cannot write to {run_folder}: {error.strerror}; choose another --data") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid, data = read_state(run_folder).pid, run_folder.parent
            raise Taken(
                f"the platform runs on {data} already (pid {pid}): stop it with `framelog down --data {data}`"
            ) from None
        yield


class Supervisor:
    """Supervises children on one data folder. `say` is told in one line what happens to whom."""

    def __init__(
        self,
        data: Path,
        children: Sequence[Child],
        *,
        policy: Policy | None = None,
        grace_s: float = 15.0,
        say: Callable[[str], None] = lambda _: None,
        dice: random.Random | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._run_folder = data / "run"
        self._children = in_order(children)
        self._logs = {c.name: Log(data / "logs" / f"{c.name}.log") for c in self._children}
        self._policy, self._grace_s, self._say, self._clock = policy or Policy(), grace_s, quiet(say), clock
        self._state_file = StateFile(data / "run", self._say)
        self._dice = dice or random.Random()  # noqa: S311 (jitter, no secret)
        self._parts = {c.name: Part(since=time.time()) for c in self._children}
        self._ready = {c.name: asyncio.Event() for c in self._children}
        self._processes: dict[str, asyncio.subprocess.Process] = {}
        self._doubts: dict[str, str] = {}
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Asks `run` to stop all children and return."""
        self._stopping.set()

    async def run(self, held: bool = False) -> None:
        """Runs until `stop`; SupervisorFault if another supervisor has the data folder.

        `held`: the caller is within `sole(…)` already, since it wrote ports and settings there before.
        """
        with nullcontext() if held else sole(self._run_folder):
            self._write()
            tasks = [asyncio.create_task(self._keep(c)) for c in self._children]
            tasks.append(asyncio.create_task(self._keep_files()))
            stopping = asyncio.create_task(self._stopping.wait())
            try:
                done, _ = await asyncio.wait({stopping, *tasks}, return_when=asyncio.FIRST_COMPLETED)
                for task in done - {stopping}:
                    task.result()  # a task that ends before it is asked to has a bug to tell
            finally:
                self._stopping.set()
                await self._end_all()
                await asyncio.gather(*tasks, stopping, return_exceptions=True)
                self._write(running=False)

    def _write(self, running: bool = True) -> None:
        self._state_file.write(State(running, pid := os.getpid(), start_ticks(pid), self._parts))

    def _note(self, name: str, **changes: Any) -> None:
        if changes.get("state", "") != self._parts[name].state:
            changes["since"] = time.time()
        self._parts[name] = replace(self._parts[name], **changes)
        self._write()

    async def _unless_stopping(self, doing: Coroutine[Any, Any, Any], timeout_s: float | None = None) -> bool:
        """Waits for something, a stop or the timeout; True if it was the something."""
        task = asyncio.create_task(doing)
        stopping = asyncio.create_task(self._stopping.wait())
        done, rest = await asyncio.wait({task, stopping}, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        for other in rest:
            other.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
        return task in done and not self._stopping.is_set()

    async def _keep(self, child: Child) -> None:
        name, deaths = child.name, Deaths()
        while not self._stopping.is_set():
            for need in child.needs:
                await self._unless_stopping(self._ready[need].wait())
            if self._stopping.is_set():
                break
            began = self._clock()
            error, code = await self._live(child)
            self._ready[name].clear()
            if self._stopping.is_set():
                break
            deaths = deaths.after(self._clock() - began, self._policy, code)
            wait_s, failing = deaths.wait_s(self._policy, self._dice), deaths.failing(self._policy)
            self._note(name, state="failing" if failing else "dead", pid=None, restarts=deaths.restarts,
                       last_error=error)  # fmt: skip
            often = f" ({deaths.in_a_row} times in a row)" if deaths.in_a_row > 1 and failing else ""
            self._say(f"{name} {error}{often}; again in {wait_s:.1f} s")
            await self._unless_stopping(self._stopping.wait(), wait_s)
        self._note(name, state="stopped", pid=None)

    async def _live(self, child: Child) -> tuple[str, int | None]:
        """One life of a child; how it ended, and its exit code if it had one."""
        name, log = child.name, self._logs[child.name]
        try:
            process = await start(child, log)
        except OSError as error:
            return f"could not be started: {error.strerror}: {child.command[0]}", None
        self._processes[name] = process
        try:
            # One that keeps dying stays `failing` until it is ready: status is to be honest between two deaths.
            now = "failing" if self._parts[name].state == "failing" else "starting"
            self._note(name, state=now, pid=process.pid)
            if self._stopping.is_set():  # it was asked for while this one was being started
                await self._end(name)
            gone = asyncio.create_task(process.wait())
            ready = asyncio.create_task(self._until_ready(child))
            await asyncio.wait({gone, ready}, return_when=asyncio.FIRST_COMPLETED, timeout=child.ready_within_s)
            late = not gone.done() and not ready.done()
            if ready.done() and not gone.done():
                ready.result()
                self._note(name, state="ready")
                self._ready[name].set()
            if late:
                signal_group(process, signal.SIGKILL)
            await gone
            ready.cancel()
            await asyncio.gather(ready, return_exceptions=True)
            said = log.last_lines()
            if late:
                return f"was not ready within {child.ready_within_s:g} s: {self._doubts[name] or said}", None
            return cause(code := await gone, said), code
        finally:
            signal_group(process, signal.SIGKILL)  # what it started itself
            del self._processes[name]

    async def _until_ready(self, child: Child) -> None:
        while child.ready is not None:
            try:
                if await asyncio.to_thread(child.ready):
                    return
                self._doubts[child.name] = ""
            except Exception as error:  # noqa: BLE001 (a probe that fails means not ready, and is told if it stays so)
                self._doubts[child.name] = f"{type(error).__name__}: {error}"
            await asyncio.sleep(PROBE_EVERY_S)

    async def _end_all(self) -> None:
        """Ends every child as soon as those that need it have ended; what is free of each other ends at once."""
        ending: dict[str, asyncio.Task[None]] = {}
        for child in reversed(self._children):
            users = [ending[c.name] for c in self._children if child.name in c.needs]
            ending[child.name] = asyncio.create_task(self._end(child.name, users))
        await asyncio.gather(*ending.values())

    async def _end(self, name: str, users: Sequence[asyncio.Task[None]] = ()) -> None:
        """Ends a child by SIGTERM, or after the grace by SIGKILL."""
        await asyncio.gather(*users)
        process = self._processes.get(name)
        if process is None:
            return
        signal_group(process, signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), self._grace_s)
        except TimeoutError:
            self._say(f"{name} did not stop within {self._grace_s:.0f} s and was killed")
            signal_group(process, signal.SIGKILL)
            await process.wait()

    async def _keep_files(self) -> None:
        while not self._stopping.is_set():
            self._state_file.again()
            for log in self._logs.values():
                try:
                    log.rotate()
                except OSError as error:
                    self._say(f"cannot rotate {log.path}: {error}")
            await self._unless_stopping(self._stopping.wait(), FILES_EVERY_S)


async def supervise(supervisor: Supervisor, alongside: Awaitable[None] | None = None, held: bool = False) -> None:
    """Runs a supervisor until SIGTERM or SIGINT. `alongside` runs with it and is cancelled at the end."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, supervisor.stop)
    beside = asyncio.ensure_future(alongside) if alongside is not None else None
    try:
        await supervisor.run(held)
    finally:
        if beside is not None:
            beside.cancel()
            await asyncio.gather(beside, return_exceptions=True)
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
