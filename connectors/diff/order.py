"""Two runs' records side by side: by frame, by time, or in groups that hang together. A few records in memory."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Generic, Protocol, TypeVar

R = TypeVar("R")
FOREVER = 1 << 62


class Timed(Protocol):
    """Something with a begin and an end in stream time."""

    @property
    def start_us(self) -> int: ...
    @property
    def end_us(self) -> int: ...


T = TypeVar("T", bound=Timed)


@dataclass(frozen=True, slots=True)
class Said(Generic[T]):
    """What a run says at once, and up to which stream time it has said everything."""

    items: tuple[T, ...]
    until_us: int


def by_frame(a: Iterable[R], b: Iterable[R]) -> Iterator[tuple[R | None, R | None]]:
    """Records of the same raw frame together; None where one run has no record of it.

    Runs that read the same topic are joined by stream time and offset; a run that made its own frames (another
    rate) by stream time alone, the n-th of a time with the n-th.
    """
    left, first_a = _peeked(a)
    right, first_b = _peeked(b)
    same_log = all(getattr(r, "frame", None) for r in (first_a, first_b)) and _log(first_a) == _log(first_b)
    return in_step(_keyed(left, same_log), _keyed(right, same_log))


def _peeked(records: Iterable[R]) -> tuple[Iterator[R], R | None]:
    it = iter(records)
    first = next(it, None)
    return (it if first is None else chain([first], it)), first


def _log(record: Any) -> tuple[str, int]:
    return record.frame.topic, record.frame.partition


def _keyed(records: Iterator[Any], by_offset: bool) -> Iterator[tuple[tuple[int, int], Any]]:
    nth: Counter[int] = Counter()
    last_us = -1
    for record in records:
        if record.pts_us != last_us:
            nth.clear()
        last_us = record.pts_us
        if by_offset and record.frame is not None:
            yield (record.pts_us, record.frame.offset), record
        else:
            yield (record.pts_us, nth[record.pts_us]), record
            nth[record.pts_us] += 1


def by_time(records: Iterable[R], time_us: Callable[[R], int]) -> Iterator[tuple[tuple[int, int], R]]:
    """Records keyed by a time of theirs, for `in_step`."""
    return (((time_us(r), 0), r) for r in records)


def in_step(
    a: Iterator[tuple[tuple[int, int], R]], b: Iterator[tuple[tuple[int, int], R]]
) -> Iterator[tuple[R | None, R | None]]:
    """Keyed records, each side's keys rising, with those of equal key together."""
    left, right = next(a, None), next(b, None)
    while left is not None or right is not None:
        if right is None or (left is not None and left[0] < right[0]):
            assert left is not None
            yield left[1], None
            left = next(a, None)
        elif left is None or right[0] < left[0]:
            yield None, right[1]
            right = next(b, None)
        else:
            yield left[1], right[1]
            left, right = next(a, None), next(b, None)


def together(
    a: Iterator[Said[T]], b: Iterator[Said[T]], join_us: int = 0, longest_us: int = FOREVER
) -> Iterator[tuple[list[T], list[T]]]:
    """Groups of spans of both sides that overlap, directly or through others.

    join_us: spans closer than this hang together as well. longest_us: a span that begins so long after its group
    begins another. A group is given as soon as both runs have promised that nothing can join it any more, so
    neither how records divide the spans nor how they come bears on the groups.
    """
    waiting: list[tuple[int, int, bool, T]] = []
    promised = [-1, -1]
    sources = (a, b)
    while True:
        behind = 0 if promised[0] <= promised[1] else 1
        if promised[behind] == FOREVER:
            break
        said = next(sources[behind], None)
        if said is None:
            promised[behind] = FOREVER
        else:
            waiting += [(s.start_us, s.end_us, behind == 1, s) for s in said.items]
            promised[behind] = max(promised[behind], said.until_us)
            if not said.items and len(waiting) == 0:
                continue
        done, waiting = _closed(waiting, min(promised), join_us, longest_us)
        yield from done


def _closed(
    waiting: list[tuple[int, int, bool, T]], until_us: int, join_us: int, longest_us: int
) -> tuple[list[tuple[list[T], list[T]]], list[tuple[int, int, bool, T]]]:
    """Groups that nothing can join any more, and what is left waiting."""
    waiting.sort(key=lambda w: w[:3])
    done, at = [], 0
    while at < len(waiting):
        begin, end = waiting[at][:2]
        to = at + 1
        while to < len(waiting) and waiting[to][0] < min(max(end, begin + 1) + join_us, begin + longest_us):
            end = max(end, waiting[to][1])
            to += 1
        if until_us < min(max(end, begin + 1) + join_us, begin + longest_us):
            break
        done.append(_sides(waiting[at:to]))
        at = to
    return done, waiting[at:]


def _sides(group: Sequence[tuple[int, int, bool, T]]) -> tuple[list[T], list[T]]:
    return [w[3] for w in group if not w[2]], [w[3] for w in group if w[2]]
