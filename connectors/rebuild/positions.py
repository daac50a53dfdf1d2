"""How far the log reaches and how far the sinks have come: what a new database has to hold."""

import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

from connectors.clickhouse.sink import NAME
from connectors.ranges import announced_end
from schemas.records import Record
from topics.catalog import CATALOG
from topics.connection import Connection
from topics.names import LIVE, Names
from topics.read import consumer, partitions_of, watermarks
from topics.topic import Topic

Key = tuple[str, int]
MOVING = frozenset({
    KafkaError.NOT_COORDINATOR, KafkaError.COORDINATOR_NOT_AVAILABLE, KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
    KafkaError._WAIT_COORD,
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Source:
    """A topic that a run wrote, whose records are rows with that run's name."""

    run: str
    topic: Topic[Record]
    name: str


@dataclass(frozen=True, slots=True)
class Part:
    """One partition of a source: what the log still has of it (from `low`) and what the sink has closed (before
    `until`). `announced`: end of the span behind `until` that the sink is writing just now, None if there is none.
    """

    source: Source
    partition: int
    low: int
    until: int
    announced: int | None = None

    @property
    def key(self) -> Key:
        """Topic's name and partition."""
        return self.source.name, self.partition


class Positions:
    """Asks where everything stands, as often as wanted; keeps its connections from one time to the next.

    rowed: runs that are known to have rows. One that is not among them, and whose sink has no position, never had
    a sink (`framelog replay --no-rows`): a new database does not hold it either.
    """

    def __init__(self, connection: Connection, rowed: Collection[str] = ()) -> None:
        self._connection, self._rowed = connection, {LIVE, *rowed}
        self._admin = AdminClient(connection.confluent())
        self._clients = ExitStack()
        self._groups: dict[str, Consumer] = {}
        self._bounds: dict[Key, tuple[int, int]] = {}

    def close(self) -> None:
        """Lets the connections go."""
        self._clients.close()

    def sources(self, timeout_s: float = 30) -> list[Source]:
        """Every topic that becomes rows: live's and those of each run that has topics of its own."""
        have = self._admin.list_topics(timeout=timeout_s).topics
        return list(_sources(self._connection.names.prefix, sorted(have)))

    def parts(self, fresh: bool = True) -> list[Part]:
        """Where every partition stands now. A partition whose sink has no position counts as closed to its end: it
        has no rows, or its sink ended so long ago that the broker forgot where. Not `fresh`: where the log begins
        is as it was before.
        """
        found = []
        every = self.sources()
        for run in sorted({s.run for s in every}):
            own = {s.name: s for s in every if s.run == run}
            client = self._group(run)
            places = _committed(client, partitions_of(client, sorted(own)))
            if run not in self._rowed and all(place.offset < 0 for place in places):
                continue
            for place in places:
                key = place.topic, place.partition
                if fresh or place.offset < 0 or key not in self._bounds:
                    self._bounds[key] = watermarks(client, place)
                low, high = self._bounds[key]
                until, announced = place.offset, announced_end(place.metadata)
                if place.offset < 0:
                    until, announced = high, None
                found.append(Part(own[place.topic], place.partition, low, max(low, until), announced))
        return found

    def _group(self, run: str) -> Consumer:
        if run not in self._groups:
            group = Names(self._connection.names.prefix, run).group(NAME)
            self._groups[run] = self._clients.enter_context(consumer(self._connection, group_id=group))
        return self._groups[run]


def _sources(prefix: str, have: Sequence[str]) -> Iterator[Source]:
    live = Names(prefix)
    for topic in CATALOG:
        name = live.topic(topic)
        head = f"{name}.run."
        for found in have:
            if found == name:
                yield Source(LIVE, topic, name)
            elif found.startswith(head) and not found.endswith(".dlq"):
                yield Source(found.removeprefix(head), topic, found)


def _committed(client: Consumer, places: list[TopicPartition], patience_s: float = 30) -> list[TopicPartition]:
    """A group's positions; waits for a coordinator that is being made or moved."""
    until_s = time.monotonic() + patience_s
    while True:
        try:
            found: list[TopicPartition] = client.committed(places, timeout=patience_s)
        except KafkaException as error:
            if error.args[0].code() not in MOVING or time.monotonic() > until_s:
                raise
            time.sleep(0.1)
        else:
            return found
