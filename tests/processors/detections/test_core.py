from collections.abc import Callable

import numpy as np
import pytest
import simplejpeg

from processors.detections.core import Config, DetectionsStation, allowed
from processors.detections.found import Found, nothing
from processors.detections.models import metadata_of, names_of, points_of
from processors.pictures import Picture
from processors.station import Item, Rejected
from schemas.records import Box, Detections, Frame, Model

Make = Callable[..., Item[Frame]]


class Fixed:
    """Finds the same two objects in every picture, whatever it shows."""

    model = Model(name="fixed")
    labels = ("person", "bus")

    def __call__(self, picture: Picture, min_score: float) -> Found:
        if not picture.any():
            return nothing()
        xyxy = np.array([[-5, 2, 10, 20], [1, 1, 9, 9]], np.float32)
        points = np.array([[[3, 4, 0.5]], [[5, 6, 0.25]]], np.float32)
        return Found(xyxy, np.array([0.5, 0.75], np.float32), np.array([0, 1]), points)


def jpeg(value: int, height: int = 16, width: int = 24) -> bytes:
    picture = np.full((height, width, 3), value, np.uint8)
    return simplejpeg.encode_jpeg(picture, 85, "BGR", "420")  # type: ignore[no-any-return]


@pytest.fixture
def station() -> DetectionsStation:
    return DetectionsStation(Config(), Fixed())


def test_no_frames_give_no_records(station: DetectionsStation) -> None:
    assert station([]) == []


def test_a_frame_without_objects_has_a_record_too(station: DetectionsStation, frame_item: Make) -> None:
    item = frame_item(jpeg(0))
    assert station([item]) == [Detections(frame=item.ref, width_px=24, height_px=16, boxes=())]


def test_boxes_are_clipped_best_first_and_named(station: DetectionsStation, frame_item: Make) -> None:
    (said,) = station([frame_item(jpeg(200))])
    assert isinstance(said, Detections)
    assert [(b.label, b.score, b.x1_px, b.y2_px) for b in said.boxes] == [
        ("bus", 0.75, 1, 9),
        ("person", 0.5, 0, 16),
    ]
    assert said.boxes[0].keypoints[0].x_px == 5


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        (b"", "no picture"),
        (b"hello", "not a whole JPEG"),
        (b"\xff\xd8\xff\xd9", "not a whole JPEG"),
        (jpeg(9)[:-40], "not a whole JPEG"),
        (jpeg(9, 100, 200), "200x100 is larger than 0.01 megapixels"),
    ],
    ids=["empty", "text", "hollow", "truncated", "bomb"],
)
def test_what_is_no_picture_is_rejected_at_its_place(image: bytes, reason: str, frame_item: Make) -> None:
    station = DetectionsStation(Config(max_megapixels=0.01), Fixed())
    said = station([frame_item(jpeg(1)), frame_item(image, 1), frame_item(jpeg(1), 2)])
    assert [type(s) for s in said] == [Detections, Rejected, Detections]
    assert isinstance(said[1], Rejected)
    assert reason in said[1].reason


def test_a_grey_jpeg_is_a_picture(station: DetectionsStation, frame_item: Make) -> None:
    grey = simplejpeg.encode_jpeg(np.full((16, 24, 1), 99, np.uint8), 85, "GRAY", "420")
    assert isinstance(station([frame_item(grey)])[0], Detections)


def test_only_wanted_classes_are_told_and_unknown_ones_refused(frame_item: Make) -> None:
    (said,) = DetectionsStation(Config(classes=("person",)), Fixed())([frame_item(jpeg(200))])
    assert isinstance(said, Detections)
    assert [b.label for b in said.boxes] == ["person"]
    with pytest.raises(ValueError, match="the model knows no tram; it knows person, bus"):
        DetectionsStation(Config(classes=("tram",)), Fixed())
    assert allowed((), ("person",)) is None


def test_metadata_of_an_export_is_read_without_a_yaml_package() -> None:
    text = "task: pose\nnames:\n  0: person\n  1: traffic light\nargs:\n  batch: 1\nkpt_shape:\n- 17\n- 3\n"
    meta = metadata_of(text)
    assert names_of(meta) == ("person", "traffic light")
    assert points_of(meta) == 17
    assert points_of(metadata_of("")) == 0
    assert len(names_of({})) == 80
    assert isinstance(Box(label="x", score=1, x1_px=0, y1_px=0, x2_px=1, y2_px=1), Box)
