"""For how long packets could have come and did not. Pure.

A clip that is cut without packets which come later can not be mended: its key is taken. So no time counts in which
the log did not answer, or in which nobody read it: the cutter frozen, the object store away.
"""

from collections.abc import Callable
from dataclasses import dataclass

# The log is asked once a second; three times as long without an answer is a time in which nothing could be read.
GAP_S = 3.0


@dataclass(slots=True)
class Patience:
    """patience_s: for how long a clip waits. since_s: from when on the log was read and answered without a gap.
    answered_s: when it last did. Times are of one monotonic clock.
    """

    patience_s: float
    since_s: float
    answered_s: float

    def answered(self, now_s: float) -> None:
        """The log answers."""
        if now_s - self.answered_s > GAP_S:
            self.since_s = now_s
        self.answered_s = now_s

    def unread(self, now_s: float) -> None:
        """Until now the log was not read."""
        self.since_s = now_s

    def without_s(self, moved_s: float, now_s: float) -> float:
        """For how long nothing has come since something did, at `moved_s`; 0 while the log does not answer."""
        if now_s - self.answered_s > GAP_S:
            return 0.0
        return max(0.0, now_s - max(moved_s, self.since_s))

    def over(self, moved_s: float, now_s: float) -> bool:
        """Whether nothing is to be waited for any longer."""
        return self.without_s(moved_s, now_s) > self.patience_s


def answering(patience: Patience, now_s: Callable[[], float]) -> Callable[[object, object], None]:
    """What a consumer calls when a commit has ended, with an error or None. Not a method of the cutter: consumer
    and cutter would keep each other.
    """

    def committed(error: object, _: object) -> None:
        if error is None:
            patience.answered(now_s())

    return committed
