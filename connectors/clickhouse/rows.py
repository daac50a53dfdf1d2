"""Record and place to row: pure, so that the same stretch of the log gives the same rows for ever."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from confluent_kafka import Message

from connectors.clickhouse.block import native_block
from connectors.clickhouse.columns import PLACE, all_columns, own_columns
from connectors.clickhouse.quick import START, quick_row
from schemas.codec import Undecodable, schema_id_of, schema_text
from schemas.records import Record
from topics.registry import Serde
from topics.topic import Topic

AT_ONCE = 100  # messages from which on it is quicker to make a block of all than rows (M)
Row = tuple[Any, ...]
Maker = Callable[[str, str, int, int, int, Mapping[str, Any]], Row]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record lies: topic name, partition, offset, and when the log took it (ms since 1970)."""

    topic: str
    partition: int
    offset: int
    recorded_ms: int


@cache
def column_names(noun: str) -> tuple[str, ...]:
    """Names of the table's columns in the order in which rows hold them."""
    return tuple(c.name for c in all_columns(noun))


@cache
def row_maker(noun: str) -> Maker:
    """The noun's function from run, place and decoded record (plain values, as Avro has them) to row: compiled,
    M: 1.9 µs for a record of three boxes, where dataclass and attributes took 10.

    KeyError or TypeError for a record that is not the noun's: a bug, never a value to be guessed.
    """
    values = ", ".join(c.taken(f"r[{c.field!r}]") for c in own_columns(noun))
    place = ", ".join(PLACE)
    made: Maker = eval(f"lambda {place}, r: ({place}, {values})")  # noqa: S307 (field names of our own schemas)
    return made


def row(noun: str, run: str, record: Record, place: Place) -> tuple[Any, ...]:
    """The one row of a record; times of the log in ms, everything else as the record has it."""
    return row_maker(noun)(run, place.topic, place.partition, place.offset, place.recorded_ms, record.as_dict())


def row_reader(name: str, topic: Topic[Record], run: str, serde: Serde) -> Callable[[Message], Row | Undecodable]:
    """The function from a message of the topic (of that name) to its row, or to why its bytes are no record."""
    made, quick, read = row_maker(topic.noun), quick_row(topic.noun), serde.plain_reader(topic)
    quickly: dict[bytes, bool] = {}  # by the head that names the schema: whether that is today's

    def row(message: Message) -> Row | Undecodable:
        value = message.value()
        place = message.partition() or 0, message.offset() or 0, message.timestamp()[1]
        today = quickly.get(value[:5]) if value is not None else False
        if today and quick is not None and value is not None:
            try:
                return quick(run, name, *place, value)
            except Exception:  # noqa: BLE001, S110 (whatever it stumbles over, the library decides)
                pass
        record = read(value)
        if isinstance(record, Undecodable):
            return record
        if today is None and value is not None:
            quickly[value[:5]] = _written_by_today(value, topic.noun, serde)
        return made(run, name, *place, record)

    return row


def block_reader(
    name: str, topic: Topic[Record], run: str, serde: Serde
) -> Callable[[Sequence[Message]], bytes | None] | None:
    """The function from messages of one partition of the topic (of that name) to the Native block of their rows,
    or to None where `row_reader` has to judge each of them. None for a noun that has no such block.
    """
    native = native_block(topic.noun)
    if native is None:
        return None
    today: dict[bytes, bool] = {}

    def block(messages: Sequence[Message]) -> bytes | None:
        values = [value for message in messages if (value := message.value()) is not None]
        if len(messages) < AT_ONCE or len(values) < len(messages):
            return None
        for head in {value[:START] for value in values}:
            if head not in today:
                today[head] = _written_by_today(head, topic.noun, serde)
            if not today[head]:
                return None
        offsets = [message.offset() or 0 for message in messages]
        times_ms = [message.timestamp()[1] for message in messages]
        try:
            return native(run, name, messages[0].partition() or 0, offsets, times_ms, values)
        except Exception:  # noqa: BLE001 (whatever it stumbles over, they are read one by one)
            return None

    return block


def _written_by_today(value: bytes, noun: str, serde: Serde) -> bool:
    schema_id = schema_id_of(value)
    text = None if isinstance(schema_id, Undecodable) else serde.schema_by_id(schema_id)
    return text is not None and bool(json.loads(text) == json.loads(schema_text(noun)))


def columns_of(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    """Rows turned, as the client wants them."""
    return [list(column) for column in zip(*rows, strict=True)]
