"""Packets in records, untouched."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.sources import Batch, Config, Extractor, open_media
from connectors.sources.batching import Batcher
from connectors.sources.rebase import Rebase
from schemas.records import Packet


def batches(packets: list[tuple[int, bool, int]]) -> list[Batch]:
    """Records of packets given as (µs, video key, bytes)."""
    batcher = Batcher(1_000_000, 1000)
    out: list[Batch] = []
    for at_us, key, size in packets:
        out += batcher.add(at_us, 0, (), Packet(track=0, pts=at_us, dts=at_us, key=key, data=bytes(size)), key)
    return [*out, *batcher.finish()]


@pytest.mark.parametrize(
    ("packets", "wanted"),
    [
        ([], []),
        ([(0, True, 10)], [1]),
        ([(0, True, 10), (400_000, False, 10), (999_999, False, 10), (1_000_000, False, 10)], [3, 1]),
        ([(0, True, 10), (600_000, True, 10)], [1, 1]),
        ([(0, True, 10), (200_000, True, 10), (600_000, True, 10)], [2, 1]),  # every frame is a key frame
        ([(0, False, 10), (200_000, True, 10)], [1, 1]),
        ([(0, True, 600), (1, False, 600), (2, False, 10)], [1, 2]),
        ([(0, True, 5000), (1, False, 10)], [1, 1]),
    ],
)
def test_a_record_is_full_at_a_second_at_its_size_or_at_a_key_frame(
    packets: list[tuple[int, bool, int]], wanted: list[int]
) -> None:
    assert [len(b.packets) for b in batches(packets)] == wanted


@given(st.lists(st.tuples(st.integers(0, 5_000_000), st.booleans(), st.integers(1, 1200)), max_size=40))
def test_nothing_is_lost_and_time_never_falls(packets: list[tuple[int, bool, int]]) -> None:
    got = batches(packets)
    assert [(p.pts, p.key, len(p.data)) for b in got for p in b.packets] == packets
    assert all(a.pts_us <= b.pts_us for a, b in pairwise(got))
    assert all(sum(len(p.data) for p in b.packets) <= 1000 for b in got if len(b.packets) > 1)


def demuxed(path: Path) -> list[tuple[int, int | None, int | None, bytes]]:
    with av.open(str(path)) as container:
        return [(p.stream.index, p.pts, p.dts, bytes(p)) for p in container.demux() if p.size]


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.ts"])
def test_records_hold_the_sources_packets_untouched(name: str, clip: Any) -> None:
    path = clip(name, seconds=3, options={"g": "20"})
    extractor = Extractor(Config())
    media = open_media(str(path), Config())
    got = [i for i in [*extractor.read(media), *extractor.finish()] if isinstance(i, Batch)]
    assert [(p.track, p.pts, p.dts, p.data) for b in got for p in b.packets] == demuxed(path)
    assert all(b.packets[0].key for b in got if any(p.track == 0 and p.key for p in b.packets))


@pytest.mark.parametrize(
    ("steps", "wanted"),
    [
        ([], []),
        ([(0, 0), (0, 100_000), (0, 200_000)], [0, 0, 0]),
        ([(0, 0), (0, 100_000), (0, 60_000)], [0, 0, 0]),  # a small step back is no jump
        ([(0, 900_000), (0, 1_000_000), (0, 0)], [0, 0, 1_100_000]),
        ([(0, 900_000), (1, 950_000), (0, 0), (1, 30_000)], [0, 0, 1_050_000, 1_050_000]),
        ([(0, 0), (0, 60_000_000)], [0, 0]),
    ],
)
def test_tracks_that_jump_back_go_on_together(steps: list[tuple[int, int]], wanted: list[int]) -> None:
    rebase = Rebase()
    assert [rebase.shift(track, at_us, 100_000) for track, at_us in steps] == wanted


def test_a_live_clock_that_jumps_ahead_is_brought_back() -> None:
    rebase = Rebase(forward_us=10_000_000)
    assert [rebase.shift(0, t, 40_000) for t in (0, 40_000, 3_600_000_000)] == [0, 0, -3_599_920_000]
