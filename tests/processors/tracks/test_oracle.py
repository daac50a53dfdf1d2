"""Our ByteTrack against supervision's: the same boxes, the same people, whatever their numbers are."""

import warnings
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processors.detections import Config, build
from processors.shelf import Shelf
from processors.station import Item
from processors.tracks.bytetrack import Rules, Seen, State, step
from schemas.records import Detections, Frame

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what a test's oracle deprecates is not ours to mend
    import supervision as sv

PERIOD_US = 40_000
LOST_FRAMES = 10
Told = list[list[tuple[int, tuple[float, ...]]]]


def theirs(frames: Sequence[Sequence[Seen]]) -> Told:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tracker = sv.ByteTrack(lost_track_buffer=LOST_FRAMES)
    told: Told = []
    for seen in frames:
        rows = np.array([(*s.box, s.score) for s in seen], np.float64).reshape(-1, 5)
        told.append([(t.external_track_id, tuple(t.tlbr)) for t in tracker.update_with_tensors(rows)])
    return told


def ours(frames: Sequence[Sequence[Seen]]) -> Told:
    # Theirs forgets a track one frame after it has given it up, hence the one more.
    rules = Rules(lost_us=(LOST_FRAMES + 1) * PERIOD_US)
    state = State()
    told: Told = []
    for i, seen in enumerate(frames):
        state = step(state, seen, i * PERIOD_US, rules)
        told.append([(t.track_id, t.motion.corners) for t in state.tracked if t.track_id])
    return told


def same_people(one: Told, other: Told) -> None:
    """Each frame has the same boxes, and ids of one stand for ids of the other, one for one."""
    names: dict[int, int] = {}
    for a, b in zip(one, other, strict=True):
        a, b = sorted(a, key=lambda t: t[1]), sorted(b, key=lambda t: t[1])
        np.testing.assert_allclose([t[1] for t in a], [t[1] for t in b], rtol=1e-3, atol=0.1)
        for (mine, _), (their, _) in zip(a, b, strict=True):
            assert names.setdefault(mine, their) == their
    assert len(set(names.values())) == len(names)


def test_no_frames_and_empty_frames_have_no_tracks() -> None:
    assert ours([]) == theirs([]) == []
    assert ours([[], []]) == theirs([[], []]) == [[], []]


@pytest.mark.media
def test_the_people_of_the_campus_are_the_same(
    cpu_shelf: Shelf, campus: tuple[list[bytes], object], frame_item: Callable[[bytes, int], Item[Frame]]
) -> None:
    station = build(Config(weights="yolo11n_int8_320.onnx", min_score=0.1, classes=("person",)), cpu_shelf)
    said = station([frame_item(image, i) for i, image in enumerate(campus[0])])
    frames = [
        [Seen("person", b.score, (b.x1_px, b.y1_px, b.x2_px, b.y2_px)) for b in d.boxes]
        for d in said
        if isinstance(d, Detections)
    ]
    mine = ours(frames)
    same_people(mine, theirs(frames))
    assert len({i for f in mine for i, _ in f}) >= 5


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 9), st.integers(5, 60), st.floats(0, 0.4), st.floats(0, 12))
def test_walkers_who_cross_vanish_and_come_back_are_the_same(
    seed: int, walkers: int, frames: int, missed: float, shake_px: float
) -> None:
    """Boxes on straight paths, shaken, with scores of any height, some missed, and some that nobody walks in."""
    draw = np.random.default_rng(seed)
    start = draw.uniform(0, 600, (walkers, 2))
    speed = draw.uniform(-8, 8, (walkers, 2))
    size = draw.uniform(20, 150, (walkers, 2))
    scene: list[list[Seen]] = []
    for i in range(frames):
        corner = start + speed * i + draw.normal(0, shake_px, (walkers, 2))
        rows = np.concatenate([corner, corner + size * draw.uniform(0.95, 1.05, (walkers, 2))], axis=1)
        ghost = draw.uniform(0, 600, (1, 2))
        rows = np.concatenate([rows, np.concatenate([ghost, ghost + draw.uniform(20, 150, (1, 2))], axis=1)])
        score = draw.uniform(0.05, 1, len(rows))
        shown = draw.uniform(size=len(rows)) >= missed
        scene.append([Seen("p", float(score[j]), (*map(float, rows[j]),)) for j in np.flatnonzero(shown)])  # type: ignore[arg-type]
    same_people(ours(scene), theirs(scene))
