"""Record and place to row: pure, so that the same stretch of the log gives the same rows for ever."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from operator import attrgetter
from typing import Any

from connectors.clickhouse.columns import all_columns, own_columns
from schemas.records import Record


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
def own_values(noun: str) -> tuple[Callable[[Any], tuple[Any, ...]], tuple[tuple[int, Callable[[Any], Any]], ...]]:
    """How a record's fields are fetched at once, and which of them need a conversion."""
    columns = own_columns(noun)
    return attrgetter(*(c.field for c in columns)), tuple(
        (index, c.convert) for index, c in enumerate(columns) if c.convert is not None
    )


def row(noun: str, run: str, record: Record, place: Place) -> tuple[Any, ...]:
    """The one row of a record; times of the log in ms, everything else as the record has it.

    AttributeError or TypeError for a record that is not the noun's: a bug, never a value to be guessed.
    """
    fetch, conversions = own_values(noun)
    values = list(fetch(record))
    for index, convert in conversions:
        values[index] = convert(values[index])
    return (run, place.topic, place.partition, place.offset, place.recorded_ms, *values)


def columns_of(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    """Rows turned, as the client wants them."""
    return [list(column) for column in zip(*rows, strict=True)]
