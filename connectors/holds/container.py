"""Messages of the log as an Avro object container file, and back as the very messages.

Any Avro tool reads such a file: each datum is an envelope (topic, partition, offset, append time, key, headers)
around the record itself, under the schema that wrote it. The record's bytes are the message's own, spliced in, so
that what comes back equals what was held. Format: Avro 1.11, "Object Container Files", codec `null`.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Protocol

import fastavro
from fastavro.types import Schema

from schemas.codec import HEADER, MAGIC, parsed

BLOCK_BYTES = 1 << 20
ABSENT, PRESENT = b"\x00", b"\x02"  # branches of a union with null first
HEADS: list[dict[str, Any]] = [
    {"name": "topic", "type": "string", "doc": "Topic of the log."},
    {"name": "partition", "type": "int", "doc": "Its partition."},
    {"name": "offset", "type": "long", "doc": "Offset in it."},
    {"name": "append_ms", "type": "long", "doc": "When the broker appended it, ms since 1970."},
    {"name": "key", "type": ["null", "bytes"], "doc": "The message's key."},
    {"name": "headers", "doc": "The message's headers, in their order.", "type": {"type": "array", "items": {
        "type": "record", "name": "HeldHeader", "fields": [
            {"name": "name", "type": "string"}, {"name": "value", "type": ["null", "bytes"]}]}}},
    {"name": "schema_id", "type": "int", "doc": "Id of the record's schema in the registry; -1 for raw bytes."},
    {"name": "body_bytes", "type": "long", "doc": "Length of the record's own bytes."},
]  # fmt: skip
HEAD_SCHEMA = fastavro.parse_schema({"type": "record", "name": "HeldHead", "namespace": "framelog.hold",
                                     "fields": HEADS})  # fmt: skip


class BadFile(ValueError):
    """A file that is no hold's, or is damaged."""


class MessageLike(Protocol):
    """What a message of confluent-kafka offers."""

    def topic(self) -> str | None: ...
    def partition(self) -> int | None: ...
    def offset(self) -> int | None: ...
    def timestamp(self) -> tuple[int, int]: ...
    def key(self) -> Any: ...
    def value(self) -> Any: ...
    def headers(self) -> Any: ...


@dataclass(frozen=True, slots=True)
class HeldMessage:
    """A message as the log held it; key, value and headers are the original bytes."""

    topic: str
    partition: int
    offset: int
    append_ms: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...] = ()


def held(message: MessageLike) -> HeldMessage:
    """The values of a message of confluent-kafka."""
    return HeldMessage(
        message.topic() or "", message.partition() or 0, message.offset() or 0, message.timestamp()[1],
        message.key(), message.value(), tuple((n, v) for n, v in message.headers() or ()),
    )  # fmt: skip


def envelope(record_schema: str | None) -> dict[str, Any]:
    """The schema of a file whose messages a schema wrote; None: of messages that are no Avro of ours."""
    record: Any = json.loads(record_schema) if record_schema is not None else "bytes"
    doc = "The record, as it was written." if record_schema is not None else "The message's value."
    fields = [*HEADS, {"name": "record", "type": ["null", record], "default": None, "doc": doc}]
    return {"type": "record", "name": "Held", "namespace": "framelog.hold", "doc": "A message of the log, held.",
            "fields": fields}  # fmt: skip


def readable(value: bytes | None, schema: str | None) -> bool:
    """Whether a value in wire format is one whole record of a schema."""
    if value is None or schema is None:
        return False
    body = BytesIO(value[HEADER.size :])
    try:
        fastavro.schemaless_reader(body, parsed(schema), None)
    except Exception:  # noqa: BLE001 (fastavro raises whatever the bytes lead it to)
        return False
    return not body.read(1)


def write(messages: Sequence[HeldMessage], record_schema: str | None) -> bytes:
    """A file of messages that one schema wrote (None: of values kept as bytes), the same for the same messages."""
    schema = envelope(record_schema)
    first = messages[0] if messages else None
    sync = hashlib.sha256(f"{first and (first.topic, first.partition, first.offset)}".encode()).digest()[:16]
    out = BytesIO()
    fastavro.writer(out, fastavro.parse_schema(schema), [], codec="null", sync_marker=sync)
    block, count = BytesIO(), 0
    for message in messages:
        _datum(block, message, record_schema is not None)
        count += 1
        if block.tell() >= BLOCK_BYTES:
            _close(out, block, count, sync)
            block, count = BytesIO(), 0
    if count:
        _close(out, block, count, sync)
    return out.getvalue()


def _datum(out: BytesIO, m: HeldMessage, avro: bool) -> None:
    value = m.value
    body = b"" if value is None else value[HEADER.size :] if avro else value
    schema_id = HEADER.unpack_from(value)[1] if avro and value is not None else -1
    head = {
        "topic": m.topic, "partition": m.partition, "offset": m.offset, "append_ms": m.append_ms, "key": m.key,
        "headers": [{"name": n, "value": v} for n, v in m.headers], "schema_id": schema_id,
        "body_bytes": len(body),
    }  # fmt: skip
    fastavro.schemaless_writer(out, HEAD_SCHEMA, head)
    out.write(ABSENT if value is None else PRESENT)
    if value is not None and not avro:
        out.write(_long(len(body)))
    out.write(body)


def _long(value: int) -> bytes:
    """Avro's long: zigzag, seven bits a byte, the lowest first."""
    left, out = value << 1, bytearray()
    while left > 0x7F:
        out.append(left & 0x7F | 0x80)
        left >>= 7
    return bytes([*out, left])


def _close(out: BytesIO, block: BytesIO, count: int, sync: bytes) -> None:
    out.write(_long(count) + _long(block.tell()) + block.getvalue() + sync)


def read(body: bytes) -> Iterator[HeldMessage]:
    """The messages of a file, byte for byte; BadFile where it is damaged."""
    try:
        block: Any
        for block in fastavro.block_reader(BytesIO(body)):
            data, avro = BytesIO(block.bytes_.getvalue()), _avro(block.writer_schema)
            for _ in range(block.num_records):
                yield _message(data, avro)
    except BadFile:
        raise
    except Exception as error:  # fastavro raises whatever the bytes lead it to
        raise BadFile(f"no hold's file, or damaged: {type(error).__name__}: {error}") from error


def _avro(schema: Schema) -> bool:
    fields = schema["fields"] if isinstance(schema, dict) else []
    return all(f["name"] != "record" or "bytes" not in f["type"] for f in fields)


def _message(data: BytesIO, avro: bool) -> HeldMessage:
    head: Any = fastavro.schemaless_reader(data, HEAD_SCHEMA, None)
    value: bytes | None = None
    if data.read(1) == PRESENT:
        if not avro:
            while data.read(1) >= b"\x80":
                pass
        value = data.read(head["body_bytes"])
        if len(value) != head["body_bytes"]:
            raise BadFile(f"it ends within offset {head['offset']}")
        value = HEADER.pack(MAGIC, head["schema_id"]) + value if avro else value
    headers = tuple((h["name"], h["value"]) for h in head["headers"])
    return HeldMessage(
        head["topic"], head["partition"], head["offset"], head["append_ms"], head["key"], value, headers
    )
