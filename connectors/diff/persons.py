"""Which person of A is which of B, over a whole session: each run counts its tracks by itself."""

import zlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from connectors.diff.boxes import Persons, Seen, same_things, seen_of
from connectors.diff.config import Config
from connectors.diff.order import by_frame
from connectors.diff.pairing import overlap, paired
from schemas.records import Emotions


@dataclass
class Path:
    """A track as a run's emotions follow it. `seen` is a checksum of all that was seen of it."""

    start_us: int
    end_us: int = 0
    frames: int = 0
    seen: int = 0

    def key(self) -> tuple[int, int, int, int]:
        """What it is, for breaking ties: whatever its number, and whichever side it is on."""
        return self.start_us, self.end_us, self.frames, self.seen


def same_persons(a: Iterable[Emotions], b: Iterable[Emotions], config: Config) -> Persons:
    """Tracks assigned so that their boxes' common area over frames is greatest, as tracks themselves are (IDF1:
    Ristani et al. 2016). A few numbers a track are kept.
    """
    of_a: dict[int, Path] = {}
    of_b: dict[int, Path] = {}
    area: dict[tuple[int, int], float] = defaultdict(float)
    met: dict[tuple[int, int], int] = defaultdict(int)
    for x, y in by_frame(a, b):
        if x is None or y is None:
            continue
        left, right = _follow(x, of_a), _follow(y, of_b)
        for i, j in same_things(left, right, config.box_overlap).pairs:
            pair = left[i].who, right[j].who
            area[pair] += overlap(left[i].box, right[j].box)
            met[pair] += 1
    first, second = (sorted(of, key=lambda who: of[who].key()) for of in (of_a, of_b))
    shares = {
        (first.index(one), second.index(other)): shared / (of_a[one].frames + of_b[other].frames - met[one, other])
        for (one, other), shared in area.items()
    }
    found = paired(
        [of_a[who].key() for who in first],
        [of_b[who].key() for who in second],
        {pair: share for pair, share in shares.items() if share >= config.track_overlap},
    )
    return frozenset((first[i], second[j]) for i, j in found.pairs)


def _follow(record: Emotions, paths: dict[int, Path]) -> list[Seen]:
    """The record's persons that have a track, and those tracks a frame longer."""
    found = [seen for seen in seen_of(record) if seen.who >= 0]
    for seen in found:
        path = paths.setdefault(seen.who, Path(record.pts_us))
        path.end_us = record.pts_us
        path.frames += 1
        told = (record.pts_us, seen.box, seen.label, seen.score, seen.feeling)
        path.seen = zlib.crc32(repr(told).encode(), path.seen)
    return found
