"""Letters of the sink of rows: what can be read by now gets its row, as if the sink had been able to."""

from typing import Any

from confluent_kafka import Message

from connectors.clickhouse.rows import Place, row
from connectors.clickhouse.sink import ClickHouseWriter
from connectors.letters.case import Spot
from connectors.ranges import Span
from schemas.records import Record
from topics.topic import Topic


def insert(
    writer: ClickHouseWriter, run: str, topic: Topic[Record], record: Record, at: Spot, original: Any
) -> None:
    """Writes the row of one record at its own place, under a token of its own. StoreDown if the store is away.

    `original` is the message itself where the log has it, else the letter: only its time of writing is used.
    """
    assert isinstance(original, Message)
    place = Place(at.topic, at.partition, at.offset, int(original.timestamp()[1]))
    made = row(topic.noun, run, record, place)
    writer.write(topic.noun, Span(at.topic, at.partition, at.offset, at.offset + 1, (made,)))
