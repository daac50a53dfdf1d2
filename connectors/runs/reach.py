"""Where in the log lies what a run reads: asked of the log once, when the run is planned."""

from collections.abc import Sequence

from connectors.places import Missing, Places, stretch_of
from connectors.runs.plan import Asked, Place, joined
from connectors.runs.record import BadRun, Reach
from schemas.codec import Undecodable
from topics.connection import Connection
from topics.extent import Passage
from topics.partitioner import partition_of
from topics.read import bounds, stretch
from topics.registry import Serde
from topics.topic import Topic

BEGINNING_US = -(1 << 62)


class Gone(BadRun):
    """Retention has taken part of what a run would read; `missing` says what."""

    def __init__(self, missing: Sequence[Missing]) -> None:
        self.missing = tuple(missing)
        super().__init__(
            "; ".join(str(m) for m in missing) + ". Replay a later part (--from), or what was held (--hold NAME)"
        )


def reaches(
    connection: Connection,
    serde: Serde,
    places: Places,
    passages: Sequence[Passage],
    topics: Sequence[Topic],  # type: ignore[type-arg]
) -> tuple[Reach, ...]:
    """Offsets of every topic that hold the passages; Gone where retention has taken any of them.

    Of live's derived topics, which no index covers, the whole partition as it is now: they are small.
    """
    found: list[tuple[Place, int, int]] = []
    missing: list[Missing] = []
    for topic in topics:
        if topic.kind != "raw":
            name = connection.names.topic(topic)
            found += [(place, *ends) for place, ends in bounds(connection, [name]).items()]
            continue
        for p in passages:
            since_us = BEGINNING_US if p.from_us is None else p.from_us
            part = stretch_of(connection, serde, places, topic, p.stream_id, p.session_id, since_us, p.until_us)
            if isinstance(part, Missing):
                missing.append(part)
            else:
                found.append(((part.topic, part.partition), part.start, part.stop))
    if missing:
        raise Gone(missing)
    return tuple(Reach(t, p, first, end) for (t, p), (first, end) in sorted(joined(found).items()))


def offset_reaches(
    connection: Connection,
    serde: Serde,
    asked: Asked,
    passages: Sequence[Passage],
    topics: Sequence[Topic],  # type: ignore[type-arg]
) -> tuple[tuple[Reach, ...], tuple[Passage, ...]]:
    """The offsets that were asked for, nothing of the other topics, and the passages that have records there.

    BadRun where the log does not have them (any more), or they hold nothing of the stream.
    """
    wanted = {noun: (first, end) for noun, first, end in asked.offsets}
    found, here = [], set[str]()
    partition = partition_of(asked.stream.encode(), connection.partitions)
    for topic in topics:
        name = connection.names.topic(topic)
        if topic.noun not in wanted:
            found.append(Reach(name, partition, 0, 0))
            continue
        first, end = wanted[topic.noun]
        low, high = bounds(connection, [name])[name, partition]
        if first < low or end > high:
            raise BadRun(f"{name}/{partition} has offsets {low} to {high}, not {first} to {end}")
        found.append(Reach(name, partition, first, end))
        for message in stretch(connection, name, partition, first, end):
            record = serde.decode(message.value(), topic)
            if not isinstance(record, Undecodable) and record.stream_id == asked.stream:
                here.add(record.session_id)
    mine = tuple(p for p in passages if p.session_id in here)
    if not mine:
        raise BadRun(f"stream {asked.stream} has no records at these offsets")
    return tuple(found), mine
