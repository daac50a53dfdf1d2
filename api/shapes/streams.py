"""Streams and their sessions, as the API tells them."""

from dataclasses import dataclass
from typing import Literal

Mode = Literal["live", "quiet", "ended"]


@dataclass(frozen=True, slots=True)
class Session:
    """One session of a stream. Times are stream time, `epoch_us` is wall clock minus stream time (0: a file)."""

    session_id: str
    kind: Literal["file", "live"]
    state: Mode
    first_us: int
    last_us: int
    started_at: str
    written_at: str
    epoch_us: int
    frames: int
    has_video: bool
    has_audio: bool
    width_px: int
    height_px: int
    dropped: int
    watermarks: dict[str, int]
    behind_us: int
    slowest: str


@dataclass(frozen=True, slots=True)
class Stream:
    """A camera, stream or file, newest session first."""

    stream_id: str
    live: bool
    sessions: list[Session]
