"""The clip cutter: highlights and packets in, objects and `clips` records out, each once whatever is killed when.

Its place is the tail of its output: every record names the offset of the highlight it came of, so a cutter that
takes over a partition goes on behind it. The object is written before the record and is the same at every try.
"""

import hashlib
import logging
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    Producer,
    TopicPartition,
)

from connectors.clips.config import Config
from connectors.clips.index import SessionIndex
from connectors.clips.remux import remux
from connectors.clips.tail import FETCH_WAIT_MS, behind_tail, headers_of, message_at
from connectors.clips.template import NoContainer
from connectors.deadletters import BadLimit, DeadLetters
from connectors.objects.store import Exists, ObjectStore, key_part
from schemas.codec import Undecodable
from schemas.identity import record_id
from schemas.records import Clip, Frame, Highlight, Model, Packets, Record, Ref
from topics import catalog
from topics.connection import Connection
from topics.read import consumer as reader
from topics.registry import Serde
from topics.topic import Topic

log = logging.getLogger(__name__)
NAME = "clips"
GAUGE_S = 1.0
MODEL = Model(name="remux", version="1")


@dataclass(slots=True)
class Lane:
    """One partition: highlights that wait, and where the packets of its sessions lie."""

    waiting: deque[tuple[int, Highlight]] = field(default_factory=deque)
    sessions: dict[tuple[str, str], SessionIndex] = field(default_factory=dict)
    scanned: bool = False
    moved_s: float = 0.0


