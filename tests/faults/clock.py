"""Another time of day for Python processes that a test starts; the machine's clock stays, and the monotonic one.

Not libfaketime: librdkafka sleeps in C11's `cnd_timedwait`, which no libfaketime up to 0.9.10 knows, until a
moment that it reckons from the faked `clock_gettime`: 100 ms last two hours. So what jumps is what Python code
reads, ours, Faust's and aiokafka's (`other_clock/sitecustomize.py`); librdkafka goes by the machine's clock.
"""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

LOOK = """
import time, datetime
print(time.time(), time.time_ns() / 1e9, datetime.datetime.now().timestamp(),
      time.mktime(time.localtime()), time.clock_gettime(time.CLOCK_REALTIME))
"""


@dataclass(frozen=True, slots=True)
class Clock:
    """What time it is for processes started with `env`: the machine's, or as far off as was said last."""

    file: Path

    @property
    def env(self) -> dict[str, str]:
        """Goes into the environment of a process."""
        return {"CLOCK_OFF": str(self.file), "PYTHONPATH": str(Path(__file__).parent / "other_clock")}

    def jump(self, off_s: int) -> None:
        """From now on the time of day is off by so many seconds."""
        part = self.file.with_suffix(".part")
        part.write_text(f"{off_s}\n")
        part.replace(self.file)  # or somebody would read half of it

    def believed_s(self) -> list[float]:
        """What a process that starts now is told by each way to ask, in seconds since 1970."""
        looked = subprocess.run(
            [sys.executable, "-c", LOOK], env=os.environ | self.env, capture_output=True, text=True, check=True
        )
        return [float(word) for word in looked.stdout.split()]


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    """A clock that is right until it jumps."""
    made = Clock(tmp_path / "clock")
    made.jump(0)
    return made
