"""The headers of what a station writes: a function of the record and its cause, the same in every run."""

from typing import Any, cast

from processors.reading import Stored
from schemas.records import Record
from topics.names import Names
from topics.route import Edge

IN, STATION, REASON = "framelog.in", "framelog.station", "framelog.reason"
ERRORS = "__connect.errors."
OFFSET = f"{ERRORS}offset"


def header(headers: Any, name: str) -> bytes | None:
    """The last value of a header."""
    return next((value for key, value in reversed(tuple(headers or ())) if key == name), None)


def of_output(edge: Edge, names: Names, record: Record, cause: Stored) -> list[tuple[str, bytes]]:
    """CloudEvents in binary mode, the cause's traceparent, and which input this came of."""
    trace = header(cause.headers, "traceparent")
    return [
        ("ce_specversion", b"1.0"),
        ("ce_id", cast(Any, record).id.encode()),
        ("ce_source", f"/{names.prefix}/{names.run}/{edge.name}".encode()),
        ("ce_type", f"framelog.{edge.writes.noun}".encode()),
        ("ce_subject", record.stream_id.encode()),
        ("content-type", b"application/avro"),
        (IN, f"{cause.ref.topic}:{cause.ref.offset}".encode()),
        *([("traceparent", trace)] if trace is not None else []),
    ]


def input_offset(headers: Any) -> int | None:
    """Offset of the input that an output came of, None where it does not say."""
    value = header(headers, IN)
    return None if value is None else int(value.rpartition(b":")[2])


def of_dead(edge: Edge, cause: Stored, reason: str) -> list[tuple[str, bytes]]:
    """The message's own headers, untouched, then Kafka Connect's names for what went wrong, and ours."""
    ref = cause.ref
    return [
        *cause.headers,
        (f"{ERRORS}topic", ref.topic.encode()),
        (f"{ERRORS}partition", b"%d" % ref.partition),
        (OFFSET, b"%d" % ref.offset),
        (f"{ERRORS}connector.name", edge.name.encode()),
        (f"{ERRORS}stage", b"VALUE_CONVERTER"),
        (f"{ERRORS}exception.message", reason.encode()),
        (STATION, edge.name.encode()),
        (REASON, reason.encode()),
    ]


def dead_of(edge: Edge, headers: Any) -> int | None:
    """Offset of the input that a dead letter of this station holds; None for another station's."""
    offset = header(headers, OFFSET)
    return int(offset) if header(headers, STATION) == edge.name.encode() and offset is not None else None