class Cutter:
    """One member of the cutters' group. `run` until `close` (from any thread or a signal handler)."""

    def __init__(
        self,
        connection: Connection,
        objects: ObjectStore,
        config: Config | None = None,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._connection, self._objects, self._config, self._now_s = connection, objects, config or Config(), now_s
        names = connection.names
        self._serde = Serde(connection)
        self._highlights, self._packets = names.topic(catalog.HIGHLIGHTS), names.topic(catalog.PACKETS)
        self._clips = names.topic(catalog.CLIPS)
        self._topics: Mapping[str, Topic[Record]] = {
            self._highlights: catalog.HIGHLIGHTS, self._packets: catalog.PACKETS,
        }  # fmt: skip
        self._lanes: dict[int, Lane] = {}
        self._dead, self._limit = DeadLetters(connection, NAME), BadLimit()
        self._producer = Producer(connection.producer(compression_type="zstd"))
        self._failed: list[str] = []
        self._stopping, self._told_s = False, now_s()
        self._consumer = Consumer(
            connection.confluent(
                group_id=names.group(NAME), enable_auto_commit=False, auto_offset_reset="earliest",
                session_timeout_ms=10_000, enable_partition_eof=True, queued_max_messages_kbytes=16 << 10,
                partition_assignment_strategy="range",  # the same partitions of both topics go to the same member
            )
        )  # fmt: skip

    @property
    def assigned(self) -> bool:
        """Whether it has partitions to read."""
        return bool(self._lanes)

    def close(self) -> None:
        """Asks `run` to end after the clip in hand."""
        self._stopping = True

    def run(self) -> None:
        """Cuts clips until closed; KafkaException if the broker refuses, TooManyBad if the input is no good."""
        self._consumer.subscribe(list(self._topics), on_assign=self._assigned, on_revoke=self._revoked)
        try:
            while not self._stopping:
                for message in self._consumer.consume(200, 0.1):
                    self._take(message)
                for partition in list(self._lanes):
                    self._advance(partition)
                self._gauge()
        finally:
            self._consumer.close()
            self._serde.close()

    def _gauge(self) -> None:
        """Commits how far the packets were read, once a second: for lag only, positions are in the tail."""
        now_s = self._now_s()
        if now_s - self._told_s < GAUGE_S:
            return
        self._told_s = now_s
        places = [TopicPartition(self._packets, partition) for partition in self._lanes]
        read = [place for place in self._consumer.position(places) if place.offset >= 0]
        if read:
            self._commit(read)

    def _assigned(self, consumer: Consumer, places: list[TopicPartition]) -> None:
        starts = []
        for place in places:
            self._lanes.setdefault(place.partition, Lane(moved_s=self._now_s()))
            start = OFFSET_BEGINNING
            if place.topic == self._highlights:
                start = behind_tail(self._connection, self._clips, place.partition)
            starts.append(TopicPartition(place.topic, place.partition, start))
        consumer.assign(starts)

    def _revoked(self, _: Consumer, places: list[TopicPartition]) -> None:
        for place in places:
            self._lanes.pop(place.partition, None)

    def _take(self, message: Message) -> None:
        lane = self._lanes.get(message.partition() or 0)
        if (error := message.error()) is not None:
            if error.code() == KafkaError._PARTITION_EOF:
                if lane is not None and message.topic() == self._packets:
                    lane.scanned = True
            elif error.fatal():
                raise KafkaException(error)
            return
        if lane is None:
            return
        topic, offset = self._topics[message.topic() or ""], message.offset() or 0
        record = self._serde.decode(message.value(), topic)
        if isinstance(record, Packets):
            lane.sessions.setdefault((record.stream_id, record.session_id), SessionIndex()).add(offset, record)
            lane.moved_s = self._now_s()
        elif isinstance(record, Highlight):
            self._limit.count(bad=False)
            if not lane.waiting:
                lane.moved_s = self._now_s()
            lane.waiting.append((offset, record))
        elif isinstance(record, Undecodable) and topic is catalog.HIGHLIGHTS:
            self._dead.put(self._connection.names.dlq(topic), message, record.reason)
            self._dead.flush()
            self._limit.count(bad=True, reason=record.reason)

    def _advance(self, partition: int) -> None:
        """Cuts what need not wait any longer, in the highlights' order."""
        lane = self._lanes.get(partition, Lane())
        while lane.waiting and not self._stopping:
            offset, highlight = lane.waiting[0]
            index = lane.sessions.get((highlight.stream_id, highlight.session_id), SessionIndex())
            waited = lane.scanned and self._now_s() - lane.moved_s > self._config.patience_s
            if not (highlight.end or highlight.status != "ok" or waited or index.passed(self._span(highlight)[1])):
                return
            try:
                clip = self._clip(highlight, index, partition)
            except OSError as error:
                log.warning("object store is away, tried again: %s", error)
                self._consumer.pause(self._consumer.assignment())
                # Stays a member; paused partitions give nothing, one that is new meanwhile may.
                for message in self._consumer.consume(1, self._config.retry_s):
                    self._take(message)
                self._consumer.resume(self._consumer.assignment())
                return
            self._say(clip, offset, partition)
            lane.waiting.popleft()

    def _span(self, highlight: Highlight) -> tuple[int, int]:
        before_us, after_us = round(self._config.before_s * 1e6), round(self._config.after_s * 1e6)
        return max(highlight.start_us - before_us, 0), highlight.end_us + after_us

    def _clip(self, highlight: Highlight, index: SessionIndex, partition: int) -> Clip:
        """The record of a highlight, its object written."""
        start_us, end_us = self._span(highlight)
        stamp: dict[str, Any] = {
            "stream_id": highlight.stream_id, "session_id": highlight.session_id, "seq": highlight.seq,
            "pts_us": highlight.pts_us, "watermark_us": highlight.watermark_us, "model": MODEL,
            "id": record_id(NAME, highlight.stream_id, highlight.session_id, highlight.seq),
        }  # fmt: skip
        if highlight.end:
            return Clip(**stamp, end=True)
        about = stamp | {"highlight_id": highlight.id, "start_us": start_us, "end_us": end_us}
        if highlight.status != "ok":
            return Clip(**about, status=highlight.status, reason=highlight.reason)
        entries = index.stretch(start_us, end_us)
        with reader(self._connection, fetch_wait_max_ms=FETCH_WAIT_MS) as client:
            records = []
            for e in entries:
                message = message_at(client, Ref(topic=self._packets, partition=partition, offset=e.offset))
                record = self._serde.decode(message.value(), catalog.PACKETS) if message is not None else None
                if isinstance(record, Packets):
                    records.append(record)
            image = self._frame(client, highlight.frame)
        if not records:
            why = "the log does not hold its packets any more" if index.entries else "its session has no packets"
            return Clip(**about, status="unavailable", reason=why)
        try:
            body, kind = remux(records, start_us, end_us)
        except NoContainer as error:
            return Clip(**about, status="unavailable", reason=str(error))
        folder = f"{NAME}/{key_part(highlight.stream_id)}"
        key = self._put(f"{folder}/{highlight.id}.{kind.ending}", body, kind.content_type)
        poster = self._put(f"{folder}/{highlight.id}.jpg", image, "image/jpeg") if image else ""
        return Clip(
            **about, key=key, poster_key=poster, bytes=len(body), sha256=hashlib.sha256(body).hexdigest(),
            first_seq=records[0].seq, last_seq=records[-1].seq,
        )  # fmt: skip

    def _frame(self, client: Consumer, ref: Ref | None) -> bytes:
        message = message_at(client, ref) if ref is not None else None
        record = self._serde.decode(message.value(), catalog.FRAMES) if message is not None else None
        return record.image if isinstance(record, Frame) else b""

    def _put(self, key: str, body: bytes, content_type: str) -> str:
        try:
            self._objects.put(key, body, content_type)
        except Exists:  # a former life got this far; the record is to name the very bytes that are there
            if self._objects.read(key) != body:
                self._objects.replace(key, body, content_type)
        return key

    def _say(self, clip: Clip, offset: int, partition: int) -> None:
        """Writes the record and waits until the broker has it; the committed offset is a gauge only."""
        self._producer.produce(
            self._clips, self._serde.encode(clip), clip.stream_id.encode(), partition=partition,
            headers=headers_of(
                clip, self._connection.names, Ref(topic=self._highlights, partition=partition, offset=offset)
            ),
            on_delivery=lambda error, _: self._failed.append(str(error)) if error is not None else None,
        )  # fmt: skip
        if self._producer.flush(60) or self._failed:
            raise KafkaException(f"clip record not written: {self._failed[:1]}")
        self._commit([TopicPartition(self._highlights, partition, offset + 1)])

    def _commit(self, places: list[TopicPartition]) -> None:
        """Moves the gauge; a group being shared out anew, or a broker that is away, is no reason to end."""
        try:
            self._consumer.commit(offsets=places)
        except KafkaException as error:
            log.info("gauge not moved: %s", error)
