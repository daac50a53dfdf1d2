"""Single frames out of the log, by offset: Kafka as a picture store."""

import threading
from collections import OrderedDict
from dataclasses import dataclass

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from api.problem import Problem, away
from schemas.codec import Undecodable
from schemas.records import Frame
from topics.catalog import FRAMES
from topics.connection import Connection
from topics.registry import Serde

CACHE_BYTES = 96 << 20
WAIT_S = 5.0
DO = "wait: the page recovers by itself; `framelog status` says whether the broker is being started"


def words(error: KafkaException) -> str:
    """What librdkafka says, without its class names."""
    inner = error.args[0]
    return inner.str() if isinstance(inner, KafkaError) else str(inner)


@dataclass(frozen=True, slots=True)
class Picture:
    """A frame and where it was found."""

    frame: Frame
    partition: int
    offset: int


class FrameReader:
    """Reads frames by partition and offset, from any thread, one at a time; the last 96 MiB stay in memory.

    A consumer without a group seeks; reading on from where it stands needs no seek, so that playing forward
    costs one fetch for many frames.
    """

    def __init__(self, connection: Connection, serde: Serde) -> None:
        self.topic = connection.names.topic(FRAMES)
        self._connection = connection
        self._serde = serde
        self._lock = threading.Lock()
        self._consumer: Consumer | None = None
        self._next: tuple[int, int] | None = None
        self._kept: OrderedDict[tuple[int, int], Picture] = OrderedDict()
        self._bytes = 0

    def read(self, partition: int, offset: int) -> Picture:
        """The frame there; Problem 404 if there never was one, 410 if it is deleted, 503 without a broker."""
        place = (partition, offset)
        if partition < 0 or offset < 0:
            raise Problem(404, f"{self.topic}/{partition}/{offset} is no place", "take the place from a record")
        with self._lock:
            if place in self._kept:
                self._kept.move_to_end(place)
                return self._kept[place]
            picture = Picture(self._decoded(self._message(partition, offset)), partition, offset)
            self._keep(place, picture)
            return picture

    def close(self) -> None:
        """Leaves the broker."""
        with self._lock:
            self._drop()

    def _message(self, partition: int, offset: int) -> Message:
        try:
            consumer = self._at(partition, offset)
            message = consumer.poll(WAIT_S)
            if message is None or message.error() or message.offset() != offset:
                self._drop()
                raise self._missing(partition, offset, message)
        except KafkaException as error:
            self._drop()
            raise away("broker", words(error), DO) from error
        self._next = (partition, offset + 1)
        return message

    def _at(self, partition: int, offset: int) -> Consumer:
        """The consumer, standing before the offset."""
        if self._consumer is None:
            self._consumer = Consumer(
                self._connection.confluent(
                    group_id=f"{self._connection.names.prefix}.frames-by-offset",
                    enable_auto_commit=False,
                    auto_offset_reset="error",
                    enable_partition_eof=True,
                    fetch_wait_max_ms=20,
                    queued_max_messages_kbytes=4096,
                )
            )
        if self._next != (partition, offset):
            self._consumer.assign([TopicPartition(self.topic, partition, offset)])
        return self._consumer

    def _missing(self, partition: int, offset: int, message: Message | None) -> Problem:
        """Why nothing came."""
        error = message.error() if message is not None else None
        if error is not None and error.code() in {KafkaError._ALL_BROKERS_DOWN, KafkaError._TRANSPORT}:
            return away("broker", str(error), DO)
        consumer = Consumer(self._connection.confluent(group_id=f"{self._connection.names.prefix}.bounds"))
        try:
            low, high = consumer.get_watermark_offsets(TopicPartition(self.topic, partition), timeout=WAIT_S)
        except KafkaException as broken:
            if broken.args[0].code() in {KafkaError._UNKNOWN_PARTITION, KafkaError.UNKNOWN_TOPIC_OR_PART}:
                return Problem(404, f"{self.topic} has no partition {partition}", "take the place from a record")
            return away("broker", words(broken), DO)
        finally:
            consumer.close()
        where = f"{self.topic}/{partition}/{offset}"
        if offset < low:
            hours = FRAMES.retention_ms / 3_600_000
            return Problem(410, f"{where} is deleted: frames are kept {hours:g} h", "clips are kept longer")
        if offset >= high:
            return Problem(404, f"{where} is not written yet, the end is {high}", "take the place from a record")
        return away("broker", f"{where} did not come within {WAIT_S:g} s", DO)

    def _decoded(self, message: Message) -> Frame:
        record = self._serde.decode(message.value(), FRAMES)
        where = f"{self.topic}/{message.partition()}/{message.offset()}"
        if isinstance(record, Undecodable):
            raise Problem(422, f"{where}: {record.reason}", "its producer wrote no frame; see its dead letters")
        assert isinstance(record, Frame)
        if not record.image:
            raise Problem(404, f"{where} is the end mark of a session and holds no picture", "take the one before")
        return record

    def _keep(self, place: tuple[int, int], picture: Picture) -> None:
        self._kept[place] = picture
        self._bytes += len(picture.frame.image)
        while self._bytes > CACHE_BYTES:
            _, old = self._kept.popitem(last=False)
            self._bytes -= len(old.frame.image)

    def _drop(self) -> None:
        consumer, self._consumer, self._next = self._consumer, None, None
        if consumer is not None:
            consumer.close()
