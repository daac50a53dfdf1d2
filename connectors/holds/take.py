"""Takes a stretch of the raw log into the object store: the plan first, then its files, the manifest last.

Killed anywhere, the same again goes on behind the last whole file: where a file ends depends on the log alone.
"""

import hashlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from connectors.clips.index import INTERLEAVED_US, SessionIndex
from connectors.clips.packets import PacketLog
from connectors.holds.container import HeldMessage, held, read, readable, write
from connectors.holds.manifest import (
    BadHold,
    Hold,
    Manifest,
    Part,
    Range,
    from_json,
    manifest_key,
    part_key,
    part_offsets,
    part_prefix,
    plan_key,
    to_json,
)  # fmt: skip
from connectors.objects.store import Exists, ObjectStore
from connectors.places import Missing, places_of, stretch_of
from connectors.places.reader import live
from schemas.codec import Undecodable, schema_id_of
from topics.catalog import AUDIO, FRAMES, PACKETS, RAW, STREAMS
from topics.connection import Connection
from topics.partitioner import partition_of
from topics.read import bounds, stretch
from topics.registry import Serde

PART_BYTES = 32 << 20
OnPart = Callable[[Part], None]


def plan(
    connection: Connection, serde: Serde, name: str, stream: str, session: str | None = None,
    from_us: int | None = None, until_us: int | None = None,
) -> Hold:  # fmt: skip
    """What a hold has to copy; a session that goes on is held up to where it is now.

    BadHold where there is no such session, or where retention has taken some of it.
    """
    connection = live(connection)
    places = places_of(connection, serde, stream, behind=RAW)
    found = places.session(stream, session)
    if found is None:
        known = ", ".join(s.session_id for s in places.sessions(stream))
        wanted = f"session {session}" if session else "session"
        there = f"it has {known}" if known else "`framelog streams` lists what there is"
        raise BadHold(f"stream {stream} has no {wanted} in the log; {there}")
    if until_us is not None and until_us <= (from_us or 0):
        raise BadHold("the end of the stretch does not lie behind its beginning")
    if (from_us or 0) > found.last_us or (until_us is not None and until_us <= found.first_us):
        raise BadHold(
            f"session {found.session_id} goes from {found.first_us / 1e6:.2f} to {found.last_us / 1e6:.2f} s: "
            "nothing of it lies in that stretch"
        )
    ranges = []
    for topic in (FRAMES, AUDIO, PACKETS):
        since_us = from_us
        if topic is PACKETS and from_us:
            since_us = _key_frame(connection, serde, stream, found.session_id, from_us)
        where = stretch_of(connection, serde, places, topic, stream, found.session_id, since_us or 0, until_us)
        if isinstance(where, Missing):
            raise BadHold(f"not all of it is left: {where}")
        ranges.append(
            Range(noun=topic.noun, topic=where.topic, partition=where.partition, start=where.start,
                  stop=where.stop, since_us=since_us)
        )  # fmt: skip
    notices = bounds(connection, [connection.names.topic(STREAMS)])
    partition = partition_of(stream.encode(), len(notices))
    low, high = notices[connection.names.topic(STREAMS), partition]
    ranges.append(
        Range(noun="streams", topic=connection.names.topic(STREAMS), partition=partition, start=low, stop=high)
    )
    return Hold(name=name, stream=stream, session=found.session_id, from_us=from_us, until_us=until_us,
                ranges=tuple(ranges))  # fmt: skip


def _key_frame(connection: Connection, serde: Serde, stream: str, session: str, from_us: int) -> int:
    """Stream time of the packets record from which on what is shown at a time can be decoded."""
    index, log = SessionIndex(), PacketLog(connection, serde)
    early_us = max(from_us - INTERLEAVED_US, 0)
    partition = partition_of(stream.encode(), len(bounds(connection, [connection.names.topic(PACKETS)])))
    _, high = log.bounds(partition)
    log.earlier(index, stream, session, partition, (early_us, early_us + 1), high, anyhow=True)
    needed = index.stretch(early_us, early_us + 1)
    return min(needed[0].pts_us, from_us) if needed else from_us


