from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import pytest
import simplejpeg

from processors import faces as faces_station
from processors.emotions import Config, build
from processors.shelf import Shelf
from processors.station import Item
from schemas.records import Emotions, Face, Faces, Frame, Ref, Score, Speech, TrackedBox, Tracks

REF = Ref(topic="framelog.frames", partition=0, offset=7)
STEP_US = 100_000
Input = Tracks | Faces | Speech


def face(happy: float | None, x: float = 130) -> Face:
    """A face that is so happy and for the rest sad; with None one that nothing is read of."""
    scores = (
        () if happy is None else (Score(label="sadness", score=1 - happy), Score(label="happiness", score=happy))
    )
    return Face(score=0.9, x1_px=x, y1_px=110, x2_px=x + 40, y2_px=160, expressions=scores)


def faces(at: int, *found: Face, **other: Any) -> Faces:
    return Faces(pts_us=at * STEP_US, id=f"f{at}", frame=REF, faces=found, **other)


def tracks(at: int, *persons: tuple[int, float], label: str = "person") -> Tracks:
    boxes = tuple(
        TrackedBox(track_id=i, label=label, score=0.9, x1_px=x, y1_px=100, x2_px=x + 100, y2_px=400)
        for i, x in persons
    )
    return Tracks(pts_us=at * STEP_US, id=f"t{at}", tracks=boxes)


def run(records: Sequence[Input], config: Config | None = None) -> list[Emotions]:
    station = build(config or Config(), Shelf())
    state = station.start("cam", "s")
    said: list[Emotions] = []
    for record in records:
        state, more = station.step(state, Item(record, REF))
        said += more
    assert station.finish(state, 0) == ()
    return said


def feelings(said: Sequence[Emotions]) -> list[list[tuple[int | None, str]]]:
    return [[(p.track_id, p.emotion) for p in s.persons] for s in said]


def test_nothing_in_nothing_out_and_a_frame_without_faces_has_a_record() -> None:
    assert run([]) == []
    assert run([tracks(0, (1, 100))]) == []
    (said,) = run([faces(3)])
    assert (said.persons, said.faces_id, said.tracks_id, said.frame) == ((), "f3", "", REF)
    assert (said.pts_us, said.watermark_us) == (300_000, 300_000)


def test_a_face_is_linked_to_the_track_of_its_person() -> None:
    (said,) = run([tracks(0, (1, 500), (2, 100)), faces(0, face(1.0))])
    assert feelings([said]) == [[(2, "happiness")]]
    assert (said.tracks_id, said.persons[0].score) == ("t0", 1.0)


def test_a_dog_has_no_face_of_ours_and_an_old_track_is_of_no_use() -> None:
    assert feelings(run([tracks(0, (1, 100), label="dog"), faces(0, face(1.0))])) == [[(None, "happiness")]]
    (said,) = run([tracks(0, (1, 100)), faces(6, face(1.0))])
    assert (feelings([said]), said.tracks_id) == ([[(None, "happiness")]], "")


def test_one_odd_frame_changes_no_emotion_but_a_lasting_one_does() -> None:
    odd = [faces(i, face(0.0 if i == 5 else 1.0)) for i in range(10)]
    assert {e for f in feelings(run(odd)) for _, e in f} == {"happiness"}
    lasting = [faces(i, face(0.0 if i >= 5 else 1.0)) for i in range(15)]
    told = [e for f in feelings(run(lasting)) for _, e in f]
    assert told[:6] == ["happiness"] * 6
    assert told[-5:] == ["sadness"] * 5


def test_a_face_without_a_track_is_known_by_its_place() -> None:
    said = run([faces(0, face(1.0), face(0.0, 400)), faces(1, face(0.5, 402), face(0.5, 133))])
    assert feelings(said)[1] == [(None, "sadness"), (None, "happiness")]


def test_a_face_keeps_what_it_showed_when_its_track_begins_and_ends() -> None:
    records: list[Input] = [
        faces(0, face(1.0)),
        tracks(1, (4, 100)),
        faces(1, face(0.4)),
        tracks(2),
        faces(2, face(0.4)),
    ]
    assert feelings(run(records)) == [[(None, "happiness")], [(4, "happiness")], [(None, "happiness")]]


def test_another_track_at_the_same_place_is_another_person() -> None:
    records: list[Input] = [tracks(0, (1, 100)), faces(0, face(1.0)), tracks(1, (2, 100)), faces(1, face(0.45))]
    assert feelings(run(records)) == [[(1, "happiness")], [(2, "sadness")]]


