"""Figures that say how well the route understood a clip."""

import re
from collections.abc import Callable, Sequence
from typing import TypeVar

from schemas.records import Fused
from tests.processors.script import us

T = TypeVar("T")


def plain_words(text: str) -> list[str]:
    """Words without case and punctuation."""
    return re.findall(r"[a-z']+", text.casefold())


def word_errors(expected: Sequence[str], heard: Sequence[str]) -> int:
    """Levenshtein's distance over words: substitutions, insertions and deletions, each 1."""
    before = list(range(len(heard) + 1))
    for i, want in enumerate(expected, 1):
        row = [i]
        for j, got in enumerate(heard, 1):
            row.append(min(before[j] + 1, row[-1] + 1, before[j - 1] + (want != got)))
        before = row
    return before[-1]


def inside(windows: Sequence[Fused], begin_s: float, end_s: float) -> list[Fused]:
    """Windows that lie wholly in a span."""
    return [w for w in windows if us(begin_s) <= w.start_us and w.end_us <= us(end_s)]


def share(of: Sequence[T], that: Callable[[T], bool]) -> float:
    """Which part of these is so; 0 where there are none."""
    return sum(map(that, of)) / len(of) if of else 0.0
