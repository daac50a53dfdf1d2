"""What ingest tells: how far it is, what it did, why it could not."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass


class IngestError(Exception):
    """The log cannot take the stream. One line that says what to do."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an ingest is.

    session_id: the session that it writes.
    frames, audio, packets: records of the session that are in the log or on their way there.
    stream_us: stream time reached; duration_us: of the whole file, None where unknown.
    rate: seconds of stream taken in a second. dropped: records that a live source lost to a slow log.
    """

    session_id: str
    frames: int
    audio: int
    packets: int
    stream_us: int
    duration_us: int | None
    rate: float
    dropped: int = 0


@dataclass(frozen=True, slots=True)
class Summary:
    """What an ingest did.

    already: the session was complete in the log and nothing was added. resumed: an earlier ingest had begun it.
    stopped: it was asked to stop before the end. written: records added by noun, ends included.
    duration_us: stream time of the session's end, or reached. notes: sentences for the user.
    """

    stream_id: str
    session_id: str
    already: bool
    resumed: bool
    stopped: bool
    written: Mapping[str, int]
    dropped: int
    duration_us: int
    seconds: float
    notes: tuple[str, ...]


OnProgress = Callable[[Progress], None]
