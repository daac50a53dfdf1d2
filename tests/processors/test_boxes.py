import numpy as np
import pytest

from processors.boxes import Rows, overlaps


@pytest.mark.parametrize(
    ("a", "b", "wanted"),
    [
        ([], [(0, 0, 1, 1)], np.zeros((0, 1))),
        ([(0, 0, 1, 1)], [], np.zeros((1, 0))),
        ([(0, 0, 2, 2)], [(0, 0, 2, 2)], [[1]]),
        ([(0, 0, 2, 2)], [(1, 0, 3, 2)], [[1 / 3]]),
        ([(0, 0, 2, 2)], [(2, 0, 4, 2)], [[0]]),
        ([(1, 1, 1, 1)], [(1, 1, 1, 1)], [[0]]),
    ],
    ids=["no a", "no b", "same", "a third", "touching", "no area"],
)
def test_overlap_is_intersection_over_union(a: list[float], b: list[float], wanted: Rows) -> None:
    got = overlaps(np.array(a, np.float32).reshape(-1, 4), np.array(b, np.float32).reshape(-1, 4))
    np.testing.assert_allclose(got, np.array(wanted), atol=1e-6)
