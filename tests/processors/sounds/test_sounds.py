import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from processors import sounds
from processors.levels import FLOOR_DB, Samples, peak_db, rms_db
from processors.shelf import Shelf
from processors.sounds.core import Config, Listened, SoundsStation
from processors.sounds.models import Features, Rules, applause, features
from processors.station import Item, Rejected
from schemas.records import Model, Sounds
from tests.sound import RATE_HZ, audio_items, folded, samples_from

RNG = np.random.default_rng(5)


class Recorder:
    """Keeps what it is given to hear."""

    model = Model(name="recorder")
    before = 7600

    def __init__(self) -> None:
        self.heard: list[Samples] = []

    def __call__(self, samples: Samples, fresh: int, memory: float) -> Listened:
        self.heard.append(samples)
        return Listened((("a", 0.3), ("b", 0.3), ("c", 0.9), ("d", 0.1)), memory + 1)


def tone(seconds: float, level: int = 8000) -> NDArray[np.int16]:
    return (level * np.sin(2 * np.pi * 440 * np.arange(int(seconds * RATE_HZ)) / RATE_HZ)).astype(np.int16)


def zeros(seconds: float) -> NDArray[np.int16]:
    return np.zeros(int(seconds * RATE_HZ), np.int16)


@pytest.mark.parametrize(
    ("samples", "rms", "peak"),
    [
        ([], FLOOR_DB, FLOOR_DB),
        ([0, 0], FLOOR_DB, FLOOR_DB),
        ([-32768, -32768], 0.0, 0.0),
        ([16384, -16384], -6.0206, -6.0206),
        ([0, 3277], -23.0098, -19.9995),
    ],
)
def test_levels_are_in_db_of_full_scale(samples: list[int], rms: float, peak: float) -> None:
    made = np.array(samples, np.int16)
    assert (rms_db(made), peak_db(made)) == pytest.approx((rms, peak), abs=1e-3)


def test_every_audio_record_has_its_answer() -> None:
    items = audio_items(np.concatenate([tone(1.2), zeros(1)]))
    said = folded(SoundsStation(Rules()), items)
    assert [(s.pts_us, s.audio) for s in said] == [(i.record.pts_us, i.ref) for i in items]
    assert [s.end_us for s in said] == [500_000, 1_000_000, 1_500_000, 2_000_000, 2_200_000]
    assert all(s.watermark_us == s.end_us for s in said)
    assert said[0].loudness_db == pytest.approx(20 * np.log10(8000 / 32768 / np.sqrt(2)), abs=0.01)
    assert said[-1].loudness_db == FLOOR_DB


def test_silence_is_told_once_it_is_long_enough_and_from_where_it_began() -> None:
    said = folded(SoundsStation(Rules()), audio_items(np.concatenate([tone(1.2), zeros(3.1), tone(1)])))
    assert [s.silence for s in said] == [False, False, False, False, True, True, True, True, False, False, False]
    assert {s.silence_since_us for s in said if s.silence} == {1_200_000}
    assert {s.silence_since_us for s in said if not s.silence} == {None}


def test_a_murmur_between_the_thresholds_neither_begins_nor_ends_silence() -> None:
    murmur = tone(2, level=210)  # -46.9 dB
    assert not any(s.silence for s in folded(SoundsStation(Rules()), audio_items(murmur)))
    said = folded(SoundsStation(Rules()), audio_items(np.concatenate([zeros(1), murmur])))
    assert [s.silence_since_us for s in said] == [None, 0, 0, 0, 0, 0]


def test_the_listener_hears_the_sound_before_too() -> None:
    recorder = Recorder()
    samples = tone(1.7)
    folded(SoundsStation(recorder), audio_items(samples), through_bytes=True)
    padded = np.concatenate([np.zeros(7600, np.int16), samples])
    ends = [7600 + end for end in (8000, 16000, 24000, 27200)]
    starts = [end - 15600 for end in ends[:3]] + [ends[3] - 7600 - 3200]
    assert [h.tolist() for h in recorder.heard] == [
        padded[a:b].tolist() for a, b in zip(starts, ends, strict=True)
    ]


def test_likely_classes_are_told_best_first_and_equals_by_name() -> None:
    (said,) = folded(SoundsStation(Recorder(), Config(most_classes=2)), audio_items(tone(0.5)))
    assert [(c.label, c.score) for c in said.classes] == [("c", 0.9), ("a", 0.3)]


def test_digital_silence_never_reaches_the_listener() -> None:
    recorder = Recorder()
    said = folded(SoundsStation(recorder), audio_items(np.concatenate([zeros(5), tone(0.5), zeros(5)])))
    assert len(recorder.heard) == 2  # the tone, and once more as the past of the silence after it
    assert said[0].classes == ()


def test_what_was_heard_before_a_gap_is_forgotten() -> None:
    recorder = Recorder()
    items = audio_items(zeros(2)) + audio_items(tone(0.5), start_us=60_000_000, first_seq=4)
    said = folded(SoundsStation(recorder), items)
    assert [s.silence for s in said] == [False, True, True, True, False]
    quiet = audio_items(zeros(0.5), start_us=60_000_000, first_seq=4)
    assert not folded(SoundsStation(recorder), audio_items(zeros(2)) + quiet)[-1].silence


