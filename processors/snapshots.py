"""Where a station stood: written every few seconds to its compacted topic, read back at each assignment.

Each write is one Kafka transaction under an id per station and partition. Whoever takes a partition over opens
that id first, which shuts out a worker that was frozen and does not know yet: its late snapshot is refused by the
broker. Readers see committed snapshots only, so that a cut and the sessions of it are always of one moment.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from aiokafka import AIOKafkaProducer

from processors.drive import Session
from processors.guard import Guard
from processors.security import aiokafka_settings
from processors.session import Kept
from processors.tail import Tail
from topics.connection import Connection

CUT = b"\0cut"
# No stream id begins with a zero byte that a camera could be called by.


@dataclass(frozen=True, slots=True)
class Reader:
    """A session of a Map, and how far the reader's rule is in it."""

    stream_id: str
    session_id: str
    guard: Guard


@dataclass(frozen=True, slots=True)
class Cut:
    """A partition of a station at one moment.

    taken: Per input, the offset behind the last record that was taken.
    out: Offset of the output behind the last record that is confirmed.
    dead: Per input, the same of its dead letters.
    ended: Sessions of a Fold that have ended lately.
    readers: Sessions of a Map.
    lost: Per input, how many records were deleted before they could be read, since ever.
    """

    taken: tuple[int, ...]
    out: int
    dead: tuple[int, ...]
    ended: tuple[Session, ...] = ()
    readers: tuple[Reader, ...] = ()
    lost: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What was read back of a partition; no cut if there never was one."""

    cut: Cut | None = None
    sessions: tuple[Kept, ...] = field(default=())


def key_of(session: Session) -> bytes:
    """Key of a session in the snapshots' topic."""
    return msgspec.msgpack.encode(session)


def snapshot_of(tail: Tail) -> Snapshot:
    """The latest of each key; msgspec.ValidationError if it was written to another shape."""
    latest: dict[bytes, bytes] = {}
    for message in tail.messages:
        key, value = message.key() or b"", message.value()
        if value is None:
            latest.pop(key, None)
        else:
            latest[key] = value
    cut = latest.pop(CUT, None)
    return Snapshot(
        None if cut is None else msgspec.msgpack.decode(cut, type=Cut),
        tuple(msgspec.msgpack.decode(v, type=Kept) for v in latest.values()),
    )


class SnapshotWriter:
    """Writes the snapshots of one partition, and nobody else does from `open` on."""

    def __init__(self, connection: Connection, station: str, partition: int) -> None:
        self._topic, self._partition = connection.names.state(station), partition
        self._producer = AIOKafkaProducer(
            **aiokafka_settings(connection),
            transactional_id=f"{self._topic}.{partition}",
            acks="all",
            max_request_size=8 << 20,
            request_timeout_ms=20_000,
            metadata_max_age_ms=60_000,
        )

    async def open(self) -> None:
        """Shuts out whoever wrote here before; what it had not committed is gone."""
        await self._producer.start()

    async def write(self, cut: Cut, sessions: Mapping[Session, Kept | None]) -> None:
        """Writes a moment whole or not at all; None stands for a session that is over.

        ProducerFenced if another worker has opened this partition since.
        """
        values: Sequence[tuple[bytes, Any]] = [(key_of(s), kept) for s, kept in sessions.items()]
        async with self._producer.transaction():
            for key, value in (*values, (CUT, cut)):
                encoded = None if value is None else msgspec.msgpack.encode(value)
                sent = await self._producer.send(self._topic, encoded, key=key, partition=self._partition)
                # The transaction's own error is the one that is raised.
                sent.add_done_callback(lambda f: f.cancelled() or f.exception())

    async def close(self) -> None:
        """Lets go of the connection."""
        await self._producer.stop()
