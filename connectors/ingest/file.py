"""A file into the log: one session for its content and settings, gone on with wherever it was left."""

import hashlib
import time
from collections.abc import Callable
from itertools import chain
from pathlib import Path

from connectors.ingest.beat import Beat
from connectors.ingest.gauge import Gauge
from connectors.ingest.job import Job
from connectors.ingest.ledger import Spot, Standing
from connectors.ingest.pace import Pace
from connectors.ingest.records import NOUN, Numbering, encoded, fits
from connectors.ingest.report import Summary
from connectors.ingest.tail import NOUNS, all_ended, ends_now, tails
from connectors.ingest.writer import Writer
from connectors.sources import Extractor
from connectors.sources.pictures import Coder
from schemas.identity import file_session_id


def content_sha256(path: str) -> str:
    """SHA-256 of a file's bytes, in hex."""
    with Path(path).expanduser().open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def ingest_file(job: Job, standings: dict[str, Standing], end_others: Callable[[str], None]) -> Summary:
    """Writes what the log does not have yet of the file; blocks while the log is slow."""
    content = job.media.identity or content_sha256(job.url)
    session = file_session_id(content, job.config.identity)
    standing = standings.get(session)
    if standing is not None and standing.complete:
        notes = ["it is whole in the log already: nothing was added"]
        if standing.cut:
            notes = [
                "it was ended in the log before it was whole (another source took the stream over, or nothing "
                "came for long): take it in under another --stream"
            ]
        last_us = max((spot.pts_us for spot in standing.spots.values()), default=0)
        return Summary(job.stream, session, True, False, False, {}, 0, last_us, 0.0, tuple(notes))
    end_others(session)
    resumed = standing is not None
    found: dict[str, Spot] = {} if standing is None else tails(job.connection, job.serde, standing)
    if standing is None:
        standing = Standing(stream=job.stream, session=session, live=False, begin=ends_now(job.connection))
    writer = Writer(job.connection, job.serde, found, job.config.log_patience_s)
    beat = Beat(job.ledger, standing, writer, job.config.heartbeat_s)
    try:
        summary = _write(job, session, writer, beat, resumed)
        writer.flush(job.config.log_patience_s)
        beat.finish(complete=all_ended(writer.confirmed()))
    except BaseException:
        beat.abandon()
        raise
    return summary


def _write(job: Job, session: str, writer: Writer, beat: Beat, resumed: bool) -> Summary:
    config, media, stopped = job.config, job.media, job.stopped
    numbering = Numbering(job.stream, session)
    gauge = Gauge(numbering, media.duration_us, job.on_progress)
    pace = Pace(stopped.wait) if job.speed == "real" else None
    extractor, coder = Extractor(config), Coder(config.jpeg_quality)
    large, cut = 0, True
    for noun, track in (("frames", media.video), ("audio", media.audio)):
        if track is None:
            writer.write(numbering.end(noun, 0))
    for item in chain(extractor.read(media), extractor.finish()):
        if stopped.is_set():
            break
        beat.check()
        noun = NOUN[type(item)]
        if not media.wants(item):
            continue
        if not fits(item):
            large += 1
            continue
        if writer.has(noun, numbering.next_seq(noun)):
            numbering.skip(noun, item.pts_us)
            continue
        if pace is not None:
            pace.until(item.pts_us)
        captured_us = 0 if pace is None else time.time_ns() // 1000
        record = numbering.stamp(encoded(item, coder), captured_us)
        if not writer.write(record, stopped.is_set):
            break
        gauge.at(extractor.end_us)
    else:
        cut = False
        for noun in NOUNS:
            if not (noun == "frames" and media.video is None) and not (noun == "audio" and media.audio is None):
                writer.write(numbering.end(noun, extractor.end_us))
    if large:
        extractor.notes.append(f"{large} coded packets are larger than a record can be and were left out")
    gauge.at(extractor.end_us, last=True)
    return Summary(
        job.stream, session, False, resumed, cut, dict(writer.written), 0, extractor.end_us, gauge.seconds,
        (*media.notes, *extractor.notes),
    )  # fmt: skip
