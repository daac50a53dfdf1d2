from io import BytesIO
from pathlib import Path
from typing import Any

import av
import pytest

from connectors.clips.index import SessionIndex
from connectors.clips.remux import remux
from connectors.clips.template import NoContainer
from schemas.records import Packets
from tests.connectors.clips.media import demuxed, logged, make

S = 1_000_000


def opened(body: bytes) -> Any:
    """A file in memory, open."""
    return av.open(BytesIO(body))


def inside(part: list[Any], whole: list[Any]) -> bool:
    """Whether a list is an unbroken stretch of another."""
    return bool(part) and any(whole[n : n + len(part)] == part for n in range(len(whole)))


def records_of(path: Path, **kw: Any) -> list[Packets]:
    return [r for r in logged(path, **kw) if not r.end]


def test_no_packets_make_no_clip() -> None:
    with pytest.raises(NoContainer):
        remux([], 0, S)


@pytest.mark.parametrize(
    ("name", "video", "audio", "options", "ending"),
    [
        ("a.mp4", "libx264", "aac", {}, "mp4"),
        ("a.mp4", "libx264", "", {"bf": "2"}, "mp4"),
        ("a.mkv", "libx264", "libopus", {}, "mp4"),
        ("a.webm", "libvpx", "libopus", {}, "webm"),
        ("a.mkv", "mjpeg", "pcm_s16le", {"strict": "unofficial"}, "mkv"),
        ("a.mp4", "mpeg4", "libmp3lame", {}, "mp4"),
        ("a.mp4", "", "aac", {}, "mp4"),
    ],
)
def test_a_clips_packets_are_the_sources_bit_by_bit_and_play(
    tmp_path: Path, name: str, video: str, audio: str, options: dict[str, str], ending: str
) -> None:
    path = make(tmp_path / name, 6, video, audio, **options)
    body, kind = remux(records_of(path), 3 * S, 5 * S)
    assert kind.ending == ending
    whole, part = demuxed(path), demuxed(BytesIO(body))
    for medium, wanted in (("video", video), ("audio", audio)):
        if wanted:
            assert inside(part[medium], whole[medium]), medium
        else:
            assert part[medium] == []
    with opened(body) as clip:
        if video:
            assert part["video"][0][1], "begins at a key frame"
            pictures = list(clip.decode(video=0))
            assert len(pictures) == len(part["video"])
            assert pictures[0].pts is not None
            assert 2.0 <= float(clip.duration or 0) / 1e6 <= 4.2
        else:
            assert sum(f.samples for f in clip.decode(audio=0)) == pytest.approx(2 * 48000, abs=2100)


def test_the_same_packets_give_the_same_file(tmp_path: Path) -> None:
    records = records_of(make(tmp_path / "a.mp4"))
    first = remux(records, S, 3 * S)
    assert remux(records, S, 3 * S) == first
    assert b"Lavf" not in first[0]


def test_the_index_of_an_mp4_comes_before_its_media(tmp_path: Path) -> None:
    body, _ = remux(records_of(make(tmp_path / "a.mp4")), S, 3 * S)
    assert 0 < body.find(b"moov") < body.find(b"mdat")


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_a_turned_picture_stays_turned(tmp_path: Path, rotation: int) -> None:
    body, _ = remux(records_of(make(tmp_path / "a.mp4"), rotation_deg=rotation), S, 3 * S)
    with opened(body) as clip:
        assert -next(clip.decode(video=0)).rotation % 360 == rotation


def test_a_codec_that_fits_no_file_is_named(tmp_path: Path) -> None:
    import dataclasses

    (first, *_) = records_of(make(tmp_path / "a.mp4"))
    odd = tuple(dataclasses.replace(t, codec="indeo3") for t in first.tracks)
    with pytest.raises(NoContainer, match="indeo3"):
        remux([dataclasses.replace(first, tracks=odd)], 0, S)


def index_of(records: list[Packets]) -> SessionIndex:
    index = SessionIndex()
    for n, record in enumerate(records):
        index.add(100 + n, record)
    return index


def test_nothing_is_known_of_a_session_without_packets() -> None:
    assert not SessionIndex().passed(0)
    assert SessionIndex().stretch(0, S) == []


def test_the_index_finds_the_records_that_a_clip_needs(tmp_path: Path) -> None:
    path = make(tmp_path / "a.mp4", seconds=8)
    records = list(logged(path))
    index = index_of(records)
    assert index.ended
    assert index.passed(10**12)
    entries = index.stretch(5 * S, 6 * S)
    assert 0 < len(entries) < len(records) - 1
    read = [records[e.offset - 100] for e in entries]
    assert remux(read, 5 * S, 6 * S) == remux([r for r in records if not r.end], 5 * S, 6 * S)


def test_a_stretch_is_passed_when_a_later_record_is_there_and_not_before(tmp_path: Path) -> None:
    records = [r for r in logged(make(tmp_path / "a.mp4", seconds=4)) if not r.end]
    index = index_of(records[:2])
    assert not index.passed(3 * S)
    index = index_of(records)
    assert index.passed(2 * S)


def test_a_stretch_whose_packets_are_gone_has_no_records(tmp_path: Path) -> None:
    records = [r for r in logged(make(tmp_path / "a.mp4", seconds=8)) if not r.end]
    assert index_of(records[4:]).stretch(0, S) == []


@pytest.mark.media
def test_a_clip_of_the_shared_stream_is_bit_equal_and_plays(testdata: Path) -> None:
    path = testdata / "video/stream_shared.mp4"
    records = records_of(path)
    body, kind = remux(records, 30 * S, 40 * S)
    whole, part = demuxed(path), demuxed(BytesIO(body))
    assert kind.ending == "mp4"
    assert inside(part["video"], whole["video"])
    assert inside(part["audio"], whole["audio"])
    with opened(body) as clip:
        assert len(list(clip.decode(video=0))) == len(part["video"])
