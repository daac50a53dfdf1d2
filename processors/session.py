"""A session of a Fold: what its driver knows of it, and what of that goes into a snapshot."""

from dataclasses import dataclass
from typing import Any

from processors.guard import BEFORE_TIME_US, Guard
from processors.merge import Merge
from processors.reading import Arrival
from processors.station import Oddity

NOTHING = -1


@dataclass(frozen=True, slots=True)
class Kept:
    """All there is to know of a session of a Fold, as it goes into a snapshot.

    state: The core's, msgpack by its type.
    seq: Of the next record to be said.
    pts_us, watermark_us: Last said.
    guards: The reader's rule per input, behind the last record that was given to the core.
    first: Per input, the offset of the oldest record that is held back; -1 if there is none.
    past: Per input, the offset of the last record that was given to the core; -1 if there is none.
    rival: Per input, the offset at which another session of the same stream began after this one; -1 if none did.
    seen, last: Per input, the reader's rule behind the last record that has arrived, and its offset; -1 if none
        did. Nobody resumes from them: they tell others how far the session is in the log.
    """

    stream_id: str
    session_id: str
    state: bytes
    seq: int
    pts_us: int
    watermark_us: int
    guards: tuple[Guard, ...]
    first: tuple[int, ...]
    past: tuple[int, ...] = ()
    rival: tuple[int, ...] = ()
    seen: tuple[Guard, ...] = ()
    last: tuple[int, ...] = ()


@dataclass(slots=True)
class Held:
    """A record on its way through the merge; `guard` is the one behind it, `odd` what is wrong with it.

    `arrival` is None while the record is left to the log.
    """

    arrival: Arrival | None
    input: int
    offset: int
    size: int
    guard: Guard
    odd: Oddity | None = None
    released: bool = False


class Open:
    """A session that has not ended."""

    def __init__(self, inputs: int, state: Any) -> None:
        self.state, self.seq, self.pts_us, self.watermark_us = state, 0, BEFORE_TIME_US, BEFORE_TIME_US
        self.seen = [Guard()] * inputs  # behind what has arrived
        self.guards = [Guard()] * inputs  # behind what was given to the core
        self.merge: Merge[Held] = Merge(inputs)
        self.past, self.rival, self.last = [NOTHING] * inputs, [NOTHING] * inputs, [NOTHING] * inputs
        self.reread = [NOTHING] * inputs  # what is read up to here was given to the core before a crash
