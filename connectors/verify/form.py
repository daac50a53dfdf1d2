"""What one record must be by itself: its key, its id, its status, its headers. Pure."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from connectors.verify.lying import Headers, Lying
from schemas.identity import record_id
from schemas.records import Record
from topics.names import Names
from topics.partitioner import partition_of
from topics.route import ROUTE, Edge
from topics.topic import Topic

WRITER: dict[str, Edge] = {edge.writes.noun: edge for edge in ROUTE}
IN = "framelog.in"


def header(headers: Headers, name: str) -> bytes | None:
    """The last value of a header."""
    return next((value for key, value in reversed(tuple(headers)) if key == name), None)


def misplaced(message: Lying, record: Record, partitions: int) -> str:
    """Why a record lies where no reader would look for it; empty if it does not."""
    key = record.stream_id.encode()
    if message.key != key:
        return f"the key {message.key!r:.80} is not the record's stream_id {record.stream_id!r:.80}"
    if (home := partition_of(key, partitions)) != message.partition:
        return f"key {message.key!r:.80} belongs to partition {home} of {partitions}"
    return ""


def came_of(headers: Headers) -> tuple[str, int] | None:
    """Topic and offset of the input that an output says it came of; None if it does not, or not legibly."""
    topic, _, rest = (header(headers, IN) or b"").decode(errors="replace").partition(":")
    offset = rest.rpartition(":")[2]
    return (topic, int(offset)) if topic and offset.isdigit() else None


def of_derived(message: Lying, record: Any, topic: Topic[Record], names: Names) -> Iterator[tuple[str, str]]:
    """What is wrong with a derived record, by check."""
    edge = WRITER[topic.noun]
    expected = record_id(edge.name, record.stream_id, record.session_id, record.seq)
    if record.id != expected:
        yield "id", f"id {record.id!r:.60} at seq {record.seq} should be {expected}"
    if not record.model.name:
        yield "status", "no model is named"
    if record.status == "ok" and record.reason:
        yield "status", f"it is ok and gives a reason: {record.reason[:80]}"
    if record.status in ("rejected", "unavailable") and not record.reason:
        yield "status", f"it is {record.status} and says not why"
    if record.end and record != _bare_end(record):
        yield "end", "the end mark carries more than an end mark does"
    wanted = {
        "ce_specversion": "1.0", "ce_id": record.id, "ce_type": f"framelog.{topic.noun}",
        "ce_subject": record.stream_id, "content-type": "application/avro",
        "ce_source": f"/{names.prefix}/{names.run}/{edge.name}",
    }  # fmt: skip
    for name, value in wanted.items():
        if (found := header(message.headers, name)) != value.encode():
            yield "headers", f"{name} is {found!r:.80}, not {value!r:.80}"
    came, inputs = came_of(message.headers), [names.topic(t) for t in edge.reads]
    if came is None or came[0] not in inputs:
        yield "headers", f"{IN} is {header(message.headers, IN)!r:.80}: no place in {' or '.join(inputs)}"


def _bare_end(record: Any) -> Any:
    """The end mark that has what this one is and nothing else."""
    stamp = ("stream_id", "session_id", "seq", "pts_us", "id", "watermark_us", "model")
    return replace(type(record)(**{name: getattr(record, name) for name in stamp}), end=True)
