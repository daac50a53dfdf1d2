"""A session once more, with repaired records in place of those that could not be used.

The log is never changed, and a record that was missing can not be said behind the ones that came after it: every
reader has gone on. So the session's raw records are written again as a new session of the same stream, each at
its place, and every station takes that in like any other. Its id follows from the repairs: the same again adds
nothing.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

from confluent_kafka import KafkaError, KafkaException, Producer

from connectors.ingest.headers import headers
from connectors.letters.case import Spot
from schemas.codec import Undecodable
from schemas.identity import repaired_session_id
from schemas.records import Frame, Record
from topics.catalog import RAW
from topics.connection import Connection
from topics.partitioner import partition_of
from topics.read import bounds, stretch
from topics.registry import Serde
from topics.topic import Topic

JPEG = b"\xff\xd8"
FLUSH_S = 120.0


class BadRepair(Exception):
    """The repair can not be made; the message says what to do."""


def repaired(given: bytes, before: Record | Undecodable, topic: Topic[Record], serde: Serde) -> Record:
    """The record that is to stand in a bad one's place: from the bytes of a whole message, or of a picture for a
    frame that lacks nothing else. BadRepair if they are neither.
    """
    if given.startswith(JPEG) and isinstance(before, Frame):
        return replace(before, image=given)
    record = serde.decode(given, topic)
    if isinstance(record, Undecodable):
        more = ", nor a JPEG for a frame whose other fields can be read" if topic.record is Frame else ""
        raise BadRepair(f"the repaired bytes are no {topic.noun} record ({record.reason}){more}")
    if record.end:
        raise BadRepair("the repaired record is an end mark: a session is ended by its own")
    return record


@dataclass(slots=True)
class Copied:
    """What was written: the new session, and how many records by noun (those that were there already included)."""

    stream_id: str
    session_id: str
    records: dict[str, int] = field(default_factory=dict)
    written: int = 0


def repair(connection: Connection, serde: Serde, repairs: Mapping[Spot, Record]) -> Copied:
    """Writes the session that the repaired records belong to again, with them. BadRepair if that can not be."""
    sessions = {(r.stream_id, r.session_id) for r in repairs.values()}
    if len(sessions) != 1:
        raise BadRepair(f"the repaired records belong to {len(sessions)} sessions: repair one at a time")
    ((stream_id, session_id),) = sessions
    marks = {str(place): hashlib.sha256(serde.encode(record)).hexdigest() for place, record in repairs.items()}
    copied = Copied(stream_id, repaired_session_id(session_id, marks))
    names = connection.names
    partition = partition_of(stream_id.encode(), connection.partitions)
    for place in repairs:
        if place.topic not in [names.topic(t) for t in RAW]:
            raise BadRepair(f"{place} is no raw record: what stations say is computed again, not repaired")
        if place.partition != partition:
            raise BadRepair(f"{place} is not in partition {partition}, where {stream_id} lives")
    whole = bounds(connection, [names.topic(t) for t in RAW])
    plans = []
    for topic in RAW:
        low, high = whole[names.topic(topic), partition]
        source = _Source(connection, serde, topic, partition, low, high, (stream_id, session_id))
        plans.append((topic, source, source.check(repairs, copied.session_id)))
    producer, failed = Producer(connection.producer()), list[Any]()
    for topic, source, have in plans:
        for record in source.records(repairs):
            copied.records[topic.noun] = copied.records.get(topic.noun, 0) + 1
            if record.seq <= have:
                continue
            copied.written += 1
            made = cast(Record, replace(cast(Any, record), session_id=copied.session_id))
            _produce(producer, names.topic(topic), partition, serde.encode(made), made, topic.noun, failed)
    if producer.flush(FLUSH_S) or failed:
        raise KafkaException(failed[0] if failed else KafkaError(KafkaError._TIMED_OUT))
    return copied


def _produce(
    producer: Producer, topic: str, partition: int, value: bytes, record: Record, noun: str, failed: list[Any]
) -> None:
    while True:
        try:
            producer.produce(
                topic, value, record.stream_id.encode(), partition=partition, headers=headers(noun, record),
                on_delivery=lambda error, _: failed.append(error) if error is not None else None,
            )  # fmt: skip
        except BufferError:
            producer.poll(0.1)
        else:
            producer.poll(0)
            return


@dataclass(frozen=True, slots=True)
class _Source:
    """A session's records on one raw topic."""

    connection: Connection
    serde: Serde
    topic: Topic[Record]
    partition: int
    low: int
    high: int
    session: tuple[str, str]

    def records(self, repairs: Mapping[Spot, Record]) -> Iterator[Record]:
        """In the log's order, by the reader's rule, repaired ones at their places."""
        name, last = self.connection.names.topic(self.topic), -1
        for message in stretch(self.connection, name, self.partition, self.low, self.high):
            place = Spot(name, self.partition, message.offset() or 0)
            record = repairs.get(place)
            if record is None and message.key() == self.session[0].encode():
                found = self.serde.decode(message.value(), self.topic)
                record = None if isinstance(found, Undecodable) else found
            if record is None or (record.stream_id, record.session_id) != self.session or record.seq <= last:
                continue
            last = record.seq
            yield record
            if record.end:
                return

    def check(self, repairs: Mapping[Spot, Record], copy: str) -> int:
        """The last seq of the copy that is there already. BadRepair if the session can not be copied whole."""
        first, ended, have, seen = -1, False, -1, set[int]()
        wanted = {r.seq for place, r in repairs.items() if place.topic == self.connection.names.topic(self.topic)}
        for record in self.records(repairs):
            first, ended = (record.seq if first < 0 else first), record.end
            if record.seq in wanted:
                seen.add(record.seq)
        where = f"{self.topic.noun} of {'/'.join(self.session)}"
        if not ended:
            raise BadRepair(f"{where} have not ended: a session is repaired when it is over")
        if first > 0 and self.low > 0:
            raise BadRepair(f"{where} begin at seq {first}: retention took what was before")
        if seen != wanted:
            lost = ", ".join(map(str, sorted(wanted - seen)))
            raise BadRepair(
                f"seq {lost} of {where} is taken by another record, or out of order: nothing was written"
            )
        name = self.connection.names.topic(self.topic)
        for message in stretch(self.connection, name, self.partition, self.low, self.high):
            if message.key() != self.session[0].encode():
                continue
            found = self.serde.decode(message.value(), self.topic)
            if not isinstance(found, Undecodable) and found.session_id == copy:
                have = max(have, found.seq)
        return have
