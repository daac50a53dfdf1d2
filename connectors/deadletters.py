"""Records that a connector can not use: kept as they came, with the reason; and when they are too many."""

from confluent_kafka import KafkaException, Message, Producer

from topics.connection import Connection
from topics.limit import Recent, TooManyBad

ERRORS = "__connect.errors."


class BadLimit:
    """Raises TooManyBad when too many of the last records were bad."""

    def __init__(self) -> None:
        self._recent = Recent()

    def count(self, bad: bool, reason: str = "") -> None:
        """Takes one more record's verdict into account."""
        if self._recent.count(bad):
            raise TooManyBad(
                f"{self._recent}: stopped, and nothing is lost. The last one: {reason}. They are in the dead "
                "letter topics; mend the producer or this build and start again"
            )

    def good(self, count: int) -> None:
        """Takes so many more good ones into account."""
        for _ in range(min(count, self._recent.window)):
            self._recent.count(bad=False)


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
