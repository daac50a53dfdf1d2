"""The merge: records of several topics of one session in one order that is a function of the records alone.

Held back per input, released in the order (stream time, input, seq), as far as no earlier one can still come: the
head of input i at time p goes when every other input j has ended, or has promised by its watermark to say nothing
more that sorts before it. So the outcome does not depend on how the topics interleave, and nothing is ever late.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")
FOREVER_US = 1 << 62


@dataclass(frozen=True, slots=True)
class Entry(Generic[T]):
    """Something to be put in order: `pts_us` never falls within an input."""

    pts_us: int
    input: int
    seq: int
    what: T

    @property
    def place(self) -> tuple[int, int]:
        """Where it belongs; within an input the order of arrival decides."""
        return self.pts_us, self.input


class Merge(Generic[T]):
    """Holds back what `push` brings until `ready` can give it out in order.

    An input counts as silent before its first record: nothing of the others is released until it speaks or ends.
    A single input passes straight through.
    """

    def __init__(self, inputs: int) -> None:
        self._heads: tuple[deque[Entry[T]], ...] = tuple(deque() for _ in range(inputs))
        self._watermarks_us: list[int | None] = [None] * inputs

    def push(self, entry: Entry[T], watermark_us: int, *, end: bool = False) -> None:
        """Takes the next record of an input and its writer's promise; `end` promises for ever.

        ValueError if the time falls within the input (the reader's rule keeps that away).
        """
        held, known = self._heads[entry.input], self._watermarks_us[entry.input]
        if known is not None and entry.pts_us < known:
            raise ValueError(f"input {entry.input} falls back from {known} to {entry.pts_us} us")
        held.append(entry)
        # Time never falls within an input, so that its own time is a promise too.
        self._watermarks_us[entry.input] = FOREVER_US if end else max(watermark_us, entry.pts_us)

    def believe(self, at: int, watermark_us: int, *, end: bool = False) -> None:
        """Sets an input's promise as it was when a snapshot was taken."""
        self._watermarks_us[at] = FOREVER_US if end else watermark_us

    def ready(self) -> Iterator[Entry[T]]:
        """Takes out, in order, whatever nothing earlier can come before any more."""
        while (entry := self._next()) is not None:
            yield self._heads[entry.input].popleft()

    def first(self, at: int) -> Entry[T] | None:
        """The oldest one that is held back of an input."""
        return self._heads[at][0] if self._heads[at] else None

    def held(self, at: int) -> int:
        """How many are held back of an input."""
        return len(self._heads[at])

    def _next(self) -> Entry[T] | None:
        best = min((h[0] for h in self._heads if h), key=lambda e: e.place, default=None)
        if best is None:
            return None
        for other, (held, watermark_us) in enumerate(zip(self._heads, self._watermarks_us, strict=True)):
            # What is held of another input sorts behind `best` already; what may come there must do so too.
            if other != best.input and not held and (watermark_us is None or (watermark_us, other) < best.place):
                return None
        return best