def test_a_face_is_forgotten_after_a_while() -> None:
    said = run([faces(0, face(1.0)), faces(19, face(0.45)), faces(40, face(0.45))], Config(half_life_s=9.0))
    assert feelings(said) == [[(None, "happiness")], [(None, "happiness")], [(None, "sadness")]]


def test_a_face_that_nothing_is_read_of_is_told_without_emotion_or_with_the_last() -> None:
    said = run([faces(0, face(None)), faces(1, face(1.0)), faces(2, face(None))])
    assert feelings(said) == [[(None, "")], [(None, "happiness")], [(None, "happiness")]]


def test_faces_that_are_not_there_are_told_so() -> None:
    (said,) = run([faces(0, status="rejected", reason="no picture")])
    assert (said.status, said.reason, said.persons) == ("rejected", "no picture", ())


def test_tracks_that_are_not_there_leave_the_last_ones_standing() -> None:
    records: list[Input] = [tracks(0, (1, 100)), Tracks(pts_us=STEP_US, status="unavailable"), faces(1, face(1.0))]
    assert feelings(run(records)) == [[(1, "happiness")]]


def test_a_voice_counts_while_it_speaks_and_one_face_is_seen_alone() -> None:
    happy = (Score(label="happiness", score=0.9), Score(label="calm", score=0.1))
    voice = Speech(pts_us=0, start_us=0, end_us=150_000, emotions=happy)
    silent = Speech(pts_us=0, start_us=0, end_us=900_000)
    config = Config(half_life_s=0.0, voice_weight=0.5)
    sad = [faces(i, face(0.2)) for i in range(3)]
    scores = [{s.label: s.score for s in said.persons[0].expressions} for said in run([voice, *sad], config)]
    assert [round(s["happiness"], 3) for s in scores] == [0.6, 0.6, 0.2]
    assert run([silent, *sad], config) == run(sad, config)
    pair = faces(0, face(0.2), face(0.2, 400))
    assert run([voice, pair], config) == run([pair], config)


@pytest.mark.media
def test_the_weeping_man_is_sad_then_afraid_then_happy(
    cpu_shelf: Shelf, testdata: Path, frame_item: Callable[[bytes, int], Item[Frame]]
) -> None:
    """The manifest's arc: sadness 0 to 6 s, fear or surprise 8 to 9 s, happiness 10 to 19 s."""
    items: list[Item[Frame]] = []
    with av.open(str(testdata / "video/pyfeat_WolfgangLanger_Pexels.mp4")) as container:
        due = 0.0
        for frame in container.decode(video=0):
            if frame.time >= due - 1e-6:
                picture = frame.to_ndarray(format="bgr24")
                items.append(frame_item(simplejpeg.encode_jpeg(picture, 85, "BGR", "420"), len(items)))
                due += 0.1
    said = faces_station.build(faces_station.Config(), cpu_shelf)(items)
    timed = [f for f in said if isinstance(f, Faces)]
    assert len(timed) == len(items)
    told = run([Faces(pts_us=i * STEP_US, faces=f.faces) for i, f in enumerate(timed)])
    assert all(len(s.persons) == 1 for s in told)

    def prevailing(start_s: float, end_s: float) -> Counter[str]:
        within = [s for s in told if start_s * 1e6 <= s.pts_us < end_s * 1e6]
        return Counter(p.emotion for s in within for p in s.persons)

    arc = {span: prevailing(*span) for span in ((0.0, 6.0), (8.0, 9.0), (10.0, 19.0))}
    for (start_s, end_s), seen in arc.items():
        print(f"{start_s:g}-{end_s:g} s: {dict(seen.most_common())}")
    assert arc[0.0, 6.0]["sadness"] > 0.8 * arc[0.0, 6.0].total()
    assert arc[8.0, 9.0]["fear"] + arc[8.0, 9.0]["surprise"] > 0.5 * arc[8.0, 9.0].total()
    assert arc[10.0, 19.0]["happiness"] > 0.8 * arc[10.0, 19.0].total()
    changes = sum(a.persons[0].emotion != b.persons[0].emotion for a, b in pairwise(told))
    raw = sum(a.faces[0].emotion != b.faces[0].emotion for a, b in pairwise(timed))
    print(f"changes of emotion: {changes}, unsmoothed {raw}")
    assert changes < raw
