"""Highlights and their clips."""

from dataclasses import dataclass

from api.shapes.timeline import Place


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a moment was chosen, and its share of the score."""

    kind: str
    weight: float
    at_us: int
    text: str


@dataclass(frozen=True, slots=True)
class HighlightRow:
    """A highlight with its clip, where that is made already. `clip_missing`: what of the moment is not in the
    clip, or why there can be no clip; empty where all of it is there or still to come.
    """

    id: str
    stream_id: str
    session_id: str
    pts_us: int
    start_us: int
    end_us: int
    peak_us: int
    score: float
    title: str
    reasons: list[Reason]
    frame: Place | None
    recorded_at: str
    clip: str | None
    poster: str | None
    clip_bytes: int
    clip_missing: str


@dataclass(frozen=True, slots=True)
class ClipRow:
    """A clip in the object store. `missing`: what of start_us to end_us is not in it, and why."""

    highlight_id: str
    stream_id: str
    session_id: str
    start_us: int
    end_us: int
    bytes: int
    sha256: str
    clip: str
    poster: str | None
    missing: str
