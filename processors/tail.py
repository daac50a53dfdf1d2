"""Reads the ends of our own topics back, to the last record that is committed."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from confluent_kafka import OFFSET_BEGINNING, KafkaError, KafkaException, Message, TopicPartition

from topics.connection import Connection
from topics.read import consumer

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
            low, end = c.get_watermark_offsets(TopicPartition(*place), timeout=gap_s)
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


def bounds(connection: Connection, places: list[Place], timeout_s: float = 15) -> dict[Place, tuple[int, int]]:
    """First and next offset of each place."""
    with consumer(connection) as c:
        return {p: c.get_watermark_offsets(TopicPartition(*p), timeout=timeout_s) for p in places}
