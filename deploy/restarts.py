"""When what died is started again: pure, the clock and the dice are handed in."""

import random
from dataclasses import dataclass

from topics.limit import POISONED


@dataclass(frozen=True, slots=True)
class Policy:
    """How long to wait before a restart.

    first_s: After the first death; doubled with each further one in a row.
    most_s: Never longer than this.
    jitter: Share of the wait that is drawn by lot, so that what died together does not come back together.
    healthy_s: Who ran this long has got over its earlier deaths.
    failing_after: Deaths in a row from which on a part is called failing.
    poisoned_s: Who stopped because its input is bad is tried again after this, not sooner: each start takes as
        much of it as makes it stop again.
    """

    first_s: float = 0.2
    most_s: float = 15.0
    jitter: float = 0.3
    healthy_s: float = 30.0
    failing_after: int = 4
    poisoned_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Deaths:
    """Deaths in a row, and how often a part was started again in all."""

    in_a_row: int = 0
    restarts: int = 0
    poisoned: bool = False

    def after(self, ran_s: float, policy: Policy, code: int | None = None) -> "Deaths":
        """One death more, of a life that lasted `ran_s` and ended with an exit code."""
        before = 0 if ran_s >= policy.healthy_s else self.in_a_row
        return Deaths(before + 1, self.restarts + 1, code == POISONED)

    def wait_s(self, policy: Policy, dice: random.Random) -> float:
        """Seconds until the next start: `first_s * 2 ** (deaths - 1)`, `most_s` at most, less a share by lot."""
        doublings = min(max(self.in_a_row - 1, 0), 32)  # 2 ** 1024 is no float
        longest = min(policy.most_s, policy.first_s * 2.0**doublings)
        if self.poisoned:
            return max(policy.poisoned_s, longest)
        return longest * (1 - policy.jitter * dice.random())

    def failing(self, policy: Policy) -> bool:
        """Whether it keeps dying."""
        return self.poisoned or self.in_a_row >= policy.failing_after
