"""Where a session's packets lie: pure, fed with packets records, asked for stretches of stream time."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from schemas.records import Packets

# Sources put sound and pictures of one time up to about a second apart.
INTERLEAVED_US = 1_000_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One packets record: where it lies, its stream time, and whether decoding can start in it."""

    offset: int
    seq: int
    pts_us: int
    key: bool


@dataclass(slots=True)
class SessionIndex:
    """The latest records of one session, in the log's order; `ended` after its last.

    whole: nothing lies before the first entry, or nothing that the log still holds. since: offset from which on
    the session's records were taken, None where the reader of the partition knows.
    """

    entries: list[Entry] = field(default_factory=list)
    ended: bool = False
    whole: bool = False
    since: int | None = None

    def add(self, offset: int, record: Packets) -> None:
        """Takes a record; what is not above the last seq is a repeat and is left alone."""
        if self.ended or (self.entries and record.seq <= self.entries[-1].seq):
            return
        self.whole = self.whole or (record.seq == 0 and not self.entries)
        if record.end:
            self.ended = True
            return
        kinds = {t.index: t.kind for t in record.tracks}
        video = "video" in kinds.values()
        key = any(p.key and (not video or kinds.get(p.track) == "video") for p in record.packets)
        self.entries.append(Entry(offset, record.seq, record.pts_us, key))

    def put_before(self, older: "SessionIndex", since: int, whole: bool) -> None:
        """Takes what was read before the first entry, from an offset on; `whole`: from the log's beginning."""
        first = self.entries[0].seq if self.entries else None
        self.entries[:0] = [e for e in older.entries if first is None or e.seq < first]
        self.ended = self.ended or (older.ended and first is None)
        self.whole, self.since = self.whole or older.whole or whole, since

    def forget(self, before_us: int) -> None:
        """Lets go of what lies before a stream time; the log still has it."""
        kept = next((n for n, e in enumerate(self.entries) if e.pts_us >= before_us), len(self.entries) - 1)
        if kept > 0:
            del self.entries[:kept]
            self.whole, self.since = False, self.entries[0].offset

    def passed(self, end_us: int) -> bool:
        """Whether everything before a stream time is there, sound that comes late among the packets too."""
        return self.ended or (bool(self.entries) and self.entries[-1].pts_us >= end_us + INTERLEAVED_US)

    def covers(self, start_us: int) -> bool:
        """Whether nothing before the first entry is needed for a stretch that begins at a stream time."""
        return self.whole or sum(e.key and e.pts_us <= start_us for e in self.entries) > 1

    def stretch(self, start_us: int, end_us: int) -> list[Entry]:
        """Records to read for a stretch: from one with a key frame at or before the start (the first with one,
        where none is that early) up to a second behind the end. Empty where nothing of the stretch is left.
        """
        upto = [e for e in self.entries if e.pts_us < end_us + INTERLEAVED_US]
        # The key frame may come late in its record, so the start's own record is not sure to do.
        early = [n for n, e in enumerate(upto) if e.key and e.pts_us <= start_us]
        if not early:
            first = next((n for n, e in enumerate(upto) if e.key), None)
            return upto[first:] if first is not None else []
        return upto[early[-2] if len(early) > 1 else early[-1] :]

    def missing(self, read: Sequence[Packets], start_us: int, end_us: int, media_us: tuple[int, int]) -> str:
        """What of a stretch is not in the records that were read for it, in words; empty where nothing is."""
        faults = []
        if media_us[0] > start_us and read[0].seq > 0 and not self._keyless_before(read[0].seq):
            faults.append(f"its first {(media_us[0] - start_us) / 1e6:.2f} s have expired")
        holes = sum(b.seq - a.seq - 1 for a, b in pairwise(read))
        if holes:
            faults.append(f"{holes} records of packets are missing within")
        if not self.passed(end_us) and media_us[1] < end_us:
            faults.append(f"its last {(end_us - media_us[1]) / 1e6:.2f} s had not come in time")
        return "; ".join(faults)

    def _keyless_before(self, seq: int) -> bool:
        """Whether the session's very first record is here and what lies before a seq holds no key frame."""
        return bool(self.entries) and self.entries[0].seq == 0 and not any(
            e.key for e in self.entries if e.seq < seq
        )  # fmt: skip
