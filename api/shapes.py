"""What the API answers with: the types that OpenAPI and the page's client are made from."""

from dataclasses import dataclass, field
from typing import Any, Literal

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


@dataclass(frozen=True, slots=True)
class Place:
    """Where a raw frame lies in the log, and when it is."""

    pts_us: int
    topic: str
    partition: int
    offset: int


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a lane. `id` names its record where it is one record."""

    start_us: int
    end_us: int
    label: str
    score: float = 0
    count: int = 1
    id: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Word:
    """A spoken word."""

    text: str
    start_us: int
    end_us: int
    confidence: float


@dataclass(frozen=True, slots=True)
class Level:
    """A curve within one bin: mean, lowest and highest (dB of full scale, or valence)."""

    at_us: int
    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Watermark:
    """How far a station has got in stream time, and what it said."""

    noun: str
    watermark_us: int
    records: int
    ended: bool
    unavailable: int
    rejected: int
    reason: str


@dataclass(frozen=True, slots=True)
class Lanes:
    """Everything the timeline draws for a range, no finer than its pixels."""

    stream: str
    session: str
    run: str
    from_us: int
    to_us: int
    bin_us: int
    frames: list[Place]
    persons: list[Span]
    emotions: list[Span]
    valence: list[Level]
    speech: list[Span]
    words: list[Word]
    loudness: list[Level]
    silence: list[Span]
    sounds: list[Span]
    events: list[Span]
    highlights: list[Span]
    log: list[Span]
    watermarks: list[Watermark]
    binned: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a moment was chosen, and its share of the score."""

    kind: str
    weight: float
    at_us: int
    text: str


@dataclass(frozen=True, slots=True)
class HighlightRow:
    """A highlight with its clip, where that is made already."""

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


@dataclass(frozen=True, slots=True)
class ClipRow:
    """A clip in the object store."""

    highlight_id: str
    stream_id: str
    session_id: str
    start_us: int
    end_us: int
    bytes: int
    sha256: str
    clip: str
    poster: str | None


@dataclass(frozen=True, slots=True)
class Column:
    """A column of an answer."""

    name: str
    type: str


@dataclass(frozen=True, slots=True)
class SqlAnswer:
    """Rows of a SELECT as lists in the columns' order; `cut` says that the row limit was reached."""

    columns: list[Column]
    rows: list[list[Any]]
    seconds: float
    cut: bool
    ran: str


@dataclass(frozen=True, slots=True)
class SqlAsk:
    """A SELECT to run."""

    query: str
    limit: int = 1000


@dataclass(frozen=True, slots=True)
class Consumer:
    """A consumer group's lag on a topic, in records."""

    group: str
    lag: int


@dataclass(frozen=True, slots=True)
class TopicRow:
    """A topic as the broker sees it; `rate_hz` is records a second over the last seconds."""

    name: str
    noun: str
    kind: Literal["raw", "derived", "dlq", "state"]
    records: int
    rate_hz: float
    bytes_estimate: int | None
    retention_ms: int | None
    partitions: int
    consumers: list[Consumer]


@dataclass(frozen=True, slots=True)
class LastRecord:
    """The newest record of a topic, media bytes replaced by their size."""

    topic: str
    partition: int
    offset: int
    recorded_at: str
    key: str
    headers: dict[str, str]
    bytes: int
    record: dict[str, Any] | None
    undecodable: str


@dataclass(frozen=True, slots=True)
class RouteNode:
    """A station, connector or sink of the route."""

    name: str
    kind: str
    reads: list[str]
    writes: str | None
    lag: int | None


@dataclass(frozen=True, slots=True)
class RouteEdge:
    """A topic between a writer and a reader."""

    topic: str
    noun: str
    to: str
    lag: int | None
    rate_hz: float


@dataclass(frozen=True, slots=True)
class Route:
    """The graph, with what flows and what waits."""

    nodes: list[RouteNode]
    edges: list[RouteEdge]
    watermarks: dict[str, dict[str, int]]


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the platform: whether it works, since when not, and what to do."""

    name: str
    ok: bool
    since: str | None
    why: str
    do: str


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether all parts work."""

    ready: bool
    parts: list[Part]
