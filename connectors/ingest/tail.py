"""How far a session is in the log: its last record in each raw topic."""

from collections.abc import Mapping

from confluent_kafka import TopicPartition

from connectors.ingest.ledger import Spot, Standing
from schemas.codec import Undecodable
from topics.catalog import RAW
from topics.connection import Connection
from topics.read import bounds, consumer, until
from topics.registry import Serde

NOUNS = tuple(t.noun for t in RAW)


def ends_now(connection: Connection) -> dict[str, dict[int, int]]:
    """Where each raw topic's partitions end, by noun."""
    by_name = {connection.names.topic(t): t.noun for t in RAW}
    found: dict[str, dict[int, int]] = {noun: {} for noun in NOUNS}
    for (topic, partition), (_, high) in bounds(connection, list(by_name)).items():
        found[by_name[topic]][partition] = high
    return found


def tails(connection: Connection, serde: Serde, standing: Standing) -> dict[str, Spot]:
    """The session's last record by noun, missing where it has none.

    Reads each raw topic from the last place that the standing knows, or from where the session began.
    """
    topics = {connection.names.topic(t): t for t in RAW}
    found: dict[str, Spot] = dict(standing.spots)
    starts: list[TopicPartition] = []
    left: dict[tuple[str, int], int] = {}
    for (topic, partition), (low, high) in bounds(connection, list(topics)).items():
        noun = topics[topic].noun
        spot = standing.spots.get(noun)
        if spot is not None and spot.partition != partition:
            continue
        known = spot.offset + 1 if spot is not None else standing.begin.get(noun, {}).get(partition, low)
        start = max(low, known)
        if start < high:
            starts.append(TopicPartition(topic, partition, start))
            left[topic, partition] = high
    if not starts:
        return found
    key = standing.stream.encode()
    with consumer(connection) as client:
        client.assign(starts)
        for message in until(client, left):
            topic_of = topics[message.topic() or ""]
            if message.key() != key:
                continue
            record = serde.decode(message.value(), topic_of)
            if not isinstance(record, Undecodable) and record.session_id == standing.session:
                last = found.get(topic_of.noun)
                if last is None or record.seq > last.seq:
                    found[topic_of.noun] = Spot(
                        message.partition() or 0, message.offset() or 0, record.seq, record.pts_us, record.end
                    )
    return found


def all_ended(spots: Mapping[str, Spot]) -> bool:
    """Whether every raw topic has the session's end."""
    return all(noun in spots and spots[noun].ended for noun in NOUNS)
