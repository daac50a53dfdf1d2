from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import simplejpeg

from processors.faces import Config, build
from processors.faces.core import FacesStation
from processors.faces.found import FoundFace
from processors.pictures import Picture
from processors.shelf import Shelf
from processors.station import Item, Rejected
from schemas.records import Faces, Frame, Model, Score

Make = Callable[..., Item[Frame]]


class Everywhere:
    """Finds four faces in every picture: one too weak, one tiny, one large, one large that is less certain."""

    model = Model(name="f", version="1", sha256="aa")

    def __call__(self, picture: Picture) -> list[FoundFace]:
        return [
            FoundFace(0.1, (0, 0, 30, 30)),
            FoundFace(0.8, (40, 40, 45, 45)),
            FoundFace(0.9, (0, 0, 30, 30), ((5, 6),)),
            FoundFace(0.7, (0, 0, 28, 28)),
        ]


class Bright:
    """Reads brightness for happiness."""

    model = Model(name="r", version="2", sha256="bb")

    def __call__(self, face: Picture) -> tuple[Score, ...]:
        happy = float(face.mean()) / 255
        return (Score(label="sadness", score=1 - happy), Score(label="happiness", score=happy))


def jpeg(value: int) -> bytes:
    return simplejpeg.encode_jpeg(np.full((64, 64, 3), value, np.uint8), 85, "BGR", "420")  # type: ignore[no-any-return]


def faces(said: Faces | Rejected) -> Faces:
    assert isinstance(said, Faces)
    return said


def test_no_frames_give_no_records() -> None:
    assert FacesStation(Config(), Everywhere(), None)([]) == []


def test_faces_come_largest_first_with_what_they_show(frame_item: Make) -> None:
    station = FacesStation(Config(), Everywhere(), Bright())
    said = faces(station([frame_item(jpeg(250))])[0])
    assert [f.x2_px - f.x1_px for f in said.faces] == [30, 28, 5]
    assert said.faces[0].emotion == "happiness"
    assert said.faces[0].landmarks[0].y_px == 6
    assert said.faces[1].expressions == ()  # too uncertain to be read
    assert said.faces[2].expressions == ()  # too small
    assert station.model == Model(name="f+r", version="1+2", sha256="aa+bb")


def test_without_a_reader_there_are_boxes_alone(frame_item: Make) -> None:
    said = faces(FacesStation(Config(max_faces=1), Everywhere(), None)([frame_item(jpeg(0))])[0])
    assert [(f.emotion, f.expressions) for f in said.faces] == [("", ())]


def test_what_is_no_picture_is_rejected_at_its_place(frame_item: Make) -> None:
    said = FacesStation(Config(), Everywhere(), None)([frame_item(b"x"), frame_item(jpeg(1), 1)])
    assert [type(s) for s in said] == [Rejected, Faces]


def test_the_builtin_profile_finds_no_face_in_grey_and_in_a_tiny_picture(frame_item: Make) -> None:
    station = build(Config(), Shelf())
    tiny = simplejpeg.encode_jpeg(np.zeros((8, 8, 3), np.uint8), 85, "BGR", "420")
    assert [faces(s).faces for s in station([frame_item(jpeg(128)), frame_item(tiny)])] == [(), ()]
    assert station.model.name == "opencv-haar-faces"


def test_an_unknown_backend_is_refused_with_those_there_are() -> None:
    with pytest.raises(ValueError, match="take one of auto, haar, yunet"):
        build(Config(backend="dlib"), Shelf())


@pytest.mark.media
def test_expressions_are_read_as_well_as_by_the_bare_model(
    cpu_shelf: Shelf, testdata: Path, frame_item: Make
) -> None:
    """The manifest has .50 over its 381 pictures of the seven classes, with its own cutting."""
    pictures = sorted((testdata / "images/faces_emotion").glob("*/*.jpg"))
    said = build(Config(), cpu_shelf)([frame_item(p.read_bytes()) for p in pictures])
    found = [faces(s).faces for s in said]
    right = [p.parent.name for p, f in zip(pictures, found, strict=True) if f and f[0].emotion == p.parent.name]
    accuracy = len(right) / len(pictures)
    print(f"expressions: {accuracy:.2f} of {len(pictures)} right, a face in {sum(map(bool, found))}")
    assert sum(map(bool, found)) >= 41
    assert accuracy >= 0.50
    assert right.count("happiness") >= 5
    assert all(abs(sum(s.score for s in f[0].expressions) - 1) < 1e-5 for f in found if f)


@pytest.mark.media
@pytest.mark.parametrize(("backend", "least"), [("yunet", 5), ("haar", 4)])
def test_a_group_of_smiling_people_is_found(
    backend: str, least: int, cpu_shelf: Shelf, testdata: Path, frame_item: Make
) -> None:
    image = (testdata / "images/pyfeat_multi_face.jpg").read_bytes()
    said = faces(build(Config(backend=backend), cpu_shelf)([frame_item(image)])[0])
    assert len(said.faces) >= least
    assert [f.emotion for f in said.faces].count("happiness") >= 4
    areas = [(f.x2_px - f.x1_px) * (f.y2_px - f.y1_px) for f in said.faces]
    assert areas == sorted(areas, reverse=True)


@pytest.mark.media
def test_landmarks_lie_in_the_faces_of_the_two_men(cpu_shelf: Shelf, testdata: Path, frame_item: Make) -> None:
    said = faces(build(Config(), cpu_shelf)([frame_item((testdata / "images/zidane.jpg").read_bytes())])[0])
    sure = [f for f in said.faces if f.score > 0.8]
    assert len(sure) == 2
    for face in sure:
        eyes, mouth = face.landmarks[:2], face.landmarks[3:]
        assert all(face.x1_px < p.x_px < face.x2_px for p in face.landmarks)
        assert max(p.y_px for p in eyes) < min(p.y_px for p in mouth)


@pytest.mark.media
@pytest.mark.parametrize("backend", ["yunet", "haar"])
def test_twice_the_same_gives_the_same_in_any_batch(
    backend: str, cpu_shelf: Shelf, testdata: Path, frame_item: Make
) -> None:
    names = ["zidane.jpg", "pyfeat_multi_face.jpg"]
    items = [frame_item((testdata / "images" / n).read_bytes()) for n in names]
    config = Config(backend=backend)
    alone = [build(config, cpu_shelf)([item])[0] for item in items]
    assert build(config, cpu_shelf)(items) == alone
