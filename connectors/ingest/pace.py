"""Holds a file back to the speed at which it would play."""

import time
from collections.abc import Callable


class Pace:
    """Waits until it is time for a stream time; `wait(seconds)` says True when there is no need to go on."""

    def __init__(self, wait: Callable[[float], bool], clock: Callable[[], float] = time.monotonic) -> None:
        self._wait = wait
        self._clock = clock
        self._zero_s: float | None = None

    def until(self, pts_us: int) -> None:
        """Returns when `pts_us` is due; the first one asked for is due at once."""
        now_s, at_s = self._clock(), pts_us / 1_000_000
        if self._zero_s is None:
            self._zero_s = now_s - at_s
        late_s = now_s - self._zero_s - at_s
        if late_s < 0:
            self._wait(-late_s)
