"""Puts one session's records into the log, in order, each once, and remembers what the log has confirmed."""

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from confluent_kafka import KafkaError, Producer

from connectors.ingest.headers import REASON, headers
from connectors.ingest.ledger import Spot
from connectors.ingest.quiet import QUIET
from connectors.ingest.report import IngestError
from schemas.records import Audio, Frame, Packets
from topics.catalog import BY_NOUN
from topics.connection import Connection
from topics.registry import Serde

Raw = Frame | Audio | Packets
FOREVER_MS = 0
NOUN_OF: dict[type[Raw], str] = {Frame: "frames", Audio: "audio", Packets: "packets"}


class Writer:
    """A producer for one session.

    `patience_s`: how long a record may wait for the log before `write` raises IngestError; None for ever.
    `tails` is where the session stands already: what is at or below is not written again.
    `reason`: why somebody else than the session's own producer writes; it goes into the headers.
    """

    def __init__(
        self,
        connection: Connection,
        serde: Serde,
        tails: Mapping[str, Spot],
        patience_s: float | None,
        reason: str = "",
    ) -> None:
        self._reason = [(REASON, reason.encode())] if reason else []
        self._connection = connection
        self._serde = serde
        self._last = {noun: spot.seq for noun, spot in tails.items()}
        self._ended = {noun for noun, spot in tails.items() if spot.ended}
        self._spots = dict(tails)
        self._lock = threading.Lock()
        self._failed: KafkaError | None = None
        self.written: dict[str, int] = {}
        self._producer = Producer(
            connection.producer(
                enable_gapless_guarantee=True,
                linger_ms=20,
                batch_size=1 << 20,
                message_max_bytes=BY_NOUN["frames"].max_bytes,
                queue_buffering_max_kbytes=16 << 10,
                message_timeout_ms=FOREVER_MS if patience_s is None else int(patience_s * 1000),
            )
            | QUIET
        )

    def has(self, noun: str, seq: int) -> bool:
        """Whether the log has a record of the session already, or its end."""
        return noun in self._ended or seq <= self._last.get(noun, -1)

    def last_seq(self, noun: str) -> int:
        """Seq of the last record written or found, -1 where there is none."""
        return self._last.get(noun, -1)

    def write(self, record: Raw, stop: Callable[[], bool] = lambda: False) -> bool:
        """Hands a record to the producer unless the log has it; waits while its buffer is full.

        False if `stop` came true while waiting; IngestError if the log did not take an earlier record.
        """
        self.check()
        noun = NOUN_OF[type(record)]
        if self.has(noun, record.seq):
            return True
        topic = self._connection.names.topic(BY_NOUN[noun])
        value, spot = self._serde.encode(record), (record.seq, record.pts_us, record.end)

        def confirmed(error: KafkaError | None, message: Any) -> None:
            with self._lock:
                if error is not None:
                    self._failed = self._failed or error
                elif self._failed is None:
                    self._spots[noun] = Spot(message.partition(), message.offset(), *spot)

        while True:
            try:
                self._producer.produce(
                    topic,
                    value,
                    record.stream_id.encode(),
                    headers=[*headers(noun, record), *self._reason],
                    on_delivery=confirmed,
                )
                break
            except BufferError:  # back-pressure: the log takes them as fast as it can
                if stop():
                    return False
                self._producer.poll(0.1)
                self.check()
        self._last[noun] = record.seq
        if record.end:
            self._ended.add(noun)
        self.written[noun] = self.written.get(noun, 0) + 1
        self._producer.poll(0)
        return True

    def confirmed(self) -> dict[str, Spot]:
        """The last record by noun that the log has confirmed; everything before it is in the log too."""
        with self._lock:
            return dict(self._spots)

    def check(self) -> None:
        """IngestError if the log refused a record or did not take it in time."""
        if self._failed is not None:
            raise IngestError(
                f"the log did not take a record ({self._failed.str()}): is the broker up? ingest again "
                "to go on from there"
            )

    def flush(self, timeout_s: float) -> None:
        """Waits until the log has everything; IngestError if it does not within the time."""
        until = time.monotonic() + timeout_s
        while (left := self._producer.flush(0.2)) and time.monotonic() < until:
            self.check()
        self.check()
        if left:
            raise IngestError(f"the log did not take {left} records in {timeout_s:.0f} s: is the broker up?")
