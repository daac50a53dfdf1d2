"""When a session counts as left."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Config:
    """Tunables of ending sessions that nobody writes any more.

    idle_s: a session on which nothing was written for so long is ended; what comes of it afterwards is too late.
    follow_s: the same for one that a later session of our own ingest has followed on its stream.
    look_s: how often it is looked for such sessions; 0 for never.
    """

    idle_s: float = 7200.0
    follow_s: float = 30.0
    look_s: float = 60.0

    def __post_init__(self) -> None:
        if not 0 < self.follow_s <= self.idle_s:
            raise ValueError(f"follow_s must be above 0 and at most idle_s, got {self.follow_s} and {self.idle_s}")
