"""A producer with nothing of ours: plain Avro, plain Kafka, and whatever one can do wrong."""

import io
import json
from typing import Any

from confluent_kafka import Producer
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext
from PIL import Image

SECOND_US = 1_000_000


def jpeg(seq: int) -> bytes:
    """A small picture."""
    out = io.BytesIO()
    Image.new("RGB", (96, 64), (seq * 9 % 256, 80, 120)).save(out, "JPEG")
    return out.getvalue()


class Foreign:
    """Writes records of the raw topics, field by field, right or wrong."""

    def __init__(self, bootstrap: str, registry_url: str, prefix: str) -> None:
        self._prefix, self._registry = prefix, SchemaRegistryClient({"url": registry_url})
        self._producer = Producer({"bootstrap.servers": bootstrap, "partitioner": "murmur2_random"})
        self._serializers: dict[str, tuple[AvroSerializer, dict[str, Any]]] = {}

    def _serializer(self, noun: str) -> tuple[AvroSerializer, dict[str, Any]]:
        if noun not in self._serializers:
            text = self._registry.get_latest_version(f"{self._prefix}.{noun}-value").schema.schema_str
            assert text is not None
            fields = [f for f in json.loads(text)["fields"] if "default" in f]
            blank = {f["name"]: b"" if f["type"] == "bytes" else f["default"] for f in fields}
            made = AvroSerializer(self._registry, text, conf={"auto.register.schemas": False})
            self._serializers[noun] = made, blank
        return self._serializers[noun]

    def value(self, noun: str, **fields: Any) -> bytes:
        """A record's bytes."""
        serialize, blank = self._serializer(noun)
        context = SerializationContext(f"{self._prefix}.{noun}", MessageField.VALUE)
        made = serialize({"session_id": "one"} | blank | fields, context)
        assert isinstance(made, bytes)
        return made

    def raw(self, noun: str, stream: str, value: bytes) -> None:
        """Any bytes at all."""
        self._producer.produce(f"{self._prefix}.{noun}", value, key=stream.encode())

    def say(self, noun: str, stream: str, seq: int, at_s: float, **fields: Any) -> None:
        """A record at a stream time."""
        told = {"stream_id": stream, "seq": seq, "pts_us": round(at_s * SECOND_US), **fields}
        self.raw(noun, stream, self.value(noun, **told))

    def frame(self, stream: str, seq: int, at_s: float, **fields: Any) -> None:
        """A picture."""
        self.say("frames", stream, seq, at_s, **({"image": jpeg(seq), "width_px": 96, "height_px": 64} | fields))

    def end(self, noun: str, stream: str, seq: int, at_s: float = 0, **fields: Any) -> None:
        """Nothing more is to come there."""
        self.say(noun, stream, seq, at_s, end=True, **fields)

    def only_frames(self, stream: str, **fields: Any) -> None:
        """The ends of what such a stream does not have."""
        for noun in ("audio", "packets"):
            self.end(noun, stream, 0, **fields)

    def flush(self) -> None:
        """All is in the log."""
        assert self._producer.flush(30) == 0

    def close(self) -> None:
        """All is in the log, and nothing more comes."""
        self.flush()
        self._registry.close()
