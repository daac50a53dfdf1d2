"""How far a run has come, from what lies on its own topics."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from confluent_kafka import TopicPartition

from connectors.runs.digest import Digests
from connectors.runs.record import Outcome, Run
from schemas.codec import Undecodable
from topics.catalog import BY_NOUN
from topics.connection import Connection
from topics.partitioner import partition_of
from topics.read import bounds, consumer, partitions_of
from topics.registry import Serde

QUIET_S = 0.25
MANY = 500


@dataclass
class Reached:
    """What a run has said so far. `models` holds what its records name as their model, by noun."""

    run: Run
    digests: Digests = field(default_factory=Digests)

    @property
    def done(self) -> bool:
        """Whether every session has ended on every noun that the run writes."""
        sessions = {(p.stream_id, p.session_id) for p in self.run.passages}
        return all((noun, s) in self.digests.ended for noun in self.run.own for s in sessions)

    @property
    def missing(self) -> list[str]:
        """Nouns that have not ended."""
        sessions = {(p.stream_id, p.session_id) for p in self.run.passages}
        return [n for n in self.run.own if any((n, s) not in self.digests.ended for s in sessions)]

    @property
    def stream_us(self) -> int:
        """Stream time that all stations have passed, over all passages."""
        total = 0
        for p in self.run.passages:
            session = p.stream_id, p.session_id
            reached = [self.digests.reached_us.get((noun, session)) for noun in self.run.own]
            known = [us for us in reached if us is not None]
            if len(known) == len(reached):
                total += max(0, min(known) - (p.from_us or 0))
        return total

    def outcomes(self) -> dict[str, Outcome]:
        """What was said, by noun."""
        return {noun: self.digests.outcome(noun) for noun in self.run.own}


def follow(connection: Connection, reached: Reached, go_on: Callable[[], bool]) -> Iterator[None]:
    """Reads the run's own topics until it is done or `go_on` (asked every quarter of a second) says no.

    connection: with the run's names.
    """
    topics = {connection.names.topic(BY_NOUN[n]): BY_NOUN[n] for n in reached.run.own}
    with Serde(connection) as serde, consumer(connection, fetch_wait_max_ms=100) as client:
        places = partitions_of(client, sorted(topics))
        client.assign([TopicPartition(tp.topic, tp.partition, 0) for tp in places])
        while not reached.done and go_on():
            for message in client.consume(MANY, QUIET_S):
                if message.error() is None:
                    topic = topics[message.topic() or ""]
                    record = serde.decode(message.value(), topic)
                    if not isinstance(record, Undecodable):
                        reached.digests.take(topic.noun, record, message.value() or b"")
            yield


def live_outcomes(connection: Connection, run: Run) -> dict[str, Outcome]:
    """What live has said of the run's sessions, by noun; nouns of which it has not said all are left out.

    connection: with live's names.
    """
    sessions = {(p.stream_id, p.session_id) for p in run.passages}
    digests = Digests()
    with Serde(connection) as serde, consumer(connection) as client:
        for noun in run.own:
            topic, name = BY_NOUN[noun], connection.names.topic(BY_NOUN[noun])
            places = {partition_of(p.stream_id.encode(), connection.partitions) for p in run.passages}
            ends = {p: e for (_, p), e in bounds(connection, [name]).items() if p in places and e[1] > e[0]}
            client.assign([TopicPartition(name, p, low) for p, (low, _) in ends.items()])
            left = dict(ends)
            while left:
                # Not more than there is: what asks for more waits for it until its time is over.
                there = sum(high - at for at, high in left.values())
                for message in client.consume(min(MANY, there), 1.0):
                    partition, behind = message.partition() or 0, (message.offset() or 0) + 1
                    if partition in left:
                        left[partition] = behind, left[partition][1]
                    if message.error() is not None or behind >= left.get(partition, (0, 0))[1]:
                        left.pop(partition, None)
                    if message.error() is None:
                        record = serde.decode(message.value(), topic)
                        if (
                            not isinstance(record, Undecodable)
                            and (record.stream_id, record.session_id) in sessions
                        ):
                            digests.take(noun, record, message.value() or b"")
    whole = [n for n in run.own if all((n, s) in digests.ended for s in sessions)]
    return {noun: digests.outcome(noun) for noun in whole}
