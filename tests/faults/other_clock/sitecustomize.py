"""Runs at the start of a Python process that has this folder on its path: from then on the time of day is off by
the seconds that the file named in CLOCK_OFF holds, whatever Python code asks for it. Nothing else is off.
"""

import datetime as module
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

FILE = Path(os.environ["CLOCK_OFF"])
REAL, REAL_NS, REAL_GETTIME = time.time, time.time_ns, time.clock_gettime
LOCAL, UNIVERSAL, WRITTEN = time.localtime, time.gmtime, time.strftime


def off_s() -> int:
    return int(FILE.read_text())


class Meta(type):
    """Whatever C code makes is a datetime too."""

    def __instancecheck__(cls, value: Any) -> bool:
        return isinstance(value, datetime)

    def __subclasscheck__(cls, other: type) -> bool:
        return issubclass(other, datetime)


class Off(datetime, metaclass=Meta):
    """The real one but for what it believes to be now."""

    @classmethod
    def now(cls, tz: Any = None) -> Any:
        return datetime.now(tz) + timedelta(seconds=off_s())

    @classmethod
    def today(cls) -> Any:
        return cls.now()

    @classmethod
    def utcnow(cls) -> Any:
        return cls.now(UTC).replace(tzinfo=None)


def gettime(which: int) -> float:
    return REAL_GETTIME(which) + (off_s() if which == time.CLOCK_REALTIME else 0)


time.time = lambda: REAL() + off_s()
time.time_ns = lambda: REAL_NS() + off_s() * 1_000_000_000
time.clock_gettime = gettime
time.localtime = lambda at=None: LOCAL(time.time() if at is None else at)
time.gmtime = lambda at=None: UNIVERSAL(time.time() if at is None else at)
time.strftime = lambda form, at=None: WRITTEN(form, time.localtime() if at is None else at)
module.datetime = Off  # type: ignore[misc]
