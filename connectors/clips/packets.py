"""The cutter's view of the raw log behind it: where to begin, what lies further back, the records themselves."""

from collections.abc import Sequence

from confluent_kafka import TopicPartition

from connectors.clips.index import Entry, SessionIndex
from connectors.places import places_of
from connectors.places.reader import live
from schemas.records import Frame, Packets, Ref
from topics import catalog
from topics.connection import Connection
from topics.read import append_ms, consumer, stretch, watermarks
from topics.registry import Serde

# How far before a stretch its key frame is looked for, in turn; behind that from the session's beginning.
BACK_US = (5_000_000, 60_000_000, 600_000_000)
# How many records back a session is looked for that no notice has named yet.
NEAR = (1_000, 10_000)


class PacketLog:
    """Reads single stretches; whoever follows the end of the topic does so by itself."""

    def __init__(self, connection: Connection, serde: Serde) -> None:
        self._connection, self._serde = live(connection), serde
        self._topic = self._connection.names.topic(catalog.PACKETS)

    def bounds(self, partition: int) -> tuple[int, int]:
        """First offset of a partition and the one after its last."""
        with consumer(self._connection) as client:
            return watermarks(client, TopicPartition(self._topic, partition))

    def begin(self, partition: int, wanted: Sequence[tuple[str, str, int]]) -> int:
        """Offset to follow a partition from, so that all that is wanted (stream, session, begin of its stretch)
        comes by: the beginning, where the notices do not know a session; the end, where nothing is wanted.
        """
        low, high = self.bounds(partition)
        if not wanted or low == high:
            return high
        places = places_of(
            self._connection, self._serde, *{s for s, _, _ in wanted}, since_ms=self._since_ms(partition, low)
        )
        start = high
        for stream, session, begin_us in wanted:
            if places.absent(stream, session, "packets", begin_us + 1):
                continue
            mark = places.before(stream, session, self._topic, begin_us - BACK_US[0])
            start = min(start, mark.offset if mark is not None else low)
        return max(start, low)

    def _since_ms(self, partition: int, low: int) -> int:
        """When the first packets that are left were appended: what was noticed before speaks of nothing left."""
        with consumer(self._connection) as client:
            return append_ms(client, self._topic, partition, low)

    def earlier(
        self, index: SessionIndex, stream: str, session: str, partition: int, span: tuple[int, int], stop: int,
        anyhow: bool,
    ) -> None:  # fmt: skip
        """Reads into a session's index what lies before it (before `stop`, where it is empty) and is needed for a
        span of stream time. Where the notices say nothing of the session yet it looks a little way back, and
        through all that there is only if `anyhow`.
        """
        low, _ = self.bounds(partition)
        stop = stop if index.since is None else index.since
        if stop <= low:
            index.put_before(SessionIndex(), low, whole=True)
            return
        places = places_of(self._connection, self._serde, stream, since_ms=self._since_ms(partition, low))
        if places.absent(stream, session, "packets", span[1]):
            index.put_before(SessionIndex(), low, whole=True)
            return
        if places.marks(stream, session, self._topic):
            marks = [places.before(stream, session, self._topic, span[0] - back_us) for back_us in BACK_US]
            starts = [*(m.offset for m in marks if m is not None), low]
        else:
            starts = ([stop - n for n in NEAR] if index.since is None else []) + ([low] if anyhow else [])
        for start in (max(s, low) for s in starts):
            if start < stop:
                index.put_before(self._read(stream, session, partition, start, stop), start, whole=start == low)
                stop = start
            if index.covers(span[0]):
                return

    def _read(self, stream: str, session: str, partition: int, start: int, stop: int) -> SessionIndex:
        found = SessionIndex()
        for message in stretch(self._connection, self._topic, partition, start, stop):
            if message.key() == stream.encode():
                record = self._serde.decode(message.value(), catalog.PACKETS)
                if isinstance(record, Packets) and record.session_id == session:
                    found.add(message.offset() or 0, record)
        return found

    def records(self, partition: int, entries: Sequence[Entry]) -> list[Packets]:
        """The records of some entries, in one reading; those that have expired meanwhile are left out."""
        if not entries:
            return []
        wanted = {e.offset for e in entries}
        messages = stretch(self._connection, self._topic, partition, entries[0].offset, entries[-1].offset + 1)
        found = (self._serde.decode(m.value(), catalog.PACKETS) for m in messages if (m.offset() or 0) in wanted)
        return [record for record in found if isinstance(record, Packets)]

    def picture(self, ref: Ref | None) -> bytes:
        """The JPEG at a place; empty where none is named or left."""
        if ref is None:
            return b""
        message = next(stretch(self._connection, ref.topic, ref.partition, ref.offset, ref.offset + 1), None)
        record = self._serde.decode(message.value(), catalog.FRAMES) if message is not None else None
        return record.image if isinstance(record, Frame) else b""
