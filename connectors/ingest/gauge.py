"""Counts what an ingest does and tells it, a few times a second at most."""

import time
from collections.abc import Callable

from connectors.ingest.records import Numbering
from connectors.ingest.report import OnProgress, Progress

EVERY_S = 0.2


class Gauge:
    """Calls `on_progress` with how far the session is."""

    def __init__(
        self,
        numbering: Numbering,
        duration_us: int | None,
        on_progress: OnProgress | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._numbering = numbering
        self._duration_us = duration_us
        self._on_progress = on_progress
        self._clock = clock
        self._started_s = self._told_s = clock()
        self._first_us: int | None = None

    @property
    def seconds(self) -> float:
        """How long it has been going."""
        return self._clock() - self._started_s

    def at(self, stream_us: int, dropped: int = 0, *, last: bool = False) -> None:
        """Stream time `stream_us` is reached."""
        if self._first_us is None:
            self._first_us = stream_us
        now_s = self._clock()
        if self._on_progress is None or (now_s - self._told_s < EVERY_S and not last):
            return
        self._told_s = now_s
        taken_s = (stream_us - self._first_us) / 1_000_000
        count = self._numbering.next_seq
        self._on_progress(
            Progress(
                session_id=self._numbering.session,
                frames=count("frames"),
                audio=count("audio"),
                packets=count("packets"),
                stream_us=stream_us,
                duration_us=self._duration_us,
                rate=taken_s / max(1e-6, now_s - self._started_s),
                dropped=dropped,
            )
        )
