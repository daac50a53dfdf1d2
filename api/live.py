"""What is happening now: one consumer over the derived topics, which tells the hub."""

import logging
import threading
import time
from collections.abc import Iterator

from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka import Message as Raw

from api.frames import words
from api.hub import Hub
from api.mailbox import Kind, Message
from api.plain import plain
from schemas.codec import Undecodable
from schemas.records import Record
from topics import catalog as c
from topics.connection import Connection
from topics.read import partitions_of
from topics.registry import Serde
from topics.topic import Topic

log = logging.getLogger(__name__)
KINDS: dict[Topic[Record], Kind] = {
    c.TRACKS: "state", c.EMOTIONS: "state", c.SOUNDS: "state", c.FUSED: "state", c.STREAMS: "item",
    c.SPEECH: "item", c.EVENTS: "item", c.CLIPS: "item", c.HIGHLIGHTS: "highlight",
}  # fmt: skip
WARM_RECORDS = 20  # of each partition: what a page that opens now has just missed
RETRY_S = 1.0


class Live:
    """The consumer thread. It starts at the log's end, survives a broker that goes away, and commits nothing."""

    def __init__(self, connection: Connection, serde: Serde, hub: Hub) -> None:
        self._connection = connection
        self._serde = serde
        self._hub = hub
        self._topics = {connection.names.topic(t): t for t in KINDS}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="live", daemon=True)
        self.why = "starting"
        self.since_s = time.time()

    def start(self) -> None:
        """Begins to listen."""
        self._thread.start()

    def close(self) -> None:
        """Stops within a second or so."""
        self._stop.set()
        self._hub.close()
        if self._thread.is_alive():
            self._thread.join(10)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._follow()
            except KafkaException as error:
                self._note(words(error))
            except Exception as error:  # noqa: BLE001 (the page must come back whatever a client library raises)
                log.warning("live: %s: %s", type(error).__name__, error)
                self._note(f"{type(error).__name__}: {error}"[:200])
            self._stop.wait(RETRY_S)

    def _note(self, why: str) -> None:
        if bool(why) != bool(self.why):
            self.since_s = time.time()
        self.why = why

    def _follow(self) -> None:
        consumer = Consumer(
            self._connection.confluent(
                group_id=f"{self._connection.names.prefix}.live-page", enable_auto_commit=False,
                auto_offset_reset="latest", fetch_wait_max_ms=50,
            )
        )  # fmt: skip
        try:
            ends = {}
            starts = []
            for tp in partitions_of(consumer, list(self._topics), timeout_s=5):
                low, high = consumer.get_watermark_offsets(tp, timeout=5)
                ends[tp.topic, tp.partition] = high
                starts.append(TopicPartition(tp.topic, tp.partition, max(low, high - WARM_RECORDS)))
            consumer.assign(starts)
            self._note("")
            while not self._stop.is_set():
                for message, fresh in self._batch(consumer, ends):
                    self._hub.publish(message, fresh)
        finally:
            consumer.close()

    def _batch(self, consumer: Consumer, ends: dict[tuple[str, int], int]) -> Iterator[tuple[Message, bool]]:
        for raw in consumer.consume(500, 0.1):
            error = raw.error()
            if error is not None:
                if error.fatal() or not error.retriable():
                    self._note(str(error))
                continue
            self._note("")
            message = self._message(raw)
            if message is not None:
                yield message, (raw.offset() or 0) >= ends.get((raw.topic() or "", raw.partition() or 0), 0)

    def _message(self, raw: Raw) -> Message | None:
        topic = self._topics[raw.topic() or ""]
        record = self._serde.decode(raw.value(), topic)
        if isinstance(record, Undecodable):
            return None
        body = plain(record)
        if record.end and KINDS[topic] != "item":
            return None
        body["offset"], body["partition"], body["topic"] = raw.offset(), raw.partition(), raw.topic()
        return Message(KINDS[topic], record.stream_id, topic.noun, body)
