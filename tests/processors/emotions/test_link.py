import pytest

from processors.emotions.link import Corners, cost_of, persons_of, same_places

STANDING: Corners = (100, 100, 200, 400)
HEAD: Corners = (130, 110, 170, 160)


@pytest.mark.parametrize(
    ("faces", "persons", "wanted"),
    [
        ([], [], []),
        ([], [STANDING], []),
        ([HEAD], [], [None]),
        ([HEAD], [STANDING], [0]),
        ([(130, 350, 170, 390)], [STANDING], [None]),
        ([(205, 110, 245, 160)], [STANDING], [None]),
        ([HEAD], [(0, 0, 600, 600), STANDING], [1]),
        ([HEAD, (135, 115, 165, 150)], [STANDING], [0, None]),
        ([(340, 110, 380, 160), HEAD], [STANDING, (310, 100, 410, 400)], [1, 0]),
        ([HEAD], [(150, 100, 150, 100)], [None]),
        ([(350, 82, 558, 360)], [(284, 4, 638, 352)], [0]),
    ],
    ids=["nobody", "no face", "no person", "a head", "at the feet", "beside", "the nearer of two", "one head each",
         "two and two", "flat person", "seen close"],
)  # fmt: skip
def test_a_face_belongs_to_the_person_under_it(
    faces: list[Corners], persons: list[Corners], wanted: list[int | None]
) -> None:
    assert persons_of(faces, persons, 0.4) == wanted


def test_a_face_seen_close_fills_its_person() -> None:
    assert cost_of((10, 5, 90, 95), (0, 0, 100, 100), 0.4) < cost_of((40, 45, 60, 55), (0, 0, 100, 100), 0.4)


@pytest.mark.parametrize(
    ("faces", "earlier", "wanted"),
    [
        ([], [HEAD], []),
        ([HEAD], [], [None]),
        ([HEAD], [HEAD], [0]),
        ([HEAD], [(400, 110, 440, 160)], [None]),
        ([HEAD, (400, 110, 440, 160)], [(402, 110, 442, 160), (131, 110, 171, 160)], [1, 0]),
        ([HEAD, (132, 110, 172, 160)], [HEAD], [0, None]),
    ],
    ids=["nobody", "nobody before", "same", "elsewhere", "both", "one for one"],
)
def test_a_face_is_the_one_that_was_there(
    faces: list[Corners], earlier: list[Corners], wanted: list[int | None]
) -> None:
    assert same_places(faces, earlier, 0.3) == wanted
