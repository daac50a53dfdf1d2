"""How a process without a port tells its supervisor that it does its work: a file that holds its pid."""

import logging
import os
import threading
from collections.abc import Callable
from itertools import count
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import ProxyHandler, build_opener

log = logging.getLogger(__name__)
LOOK_S, RETRY_S = 0.2, 1.0
# Our own parts on this machine: no proxy, and none of the 25 ms (M) that an HTTP library with TLS takes to begin.
OPENER = build_opener(ProxyHandler({}))


def teller(path: Path | None) -> Callable[[bool], None]:
    """Writes the file when told that this process is ready, takes it away when it is not; now it is not.

    Where the disk is full it is tried again until there is room, or until something else is told.
    """
    told = count()
    newest = next(told)

    def write(turn: int) -> None:
        if path is None or turn != newest:
            return
        part = path.with_suffix(".part")
        try:
            part.parent.mkdir(parents=True, exist_ok=True)
            part.write_text(str(os.getpid()))
            part.replace(path)
        except OSError as error:
            log.warning("cannot say that this process is ready: %s", error)
            later = threading.Timer(RETRY_S, write, (turn,))
            later.daemon = True
            later.start()

    def tell(ready: bool) -> None:
        nonlocal newest
        newest = next(told)
        if ready:
            write(newest)
        elif path is not None:
            path.unlink(missing_ok=True)

    tell(False)
    return tell


def watch(ready: Callable[[], bool], tell: Callable[[bool], None]) -> None:
    """Tells, from a thread of its own, whenever `ready` changes its mind."""

    def look() -> None:
        before = False
        while True:
            if (now := ready()) != before:
                before = now
                tell(now)
            pause.wait(LOOK_S)

    pause = threading.Event()
    threading.Thread(target=look, name="ready", daemon=True).start()


def is_ready(path: Path) -> bool:
    """Whether a process that lives has told that it is ready: one that was killed could not take its file away."""
    try:
        return Path(f"/proc/{int(path.read_text())}").exists()
    except (OSError, ValueError):
        return False


def answers(url: str) -> bool:
    """Whether a part on this machine answers its health question."""
    try:
        with OPENER.open(url, timeout=2):
            return True
    except HTTPError as error:
        error.close()
        return error.code < 500
    except OSError:
        return False
