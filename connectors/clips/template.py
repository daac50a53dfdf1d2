"""Codec parameters from the log as a stream that a muxer can be given.

PyAV copies parameters from an opened stream only, so the tracks become the head of a Matroska file without any
packet (RFC 9559: EBML elements of id, size, body), which FFmpeg opens and describes as it does any other.
"""

import struct
from collections.abc import Sequence
from io import BytesIO
from typing import Any

from schemas.records import CodedTrack

# FFmpeg's codec to Matroska's; decoders have names of their own for some.
MATROSKA = {
    "h264": "V_MPEG4/ISO/AVC", "hevc": "V_MPEGH/ISO/HEVC", "av1": "V_AV1", "vp8": "V_VP8", "vp9": "V_VP9",
    "mpeg4": "V_MPEG4/ISO/ASP", "mpeg1video": "V_MPEG1", "mpeg2video": "V_MPEG2", "mjpeg": "V_MJPEG",
    "theora": "V_THEORA", "prores": "V_PRORES", "ffv1": "V_FFV1",
    "aac": "A_AAC", "opus": "A_OPUS", "vorbis": "A_VORBIS", "mp3": "A_MPEG/L3", "mp2": "A_MPEG/L2",
    "ac3": "A_AC3", "eac3": "A_EAC3", "flac": "A_FLAC", "alac": "A_ALAC", "dts": "A_DTS",
    "pcm_s16le": "A_PCM/INT/LIT", "pcm_s24le": "A_PCM/INT/LIT", "pcm_s16be": "A_PCM/INT/BIG",
    "pcm_f32le": "A_PCM/FLOAT/IEEE",
}  # fmt: skip
SAME = {"libdav1d": "av1", "libaom-av1": "av1", "libvpx": "vp8", "libvpx-vp9": "vp9", "mp3float": "mp3",
        "mp2float": "mp2", "libopus": "opus", "libvorbis": "vorbis", "aac_latm": "aac", "dca": "dts"}  # fmt: skip
BITS = {"pcm_s16le": 16, "pcm_s16be": 16, "pcm_s24le": 24, "pcm_f32le": 32}


class NoContainer(Exception):
    """No container that we write can carry the codec."""


def codec_name(track: CodedTrack) -> str:
    """The codec's own name."""
    return SAME.get(track.codec, track.codec)


def element(number: int, body: bytes) -> bytes:
    """An EBML element; the size always in eight bytes."""
    width = (number.bit_length() + 7) // 8
    return number.to_bytes(width, "big") + (len(body) | 1 << 56).to_bytes(8, "big") + body


def number(element_id: int, value: int) -> bytes:
    """An element that holds an unsigned integer."""
    return element(element_id, value.to_bytes(8, "big"))


def entry(place: int, track: CodedTrack) -> bytes:
    """The Matroska track entry of a track; NoContainer for a codec that Matroska has no name for here."""
    codec = codec_name(track)
    if codec not in MATROSKA:
        raise NoContainer(f"codec {track.codec} is not one that can be put into a file here")
    if track.kind == "video":
        kind = element(0xE0, number(0xB0, track.width_px) + number(0xBA, track.height_px))
    else:
        bits = number(0x6264, BITS[codec]) if codec in BITS else b""
        kind = element(0xE1, element(0xB5, struct.pack(">d", track.rate_hz)) + number(0x9F, track.channels) + bits)
    private = element(0x63A2, track.extradata) if track.extradata else b""
    return element(
        0xAE,
        number(0xD7, place + 1)
        + number(0x73C5, place + 1)
        + number(0x83, 1 if track.kind == "video" else 2)
        + element(0x86, MATROSKA[codec].encode())
        + private
        + kind,
    )


def open_template(tracks: Sequence[CodedTrack]) -> Any:
    """An open container whose streams are the tracks, in their order. Close it after use."""
    import av

    head = element(
        0x1A45DFA3, number(0x4286, 1) + element(0x4282, b"matroska") + number(0x4287, 4) + number(0x4285, 2)
    )
    info = element(0x1549A966, number(0x2AD7B1, 1_000_000))
    entries = element(0x1654AE6B, b"".join(entry(place, track) for place, track in enumerate(tracks)))
    cluster = element(0x1F43B675, number(0xE7, 0))
    return av.open(BytesIO(head + element(0x18538067, info + entries + cluster)), format="matroska")
