"""Reads the ends of our own topics back, to the last record that is committed."""

import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, TopicPartition

from topics.connection import Connection
from topics.read import consumer, watermarks

Place = tuple[str, int]
# topic, partition


@dataclass
class Tail:
    """Records of a partition from some offset to its end, and the partition's first and next offset."""

    low: int
    end: int
    messages: list[Message] = field(default_factory=list)


def read_tails(connection: Connection, starts: Mapping[Place, int | None], gap_s: float = 15) -> dict[Place, Tail]:
    """What lies in each place from an offset on (None: from the beginning), as committed by now.

    TimeoutError if nothing comes for `gap_s`. KafkaException if the broker refuses.
    """
    tails: dict[Place, Tail] = {}
    with consumer(
        connection, isolation_level="read_committed", fetch_wait_max_ms=20, fetch_error_backoff_ms=50
    ) as c:
        assigned = []
        for place, start in starts.items():
            low, end = watermarks(c, TopicPartition(*place), gap_s)
            tails[place] = Tail(low, end)
            first = low if start is None else max(start, low)
            if first < end:
                assigned.append(TopicPartition(*place, OFFSET_BEGINNING if first == low else first))
        if not assigned:
            return tails
        c.assign(assigned)
        left = {(tp.topic, tp.partition) for tp in assigned}
        last = time.monotonic()
        while left:
            got = c.consume(1000, 0.2)
            if got:
                last = time.monotonic()
            elif time.monotonic() - last > gap_s:
                raise TimeoutError(f"nothing came from {sorted(left)} for {gap_s} s")
            for message in got:
                place = (str(message.topic()), int(message.partition() or 0))
                error = message.error()
                if error is None:
                    tails[place].messages.append(message)
                elif error.code() == KafkaError._PARTITION_EOF:
                    left.discard(place)
                else:
                    raise KafkaException(error)
    return tails


class Window:
    """Reads single messages of one partition again, by topic and offset, some ahead at a time."""

    AHEAD = 200

    def __init__(self, connection: Connection, partition: int) -> None:
        self._connection, self._partition = connection, partition
        self._open = ExitStack()
        self._client: Consumer | None = None
        self._ahead: dict[str, dict[int, Message]] = {}

    def __call__(self, topic: str, offset: int, gap_s: float = 20) -> Message:
        """The message; LookupError if the log has it no more, TimeoutError if the broker does not answer."""
        ahead = self._ahead.setdefault(topic, {})
        if offset not in ahead:
            ahead.clear()
            for message in self._read(topic, offset, gap_s):
                ahead[message.offset() or 0] = message
        if offset not in ahead:
            raise LookupError(f"{topic}/{self._partition}@{offset} was deleted before it could be used")
        return ahead.pop(offset)

    def _read(self, topic: str, offset: int, gap_s: float) -> list[Message]:
        if self._client is None:
            self._client = self._open.enter_context(consumer(self._connection, fetch_wait_max_ms=20))
        self._client.assign([TopicPartition(topic, self._partition, offset)])
        found: list[Message] = []
        until = time.monotonic() + gap_s
        while not found:
            for message in self._client.consume(self.AHEAD, 0.2):
                error = message.error()
                if error is None:
                    found.append(message)
                elif error.code() in (KafkaError._PARTITION_EOF, KafkaError._AUTO_OFFSET_RESET):
                    return found
                else:
                    raise KafkaException(error)
            if time.monotonic() > until:
                raise TimeoutError(f"{topic}/{self._partition}@{offset}: nothing came for {gap_s} s")
        return found

    def close(self) -> None:
        """Lets go of the connection."""
        self._open.close()


def first_behind(connection: Connection, place: Place, offset: int, gap_s: float = 15) -> tuple[int, int, int]:
    """Of a partition: the first record at or behind an offset (its end if there is none), its low mark, its end.

    TimeoutError if the broker does not answer for `gap_s`.
    """
    with consumer(connection, isolation_level="read_uncommitted", fetch_wait_max_ms=20) as c:
        low, end = watermarks(c, TopicPartition(*place), gap_s)
        if max(offset, low) >= end:
            return end, low, end
        c.assign([TopicPartition(*place, max(offset, low))])
        until = time.monotonic() + gap_s
        while time.monotonic() < until:
            for message in c.consume(1, 0.2):
                error = message.error()
                if error is None:
                    return int(message.offset() or 0), low, end
                if error.code() == KafkaError._PARTITION_EOF:
                    return end, low, end
                raise KafkaException(error)
    raise TimeoutError(f"{place[0]}/{place[1]}@{offset}: nothing came for {gap_s} s")


def bounds(connection: Connection, places: list[Place], timeout_s: float = 15) -> dict[Place, tuple[int, int]]:
    """First and next offset of each place."""
    with consumer(connection) as c:
        return {p: watermarks(c, TopicPartition(*p), timeout_s) for p in places}
