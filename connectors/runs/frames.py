"""Frames of a run's own, made again from the logged packets at another rate (`framelog replay --fps`)."""

from collections.abc import Callable
from dataclasses import replace

from confluent_kafka import KafkaException, Message, Producer

from connectors.ingest.records import Numbering, encoded
from connectors.runs.record import Run
from connectors.sources.config import Config
from connectors.sources.extract import Extractor
from connectors.sources.items import Picture
from connectors.sources.log import open_log
from connectors.sources.pictures import Coder
from schemas.codec import Undecodable
from topics.catalog import FRAMES
from topics.connection import Connection
from topics.extent import Passage
from topics.read import read
from topics.registry import Serde

FLUSH_S = 60.0
Session = tuple[str, str]


def make_frames(
    run: Run, live: Connection, connection: Connection, config: Config, tell: Callable[[int], object]
) -> None:
    """Writes the frames of every passage and their end marks to the run's own topic; what is there stays.

    connection: the same log with the run's names. `tell` is told how many frames there are so far. SourceError
    where the log does not have the packets (any more).
    """
    with Serde(connection) as serde:
        last, over = _written(connection, serde)
        errors: list[KafkaException] = []
        coder = Coder(config.jpeg_quality)

        def delivered(error: object, _: Message) -> None:
            if error is not None:
                errors.append(KafkaException(error))

        producer = Producer(connection.producer(linger_ms=20, queue_buffering_max_kbytes=64 << 10))
        topic, count = connection.names.topic(FRAMES), 0
        for passage in run.passages:
            session = passage.stream_id, passage.session_id
            if session in over:
                continue
            numbering, until_us = Numbering(*session), passage.until_us
            extractor = Extractor(replace(config, fps=run.fps))
            media = open_log(address(passage), live, serde)
            try:
                for item in extractor.read(media):
                    if not isinstance(item, Picture) or not media.wants(item):
                        continue
                    count += 1
                    tell(count)
                    if numbering.next_seq("frames") <= last.get(session, -1):
                        numbering.skip("frames", item.pts_us)
                        continue
                    record = numbering.stamp(encoded(item, coder))
                    _send(producer, topic, serde.encode(record), session[0].encode(), delivered)
                    if errors:
                        raise errors[0]
            finally:
                media.close()
            end_us = extractor.end_us if until_us is None else min(until_us, extractor.end_us)
            mark = serde.encode(numbering.end("frames", end_us))
            _send(producer, topic, mark, session[0].encode(), delivered)
        left = producer.flush(FLUSH_S)
        if errors:
            raise errors[0]
        if left:
            raise TimeoutError(f"the log did not take {left} frames within {FLUSH_S:.0f} s")


def address(passage: Passage) -> str:
    """The passage as a source of ingest's."""
    since, until = (("" if us is None else f"{us / 1e6:.6f}") for us in (passage.from_us, passage.until_us))
    part = f"@{since}..{until}" if since or until else ""
    return f"log:{passage.stream_id}/{passage.session_id}{part}"


def _written(connection: Connection, serde: Serde) -> tuple[dict[Session, int], set[Session]]:
    """Last seq of each session in the run's own topic, and the sessions that have ended there."""
    last, over = dict[Session, int](), set[Session]()
    for message in read(connection, [connection.names.topic(FRAMES)]):
        record = serde.decode(message.value(), FRAMES)
        if not isinstance(record, Undecodable):
            session = record.stream_id, record.session_id
            last[session] = max(last.get(session, -1), record.seq)
            if record.end:
                over.add(session)
    return last, over


def _send(
    producer: Producer, topic: str, value: bytes, key: bytes, delivered: Callable[[object, Message], None]
) -> None:
    while True:
        try:
            producer.produce(topic, value, key, on_delivery=delivered)
        except BufferError:
            producer.poll(0.1)
        else:
            producer.poll(0)
            return