def test_audio_of_another_form_is_rejected_with_the_reason() -> None:
    core = SoundsStation(Rules())
    item = audio_items(tone(0.5))[0]
    _, (said,) = core.step(core.start("cam", "one"), Item(replace(item.record, rate_hz=48000), item.ref))
    assert isinstance(said, Rejected)
    assert "got 16000 bytes at 48000 Hz" in said.reason


@pytest.mark.parametrize(
    ("sound", "likely"),
    [
        (Features(-20.0, 0.2, 2.0), True),
        (Features(-45.0, 0.2, 2.0), False),  # too soft
        (Features(-20.0, 0.01, 2.0), False),  # music
        (Features(-20.0, 0.2, 9.0), False),  # speech
        (Features(-20.0, 0.9, 0.4), False),  # a fan
    ],
)
def test_applause_is_loud_broad_and_steady_but_not_dead_steady(sound: Features, likely: bool) -> None:
    assert (applause(sound) >= 0.5) is likely


@pytest.mark.parametrize(
    "samples",
    [zeros(5), tone(5), RNG.normal(0, 3000, 5 * RATE_HZ).astype(np.int16), np.tile(tone(0.05), 60), zeros(0.01)],
)
def test_silence_tones_and_fans_are_no_applause(samples: NDArray[np.int16]) -> None:
    assert not any(s.classes for s in folded(SoundsStation(Rules()), audio_items(samples)))


def test_features_of_noise_are_flat_and_of_a_tone_are_not() -> None:
    noise, pure = features(RNG.normal(0, 3000, 8000).astype(np.int16)), features(tone(0.5))
    assert noise.flatness > 0.8
    assert noise.spread_db < 0.7
    assert pure.flatness < 0.01


def heard(testdata: Path, backend: str, clip: str, through_bytes: bool = False) -> list[Sounds]:
    station = sounds.build(Config(backend=backend), Shelf("cpu", testdata / "models"))
    return folded(station, audio_items(samples_from(testdata / clip)), through_bytes)


def claps(said: list[Sounds]) -> list[Sounds]:
    return [s for s in said if any(c.label.lower() == "applause" and c.score >= 0.3 for c in s.classes)]


@pytest.mark.media
@pytest.mark.parametrize("backend", ["rules", "yamnet"])
def test_applause_of_the_livestream_is_found_and_none_in_speech_or_music(
    backend: str, testdata: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = heard(testdata, backend, "video/stream_shared.mp4")
    inside = [s for s in claps(said) if s.end_us > 55_640_000 and s.start_us < 65_640_000]
    with capsys.disabled():
        print(f"\n{backend}: applause in {len(inside)} of 20 half seconds, {len(claps(said))} in all")
    assert len(inside) >= 16
    assert claps(said) == inside


@pytest.mark.media
@pytest.mark.parametrize("backend", ["rules", "yamnet"])
@pytest.mark.parametrize(
    ("clip", "applauded"),
    [
        ("video/vl_applausing.mp4", True),
        ("audio/jfk.flac", False),
        ("audio/ami_trn01.wav", False),
        ("video/nasa_13013.mp4", False),
    ],
)
def test_applause_in_other_clips(backend: str, clip: str, applauded: bool, testdata: Path) -> None:
    said = heard(testdata, backend, clip)
    assert len(claps(said)) / len(said) > 0.7 if applauded else claps(said) == []


@pytest.mark.media
def test_silence_of_the_livestream_is_found(testdata: Path) -> None:
    said = heard(testdata, "rules", "video/stream_shared.mp4")
    timeline = json.loads((testdata / "video/stream_shared.timeline.json").read_text())
    silent = [s for s in said if s.silence]
    since = sorted({s.silence_since_us / 1e6 for s in silent if s.silence_since_us is not None})
    assert since == pytest.approx([3.0, 36.0, 83.0, 90.3], abs=0.25)
    for segment in timeline["segments"]:
        for a, b in segment["speech_vad"]:
            assert not any(s.start_us / 1e6 >= a and s.end_us / 1e6 <= b for s in silent)


@pytest.mark.media
def test_yamnet_hears_speech_and_music(testdata: Path) -> None:
    said = heard(testdata, "yamnet", "video/nasa_13013.mp4")
    top = [s.classes[0].label for s in said[2:] if s.classes]
    assert top.count("Speech") > 0.8 * len(top)
    assert any(c.label == "Music" for s in said for c in s.classes)


@pytest.mark.media
@pytest.mark.parametrize("backend", ["rules", "yamnet"])
def test_two_runs_and_a_run_through_snapshots_say_the_same(backend: str, testdata: Path) -> None:
    clip = "video/vl_applausing.mp4"
    once = heard(testdata, backend, clip)
    assert heard(testdata, backend, clip) == once
    assert heard(testdata, backend, clip, through_bytes=True) == once


def test_the_backend_follows_profile_and_shelf(tmp_path: Path) -> None:
    assert sounds.build(Config(), Shelf()).model.name == "rules"
    assert sounds.build(Config(), Shelf("cpu", tmp_path)).model.name == "rules"
    with pytest.raises(FileNotFoundError, match=r"sounds backend yamnet: yamnet\.tflite not found"):
        sounds.build(Config(backend="yamnet"), Shelf("cpu", tmp_path))
    with pytest.raises(ValueError, match="'panns' is none of yamnet, rules"):
        sounds.build(Config(backend="panns"), Shelf())
