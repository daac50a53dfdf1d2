"""`--local`: a run through the offline shell, in this process; the same bytes as through stations of their own."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from confluent_kafka import KafkaException, Message, Producer

from connectors.holds import HeldMessage, Manifest, messages
from connectors.objects import ObjectStore
from connectors.runs.digest import Digests
from connectors.runs.record import Run
from processors import envelope
from processors.drive import Dead
from processors.offline import BATCH, Core, Offline, Output
from processors.reading import Stored
from schemas.codec import Undecodable
from schemas.records import Record, Ref
from topics.catalog import BY_NOUN, FRAMES
from topics.connection import Connection
from topics.extent import Extent
from topics.partitioner import partition_of
from topics.read import bounds, read, stretch
from topics.registry import Serde
from topics.route import BY_STATION, ROUTE
from topics.topic import Topic

FLUSH_S = 60.0
WRITERS = {e.writes.noun: e for e in ROUTE}


@dataclass(frozen=True, slots=True)
class Input:
    """One partition of a topic that a run reads, and its messages in order."""

    topic: Topic[Record]
    partition: int
    extent: Extent
    messages: Iterator[Stored]


def stored_of(message: Message) -> Stored:
    """A message as the drivers take it."""
    ref = Ref(topic=message.topic() or "", partition=message.partition() or 0, offset=message.offset() or 0)
    return Stored(ref, message.key(), message.value(), tuple(cast(Any, message.headers()) or ()))


def inputs_of(run: Run, connection: Connection, topics: Mapping[str, Topic[Record]]) -> list[Input]:
    """What the run reads, from the log. `topics`: by their names."""
    return [
        Input(
            topics[name], partition, extent,
            (stored_of(m) for m in stretch(connection, name, partition, extent.first, extent.end)),
        )
        for (name, partition), extent in run.extents(connection.partitions).items()
    ]  # fmt: skip


def own_frames(run: Run, connection: Connection) -> list[Input]:
    """The frames that the run has made for itself, with end marks of their own. connection: with its names."""
    name, found = connection.names.topic(FRAMES), list[Input]()
    for (_, partition), (low, high) in bounds(connection, [name]).items():
        mine = tuple(
            p for p in run.passages if partition_of(p.stream_id.encode(), connection.partitions) == partition
        )
        messages = (stored_of(m) for m in stretch(connection, name, partition, low, high))
        found.append(Input(FRAMES, partition, Extent(low, high, mine), messages))
    return found


def held_inputs(
    run: Run, manifest: Manifest, objects: ObjectStore, topics: Mapping[str, Topic[Record]], partitions: int
) -> list[Input]:
    """The same, from a hold: the very messages that the log had, at their places."""
    return [
        Input(topics[name], partition, extent, map(stored_held, messages(objects, manifest, topics[name])))
        for (name, partition), extent in run.extents(partitions).items()
    ]


def stored_held(message: HeldMessage) -> Stored:
    """A held message as the drivers take it."""
    ref = Ref(topic=message.topic, partition=message.partition, offset=message.offset)
    headers = tuple((name, value or b"") for name, value in message.headers)
    return Stored(ref, message.key, message.value, headers)


def turns(inputs: Sequence[Input], serde: Serde) -> Iterator[tuple[Input, list[Stored]]]:
    """Batches of the inputs' own records, always of the input that is behind the others in stream time, so that no
    merge holds back more than it must; an empty batch says that an input is over.
    """
    at_us = dict.fromkeys(range(len(inputs)), -(1 << 62))
    while at_us:
        n = min(at_us, key=lambda i: (at_us[i], i))
        one, batch = inputs[n], list[Stored]()
        over = True
        for message in one.messages:
            record = serde.decode(message.value, one.topic)
            if isinstance(record, Undecodable):
                if one.extent.knows(message.key):
                    batch.append(message)
            elif one.extent.holds(record):
                batch.append(message)
                at_us[n] = max(at_us[n], record.pts_us)
            if len(batch) == BATCH:
                over = False
                break
        if batch:
            yield one, batch
        if over:
            del at_us[n]
            yield one, []


class Writer:
    """Writes what the offline shell says onto the run's topics, behind what an earlier try has written already."""

    def __init__(self, run: Run, connection: Connection, serde: Serde) -> None:
        self._connection, self._names = connection, connection.names
        self._said = Digests()
        self._buried: set[tuple[str, str, int, int]] = set()
        for noun in (BY_STATION[s].writes.noun for s in run.stations):
            for message in read(connection, [self._names.topic(BY_NOUN[noun])]):
                record = serde.decode(message.value(), BY_NOUN[noun])
                if not isinstance(record, Undecodable):
                    self._said.take(noun, record, message.value() or b"")
        for station in run.stations:
            edge = BY_STATION[station]
            for topic in edge.reads:
                for message in read(connection, [self._names.dlq(topic)]):
                    if (offset := envelope.dead_of(edge, message.headers())) is not None:
                        self._buried.add((station, topic.noun, message.partition() or 0, offset))
        self._errors: list[KafkaException] = []
        self._producer = Producer(connection.producer(linger_ms=20))

    def say(self, output: Output) -> None:
        """Writes a record unless it is there already."""
        if self._said.take(output.noun, output.record, output.stored.value or b""):
            edge, ref = WRITERS[output.noun], output.stored.ref
            headers = envelope.of_output(edge, self._names, output.record, output.cause)
            self._send(ref.topic, output.stored, headers, ref.partition)

    def bury(self, station: str, dead: Dead) -> None:
        """Writes a dead letter unless it is there already."""
        edge, cause = BY_STATION[station], dead.cause.stored
        topic = edge.reads[dead.cause.input]
        place = (station, topic.noun, cause.ref.partition, cause.ref.offset)
        if place not in self._buried:
            self._buried.add(place)
            headers = envelope.of_dead(edge, cause, dead.reason)
            self._send(self._names.dlq(topic), cause, headers, cause.ref.partition)

    def _send(self, topic: str, stored: Stored, headers: list[tuple[str, bytes]], partition: int) -> None:
        while True:
            try:
                self._producer.produce(
                    topic, stored.value, stored.key, partition, headers=list(headers), on_delivery=self._delivered
                )
            except BufferError:
                self._producer.poll(0.1)
            else:
                self._producer.poll(0)
                break
        self._check()

    def _delivered(self, error: object, _message: Message) -> None:
        if error is not None:
            self._errors.append(KafkaException(error))

    def _check(self) -> None:
        if self._errors:
            raise self._errors[0]

    def close(self) -> None:
        """Returns when all is in the log. KafkaException or TimeoutError if it does not get there."""
        left = self._producer.flush(FLUSH_S)
        self._check()
        if left:
            raise TimeoutError(f"the log did not take {left} records within {FLUSH_S:.0f} s")


def work(
    run: Run,
    connection: Connection,
    cores: Mapping[str, Core],
    inputs: Sequence[Input],
    tell: Callable[[int], bool],
) -> None:
    """Runs the stations over the inputs and writes what they say; `tell` is told how many records were read.

    connection: with the run's names. Ends early, all that was said being written, when `tell` says no.
    """
    with Serde(connection) as serde:
        writer = Writer(run, connection, serde)
        route = Offline(cores, serde.encode, serde.decode, connection.names, writer.bury)
        count = 0
        for one, batch in turns(inputs, serde):
            said = route.feed(one.topic, batch) if batch else route.finish(one.topic, one.extent, one.partition)
            for output in said:
                writer.say(output)
            count += len(batch)
            if not tell(count):
                break
        writer.close()