def take(
    connection: Connection, serde: Serde, objects: ObjectStore, wanted: Hold, on_part: OnPart = lambda _: None,
    part_bytes: int = PART_BYTES,
) -> Manifest:  # fmt: skip
    """Copies what a plan names; one of the same name that the store has is gone on with, if it asks for the same.

    BadHold where the store's plan asks for something else, or where records expire meanwhile.
    """
    try:
        objects.put(plan_key(wanted.name), to_json(wanted), "application/json")
    except Exists:
        older: Hold = from_json(objects.read(plan_key(wanted.name)), Hold)
        asked = [(h.stream, h.session, h.from_us, h.until_us) for h in (older, wanted)]
        if asked[0] != asked[1]:
            raise BadHold(f"there is a hold {wanted.name} of another stretch: choose another --name") from None
        wanted = older
    if manifest_key(wanted.name) in objects.keys(manifest_key(wanted.name)):
        whole: Manifest = from_json(objects.read(manifest_key(wanted.name)), Manifest)
        return whole
    parts: list[Part] = []
    for of in wanted.ranges:
        for part in _parts(connection, serde, objects, wanted, of, part_bytes):
            parts.append(part)
            on_part(part)
    manifest = Manifest(hold=wanted, parts=tuple(parts), held_at=datetime.now(UTC).isoformat("T", "seconds"))
    objects.replace(manifest_key(wanted.name), to_json(manifest), "application/json")
    return manifest


def _parts(
    connection: Connection, serde: Serde, objects: ObjectStore, hold: Hold, of: Range, part_bytes: int
) -> Iterator[Part]:
    start = of.start
    for key in objects.keys(part_prefix(hold.name, of)):
        if part_offsets(key)[0] == start:
            body = objects.read(key)
            start = part_offsets(key)[1]
            yield _part(key, of, (part_offsets(key)[0], start), sum(1 for _ in read(body)), body)
    low, _ = bounds(connection, [of.topic])[of.topic, of.partition]
    if start < of.stop and start < low and of.noun != "streams":
        raise BadHold(
            f"{of.topic}[{of.partition}]: offsets from {start} up to {low} expired before they were held"
        )
    for first, stop, schema, messages in _cut(connection, serde, hold, of, start, part_bytes):
        body, key = write(messages, schema), part_key(hold.name, of, first, stop)
        objects.replace(key, body, "application/avro")
        yield _part(key, of, (first, stop), len(messages), body)


def _part(key: str, of: Range, offsets: tuple[int, int], count: int, body: bytes) -> Part:
    return Part(key=key, noun=of.noun, topic=of.topic, partition=of.partition, start=offsets[0], stop=offsets[1],
                messages=count, bytes=len(body), sha256=hashlib.sha256(body).hexdigest())  # fmt: skip


def _cut(
    connection: Connection, serde: Serde, hold: Hold, of: Range, start: int, part_bytes: int
) -> Iterator[tuple[int, int, str | None, list[HeldMessage]]]:
    """The hold's messages of a range, cut where they are many bytes or the schema that wrote them changes."""
    topic = next(t for t in (*RAW, STREAMS) if t.noun == of.noun)
    passage, key = hold.passage(of), hold.stream.encode()
    taken: list[HeldMessage] = []
    size, schema, first = 0, None, start
    for message in stretch(connection, of.topic, of.partition, start, of.stop):
        if message.key() != key:
            continue
        record = serde.decode(message.value(), topic)
        if not isinstance(record, Undecodable) and not passage.holds(record):
            continue  # what can not be read stays in: nobody can say whose it is
        found = held(message)
        wrote = _schema(serde, found.value)
        if taken and (wrote != schema or size >= part_bytes):
            yield first, found.offset, schema, taken
            taken, size, first = [], 0, found.offset
        schema = wrote
        taken.append(found)
        size += len(found.value or b"")
    if taken:
        yield first, of.stop, schema, taken


def _schema(serde: Serde, value: bytes | None) -> str | None:
    """The schema that wrote a value, None where it is no record of one."""
    schema_id = schema_id_of(value) if value is not None else Undecodable("no value")
    text = serde.schema_by_id(schema_id) if isinstance(schema_id, int) else None
    return text if readable(value, text) else None
