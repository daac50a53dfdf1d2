import numpy as np

from processors.detections import heads


def test_a_yolo_head_without_good_candidates_gives_nothing() -> None:
    assert len(heads.yolo(np.zeros((84, 2100), np.float32), 0.25)) == 0
    assert len(heads.yolo(np.zeros((84, 0), np.float32), 0.25)) == 0


def test_a_yolo_head_tells_corner_score_and_best_label() -> None:
    output = np.zeros((4 + 3, 2), np.float32)
    output[:4, 1] = 50, 60, 20, 40
    output[4:, 1] = 0.1, 0.7, 0.3
    found = heads.yolo(output, 0.25)
    assert found.xyxy.tolist() == [[40, 40, 60, 80]]
    assert found.label.tolist() == [1]
    np.testing.assert_allclose(found.score, [0.7])


def test_a_pose_head_tells_points_that_are_no_classes() -> None:
    output = np.zeros((4 + 1 + 2 * 3, 1), np.float32)
    output[:5, 0] = 50, 60, 20, 40, 0.5
    output[5:, 0] = 300, 301, 0.9, 400, 401, 0.8
    found = heads.yolo(output, 0.25, points=2)
    assert found.label.tolist() == [0]
    np.testing.assert_allclose(found.points, [[[300, 301, 0.9], [400, 401, 0.8]]])


def test_a_yolox_grid_has_a_cell_for_each_anchor() -> None:
    grid = heads.yolox_grid(416)
    assert grid.shape == (52 * 52 + 26 * 26 + 13 * 13, 3)
    assert grid[0].tolist() == [0, 0, 8]
    assert grid[53].tolist() == [1, 1, 8]
    assert grid[-1].tolist() == [12, 12, 32]


def test_a_yolox_head_tells_boxes_relative_to_their_cells() -> None:
    grid = heads.yolox_grid(64)
    output = np.zeros((len(grid), 5 + 2), np.float32)
    assert len(heads.yolox(output, grid, 0.25)) == 0
    at = 9  # row 1, column 1 of 8 × 8 cells of 8 px
    output[at] = 0.5, 0.5, np.log(2), np.log(4), 0.8, 0.1, 0.5
    found = heads.yolox(output, grid, 0.25)
    np.testing.assert_allclose(found.xyxy, [[12 - 8, 12 - 16, 12 + 8, 12 + 16]], rtol=1e-6)
    assert found.label.tolist() == [1]
    np.testing.assert_allclose(found.score, [0.4], rtol=1e-6)
