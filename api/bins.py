"""Marks on a time axis, no finer than the screen shows them: pure arithmetic of bins and spans.

Times are stream time in microseconds. Bins are aligned to multiples of their width, so that panning asks for
the same bins again.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import zip_longest

FINEST_US = 1_000
NICE = (1, 2, 5)
SEVERAL = "several"


def bin_width_us(from_us: int, to_us: int, width_px: int, finest_us: int = FINEST_US) -> int:
    """Smallest of 1, 2, 5, 10, 20, 50 … ms with which the range has no more bins than pixels."""
    if to_us <= from_us or width_px < 1:
        raise ValueError(f"an empty view: {from_us} … {to_us} µs on {width_px} px")
    decade = finest_us
    while True:
        for nice in NICE:
            if decade * nice * width_px >= to_us - from_us:
                return decade * nice
        decade *= 10


@dataclass(frozen=True, slots=True)
class Cell:
    """What one bin holds of one key (a track, a label): its first and last moment, how often, how strong."""

    key: str
    start_us: int
    end_us: int
    count: int = 1
    score: float = 0.0

    def joined(self, later: "Cell") -> "Cell":
        """One cell of this and a later one: under this one's key, `count` added up, `score` the larger."""
        return replace(
            self,
            end_us=max(self.end_us, later.end_us),
            count=self.count + later.count,
            score=max(self.score, later.score),
        )


def spans(cells: Iterable[Cell], gap_us: int) -> list[Cell]:
    """Joins cells of the same key whose distance is at most `gap_us`; a wider hole stays a hole.

    Cells may come in any order; spans come by start, then key. `count` adds up and `score` is the largest.
    """
    by_key: dict[str, list[Cell]] = {}
    for cell in sorted(cells, key=lambda c: (c.start_us, c.end_us)):
        run = by_key.setdefault(cell.key, [])
        if run and cell.start_us - run[-1].end_us <= gap_us:
            last = run[-1]
            run[-1] = last.joined(cell)
        else:
            run.append(cell)
    return sorted((c for run in by_key.values() for c in run), key=lambda c: (c.start_us, c.key))


def crowded(cells: Iterable[Cell], narrow_us: int) -> list[Cell]:
    """Joins what is shorter than `narrow_us`, whatever its key, where less than that lies between: nobody sees
    more on a screen. What is longer stays as it is; one that stands alone keeps its key, others become `several`.
    """
    wide: list[Cell] = []
    narrow: list[Cell] = []
    for cell in cells:
        (narrow if cell.end_us - cell.start_us < narrow_us else wide).append(cell)
    keys: list[set[str]] = []
    runs: list[Cell] = []
    for cell in sorted(narrow, key=lambda c: (c.start_us, c.end_us)):
        if runs and cell.start_us - runs[-1].end_us < narrow_us:
            last = runs[-1]
            keys[-1].add(cell.key)
            runs[-1] = last.joined(cell)
        else:
            runs.append(cell)
            keys.append({cell.key})
    named = [r if len(k) == 1 else replace(r, key=SEVERAL) for r, k in zip(runs, keys, strict=True)]
    return sorted([*wide, *named], key=lambda c: (c.start_us, c.key))


def bands(cells: Iterable[Cell], gap_us: int) -> list[Cell]:
    """Like `spans`, but one after the other: a band ends where another key begins (prevailing emotion)."""
    joined: list[Cell] = []
    for cell in sorted(cells, key=lambda c: (c.start_us, c.end_us)):
        last = joined[-1] if joined else None
        if last and last.key == cell.key and cell.start_us - last.end_us <= gap_us:
            joined[-1] = last.joined(cell)
        else:
            joined.append(cell)
    return list(_clipped(joined))


def _clipped(cells: list[Cell]) -> Iterator[Cell]:
    for cell, after in zip_longest(cells, cells[1:]):
        yield cell if after is None or cell.end_us <= after.start_us else replace(cell, end_us=after.start_us)
