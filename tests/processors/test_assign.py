from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from processors.assign import Assigned, assign, least


@pytest.mark.parametrize(
    ("costs", "wanted"),
    [
        (np.zeros((0, 0)), Assigned((), (), ())),
        (np.zeros((0, 2)), Assigned((), (), (0, 1))),
        (np.zeros((2, 0)), Assigned((), (0, 1), ())),
        (np.array([[0.9]]), Assigned((), (0,), (0,))),
        (np.array([[0.5]]), Assigned(((0, 0),), (), ())),
        (np.array([[0.1, 0.2], [0.15, 0.4]]), Assigned(((0, 1), (1, 0)), (), ())),
        (np.array([[0.1, 0.9]]), Assigned(((0, 0),), (), (1,))),
    ],
    ids=["nothing", "no rows", "no columns", "too dear", "just", "least in all", "one too many"],
)
def test_pairs_cost_least_and_never_more_than_the_limit(costs: np.ndarray, wanted: Assigned) -> None:
    assert assign(costs, 0.5) == wanted


@given(st.integers(1, 4), st.integers(1, 4), st.data())
def test_no_other_pairing_is_cheaper(n: int, m: int, data: st.DataObject) -> None:
    cells = data.draw(st.lists(st.floats(0, 1), min_size=n * m, max_size=n * m))
    costs = np.array(cells).reshape(n, m)
    capped = np.where(costs > 0.8, 0.8 + 1e-4, costs)
    got = assign(costs, 0.8)
    assert sorted({r for r, _ in got.pairs} | set(got.rows)) == list(range(n))
    assert sorted({c for _, c in got.pairs} | set(got.columns)) == list(range(m))
    wide = capped if n <= m else capped.T
    best = min(sum(wide[i, j] for i, j in enumerate(p)) for p in permutations(range(wide.shape[1]), wide.shape[0]))
    paid = sum(capped[r, c] for r, c in got.pairs) + (min(n, m) - len(got.pairs)) * (0.8 + 1e-4)
    assert paid == pytest.approx(best)


@given(st.integers(1, 7), st.integers(0, 5), st.data())
def test_the_least_sum_is_that_of_scipy(n: int, wider: int, data: st.DataObject) -> None:
    cells = data.draw(st.lists(st.floats(-5, 5), min_size=n * (n + wider), max_size=n * (n + wider)))
    costs = np.array(cells).reshape(n, n + wider)
    columns = least(costs.tolist())
    assert len(set(columns)) == n
    rows, best = linear_sum_assignment(costs)
    assert sum(costs[i, c] for i, c in enumerate(columns)) == pytest.approx(costs[rows, best].sum(), abs=1e-9)


def test_a_crowd_on_one_spot_is_solved_as_scipy_does() -> None:
    costs = np.random.default_rng(3).uniform(0, 0.79, (90, 100))
    got, (rows, columns) = assign(costs, 0.8), linear_sum_assignment(costs)
    assert got.pairs == tuple(zip(rows.tolist(), columns.tolist(), strict=True))
    assert least([]) == []
