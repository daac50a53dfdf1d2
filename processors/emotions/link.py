"""Which face is whose: faces to persons' boxes, and faces to the faces of a moment ago."""

from collections.abc import Sequence

import numpy as np

from processors.assign import assign
from processors.boxes import overlaps

Corners = tuple[float, float, float, float]


def cost_of(face: Corners, person: Corners, upper: float) -> float:
    """How badly a face fits a person: 0 at the middle of the box's upper edge, more beside and below it, less
    where face and person are the same thing seen close (overlap). 2, which is too much for any limit, if its
    middle is not inside the upper part of the box, a share `upper` of its height and half a face more.
    """
    x, y = (face[0] + face[2]) / 2, (face[1] + face[3]) / 2
    width, height = person[2] - person[0], person[3] - person[1]
    if width <= 0 or height <= 0:
        return 2.0
    beside, below = abs(x - (person[0] + person[2]) / 2) / width, (y - person[1]) / height
    if beside > 0.5 or not 0 <= below <= upper + (face[3] - face[1]) / 2 / height:
        return 2.0
    same = float(overlaps(np.array([face], np.float64), np.array([person], np.float64))[0, 0])
    return beside + below - same


def persons_of(faces: Sequence[Corners], persons: Sequence[Corners], upper: float) -> list[int | None]:
    """For each face the index of the person that it belongs to; each person has one face at most."""
    costs = np.array([[cost_of(f, p, upper) for p in persons] for f in faces], np.float64)
    pairs = dict(assign(costs.reshape(len(faces), len(persons)), 1.5).pairs)
    return [pairs.get(i) for i in range(len(faces))]


def same_places(faces: Sequence[Corners], earlier: Sequence[Corners], min_iou: float) -> list[int | None]:
    """For each face the index of the earlier face that it lies on, one for one."""
    table = overlaps(np.array(faces, np.float64).reshape(-1, 4), np.array(earlier, np.float64).reshape(-1, 4))
    pairs = dict(assign(1 - table, 1 - min_iou).pairs)
    return [pairs.get(i) for i in range(len(faces))]
