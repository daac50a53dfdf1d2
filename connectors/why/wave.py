"""Sound of a stretch of stream time as a WAV file, out of the log's pieces. Pure."""

import struct
from collections.abc import Iterable
from dataclasses import dataclass

BYTES = 2  # a sample: signed 16 bit, little endian, mono
HEADER_BYTES = 44


@dataclass(frozen=True, slots=True)
class Piece:
    """One audio record's samples and when they begin."""

    pts_us: int
    rate_hz: int
    pcm: bytes


def stretch(pieces: Iterable[Piece], from_us: int, to_us: int, rate_hz: int = 16_000) -> bytes:
    """Samples from `from_us` until `to_us`: silence where no piece is, the later piece where two overlap.

    Pieces of another rate than `rate_hz` are left out: a stream has one rate (it is part of the contract).
    """
    samples = max(0, (to_us - from_us) * rate_hz // 1_000_000)
    out = bytearray(samples * BYTES)
    for piece in sorted(pieces, key=lambda p: p.pts_us):
        if piece.rate_hz != rate_hz:
            continue
        at = round((piece.pts_us - from_us) * rate_hz / 1_000_000)
        pcm = piece.pcm[: len(piece.pcm) // BYTES * BYTES]
        skip = max(0, -at)
        part = pcm[skip * BYTES : (samples - at) * BYTES] if at < samples else b""
        start = max(0, at) * BYTES
        out[start : start + len(part)] = part
    return bytes(out)


def wav(pcm: bytes, rate_hz: int = 16_000) -> bytes:
    """A RIFF WAVE file of mono 16-bit samples (Microsoft's Multimedia Programming Interface 1.0, PCM)."""
    head = struct.pack(
        "<4sI4s4sIHHIIHH4sI", b"RIFF", HEADER_BYTES - 8 + len(pcm), b"WAVE", b"fmt ", 16, 1, 1, rate_hz,
        rate_hz * BYTES, BYTES, 8 * BYTES, b"data", len(pcm),
    )  # fmt: skip
    return head + pcm
