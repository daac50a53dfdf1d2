"""The clip cutter: highlights and packets in, objects and `clips` records out, each once whatever is killed when.

Its place is the tail of its output: every record names the highlight that it answers and where the cutter stood,
so one that takes over a partition goes on there. The object is written before the record and is the same at every
try. Packets are followed from where the oldest open highlight needs them; what lies further back is looked up.
"""

import json
import logging
import time
from collections.abc import Callable, Mapping
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

from connectors.clips.config import Config
from connectors.clips.index import SessionIndex
from connectors.clips.lane import Lane
from connectors.clips.making import NAME, ClipMaker
from connectors.clips.packets import PacketLog
from connectors.clips.patience import Patience, answering
from connectors.clips.tail import headers_of, lane_of
from connectors.deadletters import BadLimit, DeadLetters
from connectors.objects.store import ObjectStore
from schemas.codec import Undecodable
from schemas.records import Clip, Highlight, Packets, Record, Ref
from topics import catalog
from topics.connection import Connection
from topics.read import stretch
from topics.registry import Serde
from topics.topic import Topic

log = logging.getLogger(__name__)
GAUGE_S = 1.0
LOOK_S = 1.0
AWAY = "the object store is away: tried again until it answers"
KEPT_ENTRIES, KEPT_US = 1_200, 600_000_000
END = 1 << 62


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
        self._log = PacketLog(connection, self._serde)
        self._maker = ClipMaker(self._log, objects, self._config, names.run)
        self._highlights, self._packets = names.topic(catalog.HIGHLIGHTS), names.topic(catalog.PACKETS)
        self._clips = names.topic(catalog.CLIPS)
        self._topics: Mapping[str, Topic[Record]] = {
            self._highlights: catalog.HIGHLIGHTS, self._packets: catalog.PACKETS,
        }  # fmt: skip
        self._lanes: dict[int, Lane] = {}
        self._dead, self._limit = DeadLetters(connection, NAME), BadLimit()
        self._producer = Producer(connection.producer(compression_type="zstd", linger_ms=0))
        self._written: list[int] = []
        self._failed: list[str] = []
        self._stopping, self._told_s, self._away = False, now_s(), False
        self._patience = Patience(self._config.patience_s, now_s(), now_s())
        self._consumer = Consumer(
            connection.confluent(
                group_id=names.group(NAME), enable_auto_commit=False, auto_offset_reset="earliest",
                session_timeout_ms=10_000, enable_partition_eof=True, queued_max_messages_kbytes=16 << 10,
                partition_assignment_strategy="range",  # the same partitions of both topics go to the same member
            ) | {"on_commit": answering(self._patience, now_s)}
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
            busy = False
            while not self._stopping:
                for message in self._consumer.consume(200, 0.0 if busy else 0.1):
                    self._take(message)
                busy = sum(self._advance(partition) for partition in list(self._lanes)) > 0
                self._gauge()
        finally:
            self._consumer.close()
            self._serde.close()

    def _gauge(self) -> None:
        """Commits how far the packets were read, once a second, and beside it what the clips wait for: for people
        only, positions are in the tail. That the broker took it is how the cutter knows that the log answers.
        """
        now_s = self._now_s()
        if now_s - self._told_s < GAUGE_S:
            return
        self._told_s = now_s
        places = self._consumer.position([TopicPartition(self._packets, partition) for partition in self._lanes])
        for place in places:
            if place.offset < 0:  # nothing has come since it began, and what lies before needs no reading
                place.offset = self._lanes[place.partition].followed
        waits_for = self._waits_for(now_s)
        note = json.dumps({"waits_for": waits_for}) if waits_for else ""
        if places:
            self._commit([TopicPartition(p.topic, p.partition, p.offset, note) for p in places])

    def _waits_for(self, now_s: float) -> str:
        if self._away:
            return AWAY
        late = sorted({stream for lane in self._lanes.values() for stream in lane.late(self._patience, now_s)})
        return f"packets of {', '.join(late)} neither come nor end" if late else ""

    def _assigned(self, consumer: Consumer, places: list[TopicPartition]) -> None:
        starts = []
        for partition in sorted({place.partition for place in places}):
            lane = lane_of(self._connection, self._clips, partition)
            lane.followed = self._log.begin(partition, self._open(lane, partition))
            self._lanes[partition] = lane
            log.info("partition %d: highlights from %d, packets from %d", partition, lane.next, lane.followed)
        for place in places:
            lane = self._lanes[place.partition]
            start = lane.next if place.topic == self._highlights else lane.followed
            starts.append(TopicPartition(place.topic, place.partition, start))
        consumer.assign(starts)

    def _open(self, lane: Lane, partition: int) -> list[tuple[str, str, int]]:
        """Stream, session and begin of every highlight of a partition that has to be cut yet."""
        found = []
        for message in stretch(self._connection, self._highlights, partition, lane.next, END):
            record = self._serde.decode(message.value(), catalog.HIGHLIGHTS)
            if not isinstance(record, Highlight) or record.end or record.status != "ok":
                continue
            if message.offset() not in lane.answered:
                found.append((record.stream_id, record.session_id, self._maker.span(record)[0]))
        return found

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
            key = (record.stream_id, record.session_id)
            index = lane.sessions.setdefault(key, SessionIndex())
            index.add(offset, record)
            lane.moved_s[key] = self._now_s()
            if len(index.entries) > KEPT_ENTRIES:
                index.forget(record.pts_us - KEPT_US)
        elif isinstance(record, Highlight):
            self._limit.count(bad=False)
            lane.take(offset, record, self._now_s())
        elif isinstance(record, Undecodable) and topic is catalog.HIGHLIGHTS:
            self._dead.put(self._connection.names.dlq(topic), message, record.reason)
            self._dead.flush()
            self._limit.count(bad=True, reason=record.reason)

    def _advance(self, partition: int) -> bool:
        """Cuts what need not wait any longer, one of each session; whether there was anything."""
        lane, cut = self._lanes.get(partition, Lane()), False
        for offset, highlight in lane.heads():
            if self._stopping or not self._ready(lane, highlight, partition):
                continue
            index = lane.sessions.get((highlight.stream_id, highlight.session_id), SessionIndex())
            try:
                clip = self._maker.make(highlight, index, partition)
            except OSError as error:
                self._wait(error)
                return False
            self._say(lane, clip, highlight, offset, partition)
            cut = True
        return cut

    def _ready(self, lane: Lane, highlight: Highlight, partition: int) -> bool:
        """Whether all of a highlight's packets are there, or will not come."""
        if highlight.end or highlight.status != "ok":
            return True
        key, span, now_s = (highlight.stream_id, highlight.session_id), self._maker.span(highlight), self._now_s()
        index = lane.sessions.setdefault(key, SessionIndex())
        waited = lane.scanned and self._patience.over(lane.moved_s[key], now_s)
        if not index.covers(span[0]) and (waited or now_s >= lane.looked_s.get(key, 0)):
            self._log.earlier(index, *key, partition, span, lane.followed, anyhow=waited)
            lane.looked_s[key] = self._now_s() + LOOK_S
        return waited or (index.covers(span[0]) and index.passed(span[1]))

    def _wait(self, error: OSError) -> None:
        """Stays a member while the store is away: paused partitions give nothing, a new one may."""
        log.warning("object store is away, tried again: %s", error)
        self._away = True
        self._consumer.pause(self._consumer.assignment())
        for message in self._consumer.consume(1, self._config.retry_s):
            self._take(message)
        self._consumer.resume(self._consumer.assignment())
        self._patience.unread(self._now_s())

    def _say(self, lane: Lane, clip: Clip, highlight: Highlight, offset: int, partition: int) -> None:
        """Writes the record and waits until the broker has it; the committed offset is a gauge only."""
        self._away = False
        place = Ref(topic=self._highlights, partition=partition, offset=offset)
        headers = headers_of(clip, self._connection.names, place, lane.place(offset))
        self._written.clear()
        self._producer.produce(
            self._clips, self._serde.encode(clip), clip.stream_id.encode(), partition=partition, headers=headers,
            on_delivery=self._delivered,
        )  # fmt: skip
        if self._producer.flush(60) or self._failed:
            raise KafkaException(f"clip record not written: {self._failed[:1]}")
        lane.answer(offset, highlight, self._written[0])
        self._commit([TopicPartition(self._highlights, partition, lane.place().done)])

    def _delivered(self, error: Any, message: Message) -> None:
        if error is not None:
            self._failed.append(str(error))
        else:
            self._written.append(message.offset() or 0)

    def _commit(self, places: list[TopicPartition]) -> None:
        """Moves the gauge; a group being shared out anew, or a broker that is away, is no reason to end."""
        try:
            self._consumer.commit(offsets=places)
        except KafkaException as error:
            log.info("gauge not moved: %s", error)
