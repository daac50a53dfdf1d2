"""What a sink makes of messages: rows, or dead letters, of which too many stop it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from confluent_kafka import Message

from connectors.deadletters import BadLimit, DeadLetters
from connectors.writing import Writer
from schemas.codec import Undecodable
from schemas.records import Record
from topics.connection import Connection
from topics.registry import Serde
from topics.topic import Topic


class Intake:
    """Takes messages of the topics for the sink `name`, one at a time."""

    def __init__(self, connection: Connection, name: str, writer: Writer, topics: Sequence[Topic[Record]]) -> None:
        self._names, self._serde = connection.names, Serde(connection)
        self.topics: Mapping[str, Topic[Record]] = {connection.names.topic(t): t for t in topics}
        self._rows: Mapping[str, Callable[[Message], Any | Undecodable]] = {
            name: writer.rows(name, topic, self._serde) for name, topic in self.topics.items()
        }
        self._dead, self._limit = DeadLetters(connection, name), BadLimit()
        self._dead_waiting = False

    def row(self, name: str, message: Message) -> Any | None:
        """What is kept of a message of the topic of that name; None where it goes to the dead letters. TooManyBad
        if too many of the last ones did.
        """
        row = self._rows[name](message)
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
        if self._dead_waiting:
            self._dead.flush()
            self._dead_waiting = False

    def close(self) -> None:
        """Lets go of the connection to the registry."""
        self._serde.close()
