"""Who is who: the assignment of least cost."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Costs = NDArray[np.floating[Any]]
OVER = 1e-4
"""What a pair above the limit costs more than the limit, however dear it is: no pair is spoilt to keep a bad
one less bad.
"""


@dataclass(frozen=True, slots=True)
class Assigned:
    """Pairs (row, column), and the rows and columns left over, each in order."""

    pairs: tuple[tuple[int, int], ...]
    rows: tuple[int, ...]
    columns: tuple[int, ...]


def assign(costs: Costs, limit: float) -> Assigned:
    """The pairs of least total cost of which each costs `limit` at most.

    Rows and columns that no pair joins, however indirectly, do not bear on each other: each such group is
    solved alone, and is small (importing scipy for it took longer than tracking a minute of people).
    """
    good = costs <= limit
    pairs: list[tuple[int, int]] = []
    for rows, columns in _groups(good):
        if len(rows) == len(columns) == 1:
            pairs.append((rows[0], columns[0]))
            continue
        table = np.minimum(costs[np.ix_(rows, columns)], limit + OVER)
        turned = len(rows) > len(columns)
        found = least((table.T if turned else table).tolist())
        for a, b in enumerate(found):
            row, column = (rows[b], columns[a]) if turned else (rows[a], columns[b])
            if good[row, column]:
                pairs.append((row, column))
    taken_rows, taken_columns = {r for r, _ in pairs}, {c for _, c in pairs}
    return Assigned(
        tuple(sorted(pairs)),
        tuple(r for r in range(costs.shape[0]) if r not in taken_rows),
        tuple(c for c in range(costs.shape[1]) if c not in taken_columns),
    )


def _groups(good: NDArray[np.bool_]) -> list[tuple[list[int], list[int]]]:
    """Rows and columns joined by pairs that are good enough."""
    groups: list[tuple[list[int], list[int]]] = []
    left = set(np.flatnonzero(good.any(axis=1)).tolist())
    while left:
        rows, columns = {min(left)}, set[int]()
        while True:
            columns_now = set(np.flatnonzero(good[sorted(rows)].any(axis=0)).tolist())
            rows_now = set(np.flatnonzero(good[:, sorted(columns_now)].any(axis=1)).tolist())
            if rows_now == rows and columns_now == columns:
                break
            rows, columns = rows_now, columns_now
        groups.append((sorted(rows), sorted(columns)))
        left -= rows
    return groups


def least(costs: Sequence[Sequence[float]]) -> list[int]:
    """For each row its column, so that the sum is least; no more rows than columns. Shortest augmenting paths
    over reduced costs (Kuhn 1955; Jonker and Volgenant 1987): a row at a time finds its way to a free column.
    """
    n, m = len(costs), len(costs[0]) if costs else 0
    of_row, of_column = [0.0] * n, [0.0] * m  # potentials: costs less these are never below 0
    owner = [-1] * m
    for start in range(n):
        distance, came_from, done = [float("inf")] * m, [-1] * m, [False] * m
        row, column = start, -1
        while True:
            near, nearest = float("inf"), -1
            for c in range(m):
                if done[c]:
                    continue
                reduced = costs[row][c] - of_row[row] - of_column[c]
                if reduced < distance[c]:
                    distance[c], came_from[c] = reduced, column
                if distance[c] < near:
                    near, nearest = distance[c], c
            of_row[start] += near
            for c in range(m):
                if done[c]:
                    of_row[owner[c]] += near
                    of_column[c] -= near
                else:
                    distance[c] -= near
            done[nearest], column = True, nearest
            if owner[column] < 0:
                break
            row = owner[column]
        while column >= 0:  # hand the columns on along the path
            before = came_from[column]
            owner[column] = owner[before] if before >= 0 else start
            column = before
    columns = [0] * n
    for c, r in enumerate(owner):
        if r >= 0:
            columns[r] = c
    return columns
