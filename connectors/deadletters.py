"""Records that a connector can not use: kept as they came, with the reason; and when they are too many."""

from collections import deque
from dataclasses import dataclass, field

from confluent_kafka import KafkaException, Message, Producer

from topics.connection import Connection

ERRORS = "__connect.errors."


class TooManyBad(Exception):
    """So much of the input is bad that it is rather the build or a producer that is."""


@dataclass(slots=True)
class BadLimit:
    """Raises TooManyBad when more than `share` of the last `window` records were bad, or `in_a_row` of them."""

    window: int = 200
    share: float = 0.2
    in_a_row: int = 50
    row: int = 0
    last: deque[bool] = field(default_factory=deque)

    def count(self, bad: bool, reason: str = "") -> None:
        """Takes one more record's verdict into account."""
        self.last.append(bad)
        if len(self.last) > self.window:
            self.last.popleft()
        if not bad:
            self.row = 0
            return
        self.row += 1
        many = sum(self.last) if len(self.last) == self.window else 0
        if self.row >= self.in_a_row or many > self.share * self.window:
            raise TooManyBad(
                f"{self.row} bad records in a row, {sum(self.last)} of the last {len(self.last)}: stopped, and "
                f"nothing is lost. The last one: {reason}. They are in the dead letter topics; mend the producer "
                "or this build and start again"
            )


class DeadLetters:
    """Writes dead letters: key, value and headers unchanged, Kafka Connect's names for what went wrong."""

    def __init__(self, connection: Connection, connector: str) -> None:
        self._connector = connector
        self._producer = Producer(connection.producer(compression_type="zstd"))
        self._failed: list[str] = []

    def put(self, topic: str, message: Message, reason: str) -> None:
        """Hands one over; it is safe only after `flush`."""
        self._producer.produce(
            topic,
            key=message.key(),
            value=message.value(),
            headers=[
                *(message.headers() or []),
                (f"{ERRORS}topic", (message.topic() or "").encode()),
                (f"{ERRORS}partition", b"%d" % (message.partition() or 0)),
                (f"{ERRORS}offset", b"%d" % (message.offset() or 0)),
                (f"{ERRORS}connector.name", self._connector.encode()),
                (f"{ERRORS}stage", b"VALUE_CONVERTER"),
                (f"{ERRORS}exception.message", reason.encode()),
                ("framelog.station", self._connector.encode()),
                ("framelog.reason", reason.encode()),
            ],
            on_delivery=lambda error, _: self._failed.append(str(error)) if error is not None else None,
        )

    def flush(self, timeout_s: float = 60) -> None:
        """Waits until the broker has them all; KafkaException if it does not take one."""
        left = self._producer.flush(timeout_s)
        if left or self._failed:
            raise KafkaException(f"{left + len(self._failed)} dead letters not written: {self._failed[:1]}")
