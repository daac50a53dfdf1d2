"""How far behind a group is: what it has committed (a gauge, not the truth of its position) against the end."""

from collections.abc import Mapping, Sequence

from confluent_kafka import Consumer, TopicPartition

from topics.connection import Connection
from topics.read import bounds, consumer, partitions_of


def committed(connection: Connection, station: str, topics: Sequence[str]) -> dict[tuple[str, int], int | None]:
    """Committed offset by topic and partition; None where the group has committed nothing yet."""
    return {place: offset for place, (offset, _) in gauges(connection, station, topics).items()}


def gauges(
    connection: Connection, station: str, topics: Sequence[str]
) -> dict[tuple[str, int], tuple[int | None, str]]:
    """The same, and what the group notes beside it: for a station JSON of what it lost and of spoilt streams,
    for the cutter of what it waits for.
    """
    with consumer(connection) as finder:
        wanted = partitions_of(finder, topics)
    client = Consumer(connection.confluent(group_id=connection.names.group(station), enable_auto_commit=False))
    try:
        found: list[TopicPartition] = client.committed(wanted, timeout=20)
    finally:
        client.close()
    return {(tp.topic, tp.partition): (tp.offset if tp.offset >= 0 else None, tp.metadata or "") for tp in found}


def lag_of(connection: Connection, at: Mapping[tuple[str, int], int | None]) -> dict[str, int]:
    """Records not yet taken, by topic; where nothing was committed all that the log holds."""
    lags: dict[str, int] = {}
    for place, (low, high) in bounds(connection, sorted({topic for topic, _ in at})).items():
        position = at.get(place)
        lags[place[0]] = lags.get(place[0], 0) + high - max(low, position if position is not None else low)
    return lags
