"""What a source gives: pictures, sound and coded packets, each at its stream time."""

from dataclasses import dataclass
from typing import Any

from schemas.records import CodedTrack, Packet


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded frame that the sampling kept: `av.VideoFrame`, not yet turned upright or encoded.

    turn_deg: clockwise turn that shows it upright, where the frame itself does not say.
    """

    pts_us: int
    frame: Any
    turn_deg: int = 0


@dataclass(frozen=True, slots=True)
class Sound:
    """Samples of one record: mono, signed 16 bit, little endian."""

    pts_us: int
    pcm: bytes


@dataclass(frozen=True, slots=True)
class Batch:
    """Coded packets of one record; `epoch_us` is the media time of stream time 0 for them."""

    pts_us: int
    epoch_us: int
    tracks: tuple[CodedTrack, ...]
    packets: tuple[Packet, ...]


Item = Picture | Sound | Batch
