"""Reads the index from stream time to offsets out of the log, and behind it what `streams` does not tell yet."""

from collections.abc import Collection, Iterator
from dataclasses import replace

from confluent_kafka import TopicPartition

from connectors.places.core import NEVER_US, Mark, Missing, Places, Raw, Stretch, lost
from schemas.codec import Undecodable
from schemas.records import Record, StreamNotice
from topics.catalog import RAW, STREAMS
from topics.connection import Connection
from topics.names import Names
from topics.partitioner import partition_of
from topics.read import consumer, offset_since, partitions_of, stretch, watermarks
from topics.registry import Serde
from topics.topic import Topic


def live(connection: Connection) -> Connection:
    """The same log seen as the platform's own run: the raw topics and their index belong to no other."""
    return replace(connection, names=Names(connection.names.prefix))


def _place(connection: Connection, topic: str, stream: str) -> tuple[int, int, int]:
    """Partition of a stream in a topic, its first offset and the one after its last."""
    with consumer(connection) as client:
        partition = partition_of(stream.encode(), len(partitions_of(client, [topic])))
        return (partition, *watermarks(client, TopicPartition(topic, partition)))


def _since(connection: Connection, topic: str, partition: int, since_ms: int) -> int:
    """The partition's first offset that was appended at or after a time; 0 for no time."""
    if not since_ms:
        return 0
    with consumer(connection) as client:
        place = TopicPartition(topic, partition)
        found = offset_since(client, place, since_ms)
        return watermarks(client, place)[1] if found is None else found


def _records(
    connection: Connection,
    serde: Serde,
    topic: Topic[Record],
    streams: Collection[str],
    partition: int,
    start: int,
    stop: int,
) -> Iterator[tuple[int, Record]]:
    """The streams' records of a stretch, with their offsets; what can not be decoded is left out."""
    keys = {stream.encode() for stream in streams}
    for message in stretch(connection, connection.names.topic(topic), partition, start, stop):
        if message.key() in keys:
            record = serde.decode(message.value(), topic)
            if not isinstance(record, Undecodable):
                yield message.offset() or 0, record


def places_of(
    connection: Connection,
    serde: Serde,
    *streams: str,
    behind: tuple[Topic[Record], ...] = (),
    since_ms: int = 0,
) -> Places:
    """What the `streams` topic says of some streams.

    Args:
        connection: where the log is.
        serde: decodes its records.
        streams: names of the streams.
        behind: raw topics to read from the last place that it names up to their ends (from their beginnings, where
            it names none), for a station `streams` that lags or stands still.
        since_ms: only notices appended since then; a session's beginning may not be among them.

    """
    connection, found = live(connection), Places()
    name = connection.names.topic(STREAMS)
    together: dict[tuple[int, int], list[str]] = {}
    for stream in streams:
        partition, _, high = _place(connection, name, stream)
        together.setdefault((partition, high), []).append(stream)
    for (partition, high), these in together.items():
        start = _since(connection, name, partition, since_ms)
        for _, record in _records(connection, serde, STREAMS, these, partition, start, high):
            if isinstance(record, StreamNotice):
                found.add(record)
    for topic in behind:
        for stream in streams:
            _look_behind(connection, serde, found, topic, stream)
    return found


def _look_behind(connection: Connection, serde: Serde, found: Places, topic: Topic[Record], stream: str) -> None:
    name = connection.names.topic(topic)
    partition, low, high = _place(connection, name, stream)
    marks = [m for s in found.sessions(stream) for m in found.marks(stream, s.session_id, name)]
    start = max((m.offset for m in marks if m.partition == partition), default=low)
    for offset, record in _records(connection, serde, topic, (stream,), partition, start, high):
        if isinstance(record, Raw):
            found.saw(name, partition, offset, record)


def stretch_of(
    connection: Connection, serde: Serde, places: Places, topic: Topic[Record], stream: str, session: str,
    start_us: int, end_us: int | None = None,
) -> Stretch | Missing:  # fmt: skip
    """Where a session's records of `start_us <= pts_us < end_us` lie (None: up to its end mark).

    All of them lie in the stretch, with others between them: the reader leaves out what is of another session or
    time. `Missing` where retention has taken any of them. ValueError for a topic that is not raw.
    """
    if topic not in RAW:
        raise ValueError(f"{topic.noun} is no raw topic")
    connection = live(connection)
    name = connection.names.topic(topic)
    partition, low, high = _place(connection, name, stream)
    begin = places.before(stream, session, name, start_us)
    stop = places.after(stream, session, name, NEVER_US if end_us is None else end_us)
    if begin is None or begin.offset < low:
        known = [m for m in places.marks(stream, session, name) if m.offset >= low]
        upto = known[0].offset + 1 if known else high
        first: Mark | None = None
        for offset, record in _records(connection, serde, topic, (stream,), partition, low, upto):
            if record.session_id == session:
                first = Mark(name, partition, offset, record.seq, record.pts_us, record.pts_us + 1, record.end)
                break
        gone = lost(begin, low, first, name, partition, start_us)
        if gone is not None:
            return gone
    start = low if begin is None else max(begin.offset, low)
    return Stretch(name, partition, start, max(start, min(high, high if stop is None else stop)))
