"""The offline shell: the whole route in one process, without a broker. Same records in, same bytes out.

What a station says is encoded and decoded again before the next one reads it, as it would be in the log: floats
are single precision there.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from processors.bounded import ended, marks
from processors.drive import Dead, MapDriver
from processors.fold import FoldDriver
from processors.reading import Arrival, Decode, Encode, Stored, read
from processors.station import Fold, Map
from schemas.codec import NOUN_OF, Undecodable, decode, encode, schema_text
from schemas.records import Record, Ref
from topics.catalog import CATALOG
from topics.extent import Extent
from topics.names import Names
from topics.route import ROUTE, Edge
from topics.topic import Topic

Core = Map[Any, Any] | Fold[Any, Any, Any]
IDS = {topic.noun: at for at, topic in enumerate(CATALOG, start=1)}
TEXTS = {at: schema_text(noun) for noun, at in IDS.items()}
BATCH = 8
LIVE_NAMES = Names()


def encode_local(record: Record) -> bytes:
    """A record in wire format with the ids that a fresh registry gives."""
    return encode(record, IDS[NOUN_OF[type(record)]])


def decode_local(value: bytes | None, topic: Topic[Record]) -> Record | Undecodable:
    """The record that such bytes hold."""
    return decode(value, topic.record, TEXTS.get)


def driver_of(edge: Edge, core: Core) -> MapDriver | FoldDriver:
    """What runs a core on an edge of the route."""
    return FoldDriver(edge, core) if edge.kind == "fold" else MapDriver(edge, core)  # type: ignore[arg-type]


def batch_of(core: Core) -> int:
    """How many inputs a core likes at once: its `batch` where it has one."""
    return max(1, int(getattr(core, "batch", BATCH)))


@dataclass(frozen=True, slots=True)
class Output:
    """A message that a station writes, and which came to it last; `stored.ref` counts offsets from 0."""

    noun: str
    stored: Stored
    record: Record
    cause: Stored


@dataclass
class Offline:
    """The stations of `cores` (by name), joined as the route joins them.

    Feed it raw messages, in any grouping, and take what every station says about them at once: nothing else is
    kept than the drivers' own state, so that it may run for ever. `dead` counts dead letters per station; the
    letters themselves are in `letters`, the last 1,000 of them, and `bury` is told of each.
    """

    cores: Mapping[str, Core]
    encode: Encode = encode_local
    decode: Decode = decode_local
    names: Names = field(default_factory=Names)
    bury: Callable[[str, Dead], None] = lambda _station, _dead: None

    def __post_init__(self) -> None:
        """Joins the stations; ValueError for a core that the route does not know."""
        known = {e.name: e for e in ROUTE if e.kind != "connector"}
        if unknown := set(self.cores) - set(known):
            raise ValueError(f"no such stations: {sorted(unknown)}; the route has {sorted(known)}")
        self.drivers = {name: driver_of(e, self.cores[name]) for name, e in known.items() if name in self.cores}
        self.dead: dict[str, int] = defaultdict(int)
        self.letters: list[tuple[str, Dead]] = []
        self._readers: dict[str, list[tuple[int, str]]] = defaultdict(list)
        for name, driver in self.drivers.items():
            for at, topic in enumerate(driver.edge.reads):
                self._readers[topic.noun].append((at, name))
        self._next: dict[tuple[str, int], int] = defaultdict(int)

    def feed(self, topic: Topic[Record], messages: Iterable[Stored]) -> Iterator[Output]:
        """What all stations say when these messages of one topic have come; each station's in order."""
        waiting = list(messages)
        for at, name in self._readers[topic.noun]:
            size = batch_of(self.cores[name])
            for first in range(0, len(waiting), size):
                yield from self._station(name, at, topic, waiting[first : first + size])

    def finish(self, topic: Topic[Record], extent: Extent, partition: int) -> Iterator[Output]:
        """What all stations say when an extent of a topic is over: sessions that go on behind it end here."""
        for mark in marks(extent, self.names.topic(topic), partition, extent.end):
            for at, name in self._readers[topic.noun]:
                if (arrival := ended(self.drivers[name], at, topic, mark)) is not None:
                    yield from self._driven(name, [arrival])

    def _station(self, name: str, at: int, topic: Topic[Record], messages: Sequence[Stored]) -> Iterator[Output]:
        yield from self._driven(name, [read(at, topic, m, self.decode) for m in messages])

    def _driven(self, name: str, arrivals: Sequence[Arrival]) -> Iterator[Output]:
        driver = self.drivers[name]
        said: list[Stored] = []
        for outcome in driver.feed(arrivals):
            if isinstance(outcome, Dead):
                self.dead[name] += 1
                self.letters = [*self.letters[-999:], (name, outcome)]
                self.bury(name, outcome)
                continue
            out, partition = driver.edge.writes, outcome.cause.stored.ref.partition
            offset = self._next[out.noun, partition]
            self._next[out.noun, partition] = offset + 1
            ref = Ref(topic=self.names.topic(out), partition=partition, offset=offset)
            said.append(Stored(ref, outcome.record.stream_id.encode(), self.encode(outcome.record)))
            yield Output(out.noun, said[-1], outcome.record, outcome.cause.stored)
        if said:
            yield from self.feed(driver.edge.writes, said)


def run_offline(
    raw: Mapping[Topic[Record], Sequence[Stored]],
    cores: Mapping[str, Core],
    encode: Encode = encode_local,
    decode: Decode = decode_local,
) -> dict[str, list[bytes]]:
    """All that the stations say about these messages: noun to values, in the order of writing per stream.

    The topics are fed in turns, a batch at a time, so that no merge holds back more than it must.
    """
    route = Offline(cores, encode, decode)
    said: dict[str, list[bytes]] = {d.edge.writes.noun: [] for d in route.drivers.values()}
    left = {topic: iter(messages) for topic, messages in raw.items()}
    while left:
        for topic, messages in list(left.items()):
            batch = [m for _, m in zip(range(BATCH), messages, strict=False)]
            if not batch:
                del left[topic]
            for output in route.feed(topic, batch):
                said[output.noun].append(output.stored.value or b"")
    return said


def stored(
    topic: Topic[Record], records: Iterable[Record], names: Names = LIVE_NAMES, start: int = 0
) -> list[Stored]:
    """Records as messages of partition 0, from offset `start` on: for tests and files that were never in a log."""
    ref = Ref(topic=names.topic(topic), partition=0, offset=start)
    return [
        Stored(replace(ref, offset=start + at), r.stream_id.encode(), encode_local(r))
        for at, r in enumerate(records)
    ]
