"""What a producer can do wrong that one record, or two in a row, show. Pure functions; no payload is kept."""

from collections.abc import Iterator
from dataclasses import dataclass

from schemas.records import Audio, Frame, Packets

Raw = Frame | Audio | Packets
NOUN: dict[type[Raw], str] = {Frame: "frames", Audio: "audio", Packets: "packets"}
JPEG_START = b"\xff\xd8"
BYTES_PER_SAMPLE = 2


@dataclass(frozen=True, slots=True)
class Limits:
    """What is still believed of a producer.

    side_max_px: longest believable side of a picture, pixels.
    image_max_bytes: largest believable JPEG; the frames topic takes 4 MiB.
    rate_hz: the one sampling rate that the stations read.
    audio_max_s: longest believable audio record (the contract says 0.5 s).
    far_ahead_s: largest believable step of stream time between two records of a topic.
    """

    side_max_px: int = 16_384
    image_max_bytes: int = 4 << 20
    rate_hz: int = 16_000
    audio_max_s: float = 10.0
    far_ahead_s: float = 600.0


@dataclass(frozen=True, slots=True)
class Breach:
    """One thing done wrong.

    kind: short name, the same for the same mistake; `unended` where somebody else had to end the session.
    text: what was found and what was expected.
    """

    kind: str
    text: str


def of_order(record: Raw, next_seq: int, last_us: int | None, limits: Limits) -> Iterator[Breach]:
    """What is wrong with a record's seq and time, given the seq expected (0 at first) and the time before."""
    noun = NOUN[type(record)]
    if record.seq != next_seq and last_us is None:
        yield Breach("first_seq", f"{noun} begin at seq {record.seq}, not at 0")
    elif record.seq > next_seq:
        missing = record.seq - next_seq
        what = f"seq {next_seq}" if missing == 1 else f"seq {next_seq} to {record.seq - 1}"
        yield Breach("hole", f"{noun} lack {what}")
    if record.pts_us < 0:
        yield Breach("negative", f"{noun} at seq {record.seq} lie before the session's epoch ({record.pts_us} µs)")
    before_us = 0 if last_us is None else last_us
    step_s = (record.pts_us - before_us) / 1e6
    if step_s > limits.far_ahead_s:
        yield Breach("far_ahead", f"{noun} jump {step_s:.0f} s ahead at seq {record.seq}: is that a wall clock?")


def of_frame(record: Frame, limits: Limits) -> Iterator[Breach]:
    """What is wrong with a picture as far as its first bytes and its numbers show."""
    if not record.image.startswith(JPEG_START):
        yield Breach("not_jpeg", f"the frame at seq {record.seq} does not begin like a JPEG")
    width, height = record.width_px, record.height_px
    if not (0 < width <= limits.side_max_px and 0 < height <= limits.side_max_px):
        yield Breach("size", f"the frame at seq {record.seq} says it is {width}x{height}")
    elif len(record.image) > limits.image_max_bytes:
        yield Breach("size", f"the frame at seq {record.seq} has {len(record.image)} bytes")


def of_audio(record: Audio, limits: Limits) -> Iterator[Breach]:
    """What is wrong with a stretch of sound."""
    if record.rate_hz != limits.rate_hz:
        yield Breach("rate", f"sound at seq {record.seq} has {record.rate_hz} Hz, not {limits.rate_hz}")
    if not record.pcm:
        yield Breach("empty", f"sound at seq {record.seq} has no samples")
    elif len(record.pcm) % BYTES_PER_SAMPLE:
        yield Breach("odd", f"sound at seq {record.seq} has {len(record.pcm)} bytes, which is odd")
    elif len(record.pcm) > limits.audio_max_s * BYTES_PER_SAMPLE * limits.rate_hz:
        yield Breach("size", f"sound at seq {record.seq} has {len(record.pcm)} bytes in one record")


def of_packets(record: Packets) -> Iterator[Breach]:
    """What is wrong with a stretch of coded packets."""
    known = {t.index for t in record.tracks}
    if unknown := sorted({p.track for p in record.packets} - known):
        yield Breach("track", f"packets at seq {record.seq} name track {unknown[0]}, which is not described")
    if not record.packets:
        yield Breach("empty", f"packets at seq {record.seq} hold none")


def of_payload(record: Raw, limits: Limits) -> Iterator[Breach]:
    """What is wrong with what a record carries."""
    match record:
        case Frame():
            return of_frame(record, limits)
        case Audio():
            return of_audio(record, limits)
        case Packets():
            return of_packets(record)
