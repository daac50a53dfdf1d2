"""Where the cutter stands: read off the tail of its own output."""

from confluent_kafka import Message, TopicPartition

from connectors.clips.lane import Lane, Place
from schemas.records import Clip, Ref
from topics.connection import Connection
from topics.names import Names
from topics.read import consumer, stretch, watermarks

IN = "framelog.in"
PLACE = "framelog.place"


def lane_of(connection: Connection, topic: str, partition: int) -> Lane:
    """A lane that goes on where the clips `topic` says that the last cutter stood; the first highlight where no
    record says anything.
    """
    with consumer(connection) as client:
        low, high = watermarks(client, TopicPartition(topic, partition))
    for offset in range(high - 1, low - 1, -1):
        last = next(stretch(connection, topic, partition, offset, offset + 1), None)
        place = place_in(last) if last is not None else None
        if place is not None:
            answers = stretch(connection, topic, partition, max(place.since, low), high)
            answered = {
                n: m.offset() or 0 for m in answers if (n := answered_by(m)) is not None and n >= place.done
            }
            return Lane(next=place.done, end=high, answered=answered)
    return Lane(end=high)


def answered_by(message: Message) -> int | None:
    """Offset of the highlight that a clips record answers."""
    named = dict(message.headers() or []).get(IN)
    return int(named.rpartition(b":")[2]) if isinstance(named, bytes) else None


def place_in(message: Message) -> Place | None:
    """Where the cutter stood that wrote a record. One that tells only what it answers was written in order."""
    told, answered = dict(message.headers() or []).get(PLACE), answered_by(message)
    if isinstance(told, bytes):
        done, _, since = told.partition(b":")
        return Place(int(done), int(since))
    return Place(answered + 1, message.offset() or 0) if answered is not None else None


def headers_of(clip: Clip, names: Names, highlight: Ref, place: Place) -> list[tuple[str, str | bytes | None]]:
    """Headers of a clip's record: CloudEvents in binary mode, the highlight it answers, the cutter's place."""
    return [
        ("ce_specversion", b"1.0"),
        ("ce_id", clip.id.encode()),
        ("ce_source", f"/{names.prefix}/{names.run}/clips".encode()),
        ("ce_type", b"framelog.clips"),
        ("ce_subject", clip.stream_id.encode()),
        ("content-type", b"application/avro"),
        (IN, f"{highlight.topic}:{highlight.partition}:{highlight.offset}".encode()),
        (PLACE, f"{place.done}:{place.since}".encode()),
    ]
