"""A camera or network stream into the log: a new session at each start, the same one across lost connections."""

import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import replace

from connectors.ingest.backlog import Backlog
from connectors.ingest.beat import Beat
from connectors.ingest.gauge import Gauge
from connectors.ingest.job import Job
from connectors.ingest.ledger import Standing
from connectors.ingest.records import Numbering, encoded, fits
from connectors.ingest.report import Summary
from connectors.ingest.tail import NOUNS, all_ended, ends_now
from connectors.ingest.writer import NOUN_OF, Raw, Writer
from connectors.sources import Config, Extractor, Item, Media, SourceError, open_media
from connectors.sources.pictures import Coder

BACKOFF_S = (0.2, 0.5, 1.0, 2.0, 5.0)
JOIN_S = 3.0
DRAIN_S = 20.0


class Capture:
    """Reads a live source in a thread of its own and puts its records, without seq, into a backlog.

    Stream time goes by media time within a connection. A connection that comes back starts at the time that has
    passed since the first one by the machine's monotonic clock, the one thing that both sides of the gap share.
    """

    def __init__(
        self,
        url: str,
        media: Media,
        backlog: Backlog,
        config: Config,
        stopped: threading.Event,
        clock: Callable[[], float] = time.monotonic,
        reopen: Callable[[str, Config], Media] = open_media,
    ) -> None:
        self._url = url
        self._media: Media | None = media
        self._backlog = backlog
        self._config = config
        self._stopped = stopped
        self._clock = clock
        self._reopen = reopen
        self._zero_s = clock()
        self.extractor = Extractor(config)
        self._coder = Coder(config.jpeg_quality)
        self.reconnected = 0
        self.large = 0
        self.thread = threading.Thread(target=self.run, name="capture", daemon=True)
        self.error: BaseException | None = None

    def run(self) -> None:
        """Until the source ends, stays away too long, or is told to stop."""
        try:
            at_us = 0
            while (media := self._media) is not None and not self._stopped.is_set():
                whole = self._read(media, at_us)
                media.container.close()
                media.close()
                self._media = None if whole or self._stopped.is_set() else self._seek()
                elapsed_us = int((self._clock() - self._zero_s) * 1_000_000)
                at_us = max(self.extractor.end_us, elapsed_us)
            self._put_all(list(self.extractor.finish()))
        except BaseException as error:  # noqa: BLE001 (it belongs to the thread that waits for us)
            self.error = error
        finally:
            self._backlog.close()

    def _read(self, media: Media, at_us: int) -> bool:
        """Reads one connection; True if the source is one with an end, and that was reached."""
        for item in self.extractor.read(media, at_us):
            self._put_all([item])
            if self._stopped.is_set():
                return False
        duration_us = media.duration_us
        return duration_us is not None and self.extractor.end_us - at_us >= duration_us - 1_000_000

    def _put_all(self, items: list[Item]) -> None:
        for item in items:
            if fits(item):
                record = encoded(item, self._coder)
                self._backlog.put(replace(record, captured_us=time.time_ns() // 1000))
            else:
                self.large += 1

    def _seek(self) -> Media | None:
        """The source again, or None if it stays away longer than `reconnect_s`."""
        lost_s, tries = self._clock(), 0
        while not self._stopped.is_set() and self._clock() - lost_s < self._config.reconnect_s:
            try:
                media = self._reopen(self._url, self._config)
            except SourceError:
                self._stopped.wait(BACKOFF_S[min(tries, len(BACKOFF_S) - 1)])
                tries += 1
                continue
            self.reconnected += 1
            return media
        return None


def _ended(writer: Writer, record: Raw) -> bool:
    """Whether a record comes after its topic's end: a source that got sound only when it was found again."""
    return writer.has(NOUN_OF[type(record)], writer.last_seq(NOUN_OF[type(record)]) + 1)


def ingest_live(job: Job) -> Summary:
    """Writes what comes until the source ends or `stopped` is set; then the session's ends."""
    media, config, stopped = job.media, job.config, job.stopped
    session = str(uuid.uuid4())
    standing = Standing(stream=job.stream, session=session, live=True, begin=ends_now(job.connection))
    writer = Writer(job.connection, job.serde, {}, None)
    beat = Beat(job.ledger, standing, writer, config.heartbeat_s)
    numbering = Numbering(job.stream, session)
    gauge = Gauge(numbering, media.duration_us, job.on_progress)
    backlog = Backlog(config.live_buffer_bytes)
    missing = [noun for noun, track in (("frames", media.video), ("audio", media.audio)) if track is None]
    capture = Capture(job.url, media, backlog, config, stopped)
    try:
        for noun in missing:
            writer.write(numbering.end(noun, 0))
        capture.thread.start()
        until_s: float | None = None
        while not backlog.finished:
            beat.check()
            if stopped.is_set():
                until_s = until_s or time.monotonic() + JOIN_S
                if time.monotonic() > until_s:
                    backlog.close()
                    break
            got = backlog.get(0.1)
            if got is None or _ended(writer, got[0]):
                continue
            record, dropped = got
            writer.write(numbering.stamp(record, record.captured_us, dropped))
            gauge.at(capture.extractor.end_us, backlog.dropped_all)
        capture.thread.join(JOIN_S)
        if capture.error is not None:
            raise capture.error
        untold = backlog.left()
        for noun in NOUNS:
            if noun not in missing:
                writer.write(numbering.end(noun, capture.extractor.end_us, untold.get(noun, 0)))
        writer.flush(DRAIN_S)
        beat.finish(complete=all_ended(writer.confirmed()))
    except BaseException:
        beat.abandon()
        raise
    notes = [*media.notes, *dict.fromkeys(capture.extractor.notes)]
    if capture.reconnected:
        notes.append(f"it was lost and found again {capture.reconnected} times")
    return Summary(
        job.stream, session, False, False, stopped.is_set(), dict(writer.written), backlog.dropped_all,
        capture.extractor.end_us, gauge.seconds, tuple(notes),
    )  # fmt: skip
