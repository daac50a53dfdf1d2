"""The schema registry as the rest of the code sees it: ids of our schemas, schemas of any id."""

from collections.abc import Callable
from typing import Self

from confluent_kafka.schema_registry import Schema, SchemaRegistryClient
from confluent_kafka.schema_registry.error import SchemaRegistryError

from schemas.codec import NOUN_OF, Plain, Undecodable, decode, encode, plain_reader, schema_text
from schemas.records import Record
from topics.catalog import CATALOG
from topics.connection import Connection
from topics.topic import Topic

NOT_FOUND = 404
ANSWER_S = (
    20.0  # what is not answered by then is asked again, three times; without it a lost answer holds up for ever
)


class Serde:
    """Encodes and decodes records of any topic; each id and schema is asked for once and kept."""

    def __init__(self, connection: Connection) -> None:
        self._names = connection.names
        self._client = SchemaRegistryClient({"url": connection.registry_url, "timeout": ANSWER_S})
        self._ids: dict[str, int] = {}
        self._texts: dict[int, str | None] = {}

    def close(self) -> None:
        """Lets go of the connection to the registry."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def register(self) -> dict[str, int]:
        """Registers every schema in the catalog's order; the registry refuses an incompatible one."""
        return {topic.noun: self.schema_id(topic.noun) for topic in CATALOG}

    def schema_id(self, noun: str) -> int:
        """Id of a noun's schema, registered if it is not yet there."""
        if noun not in self._ids:
            subject = f"{self._names.prefix}.{noun}-value"
            schema_id = self._client.register_schema(subject, Schema(schema_text(noun), "AVRO"))
            # What was just registered need not be asked for: a registry that is away later stops nobody.
            self._ids[noun], self._texts[schema_id] = schema_id, schema_text(noun)
        return self._ids[noun]

    def schema_by_id(self, schema_id: int) -> str | None:
        """The schema that an id stands for, None if the registry has none."""
        if schema_id not in self._texts:
            try:
                self._texts[schema_id] = self._client.get_schema(schema_id).schema_str
            except SchemaRegistryError as error:
                if error.http_status_code != NOT_FOUND:
                    raise
                self._texts[schema_id] = None
        return self._texts[schema_id]

    def encode(self, record: Record) -> bytes:
        """A record in wire format."""
        return encode(record, self.schema_id(NOUN_OF[type(record)]))

    def decode(self, value: bytes | None, topic: Topic[Record]) -> Record | Undecodable:
        """The record of a topic that the bytes hold, or why they hold none."""
        return decode(value, topic.record, self.schema_by_id)

    def plain_reader(self, topic: Topic[Record]) -> Callable[[bytes | None], Plain | Undecodable]:
        """What decodes the topic's bytes to plain values by field name, as `decode` does to records."""
        return plain_reader(topic.record, self.schema_by_id)
