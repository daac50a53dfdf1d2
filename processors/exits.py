"""How a station's process ends when something is wrong: at once, saying where. Its next start heals it."""

import asyncio
import logging
import os
import threading
import time
import traceback
from typing import NoReturn

from topics.limit import POISONED, TooManyBad

log = logging.getLogger("framelog.shell")
CRASHED, OVERSLEPT = 70, 71  # and topics.limit.POISONED, 72
TICK_S = 0.1


def die(where: str, error: BaseException | None = None) -> NoReturn:
    """Ends the process with 70, nothing acknowledged. `where` names the place in the log that it was at.
    With 72 in one line where the input was too bad to go on.
    """
    if isinstance(error, TooManyBad):  # no surprise, and no place where it went wrong: it says all there is to say
        log.critical("stopped at %s: %s", where, error)
        logging.shutdown()
        os._exit(POISONED)
    trace = "".join(traceback.format_exception(error)) if error else ""
    # The last line is the one that the supervisor passes on: it has to name the record.
    log.critical("%sexit at %s: %r", f"{trace}\n" if trace else "", where, error)
    logging.shutdown()
    os._exit(CRASHED)


def on_error(where: str, future: "asyncio.Future[object]") -> None:
    """Ends the process if a future has failed."""
    if not future.cancelled() and (error := future.exception()) is not None:
        die(where, error)


def watch_sleep(session_s: float) -> None:
    """Ends the process with 71 when it was stopped for most of a group session: others may own its partitions."""

    def watch() -> None:
        before = time.clock_gettime(time.CLOCK_BOOTTIME)
        while True:
            time.sleep(TICK_S)
            now = time.clock_gettime(time.CLOCK_BOOTTIME)
            if now - before > 0.8 * session_s:
                os.write(2, b"exit: slept past the group's session\n")
                os._exit(OVERSLEPT)
            before = now

    threading.Thread(target=watch, name="watch-sleep", daemon=True).start()
