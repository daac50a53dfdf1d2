"""Who is who: the pairs of greatest total gain, whichever side is called A and however the things are ordered.

scipy's `linear_sum_assignment` (Crouse 2016, a Jonker-Volgenant without initialisation) solves each group of
things that can be joined at all. Ties are broken by what the things are, never by order or side.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Gains = Mapping[tuple[int, int], float]
Rect = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Paired:
    """Indices: pairs of A and B, and what is only in A (lost) or only in B (added)."""

    pairs: tuple[tuple[int, int], ...]
    lost: tuple[int, ...]
    added: tuple[int, ...]


def paired(a: Sequence[Any], b: Sequence[Any], gains: Gains) -> Paired:
    """The pairs of greatest total gain among those that `gains` (all above 0) allows.

    `a` and `b` are sorted keys of the things, equal where the things cannot be told apart.
    """
    import numpy as np  # every command imports this module; few pair anything

    pairs: list[tuple[int, int]] = []
    for rows, columns in groups(gains):
        if len(rows) == len(columns) == 1:
            pairs.append((rows[0], columns[0]))
            continue
        table = np.array([[gains.get((i, j), 0.0) for j in columns] for i in rows])
        turned = ([b[j] for j in columns], table.T.tolist()) < ([a[i] for i in rows], table.tolist())
        for r, c in least(-table.T if turned else -table):
            pair = (rows[c], columns[r]) if turned else (rows[r], columns[c])
            if pair in gains:
                pairs.append(pair)
    left, right = {i for i, _ in pairs}, {j for _, j in pairs}
    return Paired(
        tuple(sorted(pairs)),
        tuple(i for i in range(len(a)) if i not in left),
        tuple(j for j in range(len(b)) if j not in right),
    )


def least(costs: Any) -> list[tuple[int, int]]:
    """Rows and columns of the assignment of least total cost."""
    from scipy.optimize import linear_sum_assignment  # a third of a second of imports that few commands need

    rows, columns = linear_sum_assignment(costs)
    return list(zip(rows.tolist(), columns.tolist(), strict=True))


def groups(gains: Gains) -> list[tuple[list[int], list[int]]]:
    """Rows and columns that pairs join, directly or through others, each sorted."""
    of_row: dict[int, list[int]] = {}
    of_column: dict[int, list[int]] = {}
    for i, j in sorted(gains):
        of_row.setdefault(i, []).append(j)
        of_column.setdefault(j, []).append(i)
    found, seen = [], set[int]()
    for first in of_row:
        if first in seen:
            continue
        rows, columns, todo = {first}, set[int](), [first]
        while todo:
            for j in of_row[todo.pop()]:
                if j not in columns:
                    columns.add(j)
                    new = [i for i in of_column[j] if i not in rows]
                    rows.update(new)
                    todo += new
        seen |= rows
        found.append((sorted(rows), sorted(columns)))
    return found


def overlap(a: Rect, b: Rect) -> float:
    """Intersection over union of two boxes x1, y1, x2, y2; equal boxes overlap wholly, whatever their area."""
    if a == b:
        return 1.0
    wide, high = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if wide <= 0 or high <= 0:
        return 0.0
    shared = wide * high
    union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared
    return shared / union if union > 0 else 0.0


def time_overlap(a: tuple[int, int], b: tuple[int, int]) -> float:
    """Intersection over union of two spans of time; equal spans overlap wholly, whatever their length."""
    if a == b:
        return 1.0
    shared = min(a[1], b[1]) - max(a[0], b[0])
    return shared / (max(a[1], b[1]) - min(a[0], b[0])) if shared > 0 else 0.0
