"""The scene that framelog renders itself: every station of the builtin profile has something to say about it."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from connectors.sources.scene import render_scene, script
from connectors.sources.scene.pictures import Pictures
from connectors.sources.scene.sounds import applause, sound_track
from connectors.sources.scene.voice import speak
from processors import sounds, speech, utterances
from processors.detections.models import Hog
from processors.shelf import Shelf
from processors.station import Item
from schemas.records import Ref, Sounds, Speech, Utterance
from tests.sound import audio_items, folded, samples_from

SECONDS = 32.0
PLAN = script(SECONDS)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return render_scene(tmp_path_factory.mktemp("scene") / "scene.part.mp4", SECONDS)


@pytest.fixture(scope="module")
def pictures(clip: Path) -> dict[float, Any]:
    """A picture each half second, by its time."""
    with av.open(str(clip)) as container:
        frames = [(f.time, f.to_ndarray(format="bgr24")) for f in container.decode(video=0) if f.pts is not None]
    return {time: picture for number, (time, picture) in enumerate(frames) if number % 12 == 6}


@pytest.fixture(scope="module")
def heard(clip: Path) -> list[Sounds]:
    return folded(sounds.build(sounds.Config(), Shelf()), audio_items(samples_from(clip)))


@pytest.fixture(scope="module")
def spoken(clip: Path) -> list[Utterance]:
    said = folded(utterances.build(utterances.Config(), Shelf()), audio_items(samples_from(clip)))
    return [u for u in said if u.speech]


def test_the_script_covers_the_scene_and_refuses_one_too_short() -> None:
    for seconds in (30.0, 45.0, 120.0):
        plan = script(seconds)
        assert [p.begin_s for p in plan.parts] == [0.0, *(p.end_s for p in plan.parts[:-1])]
        assert plan.end_s == seconds
        assert all(p.begin_s < p.end_s for p in plan.parts)
        assert plan.at(plan.word_s).shot == plan.at(plan.speech_s).shot == "face"
        assert plan.at(seconds + 1) is plan.parts[-1]
    with pytest.raises(ValueError, match="needs 30 s at least"):
        script(29.0)


def test_the_file_is_what_every_player_takes(clip: Path) -> None:
    with av.open(str(clip)) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        assert (video.codec_context.name, audio.codec_context.name) == ("h264", "aac")
        assert (video.width, video.height, float(video.average_rate or 0)) == (640, 360, 25.0)
        assert (container.duration or 0) / 1e6 == pytest.approx(SECONDS, abs=0.1)
        times = [f.time for f in container.decode(video=0)]
    assert len(times) == round(SECONDS * 25)
    assert all(b - a == pytest.approx(0.04) for a, b in pairwise(times))


def test_people_are_where_the_script_says(pictures: dict[float, Any]) -> None:
    hog = Hog()
    found = {time: len(hog(picture, 0.5).score) for time, picture in pictures.items()}
    for part in PLAN.parts:
        inside = [n for time, n in found.items() if part.begin_s + 1.5 < time < part.end_s - 0.1]
        match part.shot:
            case "walk":
                assert sum(n == 1 for n in inside) >= 0.8 * len(inside)
            case "stage":
                assert sum(n == 2 for n in inside) >= 0.8 * len(inside)
            case "room":
                assert sum(inside) == 0
            case _:
                pass


def test_a_face_is_seen_exactly_where_the_script_says(pictures: dict[float, Any]) -> None:
    haar = cv2.CascadeClassifier(str(Path(cv2.__file__).parent / "data/haarcascade_frontalface_default.xml"))
    for time, picture in pictures.items():
        faces = haar.detectMultiScale(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), 1.1, 5)
        assert len(faces) == (PLAN.at(time).shot == "face"), time


def test_speech_begins_and_ends_where_the_script_says(spoken: list[Utterance]) -> None:
    assert spoken[0].start_us / 1e6 == pytest.approx(PLAN.speech_s, abs=0.3)
    assert spoken[-1].start_us / 1e6 == pytest.approx(PLAN.word_s, abs=0.3)
    stage = next(p for p in PLAN.parts if p.applause)
    assert all(u.end_us / 1e6 < stage.begin_s or u.start_us / 1e6 > stage.end_s for u in spoken)


def test_words_are_understood(spoken: list[Utterance]) -> None:
    ref = Ref(topic="framelog.utterances", partition=0, offset=0)
    said = speech.build(speech.Config(), Shelf())([Item(replace(u, id="u"), ref) for u in spoken])
    words = {w.text for s in said if isinstance(s, Speech) for w in s.words}
    assert len(words & {"good", "morning", "welcome", "show", "today", "look", "hear", "thank", "banana"}) >= 4


def test_applause_is_heard_exactly_where_the_script_says(heard: list[Sounds]) -> None:
    stage = next(p for p in PLAN.parts if p.applause)
    claps = [s for s in heard if any(c.label == "applause" for c in s.classes)]
    assert len(claps) >= (stage.end_s - stage.begin_s - 1.0) * 2 - 1
    assert all(stage.begin_s < s.end_us / 1e6 and s.start_us / 1e6 < stage.end_s for s in claps)


def test_silence_before_the_speech_and_before_the_word(heard: list[Sounds]) -> None:
    silent = [s.start_us / 1e6 for s in heard if s.silence]
    assert any(t < PLAN.parts[0].end_s for t in silent)
    assert any(PLAN.word_s - 2 < t < PLAN.word_s for t in silent)
    assert not any(PLAN.speech_s + 0.5 < t < PLAN.speech_s + 2 for t in silent)


def test_rendered_again_it_is_the_same_file(clip: Path, tmp_path: Path) -> None:
    told: list[float] = []
    again = render_scene(tmp_path / "again.mp4", SECONDS, told.append)
    assert again.read_bytes() == clip.read_bytes()
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_sound_and_pictures_are_drawn_from_the_script_alone() -> None:
    track, rate_hz = sound_track(PLAN)
    assert (sound_track(PLAN)[0] == track).all()
    assert len(track) == round(SECONDS * rate_hz)
    one, other = Pictures(PLAN, track, rate_hz), Pictures(PLAN, track, rate_hz)
    for time in (0.0, 6.0, 11.8, 22.0, SECONDS):
        assert (one.at(time) == other.at(time)).all()
    assert one.at(6.0).shape == (360, 640, 3)


def test_applause_is_as_long_and_as_loud_as_asked() -> None:
    made = applause(22050, 22050, np.random.default_rng(1))
    assert len(made) == 22050
    assert made.std() == pytest.approx(2600.0, rel=0.1)  # the fades take a little


def test_an_espeak_that_does_not_start_is_an_error_that_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/bin/false")
    with pytest.raises(RuntimeError, match="install espeakng-loader anew"):
        speak(["hello"])


def test_sentences_come_back_one_by_one() -> None:
    spoken, rate_hz = speak(["Hello.", "", "Hello there."])
    assert rate_hz == 22050
    assert len(spoken) == 3
    assert len(spoken[0]) < len(spoken[2])
