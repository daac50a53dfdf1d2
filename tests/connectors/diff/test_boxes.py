"""Boxes, faces and persons of the same frame."""

from dataclasses import replace
from itertools import pairwise

import pytest

from schemas.records import Box, Emotions, PersonEmotion, Ref
from tests.connectors.diff.made import S, detected, found, framed, measured

HERE = (0.0, 0.0, 100.0, 100.0)
NEAR = (0.0, 0.0, 100.0, 80.0)
AWAY = (200.0, 0.0, 300.0, 100.0)


def counts(a: tuple[Box, ...], b: tuple[Box, ...]) -> dict[str, float]:
    m = measured("detections", framed("detections", [a]), framed("detections", [b]))
    return {
        k: v
        for k, v in m.items()
        if v and k in ("equal", "close", "moved", "rescored", "relabelled", "added", "lost")
    }


@pytest.mark.parametrize(
    ("a", "b", "want"),
    [
        ((), (), {}),
        (detected(HERE), (), {"lost": 1}),
        (detected(HERE), detected(AWAY), {"lost": 1, "added": 1}),
        (detected(HERE), detected(HERE), {"equal": 1}),
        (detected(HERE), detected(HERE, score=0.51), {"close": 1}),
        (detected(HERE), detected(HERE, score=0.75), {"rescored": 1}),
        (detected(HERE), detected(NEAR), {"moved": 1}),
        (detected(HERE), detected(NEAR, score=0.9), {"moved": 1, "rescored": 1}),
        (detected(HERE), detected(HERE, label="dog"), {"relabelled": 1}),
        # The dog at the same place is the dog, although the person there overlaps it wholly.
        (detected(HERE) + detected(NEAR, label="dog"), detected(HERE, label="dog"), {"moved": 1, "lost": 1}),
    ],
)  # fmt: skip
def test_what_has_become_of_a_box(a: tuple[Box, ...], b: tuple[Box, ...], want: dict[str, int]) -> None:
    assert counts(a, b) == want


def test_the_largest_difference_comes_first_and_its_neighbours_do_not_crowd_out_others() -> None:
    a = framed("detections", [detected(HERE, AWAY) if n == 3 else detected(HERE) for n in range(30)])
    b = framed("detections", [()] * 30)
    findings = found("detections", a, b, examples=3)
    assert findings.examples()[0][1].at_us == 3 * S // 10
    assert len(findings.examples()) == 3
    times = sorted(example.at_us for _, example in findings.examples())
    assert all(y - x >= S for x, y in pairwise(times))
    example = findings.examples()[0][1]
    assert example.frame == Ref(topic="framelog.frames", partition=0, offset=3)
    assert [m.state for m in example.a] == ["lost", "lost"]
    assert example.text == "lost person (0.50); lost person (0.50)"


def test_frames_that_only_one_run_has_are_told_and_not_compared() -> None:
    a = framed("detections", [detected(HERE)] * 4)
    m = measured("detections", a, [*a[:1], *a[2:]])
    assert (m["frames"], m["frames_only_a"], m["lost"]) == (3, 1, 0)


def test_a_run_with_frames_of_its_own_is_joined_by_stream_time() -> None:
    a = framed("detections", [detected(HERE)] * 3)
    own = [replace(r, frame=Ref(topic="framelog.frames.run.fast", partition=0, offset=7 + r.seq)) for r in a]
    assert measured("detections", a, own)["equal"] == 3


def test_two_frames_of_one_time_are_told_apart_by_where_they_lie() -> None:
    a = [replace(r, pts_us=0) for r in framed("detections", [detected(HERE), detected(AWAY)])]
    m = measured("detections", a, a[1:])
    assert (m["equal"], m["frames_only_a"], m["lost"]) == (1, 1, 0)


def test_an_answer_that_is_missing_is_counted() -> None:
    a = framed("detections", [detected(HERE)])
    m = measured("detections", a, [replace(a[0], boxes=(), status="unavailable")])
    assert (m["unanswered_a"], m["unanswered_b"], m["lost"]) == (0, 1, 1)


def emotions(track: int, emotion: str, valence: float, count: int = 3) -> list[Emotions]:
    person = PersonEmotion(track_id=track, emotion=emotion, score=0.8, valence=valence, arousal=0.0,
                           x1_px=0, y1_px=0, x2_px=50, y2_px=50)  # fmt: skip
    records: list[Emotions] = framed("emotions", [(person,)] * count)
    return records


def test_a_person_is_the_same_whatever_number_its_track_has() -> None:
    m = measured("emotions", emotions(1, "sadness", -0.5), emotions(9, "happiness", 0.5))
    assert (m["persons"], m["relabelled"], m["valence_moved"], m["arousal_moved"]) == (1, 3, 3, 0)
    assert m["mean_valence_moved"] == 1.0
    assert m["added"] == m["lost"] == 0


LEFT, RIGHT = 0.0, 100.0


def pair_of(left: int, right: int, crossed: bool = False) -> tuple[PersonEmotion, ...]:
    """A sad one on the left, a happy one on the right; crossed, each is where the other was."""
    places = (RIGHT, LEFT) if crossed else (LEFT, RIGHT)
    return tuple(
        PersonEmotion(track_id=track, emotion=emotion, score=0.8, x1_px=x, y1_px=0, x2_px=x + 50, y2_px=50)
        for track, emotion, x in zip((left, right), ("sadness", "happiness"), places, strict=True)
    )


def test_who_is_who_goes_by_the_whole_track_and_not_by_the_place_in_one_frame() -> None:
    a = framed("emotions", [pair_of(1, 2)] * 9)
    b = framed("emotions", [pair_of(8, 7, crossed=n == 4) for n in range(9)])
    m = measured("emotions", a, b)
    assert (m["persons"], m["matched"], m["added"], m["lost"]) == (2, 18, 0, 0)
    assert (m["relabelled"], m["moved"]) == (0, 2)  # they stand elsewhere, and feel what they felt
    assert measured("emotions", b, a)["moved"] == 2


def test_a_person_whose_track_the_other_run_has_cut_is_still_one_frame_by_frame() -> None:
    a = framed("emotions", [pair_of(1, 2)] * 9)
    b = framed("emotions", [pair_of(1 if n < 5 else 3, 2) for n in range(9)])
    m = measured("emotions", a, b)
    assert (m["persons"], m["equal"], m["added"], m["lost"]) == (2, 18, 0, 0)


def test_records_that_can_be_read_once_only_are_refused() -> None:
    with pytest.raises(TypeError, match="once only"):
        measured("emotions", iter(framed("emotions", [pair_of(1, 2)])), [])  # type: ignore[arg-type]
