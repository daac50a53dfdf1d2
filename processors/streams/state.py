"""What the station keeps of a session: numbers only."""

from dataclasses import dataclass

from schemas.records import Position, StreamNotice


@dataclass(frozen=True, slots=True)
class Medium:
    """What is known of one raw topic in a session.

    next_seq: seq expected next. last_us: stream time of its last record. first: where its first record lies.
    mark: where its first record at or after the next progress mark lies. dropped: records the source dropped
    since the last progress. received: records since then. dropped_all, received_all: since the start.
    """

    noun: str
    next_seq: int
    last_us: int
    first: Position
    mark: Position | None = None
    dropped: int = 0
    received: int = 0
    dropped_all: int = 0
    received_all: int = 0


@dataclass(frozen=True, slots=True)
class State:
    """What is known of a session.

    media: by first appearance. held: notices that wait for `started`. mark_us: stream time of the next
    progress. gap: nouns that have a gap now.
    dropping: nouns that dropped records since the last progress. fresh, counted: breaches by kind since
    the last progress and since the start.
    """

    media: tuple[Medium, ...] = ()
    held: tuple[StreamNotice, ...] = ()
    started: bool = False
    first_us: int = 0
    last_us: int = 0
    mark_us: int = 0
    gap: tuple[str, ...] = ()
    width_px: int = 0
    height_px: int = 0
    dropping: tuple[str, ...] = ()
    fresh: tuple[tuple[str, int], ...] = ()
    counted: tuple[tuple[str, int], ...] = ()
