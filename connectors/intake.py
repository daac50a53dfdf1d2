"""What a sink makes of messages: rows or blocks, or dead letters, of which too many stop it.

Messages whose topic can be made a block of are kept as they came until their span is written, in the thread that
writes it: one of three boxes takes 460 bytes, its row 1,780 (M), and blocks are made of them seven times as fast
as rows are made and written. What holds media is made a row as it comes, which keeps only its size.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from threading import Lock
from typing import Any

from confluent_kafka import Message

from connectors.deadletters import BadLimit, DeadLetters
from connectors.ranges import Span
from connectors.writing import Writer
from schemas.codec import Undecodable
from schemas.records import Record
from topics.connection import Connection
from topics.registry import Serde
from topics.topic import Topic


class Intake:
    """Takes messages of the topics for the sink `name`: one by one as they come, and spans of them."""

    def __init__(self, connection: Connection, name: str, writer: Writer, topics: Sequence[Topic[Record]]) -> None:
        self._names, self._serde = connection.names, Serde(connection)
        self.topics: Mapping[str, Topic[Record]] = {connection.names.topic(t): t for t in topics}
        self._rows: Mapping[str, Callable[[Message], Any | Undecodable]] = {
            name: writer.rows(name, topic, self._serde) for name, topic in self.topics.items()
        }
        self._blocks = {
            name: blocks
            for name, topic in self.topics.items()
            if (blocks := writer.blocks(name, topic, self._serde)) is not None
        }
        self._dead, self._limit = DeadLetters(connection, name), BadLimit()
        self._dead_waiting = False
        self._verdicts = Lock()  # one thread takes messages, another makes spans of them

    def kept(self, name: str, message: Message) -> Any | None:
        """What is kept of a message of the topic of that name until its span is made: itself, or its row; None
        where it went to the dead letters. TooManyBad if too many of the last ones did.
        """
        return message if name in self._blocks else self._row(name, message)

    def made(self, span: Span) -> Span:
        """The span with what is to be written of what was kept; its dead letters are with the broker."""
        blocks = self._blocks.get(span.topic)
        if blocks is None or not span.rows:
            return span
        block = blocks(span.rows)
        if block is not None:
            with self._verdicts:
                self._limit.good(len(span.rows))
            return replace(span, rows=(), block=block)
        rows = [row for message in span.rows if (row := self._row(span.topic, message)) is not None]
        self.flush()
        return replace(span, rows=tuple(rows))

    def _row(self, name: str, message: Message) -> Any | None:
        row = self._rows[name](message)
        with self._verdicts:
            if not isinstance(row, Undecodable):
                self._limit.count(bad=False)
                return row
            self._dead.put(self._names.dlq(self.topics[name]), message, row.reason)
            self._dead_waiting = True
            self._limit.count(
                bad=True, reason=f"{message.topic()}[{message.partition()}]@{message.offset()}: {row.reason}"
            )
        return None

    def flush(self) -> None:
        """Waits until the broker has all dead letters; KafkaException if it does not take one."""
        with self._verdicts:
            if self._dead_waiting:
                self._dead.flush()
                self._dead_waiting = False

    def close(self) -> None:
        """Lets go of the connection to the registry."""
        self._serde.close()
