"""Where a session's packets lie: pure, fed with every packets record, asked for stretches of stream time."""

from dataclasses import dataclass, field

from schemas.records import Packets


@dataclass(frozen=True, slots=True)
class Entry:
    """One packets record: where it lies, its stream time, and whether decoding can start in it."""

    offset: int
    seq: int
    pts_us: int
    key: bool


@dataclass(slots=True)
class SessionIndex:
    """The records of one session, in the log's order; `ended` after its last."""

    entries: list[Entry] = field(default_factory=list)
    ended: bool = False

    def add(self, offset: int, record: Packets) -> None:
        """Takes a record; what is not above the last seq is a repeat and is left alone."""
        if self.ended or (self.entries and record.seq <= self.entries[-1].seq):
            return
        if record.end:
            self.ended = True
            return
        kinds = {t.index: t.kind for t in record.tracks}
        video = "video" in kinds.values()
        key = any(p.key and (not video or kinds.get(p.track) == "video") for p in record.packets)
        self.entries.append(Entry(offset, record.seq, record.pts_us, key))

    def passed(self, end_us: int) -> bool:
        """Whether everything before a stream time is there."""
        return self.ended or (bool(self.entries) and self.entries[-1].pts_us >= end_us)

    def stretch(self, start_us: int, end_us: int) -> list[Entry]:
        """Records to read for a stretch: from one with a key frame at or before the start (the first with one,
        where none is that early) up to the end. Empty where nothing of the stretch is left.
        """
        upto = [e for e in self.entries if e.pts_us < end_us]
        # The key frame may come late in its record, so the start's own record is not sure to do.
        early = [n for n, e in enumerate(upto) if e.key and e.pts_us <= start_us]
        if not early:
            first = next((n for n, e in enumerate(upto) if e.key), None)
            return upto[first:] if first is not None else []
        return upto[early[-2] if len(early) > 1 else early[-1] :]
