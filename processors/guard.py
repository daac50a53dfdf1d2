"""The reader's rule: what a reader makes of the next record of a (topic, stream, session), whoever wrote it."""

from dataclasses import dataclass
from typing import Literal

from schemas.records import Record

BEFORE_TIME_US = -(1 << 62)
FAR_US = 315_576_000_000_000
# Ten years: no stream goes on so far from one record to the next. It is a wall clock, or no number at all (NaN
# made an integer), and if it were believed everything behind it would run back.
EPOCH_US = 10 * FAR_US
# A stream's first record may count from 1970, which is told as a breach, but not from before or long after.
FAR_SEQ = 10_000_000
# Eleven days of ten a second: no hole. If it were believed everything behind it would be a repeat.
Verdict = Literal["take", "repeat", "back", "after_end", "astray"]
# take: the next one, or behind a hole; repeat: its seq has been seen; back: its time lies before what was
# promised to be over, or absurdly far ahead; after_end: the session has ended on this topic; astray: its seq is
# absurd.


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
    if record.seq - guard.seq > FAR_SEQ:
        return Checked("astray", guard)
    floor, far = max(guard.pts_us, guard.watermark_us), far_off(guard, record.pts_us)
    back = (record.pts_us < floor or far) and not record.end
    known_us = floor if floor > BEFORE_TIME_US else 0
    behind = Guard(
        seq=record.seq,
        pts_us=known_us if back or far else max(record.pts_us, floor),
        watermark_us=max(guard.watermark_us, known_us if far else BEFORE_TIME_US)
        if back or far
        else max(watermark_of(record), guard.watermark_us),
        ended=record.end,
    )
    return Checked("back" if back else "take", behind, record.seq - guard.seq - 1)


def far_off(guard: Guard, pts_us: int) -> bool:
    """Whether a time can not be one: absurdly far ahead of what was reached, or of 1970 where nothing was."""
    if guard.seq < 0:
        return abs(pts_us) > EPOCH_US
    return pts_us - max(guard.pts_us, guard.watermark_us) > FAR_US
