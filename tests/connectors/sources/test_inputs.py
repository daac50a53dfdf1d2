"""Whatever is named as a source works, or ends in one line that says what to do."""

from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import simplejpeg
from hypothesis import given
from hypothesis import strategies as st

from connectors.sources import Batch, Config, Extractor, Item, Media, Picture, Sound, SourceError, probe, redact
from connectors.sources.pictures import Coder, jpeg, upright
from tests.connectors.conftest import write_clip

SHARED = [
    ("video/stream_shared.mp4", 951, 191),
    ("video/pyfeat_noface_face.mov", 64, 8),  # HEVC in mov; its sound is shorter
    ("video/grid_bbaf2n.mpg", 30, 6),  # MPEG-1 with MP2
    ("video/nasa_13013.mp4", 130, 27),  # two video and two sound tracks
    ("video/intel_one-by-one-person-detection.mp4", 1394, 0),
    ("video/pyfeat_WolfgangLanger_Pexels.mp4", 197, 40),
    ("audio/jfk.flac", 0, 22),
]


def taken(source: object) -> tuple[Media, Extractor, list[Item]]:
    extractor, media = Extractor(Config()), probe(str(source), Config())
    return media, extractor, [*extractor.read(media), *extractor.finish()]


def count(items: list[Item], kind: type[Item]) -> int:
    return sum(isinstance(item, kind) for item in items)


def assert_in_order(items: list[Item]) -> None:
    for kind in (Picture, Sound, Batch):
        times = [item.pts_us for item in items if isinstance(item, kind)]
        assert times == sorted(times)
        assert not times or times[0] >= 0


@pytest.mark.media
@pytest.mark.parametrize(("name", "pictures", "sounds"), SHARED)
def test_shared_clips_give_what_they_hold(name: str, pictures: int, sounds: int, testdata: Path) -> None:
    _, extractor, items = taken(testdata / name)
    assert (count(items, Picture), count(items, Sound)) == (pictures, sounds)
    assert_in_order(items)
    assert extractor.notes == []


@pytest.mark.media
def test_two_video_tracks_take_the_better_and_say_so(testdata: Path) -> None:
    media, _, items = taken(testdata / "video/nasa_13013.mp4")
    assert media.notes == [
        "2 video tracks: taking number 3 (h264)",
        "2 audio tracks: taking number 4 (aac)",
    ]
    assert upright(next(i for i in items if isinstance(i, Picture)).frame).shape == (270, 480, 3)


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("zero.mp4", b"", "is empty (0 bytes)"),
        ("notes.txt", b"just words\n" * 50, "is text, neither video nor sound"),
        ("words.mp4", b"just words\n" * 50, "cannot be opened"),
        ("noise.mp4", bytes(range(256)) * 40, "cannot be opened"),
        ("subs.srt", b"1\n00:00:01,000 --> 00:00:02,000\nhi\n", "neither a video nor a sound track"),
    ],
)
def test_what_is_no_video_is_refused_in_one_line(name: str, data: bytes, says: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError) as caught:
        taken(write(tmp_path / name, data))
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("", "is a folder"),
        ("/nowhere/at/all.mp4", "no such file"),
        ("/dev/null", "no ordinary file"),
        ("ftp://host/a.mp4", "ftp:// is not taken"),
        ("file:///etc/passwd", "file:// is not taken"),
        ("rtsp://joe:s3cret@127.0.0.1:1/a?token=t0p", "rtsp://***@127.0.0.1:1/a?token=*** cannot be opened"),
        ("a\x00b", "check the path"),
    ],
)
def test_what_cannot_be_reached_is_refused_in_one_line(source: str, says: str) -> None:
    with pytest.raises(SourceError) as caught:
        taken(source)
    assert says in str(caught.value)
    assert "s3cret" not in str(caught.value)


