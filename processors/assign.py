"""Who is who: the assignment of least cost."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

Costs = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class Assigned:
    """Pairs (row, column), and the rows and columns left over, each in order."""

    pairs: tuple[tuple[int, int], ...]
    rows: tuple[int, ...]
    columns: tuple[int, ...]


def assign(costs: Costs, limit: float) -> Assigned:
    """The pairs of least total cost (Jonker and Volgenant, 1987) of which each costs `limit` at most. Costs
    above the limit count a hair more than it, however large: no pair is spoilt to keep a bad one less bad.
    """
    n, m = costs.shape
    rows, columns = linear_sum_assignment(np.where(costs > limit, limit + 1e-4, costs))
    pairs = tuple((int(r), int(c)) for r, c in zip(rows, columns, strict=True) if costs[r, c] <= limit)
    taken_rows, taken_columns = {r for r, _ in pairs}, {c for _, c in pairs}
    return Assigned(
        pairs,
        tuple(r for r in range(n) if r not in taken_rows),
        tuple(c for c in range(m) if c not in taken_columns),
    )
