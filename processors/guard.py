"""The reader's rule: what a reader makes of the next record of a (topic, stream, session), whoever wrote it."""

from dataclasses import dataclass
from typing import Literal

from schemas.records import Record

BEFORE_TIME_US = -(1 << 62)
Verdict = Literal["take", "repeat", "back", "after_end"]
# take: the next one, or behind a hole; repeat: its seq has been seen; back: its time lies before what was
# promised to be over; after_end: the session has ended on this topic.


@dataclass(frozen=True, slots=True)
class Guard:
    """How far a reader is in one (topic, stream, session); nothing seen yet by default.

    seq: Last seq taken, -1 before the first.
    pts_us: Last stream time taken.
    watermark_us: Nothing before this is to come.
    ended: The end mark was taken.
    """

    seq: int = -1
    pts_us: int = BEFORE_TIME_US
    watermark_us: int = BEFORE_TIME_US
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Checked:
    """What the rule says: the verdict, the guard behind the record, and how many seq are missing before it."""

    verdict: Verdict
    guard: Guard
    hole: int = 0


def watermark_of(record: Record) -> int:
    """Stream time that its writer is done with: `watermark_us`, or the time itself of a raw record."""
    return getattr(record, "watermark_us", record.pts_us)


def check(guard: Guard, record: Record) -> Checked:
    """The verdict on the next record. The guard's times never fall, whatever the record says: a record whose
    time runs back is rejected at the time that was reached, an end mark is taken there.
    """
    if record.seq <= guard.seq:
        return Checked("repeat", guard)
    if guard.ended:
        return Checked("after_end", guard)
    floor = max(guard.pts_us, guard.watermark_us)
    back = record.pts_us < floor and not record.end
    behind = Guard(
        seq=record.seq,
        pts_us=max(record.pts_us, floor) if floor > BEFORE_TIME_US else record.pts_us,
        watermark_us=guard.watermark_us if back else max(watermark_of(record), guard.watermark_us),
        ended=record.end,
    )
    return Checked("back" if back else "take", behind, record.seq - guard.seq - 1)
