"""Takes one source into the log, whatever it is."""

import contextlib
import re
import signal
import threading
from collections.abc import Iterator
from types import FrameType

import msgspec
from confluent_kafka import KafkaException, Producer

from connectors.ingest.file import ingest_file
from connectors.ingest.job import Job, Speed
from connectors.ingest.ledger import Ledger, Standing
from connectors.ingest.live import ingest_live
from connectors.ingest.quiet import QUIET
from connectors.ingest.records import Numbering
from connectors.ingest.report import IngestError, OnProgress, Summary
from connectors.ingest.tail import NOUNS, tails
from connectors.ingest.writer import Writer
from connectors.sources import Config, Media, SourceError, is_url, open_media, probe
from connectors.sources.log import is_log, open_log
from topics.broker import ensure_topics
from topics.connection import Connection
from topics.registry import Serde

STREAM = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
REACH_S = 8.0


def ingest(
    url: str,
    stream: str,
    connection: Connection,
    config: Config | None = None,
    on_progress: OnProgress | None = None,
    *,
    speed: Speed = "max",
    stop: threading.Event | None = None,
) -> Summary:
    """Takes a file, a URL or a stretch of the log itself (`log:STREAM@FROM..TO`) in as the stream `stream`.

    A file is one session for its content and settings: taken again it goes on where it stopped, and adds nothing
    once it is whole. A network source is a new session at each start; lost, it is sought again for
    `config.reconnect_s`. Whatever session was left unfinished on the stream is ended first.

    Args:
        speed: of a file: as fast as the log takes it, or as it would play.
        stop: ends it cleanly when set; where none is given SIGTERM and SIGINT do.

    Raises:
        SourceError: the source cannot be used; nothing was written.
        IngestError: the log cannot be reached or does not take the stream.

    """
    config = config or Config()
    if not STREAM.fullmatch(stream):
        raise SourceError(
            f"stream name {stream!r}: use up to 100 letters, digits, dots, dashes and underscores, no mark first"
        )
    media, ours = _opened(url, connection, config), True
    try:
        with _stopping(stop) as stopped, _log(connection) as serde:
            ledger = Ledger(connection, stream)
            standings = ledger.free(config.heartbeat_s, stopped.wait)
            ledger.claim()
            job = Job(url, media, stream, connection, serde, ledger, config, on_progress, speed, stopped)
            if is_url(url):
                _end_others(job, standings, None)
                ours = False  # the thread that reads it closes it: to close it under a read crashes
                return ingest_live(job)
            return ingest_file(job, standings, lambda session: _end_others(job, standings, session))
    except KafkaException as error:
        raise IngestError(f"the log cannot be used: {error.args[0].str()}; is the broker up?") from None
    finally:
        if ours:
            media.container.close()
            media.close()


def _opened(url: str, connection: Connection, config: Config) -> Media:
    if is_log(url):
        with _log(connection):
            pass  # so that a log that is away is told as such
        serde = Serde(connection)
        try:
            media = open_log(url, connection, serde)
        except BaseException:
            serde.close()
            raise
        media.close = serde.close
        return media
    return open_media(url, config) if is_url(url) else probe(url, config)


@contextlib.contextmanager
def _log(connection: Connection) -> Iterator[Serde]:
    """The log, reached, its topics made and schemas registered; IngestError if it cannot be reached."""
    try:
        Producer(connection.confluent() | QUIET).list_topics(timeout=REACH_S)
    except KafkaException as error:
        raise IngestError(
            f"no Kafka answers at {connection.bootstrap} ({error.args[0].name()}): start the platform "
            "(`framelog up`) or set FRAMELOG_KAFKA"
        ) from None
    with Serde(connection) as serde:
        try:
            serde.register()
        except Exception as error:  # noqa: BLE001 (its client raises whatever its HTTP library does)
            raise IngestError(
                f"the schema registry at {connection.registry_url} is of no use "
                f"({type(error).__name__}: {str(error)[:200]}): is it up?"
            ) from None
        ensure_topics(connection)
        yield serde


@contextlib.contextmanager
def _stopping(stop: threading.Event | None) -> Iterator[threading.Event]:
    """An event that SIGTERM and SIGINT set while we are here, unless the caller has one of its own."""
    if stop is not None or threading.current_thread() is not threading.main_thread():
        yield stop or threading.Event()
        return
    event = threading.Event()

    def handler(_number: int, _frame: FrameType | None) -> None:
        event.set()

    before = {number: signal.signal(number, handler) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield event
    finally:
        for number, old in before.items():
            signal.signal(number, old)


def _end_others(job: Job, standings: dict[str, Standing], session: str | None) -> None:
    """Writes the end of every unfinished session of the stream but `session`, so that its readers can finish."""
    for other in standings.values():
        if other.complete or other.session == session:
            continue
        found = tails(job.connection, job.serde, other)
        writer = Writer(job.connection, job.serde, found, job.config.log_patience_s)
        numbering = Numbering(other.stream, other.session)
        last_us = max((spot.pts_us for spot in found.values()), default=0)
        for noun in NOUNS:
            if noun in found:
                numbering.set(noun, found[noun].seq, found[noun].pts_us)
            if not (noun in found and found[noun].ended):
                writer.write(numbering.end(noun, last_us))
        writer.flush(job.config.log_patience_s)
        job.ledger.write(
            msgspec.structs.replace(other, spots=writer.confirmed(), held=False, complete=True, cut=True)
        )
