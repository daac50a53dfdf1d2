"""The reader's rule, stated once more and by itself: order within one (topic, stream, session). Pure.

It must agree with what stations do (`processors/guard.py`), which a test holds both to, but is not that code: who
verifies does not ask the one who is verified.
"""

from dataclasses import dataclass
from typing import Literal

from schemas.records import Record

Verdict = Literal["take", "repeat", "back", "after_end", "astray"]
TEN_YEARS_US = 315_576_000_000_000
MOST_SEQ = 10_000_000


@dataclass(slots=True)
class Place:
    """How far one session is on one topic, and what was seen of it.

    first: seq that it begins with. holes: seq that are missing. backs, repeats: records whose time ran back, that
    came again.
    """

    first: int = -1
    seq: int = -1
    pts_us: int | None = None
    watermark_us: int | None = None
    ended: bool = False
    holes: int = 0
    backs: int = 0
    repeats: int = 0


@dataclass(frozen=True, slots=True)
class Breach:
    """What is wrong with the order at a record."""

    check: Literal["seq", "time", "end"]
    text: str


def take(at: Place, record: Record, whole: bool) -> tuple[Verdict, list[Breach]]:
    """What to make of the next record; `at` is moved on. `whole`: the log is read from where sessions begin, so
    that the first seq must be 0.
    """
    if record.seq <= at.seq:
        at.repeats += 1
        return "repeat", []
    if at.ended:
        return "after_end", [Breach("end", f"seq {record.seq} comes behind the session's end at seq {at.seq}")]
    if record.seq - at.seq > MOST_SEQ:
        return "astray", [Breach("end", f"seq {record.seq} is absurdly far from seq {at.seq}")]
    found: list[Breach] = []
    expected = at.seq + 1 if at.seq >= 0 or whole else record.seq
    if record.seq != expected:
        at.holes += record.seq - expected
        missing = f"seq {expected}" if record.seq == expected + 1 else f"seq {expected} to {record.seq - 1}"
        found.append(Breach("seq", f"{missing} missing before seq {record.seq}"))
    watermark_us = getattr(record, "watermark_us", record.pts_us)
    floor_us = max((t for t in (at.pts_us, at.watermark_us) if t is not None), default=None)
    back = floor_us is not None and record.pts_us < floor_us
    far = abs(record.pts_us) > 10 * TEN_YEARS_US if floor_us is None else record.pts_us - floor_us > TEN_YEARS_US
    if far:
        found.append(Breach("time", f"pts_us {record.pts_us} is no stream's time behind {floor_us}"))
    elif back:
        text = f"pts_us {record.pts_us} lies below pts_us {at.pts_us} or watermark_us {at.watermark_us} before it"
        found.append(Breach("time", text))
    elif at.watermark_us is not None and watermark_us < at.watermark_us:
        found.append(Breach("time", f"watermark_us falls from {at.watermark_us} to {watermark_us}"))
    at.first = record.seq if at.first < 0 else at.first
    at.seq, at.ended = record.seq, record.end
    if far:
        at.pts_us = floor_us or 0
        at.watermark_us = max(at.watermark_us or 0, at.pts_us)
    else:
        at.pts_us = record.pts_us if floor_us is None else max(record.pts_us, floor_us)
        if not back or record.end:
            at.watermark_us = watermark_us if at.watermark_us is None else max(watermark_us, at.watermark_us)
    refused = (back or far) and not record.end
    at.backs += refused
    return ("back" if refused else "take"), found
