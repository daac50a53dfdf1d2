"""Sound without a gap, placed by counting samples."""

from fractions import Fraction
from itertools import pairwise
from typing import Any

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.sources import Config, Extractor, Sound, open_media
from connectors.sources.sound import Chunks, Listener

ONE = b"\x01\x00"


def chunked(runs: list[tuple[int, int]], record: int = 4, fill: int = 10) -> list[tuple[int, int]]:
    """(first sample, samples) of each record that runs of (first sample, samples) give."""
    chunks = Chunks(record, fill)
    out = [s for at, count in runs for s in chunks.add(at, ONE * count)] + list(chunks.finish())
    return [(round(s.pts_us * 16 / 1000), len(s.pcm) // 2) for s in out]


@pytest.mark.parametrize(
    ("runs", "wanted"),
    [
        ([], []),
        ([(0, 0)], []),
        ([(0, 4)], [(0, 4)]),
        ([(0, 9)], [(0, 4), (4, 4), (8, 1)]),
        ([(2, 2)], [(0, 4)]),  # silence before the first sample
        ([(0, 2), (6, 2)], [(0, 4), (4, 4)]),  # a short gap is silence
        ([(0, 2), (100, 4)], [(0, 4), (100, 4)]),  # a long one is a jump
        ([(0, 4), (2, 4)], [(0, 4), (4, 2)]),  # what overlaps is cut off
        ([(-3, 5)], [(0, 2)]),
        ([(0, 8), (2, 3)], [(0, 4), (4, 4)]),
    ],
)
def test_runs_become_records_without_gap_or_overlap(
    runs: list[tuple[int, int]], wanted: list[tuple[int, int]]
) -> None:
    assert chunked(runs) == wanted


@given(st.lists(st.tuples(st.integers(-50, 400), st.integers(0, 30)), max_size=20))
def test_records_never_overlap_and_only_the_last_is_short(runs: list[tuple[int, int]]) -> None:
    got = chunked(runs)
    assert all(a + n <= b for (a, n), (b, _) in pairwise(got))
    assert all(n == 4 for _, n in got[:-1])


def sounds(path: Any) -> list[Sound]:
    extractor = Extractor(Config())
    items = [*extractor.read(open_media(str(path), Config())), *extractor.finish()]
    return [item for item in items if isinstance(item, Sound)]


@pytest.mark.parametrize(
    ("name", "codec", "rate_hz", "layout"),
    [("a.mp4", "aac", 44_100, "stereo"), ("a.mkv", "aac", 48_000, "mono"), ("a.wav", "pcm_s16le", 16_000, "mono"),
     ("a.ts", "mp2", 32_000, "stereo"), ("a.flac", "flac", 8_000, "mono")],
)  # fmt: skip
def test_every_container_gives_half_second_records_at_16_khz(
    name: str, codec: str, rate_hz: int, layout: str, clip: Any
) -> None:
    got = sounds(clip(name, sound=codec, rate_hz=rate_hz, layout=layout, video=False, seconds=3.2))
    assert [s.pts_us for s in got] == [k * 500_000 for k in range(len(got))]
    assert all(len(s.pcm) == 16_000 for s in got[:-1])
    assert sum(len(s.pcm) for s in got) / 32_000 == pytest.approx(3.2, abs=0.06)


def test_a_tone_stays_a_tone(clip: Any) -> None:
    got = sounds(clip("a.wav", sound="pcm_s16le", video=False, seconds=4))
    samples = np.frombuffer(b"".join(s.pcm for s in got), np.int16)
    spectrum = np.abs(np.fft.rfft(samples[:32_000]))
    assert np.argmax(spectrum) * 16_000 / 32_000 == pytest.approx(440, abs=1)


def test_sound_that_starts_late_begins_with_silence(clip: Any) -> None:
    got = sounds(clip("a.mkv", sound="pcm_s16le", sound_start_s=1.25, seconds=2))
    assert got[0].pts_us == 0
    assert not any(got[0].pcm)
    assert not any(got[1].pcm)
    samples = np.frombuffer(b"".join(s.pcm for s in got), np.int16)
    assert np.flatnonzero(np.abs(samples) > 1000)[0] == pytest.approx(1.25 * 16_000, abs=60)


def heard(sizes: list[int], rate_hz: int, layout: str, bases: list[int]) -> list[Sound]:
    """Records of one tone that comes in frames of `sizes` samples with times in units of 1/`bases` in turn."""
    listener, at, out = Listener(Chunks()), 0, list[Sound]()
    wave = (8000 * np.sin(np.arange(sum(sizes)) * 2 * np.pi * 440 / rate_hz)).astype(np.int16)
    for n, size in enumerate(sizes):
        channels = 2 if layout == "stereo" else 1
        frame = av.AudioFrame.from_ndarray(np.repeat(wave[at : at + size], channels)[None], "s16", layout)
        frame.sample_rate, frame.time_base, frame.pts = rate_hz, Fraction(1, bases[n % len(bases)]), at
        out += listener.add(at * 1_000_000 // rate_hz, frame)
        at += size
        # A record is out as soon as its last sample can be: held back is less than one and the filter's length.
        assert at * 2 - sum(len(s.pcm) for s in out) * rate_hz / 16_000 < rate_hz + 400
    return out + list(listener.finish())


@pytest.mark.parametrize(("rate_hz", "layout"), [(44_100, "stereo"), (16_000, "mono"), (8_000, "mono")])
@pytest.mark.parametrize("sizes", [[100_000], [1024] * 97 + [672], [20_000, 1, 79_999], [160] * 625])
def test_how_sound_is_cut_into_frames_does_not_change_it(sizes: list[int], rate_hz: int, layout: str) -> None:
    assert heard(sizes, rate_hz, layout, [rate_hz]) == heard([512] * 195 + [160], rate_hz, layout, [rate_hz])


def test_another_time_base_in_the_midst_changes_nothing() -> None:
    sizes = [1024] * 90
    assert heard(sizes, 44_100, "stereo", [44_100, 90_000]) == heard(sizes, 44_100, "stereo", [44_100])


def test_no_frames_no_sound() -> None:
    assert list(Listener(Chunks()).finish()) == []
