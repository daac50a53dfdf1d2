"""What is happening now: one consumer over the derived topics, and a mailbox for each listener."""

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka import Message as Raw

from api.frames import words
from api.mailbox import Kind, Mailbox, Message
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
PACE_S = 0.05
RETRY_S = 1.0


class Hub:
    """Hands messages of one thread to listeners on event loops. Nobody waits for a listener."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._boxes: dict[int, tuple[Mailbox, asyncio.AbstractEventLoop, asyncio.Event]] = {}
        self._now: dict[tuple[str, str], Message] = {}
        self._closed = False

    def publish(self, message: Message, fresh: bool = True) -> None:
        """Gives a message to all that listen; what is not fresh is only remembered."""
        with self._lock:
            if message.kind == "state":
                self._now[message.stream_id, message.noun] = message
            if not fresh:
                return
            for box, loop, event in self._boxes.values():
                box.put(message)
                _wake(loop, event)

    def watermarks(self) -> dict[str, dict[str, int]]:
        """By stream and noun, of what was said most recently."""
        marks: dict[str, dict[str, int]] = {}
        with self._lock:
            for (stream, noun), message in self._now.items():
                marks.setdefault(stream, {})[noun] = message.body["watermark_us"]
        return marks

    @property
    def listeners(self) -> int:
        """How many listen."""
        return len(self._boxes)

    async def listen(self, stream_id: str = "") -> AsyncIterator[list[dict[str, Any]]]:
        """Batches of messages as they come, the present state first; an empty batch at least every 10 s.
        Ends when the hub closes or this listener is hopelessly slow.
        """
        box, event = Mailbox(stream_id), asyncio.Event()
        with self._lock:
            for message in self._now.values():
                box.put(message)
            self._boxes[id(box)] = (box, asyncio.get_running_loop(), event)
        event.set()
        try:
            while not (self._closed or box.overrun):
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(event.wait(), 10)
                event.clear()
                with self._lock:
                    batch = box.take()
                yield batch
                await asyncio.sleep(PACE_S)  # twenty pictures a second are enough; the rest is merged
        finally:
            with self._lock:
                self._boxes.pop(id(box), None)

    def close(self) -> None:
        """Sends all listeners home."""
        self._closed = True
        with self._lock:
            for _, loop, event in self._boxes.values():
                _wake(loop, event)


def _wake(loop: asyncio.AbstractEventLoop, event: asyncio.Event) -> None:
    with contextlib.suppress(RuntimeError):  # its loop has just ended
        loop.call_soon_threadsafe(event.set)


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
