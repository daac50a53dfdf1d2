"""Where a lane begins, how much it may hold, what it writes: values that go between recovery and lane."""

from collections.abc import Sequence
from dataclasses import dataclass

from processors.drive import Session
from processors.snapshots import Cut
from topics.extent import Extent


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a partition's input may keep in memory, and how often its place is written down.

    records, bytes: Of the queue of an input; `bytes` also of what a Fold's merges hold back of it.
    snapshot_s: Seconds from one snapshot to the next.
    batch: Inputs that a Map is given at once.
    """

    records: int = 2000
    bytes: int = 4 << 20
    snapshot_s: float = 5.0
    batch: int = 8


@dataclass(frozen=True, slots=True)
class Write:
    """A message on its way to the log."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]
    dead: bool


@dataclass
class Place:
    """Where a lane begins, and what the log says already about inputs that are read again.

    cut: What the last snapshot says; where the scan of the outputs began.
    starts: Per input, where to read from.
    ends: Per input, its end at that time: nothing in the outputs came of anything behind it.
    said: Per session of a Fold, the last seq in the output, until it is reached again.
    dead: Input and offset of dead letters, until they are met again.
    bounds: Per input, the stretch that is read of it; None for all there is and comes.
    lost: Per input, how many records were deleted before `starts` that should have been read.
    """

    cut: Cut
    starts: tuple[int, ...]
    ends: tuple[int, ...]
    said: dict[Session, int]
    dead: set[tuple[int, int]]
    bounds: tuple[Extent | None, ...]
    lost: tuple[int, ...] = ()
