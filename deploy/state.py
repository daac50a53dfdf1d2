"""What the supervisor tells others in `DATA/run/supervisor.json`: who runs, since when, how often it died."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import orjson

FILE = "supervisor.json"
PartState = Literal["waiting", "starting", "ready", "dead", "failing", "stopped"]
# dead: will be started again after its wait; failing: the same, but it keeps dying.


@dataclass(frozen=True, slots=True)
class Part:
    """One child. `since` is the wall clock in seconds at which it got into its state."""

    state: PartState = "waiting"
    pid: int | None = None
    restarts: int = 0
    since: float = 0.0
    last_error: str = ""


@dataclass(frozen=True, slots=True)
class State:
    """The supervisor and its children, in order of their start. `ticks` tells its pid from a later owner's."""

    running: bool = False
    pid: int | None = None
    ticks: int | None = None
    parts: dict[str, Part] = field(default_factory=dict)

    @property
    def ready(self) -> bool:
        """Whether it runs and every child is ready."""
        return self.running and all(part.state == "ready" for part in self.parts.values())


def start_ticks(pid: int) -> int | None:
    """Clock ticks after boot at which a process began; None if there is none (or only its zombie)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    words = stat.rpartition(")")[2].split()  # the name before it may hold anything, even spaces and brackets
    return None if words[0] in "ZX" else int(words[19])


def write_state(run_folder: Path, state: State) -> None:
    """Replaces the file in one step: a reader sees the old one or the new one, whole."""
    path = run_folder / FILE
    part = path.with_suffix(f".{os.getpid()}.part")
    part.write_bytes(orjson.dumps(state, option=orjson.OPT_INDENT_2))
    part.replace(path)


class StateFile:
    """The file as the supervisor keeps it: written at every change, and `again` where there was no room for it."""

    def __init__(self, run_folder: Path, say: Callable[[str], None]) -> None:
        self._run_folder, self._say = run_folder, say
        self._unwritten: State | None = None

    def write(self, state: State) -> None:
        """Writes the state; says so where that fails, and keeps it."""
        try:
            write_state(self._run_folder, state)
            self._unwritten = None
        except OSError as error:  # a full disk must not end what may free it
            if self._unwritten is None:
                self._say(f"cannot write the state: {error}")
            self._unwritten = state

    def again(self) -> None:
        """Writes the last state unless it is there, so that it is old for no longer than the disk is full."""
        if self._unwritten is not None:
            self.write(self._unwritten)


def read_state(run_folder: Path) -> State:
    """The last state written. `running` is looked up, not believed: a killed supervisor could not write it."""
    try:
        plain: dict[str, Any] = orjson.loads((run_folder / FILE).read_bytes())
        parts = {name: Part(**part) for name, part in plain["parts"].items()}
        pid, ticks = plain["pid"], plain["ticks"]
    except (OSError, orjson.JSONDecodeError, KeyError, TypeError):
        return State()
    running = bool(plain["running"]) and pid is not None and start_ticks(pid) == ticks
    return State(running, pid, ticks, parts)
