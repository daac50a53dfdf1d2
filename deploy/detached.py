"""A supervisor without a terminal: started, found again and stopped by what it wrote down."""

import os
import select
import signal
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from deploy.state import State, read_state, start_ticks
from deploy.supervisor import SupervisorFault

LOOK_EVERY_S = 0.05


def start_detached(
    data: Path, command: Sequence[str], env: Mapping[str, str] | None = None, within_s: float = 30
) -> int:
    """Starts a supervisor's command in a session of its own, its output in `DATA/logs/supervisor.log`.

    Returns its pid once it has the data folder; SupervisorFault with its last line if it ends before.
    """
    log = data / "logs/supervisor.log"
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SupervisorFault(f"cannot write to {data}: {error.strerror}; choose another --data") from error
    began = log.stat().st_size if log.exists() else 0
    pid = os.posix_spawn(
        command[0],
        list(command),
        dict(os.environ if env is None else env),
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(log), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
    )
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        state = read_state(data / "run")
        if state.running and state.pid == pid:
            return pid
        if os.waitpid(pid, os.WNOHANG)[0]:
            said = log.read_bytes()[began:].decode(errors="replace").strip().splitlines()
            raise SupervisorFault(said[-1] if said else f"the supervisor ended at once; see {log}")
        time.sleep(LOOK_EVERY_S)
    raise SupervisorFault(f"the supervisor did not get the data folder within {within_s:.0f} s; see {log}")


def down(data: Path, grace_s: float = 60) -> State | None:
    """Stops the supervisor of a data folder and with it all children; its last state, None if none runs.

    The signal goes to the very process that wrote the state: its pid is held open before its start is compared.
    """
    state = read_state(data / "run")
    if not state.running or state.pid is None:
        return None
    try:
        held = os.pidfd_open(state.pid)
    except ProcessLookupError:
        return None
    try:
        if start_ticks(state.pid) != state.ticks:
            return None
        signal.pidfd_send_signal(held, signal.SIGTERM)
        if not _ended(held, grace_s):
            signal.pidfd_send_signal(held, signal.SIGKILL)  # its children die with it
            _ended(held, grace_s)
    finally:
        os.close(held)
    return read_state(data / "run")


def _ended(held: int, within_s: float) -> bool:
    poll = select.poll()
    poll.register(held, select.POLLIN)
    return bool(poll.poll(within_s * 1000))
