"""When so much of an input is bad that it is rather the build or a producer that is. Pure: records are counted."""

from collections import deque
from dataclasses import dataclass, field

POISONED = 72
"""Exit code of a process that stopped because its input is bad: to start it again at once would change nothing."""


class TooManyBad(Exception):
    """So much of the input is bad that it is rather the build or a producer that is."""


@dataclass(slots=True)
class Recent:
    """The verdicts on the last records: over the limit when more than `share` of the last `window` were bad, or
    `in_a_row` of them. 1 % of bad records never gets there.
    """

    window: int = 200
    share: float = 0.2
    in_a_row: int = 50
    row: int = 0
    bad: int = 0
    last: deque[bool] = field(default_factory=deque)

    def count(self, bad: bool) -> bool:
        """Takes one more record's verdict into account; whether the limit is passed now."""
        if not bad and not self.bad and len(self.last) == self.window:
            return False  # one more good one among good ones changes nothing
        self.last.append(bad)
        self.bad += bad
        if len(self.last) > self.window:
            self.bad -= self.last.popleft()
        self.row = self.row + 1 if bad else 0
        many = len(self.last) == self.window and self.bad > self.share * self.window
        return bad and (many or self.row >= self.in_a_row)

    def __str__(self) -> str:
        return f"{self.row} bad records in a row, {self.bad} of the last {len(self.last)}"