@given(st.binary(max_size=4000))
def test_any_bytes_end_in_a_source_error_or_work(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = write(tmp_path_factory.mktemp("bytes") / "x.mp4", data)
    try:
        _, _, items = taken(path)
    except SourceError:
        return
    assert_in_order(items)


def test_an_mp4_without_its_index_is_refused(clip: Any, tmp_path: Path) -> None:
    whole = clip("a.mp4").read_bytes()
    with pytest.raises(SourceError, match="an MP4 without its index is not"):
        taken(write(tmp_path / "cut.mp4", whole[: whole.index(b"moov") - 4]))


def test_a_file_cut_in_its_media_works_up_to_the_cut(clip: Any, tmp_path: Path) -> None:
    whole = clip("a.mkv", seconds=6, size=(320, 240)).read_bytes()
    _, extractor, items = taken(write(tmp_path / "cut.mkv", whole[: len(whole) // 2]))
    assert 10 < count(items, Picture) < 50
    assert_in_order(items)
    assert any("cut off?" in note for note in extractor.notes)


def test_broken_bytes_in_the_middle_are_told_and_passed(clip: Any, tmp_path: Path) -> None:
    whole = bytearray(clip("a.ts", seconds=6, size=(320, 240)).read_bytes())
    at = len(whole) // 2
    whole[at : at + 6000] = bytes(6000)
    _, _, items = taken(write(tmp_path / "broken.ts", bytes(whole)))
    assert 40 <= count(items, Picture) <= 60
    assert_in_order(items)


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("grey.mkv", {"codec": "ffv1", "pix_fmt": "gray"}),
        ("odd.mkv", {"codec": "ffv1", "pix_fmt": "yuv444p", "size": (97, 63)}),
        ("deep.mkv", {"codec": "ffv1", "pix_fmt": "yuv420p10le"}),
        ("full.avi", {"codec": "mjpeg", "pix_fmt": "yuvj420p", "sound": None}),
        ("old.mpg", {"codec": "mpeg1video", "sound": "mp2"}),
        ("old.avi", {"codec": "mpeg4", "sound": "mp2", "options": {"bf": "2"}}),
        ("new.mp4", {"codec": "libx265", "options": {"x265-params": "log-level=none"}}),
        ("web.webm", {"codec": "libvpx-vp9", "sound": "libopus", "rate_hz": 48_000}),
        ("bare.h264", {"sound": None}),
    ],
)
def test_every_codec_and_shape_gives_jpegs(name: str, how: dict[str, Any], clip: Any) -> None:
    size = how.get("size", (96, 64))
    _, extractor, items = taken(clip(name, **how))
    pictures = [i for i in items if isinstance(i, Picture)]
    assert len(pictures) in (20, 21)
    assert_in_order(items)
    assert extractor.end_us == pytest.approx(2_000_000, abs=100_000)
    image, width_px, height_px = Coder(85)(pictures[0])
    assert (width_px, height_px) == size
    pixels = upright(pictures[0].frame)
    assert np.abs(simplejpeg.decode_jpeg(image, "BGR").astype(float) - pixels).mean() < 4


def test_a_variable_frame_rate_keeps_its_times(clip: Any) -> None:
    times = [0, 0.04, 0.08, 0.5, 0.51, 0.52, 2.0, 2.1]
    _, _, items = taken(clip("a.mkv", times=times, sound=None))
    assert [i.pts_us for i in items if isinstance(i, Picture)] == [0, 500_000, 2_000_000, 2_100_000]


def test_a_clock_that_jumps_back_is_carried_on(clip: Any, tmp_path: Path) -> None:
    once = clip("a.ts", seconds=3).read_bytes()
    _, extractor, items = taken(write(tmp_path / "twice.ts", once + once))
    assert count(items, Picture) in (60, 61)
    assert_in_order(items)
    assert extractor.end_us == pytest.approx(6_000_000, abs=150_000)
    assert extractor.notes == ["its clock jumped 1 times: time was carried on from there"]


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_rotated_video_comes_out_upright(degrees: int, tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", sound=None, size=(96, 64))
    data = bytearray(path.read_bytes())
    one, minus, nought = (1 << 16).to_bytes(4, "big"), (-(1 << 16) & 0xFFFFFFFF).to_bytes(4, "big"), bytes(4)
    turn = {
        90: (nought, one, minus, nought),
        180: (minus, nought, nought, minus),
        270: (nought, minus, one, nought),
    }
    at = data.index(b"tkhd") + 4 + 40  # the matrix of the track header (ISO 14496-12, 8.3.2)
    a, b, c, d = turn[degrees]
    data[at : at + 8], data[at + 12 : at + 20] = a + b, c + d
    media, _, items = taken(write(tmp_path / "turned.mp4", bytes(data)))
    assert media.rotation_deg == degrees
    assert media.coded_tracks[0].rotation_deg == degrees
    got = upright(next(i for i in items if isinstance(i, Picture)).frame)
    with av.open(str(path)) as container:
        plain = next(container.decode(video=0)).to_ndarray(format="bgr24")
    np.testing.assert_array_equal(got, np.rot90(plain, -degrees // 90))


def test_a_track_that_does_not_decode_is_left_out_with_a_note(clip: Any, tmp_path: Path) -> None:
    path = clip("a.mp4", seconds=2)
    data = bytearray(path.read_bytes())
    with av.open(str(path)) as container:
        spots = [(p.pos, p.size) for p in container.demux(video=0) if p.size and p.pos is not None]
    for pos, size in spots:
        data[pos : pos + size] = b"\xff" * size
    media, _, items = taken(write(tmp_path / "locked.mp4", bytes(data)))
    assert media.notes == ["its video does not decode (encrypted or broken?): taking the sound alone"]
    assert (count(items, Picture), count(items, Sound)) == (0, 5)


def test_a_file_of_which_nothing_decodes_is_refused(clip: Any, tmp_path: Path) -> None:
    path = clip("a.mp4", sound=None)
    data = bytearray(path.read_bytes())
    with av.open(str(path)) as container:
        for packet in container.demux(video=0):
            if packet.size and packet.pos is not None:
                data[packet.pos : packet.pos + packet.size] = b"\xff" * packet.size
    with pytest.raises(SourceError, match=r"nothing of it decodes .*encrypted"):
        taken(write(tmp_path / "locked.mp4", bytes(data)))


def test_a_cover_picture_is_no_video(clip: Any, tmp_path: Path) -> None:
    sound = clip("a.wav", sound="pcm_s16le", video=False)
    cover = tmp_path / "a.mp3"
    with av.open(str(sound)) as source, av.open(str(cover), "w") as out:
        heard: Any = out.add_stream("libmp3lame", rate=44_100)
        picture: Any = out.add_stream("mjpeg", rate=1)
        picture.width, picture.height, picture.pix_fmt = 16, 16, "yuvj420p"
        picture.disposition = av.stream.Disposition.attached_pic
        frame = av.VideoFrame(16, 16, "yuvj420p")
        frame.pts = 0
        out.mux(picture.encode(frame) + picture.encode(None))
        for piece in source.decode(audio=0):
            out.mux(heard.encode(piece))
        out.mux(heard.encode(None))
    media, _, items = taken(cover)
    assert media.video is None
    assert (count(items, Picture), count(items, Sound) > 3) == (0, True)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", ""),
        ("rtsp://cam/1", "rtsp://cam/1"),
        ("rtsp://a:b@cam/1", "rtsp://***@cam/1"),
        ("rtsp://a:b@c@cam/1", "rtsp://***@cam/1"),
        ("srt://h:1?mode=caller&passphrase=abc123&x=1", "srt://h:1?mode=caller&passphrase=***&x=1"),
        ("cannot open 'rtmp://u:p@h/live': refused", "cannot open 'rtmp://***@h/live': refused"),
        ("https://h/a.m3u8?token=abc", "https://h/a.m3u8?token=***"),
    ],
)
def test_secrets_are_cut_out_of_urls(text: str, wanted: str) -> None:
    assert redact(text) == wanted


def test_the_same_file_gives_the_same_items_again(clip: Any) -> None:
    path = clip("a.mp4", seconds=3, options={"bf": "3"})

    def content() -> list[Any]:
        coder = Coder(85)
        return [(i.pts_us, coder(i)) if isinstance(i, Picture) else i for i in taken(path)[2]]

    assert content() == content()


def test_a_picture_too_large_for_a_record_is_made_coarser() -> None:
    noise = np.random.default_rng(1).integers(0, 255, (240, 320, 3), dtype=np.uint8)
    whole = jpeg(noise, 95)
    assert len(jpeg(noise, 95, most_bytes=len(whole) // 2)) <= len(whole) // 2
