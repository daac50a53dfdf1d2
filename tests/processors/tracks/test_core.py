from collections.abc import Sequence

import pytest

from processors.shelf import Shelf
from processors.station import Item
from processors.tracks import Config, build
from schemas.records import Box, Detections, Ref, Tracks

PERIOD_US = 100_000


def box(x: float, label: str = "person", score: float = 0.9, y: float = 0) -> Box:
    return Box(label=label, score=score, x1_px=x, y1_px=y, x2_px=x + 50, y2_px=y + 100)


def track(
    frames: Sequence[Sequence[Box]], config: Config | None = None, times: Sequence[int] = ()
) -> list[Tracks]:
    station = build(config or Config(), Shelf())
    state = station.start("cam", "s")
    said: list[Tracks] = []
    for i, boxes in enumerate(frames):
        pts_us = times[i] if times else i * PERIOD_US
        ref = Ref(topic="framelog.detections", partition=0, offset=i)
        record = Detections(seq=i, pts_us=pts_us, id=f"d{i}", frame=ref, width_px=640, boxes=tuple(boxes))
        state, more = station.step(state, Item(record, ref))
        said += more
    assert station.finish(state, 0) == ()
    return said


def ids(said: Sequence[Tracks]) -> list[list[int]]:
    return [[t.track_id for t in s.tracks] for s in said]


def test_no_frames_say_nothing_and_an_empty_frame_says_so() -> None:
    assert track([]) == []
    (said,) = track([[]])
    assert (said.tracks, said.entered, said.left, said.detections_id) == ((), (), (), "d0")


def test_who_is_there_from_the_first_frame_is_told_at_once() -> None:
    said = track([[box(0), box(300)], [box(305), box(5)]])
    assert ids(said) == [[1, 2], [1, 2]]
    assert said[0].entered == (1, 2)
    assert said[1].entered == ()
    assert [t.x1_px for t in said[1].tracks] == [5, 305]
    assert [t.age for t in said[1].tracks] == [1, 1]


def test_who_comes_later_is_told_when_seen_twice() -> None:
    said = track([[], [box(0)], [box(5)], [box(10)]])
    assert ids(said) == [[], [], [1], [1]]
    assert [s.entered for s in said] == [(), (), (1,), ()]


def test_a_flash_of_one_frame_is_nobody_and_takes_no_number() -> None:
    said = track([[], [box(0)], [], [box(300)], [box(300)]])
    assert ids(said) == [[], [], [], [], [1]]


def test_who_leaves_has_left_after_the_patience_and_comes_back_as_another() -> None:
    frames = [[box(0)]] * 3 + [[]] * 12 + [[box(0)]] * 3
    said = track(frames, Config(lost_s=0.5))
    assert [s.left for s in said].index((1,)) == 2 + 6  # the first frame more than 0.5 s after the last sight
    assert ids(said)[-1] == [2]


def test_who_is_hidden_for_less_than_the_patience_stays_the_same() -> None:
    said = track([[box(5 * i)] if i < 5 or i > 9 else [] for i in range(15)])
    assert {i for frame in ids(said) for i in frame} == {1}
    assert all(s.left == () for s in said)


def test_a_weak_box_keeps_a_track_alive_but_begins_none() -> None:
    weak = [box(300, score=0.2)]
    said = track([[box(0)], [box(2, score=0.2), *weak], [box(4, score=0.2), *weak]])
    assert ids(said) == [[1], [1], [1]]


def test_a_bus_is_never_matched_with_a_person() -> None:
    said = track([[box(0)], [box(0, label="bus")], [box(0, label="bus")]])
    assert [[(t.track_id, t.label) for t in s.tracks] for s in said] == [[(1, "person")], [], [(2, "bus")]]


def test_only_wanted_labels_are_followed() -> None:
    said = track([[box(0), box(200, label="bus")]], Config(classes=("bus",)))
    assert [t.label for t in said[0].tracks] == ["bus"]


def test_motion_goes_on_through_a_pause_of_the_stream() -> None:
    """Twenty pixels a frame for a second, then half a second without a frame."""
    frames = [[box(20.0 * i)] for i in range(10)] + [[box(20.0 * 14)]]
    times = [i * PERIOD_US for i in range(10)] + [14 * PERIOD_US]
    assert ids(track(frames, times=times))[-1] == [1]


def test_a_frame_without_an_answer_is_told_and_moves_nothing() -> None:
    station = build(Config(), Shelf())
    ref = Ref(topic="t", partition=0, offset=0)
    state, _ = station.step(station.start("cam", "s"), Item(Detections(boxes=(box(0),)), ref))
    after, (said,) = station.step(state, Item(Detections(pts_us=5, status="rejected", reason="no picture"), ref))
    assert after == state
    assert (said.status, said.reason, said.pts_us, said.watermark_us) == ("rejected", "no picture", 5, 5)


@pytest.mark.parametrize("flat", [(0, 0, 0, 10), (0, 10, 10, 10), (5, 5, 5, 5)])
def test_boxes_without_area_are_left_out(flat: tuple[float, float, float, float]) -> None:
    x1, y1, x2, y2 = flat
    assert ids(track([[Box(label="person", score=0.9, x1_px=x1, y1_px=y1, x2_px=x2, y2_px=y2)]])) == [[]]
