"""Which frames are kept, and that leaving packets out changes none of them."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.sources import Config, Extractor, Picture, open_media
from connectors.sources.nal import disposable, headers, length_bytes
from connectors.sources.sampling import Needed, Sampler

times = st.lists(st.integers(0, 5_000_000), max_size=80)


def kept(fps: float, times_us: list[int]) -> list[int]:
    sampler = Sampler(fps)
    return [t for t in times_us if sampler.keep(t)]


@pytest.mark.parametrize(
    ("fps", "times_us", "wanted"),
    [
        (10, [], []),
        (10, [0], [0]),
        (10, [k * 40_000 for k in range(6)], [0, 120_000, 200_000]),
        (10, [0, 0, 0], [0]),
        (10, [0, 500_000, 100_000, 600_000], [0, 500_000, 600_000]),
        (30, [0, 33_000, 67_000, 100_000], [0, 33_000, 67_000, 100_000]),  # Matroska counts in milliseconds
        (10, [0, 1_000_000, 1_010_000], [0, 1_000_000]),
    ],
)
def test_first_frame_of_each_tick_is_kept(fps: float, times_us: list[int], wanted: list[int]) -> None:
    assert kept(fps, times_us) == wanted


def test_twenty_five_frames_a_second_become_exactly_ten() -> None:
    assert len(kept(10, [k * 40_000 for k in range(2377)])) == 951


@given(times, st.sampled_from([1.0, 7.5, 10.0, 29.97]))
def test_kept_times_rise_strictly_whatever_comes(times_us: list[int], fps: float) -> None:
    got = kept(fps, times_us)
    assert all(a < b for a, b in pairwise(got))


@given(st.lists(st.tuples(st.integers(0, 3_000_000), st.booleans()), unique_by=lambda p: p[0], max_size=60))
def test_no_kept_frame_is_ever_left_out(packets: list[tuple[int, bool]]) -> None:
    needed = Needed(Sampler(10))
    decoded = [pts for pts, free in packets if needed.decode(pts, free)]
    assert kept(10, sorted(decoded)) == kept(10, sorted(pts for pts, _ in packets))


@pytest.mark.parametrize(
    ("data", "length", "wanted"),
    [
        (b"", None, False),
        (b"\x00\x00\x01\x09\xf0", None, False),  # a delimiter alone
        (b"\x00\x00\x01\x01abc", None, True),
        (b"\x00\x00\x01\x01a\x00\x00\x01\x41b", None, False),
        (b"\x00\x00\x00\x02\x01a", 4, True),
        (b"\x00\x00\x00\x02\x65a", 4, False),
        (b"\x00\x00\x00\x00\x00", 4, False),
    ],
)
def test_packet_is_disposable_when_no_slice_is_a_reference(data: bytes, length: int | None, wanted: bool) -> None:
    assert disposable(data, length) is wanted


@given(st.binary(max_size=200), st.sampled_from([None, 1, 2, 4]))
def test_broken_packets_end_the_search(data: bytes, length: int | None) -> None:
    assert len(list(headers(data, length))) <= len(data)


@pytest.mark.parametrize(("extradata", "wanted"), [(None, None), (b"", None), (b"\x01\x64\x00\x1f\xff", 4),
                                                   (b"\x00\x00\x00\x01\x67", None)])  # fmt: skip
def test_length_size_is_read_from_the_codec_header(extradata: bytes | None, wanted: int | None) -> None:
    assert length_bytes(extradata) == wanted


def all_frames(path: Path) -> dict[int, Any]:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert stream.time_base is not None
        return {
            round(frame.pts * stream.time_base * 1_000_000): frame.to_ndarray(format="bgr24")
            for frame in container.decode(stream)
            if frame.pts is not None
        }


@pytest.mark.parametrize("options", [{}, {"bf": "3", "x264-params": "b-pyramid=none"}, {"bf": "4", "g": "12"}])
@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.ts"])
def test_kept_frames_have_the_pixels_of_a_full_decode(name: str, options: dict[str, str], clip: Any) -> None:
    path = clip(name, options=options, seconds=3, sound=None)
    whole = all_frames(path)
    start = min(whole)
    extractor, media = Extractor(Config()), open_media(str(path), Config())
    pictures = [item for item in extractor.read(media) if isinstance(item, Picture)]
    assert len(pictures) == 30
    for picture in pictures:
        np.testing.assert_array_equal(picture.frame.to_ndarray(format="bgr24"), whole[picture.pts_us + start])


def test_packets_are_really_left_out(clip: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []
    decode = Needed.decode

    def counting(self: Needed, pts_us: int | None, free: bool) -> bool:
        asked.append(decode(self, pts_us, free))
        return asked[-1]

    monkeypatch.setattr(Needed, "decode", counting)
    path = clip("a.mp4", options={"bf": "3", "x264-params": "b-pyramid=none"}, seconds=3, sound=None)
    list(Extractor(Config()).read(open_media(str(path), Config())))
    assert len(asked) == 75
    assert asked.count(False) > 20
