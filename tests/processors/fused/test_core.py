"""Windows over all modalities."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processors.fused import Config, build
from processors.fused.core import Fuse
from schemas.records import Emotions, Fused, PersonEmotion, Sounds, Speech, TrackedBox, Tracks, Word
from tests.processors.script import Scene, items, run, us


def station(**config: Any) -> Fuse:
    return build(Config(**config), None)


def windows(scene: Scene, **config: Any) -> list[Fused]:
    return run(station(**config), scene.items(), scene.end_us)


def test_a_session_without_length_has_no_window() -> None:
    assert windows(Scene()) == []


def test_an_empty_session_has_its_windows_all_the_same() -> None:
    said = run(station(), [], us(2.5))
    assert [(w.start_us, w.end_us) for w in said] == [(0, us(1)), (us(1), us(2)), (us(2), us(2.5))]
    assert all(w.missing == ("tracks", "emotions", "speech", "sounds") for w in said)
    assert not any(w.silence for w in said), "nobody listened, so it is not known to be silent"


def test_a_quiet_empty_room_is_silent_and_misses_nothing() -> None:
    for w in windows(Scene(3)):
        assert (w.persons_max, w.silence, w.speaking, w.missing, w.text) == (0, True, False, (), "")


def test_words_go_to_the_windows_in_which_they_begin() -> None:
    said = windows(Scene(8, said=[(1.5, 5.5, "one two three four")]))
    assert [w.text for w in said] == ["", "one", "two", "three", "four", "", "", ""]
    assert [w.speaking for w in said] == [False, True, True, True, True, True, False, False]
    utterance = {i for w in said[1:6] for i in w.evidence.speech}  # type: ignore[union-attr]
    assert len(utterance) >= 1
    assert all(w.evidence and w.evidence.speech for w in said)


def test_words_beyond_the_end_are_kept_in_the_last_window() -> None:
    early, last = Word(text="a", start_us=us(0.4), end_us=us(0.8)), Word(text="b", start_us=us(2.9), end_us=us(3))
    late = Speech(pts_us=us(0.5), start_us=us(0.5), end_us=us(3), text="a b", words=(early, last))
    for end in (us(2), us(1.7)):
        assert [w.text for w in run(station(), items([late]), end)] == ["a", "b"]


def test_persons_are_counted_followed_and_let_go() -> None:
    said = windows(Scene(6, persons=[(1.0, 4.0), (2.0, 3.0)]))
    assert [w.persons_max for w in said] == [0, 1, 2, 1, 0, 0]
    assert [w.entered for w in said] == [(), (1,), (2,), (), (), ()]
    assert [w.left for w in said] == [(), (), (), (2,), (1,), ()]
    assert [p.frames for p in said[1].persons] == [5]


def test_what_is_no_person_is_an_object_and_neither_enters_nor_leaves() -> None:
    def box(i: int, label: str) -> TrackedBox:
        return TrackedBox(track_id=i, label=label, score=0.9, x1_px=0, y1_px=0, x2_px=9, y2_px=9)

    seen = [
        Tracks(pts_us=0, tracks=(box(1, "car"), box(2, "car"), box(3, "person")), entered=(1, 2, 3)),
        Tracks(pts_us=us(0.5), seq=1, tracks=(box(1, "car"),), left=(2,)),
        Tracks(pts_us=us(1.5), seq=2, left=(1, 3)),
    ]
    first, second = run(station(), items(seen), us(2))
    assert [(o.label, o.count) for o in first.objects] == [("car", 2)]
    assert (first.entered, first.left, second.left) == ((3,), (), (3,))


def test_the_prevailing_emotion_is_linked_to_its_person() -> None:
    def seen(emotion: str, score: float) -> PersonEmotion:
        return PersonEmotion(
            track_id=4, emotion=emotion, score=score, valence=0.5, x1_px=0, y1_px=0, x2_px=9, y2_px=9
        )

    box = TrackedBox(track_id=4, label="person", score=0.9, x1_px=0, y1_px=0, x2_px=9, y2_px=9)
    felt = [("happiness", 0.75), ("happiness", 0.25), ("fear", 0.875)]
    records: list[Any] = [Tracks(pts_us=us(0.2), tracks=(box,))]
    records += [Emotions(pts_us=us(i / 5), seq=i, persons=(seen(*f),)) for i, f in enumerate(felt)]
    (window,) = run(station(), items(records), us(1))
    assert (window.emotion, window.emotion_score) == ("happiness", 0.5)
    assert (window.persons[0].emotion, window.persons[0].valence, window.valence) == ("happiness", 0.5, 0.5)


def test_a_face_that_stays_counts_as_a_person_and_one_that_flickers_does_not() -> None:
    said = windows(Scene(2, faces=[(0.0, 1.0, "neutral", 0.5), (1.0, 1.3, "neutral", 0.5)]))
    assert [w.persons_max for w in said] == [1, 0]
    assert [w.emotion for w in said] == ["neutral", ""]


def test_the_loudest_stretch_and_the_best_score_of_each_class_are_kept() -> None:
    said = windows(Scene(2, heard=[(0.5, 1.0, "Applause", 0.7, -12.0), (0.0, 1.0, "Applause", 0.4, -30.0)]))
    assert said[0].loudness_db == pytest.approx(-12)
    assert [(s.label, round(s.score, 2)) for s in said[0].sounds] == [("Applause", 0.7)]
    assert (said[0].silence, said[1].silence) == (False, True)


@pytest.mark.parametrize("status", ["unavailable", "rejected"])
def test_a_modality_without_an_answer_is_missing(status: Any) -> None:
    records = [
        replace(i.record, status=status) if isinstance(i.record, Speech) else i.record for i in Scene(2).items()
    ]
    assert [w.missing for w in run(station(), items(records), us(2))] == [("speech",), ("speech",)]


@pytest.mark.parametrize("status", ["ok", "unavailable"])
def test_a_voice_that_was_not_understood_speaks_all_the_same(status: Any) -> None:
    voice = Speech(start_us=0, end_us=us(2), loudness_db=-30.0, status=status)
    quiet = Speech(seq=1, pts_us=us(2), start_us=us(2), end_us=us(3))
    said = run(station(), items([voice, quiet]), us(3))
    assert [w.speaking for w in said] == [True, True, False]
    assert [("speech" in w.missing) for w in said] == [status != "ok"] * 2 + [False]


def test_a_recording_without_sound_misses_speech_and_sounds() -> None:
    said = windows(Scene(2, persons=[(0, 2)], without=frozenset({"speech", "sounds"})))
    assert [w.missing for w in said] == [("speech", "sounds")] * 2


def test_evidence_names_the_raw_records_and_every_derived_one() -> None:
    scene = Scene(2, persons=[(0, 2)])
    first, _ = windows(scene)
    assert first.evidence is not None
    assert first.evidence.first_frame is not None
    assert first.evidence.last_frame is not None
    assert (first.evidence.first_frame.offset, first.evidence.last_frame.offset) == (0, 4)
    assert first.evidence.last_audio is not None
    assert first.evidence.last_audio.offset == 1
    inside = {i.record.id for i in scene.items() if i.record.pts_us < us(1)}
    e = first.evidence
    assert {*e.tracks, *e.emotions, *e.speech, *e.sounds} == inside


def test_a_jump_of_hours_is_left_out_and_a_pause_of_minutes_is_not() -> None:
    def two(at: float) -> list[Fused]:
        return run(station(), items([Sounds(pts_us=0), Sounds(pts_us=us(at), seq=1)]), us(at) + 1)

    assert len(two(600)) == 601
    assert [w.start_us for w in two(1.7e9)] == [0, us(1.7e9)]


def test_a_window_is_said_as_soon_as_something_at_its_end_comes() -> None:
    fold, scene = station(), Scene(3)
    state = fold.start("", "")
    for item in scene.items():
        state, said = fold.step(state, item)
        if said:
            assert item.record.pts_us == said[0].end_us


times = st.floats(0, 12)
spans = st.tuples(times, times).map(lambda t: (min(t), max(t)))
scenes = st.builds(
    Scene,
    seconds=times,
    persons=st.lists(spans, max_size=3),
    faces=st.lists(st.tuples(times, times, st.sampled_from(["fear", "neutral"]), st.floats(0, 1)), max_size=3),
    said=st.lists(times, max_size=3, unique=True).map(lambda b: [(t, t + 0.01, "a word") for t in sorted(b)]),
    fps=st.sampled_from([1.0, 3.0]),
    without=st.frozensets(st.sampled_from(["tracks", "emotions", "speech", "sounds"])),
)


@settings(max_examples=60, deadline=None)
@given(scene=scenes, window_s=st.sampled_from([0.4, 1.0, 3.0]), saved=st.frozensets(st.integers(0, 90)))
def test_windows_are_dense_aligned_and_the_same_after_any_snapshot(
    scene: Scene, window_s: float, saved: frozenset[int]
) -> None:
    fed, fold = scene.items(), station(window_s=window_s)
    said = run(fold, fed, scene.end_us)
    assert said == run(fold, fed, scene.end_us, saved=saved)
    end_us = max(scene.end_us, max((i.record.pts_us + 1 for i in fed), default=0))
    assert [w.start_us for w in said] == list(range(0, end_us, us(window_s)))
    assert all(a.end_us == b.start_us for a, b in pairwise(said))
    assert not said or said[-1].end_us == end_us
    assert all(w.pts_us == w.start_us and w.watermark_us == w.end_us for w in said)
    spoken = [w.text for i in fed if isinstance(i.record, Speech) for w in i.record.words]
    assert sorted(w.text for f in said for w in f.words) == sorted(spoken), "no word is lost or said twice"


def test_a_window_without_length_is_refused() -> None:
    with pytest.raises(ValueError, match="window_s must be above 0"):
        Config(window_s=0)
