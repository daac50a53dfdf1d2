"""What producers do wrong, for `framelog status`: breaches that `streams` told, and media that never come.

A station that reads several topics waits until each of them has spoken or ended. Who has no sound must say so;
until then nothing comes of the stream, and this is where its owner learns it.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from processors.session import NOTHING, Kept
from processors.snapshots import Cut, snapshot_of
from processors.tail import read_tails
from schemas.records import StreamNotice
from topics.catalog import STREAMS
from topics.connection import Connection
from topics.read import append_ms, bounds, consumer, partitions_of, read
from topics.registry import Serde
from topics.route import BY_STATION

WATCH = BY_STATION["streams"]
LAST = 100  # notices of each partition that are looked at
RECENT_S = 3600.0


@dataclass(frozen=True, slots=True)
class Told:
    """Something about a stream that its producer has to mend. `state`: breach or waiting."""

    stream_id: str
    state: str
    says: str


def breaches(connection: Connection, now_s: float) -> list[Told]:
    """Streams whose producers broke the contract within the last hour, and how."""
    said: dict[str, list[str]] = defaultdict(list)
    with Serde(connection) as serde:
        for message in read(connection, [connection.names.topic(STREAMS)], last=LAST):
            notice = serde.decode(message.value(), STREAMS)
            young = now_s - message.timestamp()[1] / 1000 < RECENT_S
            if young and isinstance(notice, StreamNotice) and notice.kind == "breach":
                said[notice.stream_id].append(f"{notice.text} ({notice.breach})")
    return [Told(stream, "breach", "; ".join(dict.fromkeys(texts))) for stream, texts in sorted(said.items())]


@dataclass(frozen=True, slots=True)
class Wait:
    """A session that is held back. silent: inputs that it waits for; held: input and offset of what waits."""

    stream_id: str
    silent: tuple[int, ...]
    held: tuple[int, int]


def waits(cut: Cut, sessions: Sequence[Kept], ends: Sequence[int]) -> Iterator[Wait]:
    """Sessions that wait for an input which has nothing more: `ends` are the ends of the inputs' partitions.

    An input of which not all has been read yet is slow, not silent; a session that another one of its stream has
    followed was left without an end, and nobody is there to write one.
    """
    for kept in sessions:
        if any(offset != NOTHING for offset in kept.rival):
            continue
        silent = tuple(
            at
            for at, (first, guard) in enumerate(zip(kept.first, kept.guards, strict=True))
            if first == NOTHING and not guard.ended and cut.taken[at] >= ends[at]
        )
        held = [(at, first) for at, first in enumerate(kept.first) if first != NOTHING]
        if silent and held:
            yield Wait(kept.stream_id, silent, held[0])


def silences(connection: Connection, patience_s: float, now_s: float) -> list[Told]:
    """Streams of which nothing has come for `patience_s` because one of their media neither speaks nor ends."""
    names = connection.names
    state, inputs = names.state(WATCH.name), [names.topic(t) for t in WATCH.reads]
    with consumer(connection) as client:
        partitions = [tp.partition for tp in partitions_of(client, [state])]
        tails = read_tails(connection, {(state, p): None for p in partitions})
        ends = bounds(connection, inputs)
        found = []
        for p in partitions:
            snapshot = snapshot_of(tails[state, p])
            if snapshot.cut is None:
                continue
            for wait in waits(snapshot.cut, snapshot.sessions, [ends[name, p][1] for name in inputs]):
                at, offset = wait.held
                since_ms = append_ms(client, inputs[at], p, offset)
                waited_s = now_s - since_ms / 1000
                if since_ms and waited_s >= patience_s:
                    found.append(Told(wait.stream_id, "waiting", _words(inputs, wait, waited_s)))
    return sorted(found, key=lambda told: told.stream_id)


def _words(inputs: Sequence[str], wait: Wait, waited_s: float) -> str:
    silent = " and on ".join(inputs[at] for at in wait.silent)
    return (
        f"{inputs[wait.held[0]]} has waited {waited_s:.0f} s for what comes beside it: "
        f"if the stream has no more of it, write one end record on {silent}"
    )
