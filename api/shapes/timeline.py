"""What the timeline draws: lanes of a range, no finer than its pixels."""

from dataclasses import dataclass, field


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
