"""What clients of a schema registry rely on, said once and tried on every registry there is here."""

import json
import secrets
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.schema_registry.error import SchemaRegistryError
from confluent_kafka.serialization import MessageField, SerializationContext

from schemas.codec import schema_text
from schemas.records import BY_NOUN
from topics.registry import ANSWER_S

pytestmark = pytest.mark.network


def record(*fields: dict[str, Any]) -> str:
    return json.dumps({"type": "record", "name": "R", "fields": list(fields)})


A = {"name": "a", "type": "int"}
B = {"name": "b", "type": "int"}
B_WITH_DEFAULT = B | {"default": 0}
LONG_A = {"name": "a", "type": "long"}


@pytest.fixture
def client(any_registry: str) -> Iterator[SchemaRegistryClient]:
    with SchemaRegistryClient({"url": any_registry, "timeout": ANSWER_S}) as made:
        yield made


@pytest.fixture
def subject() -> str:
    return f"s-{secrets.token_hex(6)}-value"


def test_records_pass_through_the_ordinary_serializer_and_deserializer(
    client: SchemaRegistryClient, subject: str
) -> None:
    topic = subject.removesuffix("-value")
    context = SerializationContext(topic, MessageField.VALUE)
    value = AvroSerializer(client, record(A))({"a": 7}, context)
    assert value is not None
    assert value[0] == 0
    assert AvroDeserializer(client)(value, context) == {"a": 7}


def test_the_same_schema_has_the_same_id_however_often_it_is_registered(
    client: SchemaRegistryClient, subject: str
) -> None:
    first = client.register_schema(subject, Schema(record(A), "AVRO"))
    assert client.register_schema(subject, Schema(record(A), "AVRO")) == first
    assert client.get_versions(subject) == [1]


def test_a_readable_change_becomes_the_next_version(client: SchemaRegistryClient, subject: str) -> None:
    client.set_compatibility(subject, "BACKWARD_TRANSITIVE")
    for fields in ([A], [A, B_WITH_DEFAULT], [LONG_A, B_WITH_DEFAULT]):
        client.register_schema(subject, Schema(record(*fields), "AVRO"))
    latest = client.get_latest_version(subject)
    assert latest.version == 3
    assert json.loads(latest.schema.schema_str or "")["fields"][0]["type"] == "long"
    assert client.get_versions(subject) == [1, 2, 3]


@pytest.mark.parametrize("broken", [[A, B], [{"name": "a", "type": "string"}]], ids=["no default", "other type"])
def test_a_change_that_old_records_can_not_be_read_with_is_refused(
    client: SchemaRegistryClient, subject: str, broken: list[dict[str, Any]]
) -> None:
    client.set_compatibility(subject, "BACKWARD_TRANSITIVE")
    client.register_schema(subject, Schema(record(A), "AVRO"))
    assert not client.test_compatibility(subject, Schema(record(*broken), "AVRO"))
    with pytest.raises(SchemaRegistryError) as refused:
        client.register_schema(subject, Schema(record(*broken), "AVRO"))
    assert refused.value.http_status_code == 409
    assert client.get_versions(subject) == [1]


def test_a_registered_schema_is_found_again_by_its_text_and_by_its_id(
    client: SchemaRegistryClient, subject: str
) -> None:
    schema_id = client.register_schema(subject, Schema(record(A), "AVRO"))
    assert client.lookup_schema(subject, Schema(record(A), "AVRO")).schema_id == schema_id
    assert json.loads(client.get_schema(schema_id).schema_str or "")["name"] == "R"
    assert subject in client.get_subjects()


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/subjects/none-such/versions", 404, 40401),
        ("/subjects/none-such/versions/1", 404, 40401),
        ("/schemas/ids/987654", 404, 40403),
    ],
)
def test_what_is_not_there_is_said_with_confluents_code(
    any_registry: str, path: str, status: int, code: int
) -> None:
    answer = httpx.get(any_registry + path)
    assert (answer.status_code, answer.json()["error_code"]) == (status, code)


def test_a_version_that_is_not_there_is_said_with_confluents_code(
    client: SchemaRegistryClient, subject: str, any_registry: str
) -> None:
    client.register_schema(subject, Schema(record(A), "AVRO"))
    answer = httpx.get(f"{any_registry}/subjects/{subject}/versions/9")
    assert (answer.status_code, answer.json()["error_code"]) == (404, 40402)


def test_text_that_is_no_schema_is_refused(any_registry: str, subject: str) -> None:
    body = {"schema": '{"type": "record"}'}
    answer = httpx.post(f"{any_registry}/subjects/{subject}/versions", json=body)
    assert answer.status_code == 422
    assert answer.json()["error_code"] == 42201


@pytest.mark.parametrize("noun", ["frames", "highlights"])
def test_a_schema_of_ours_grows_with_a_default_and_is_refused_without(
    client: SchemaRegistryClient, subject: str, noun: str
) -> None:
    """Old records are read by who knows the grown schema; the other change never gets an id."""
    topic, today = subject.removesuffix("-value"), json.loads(schema_text(noun))
    context = SerializationContext(topic, MessageField.VALUE)
    client.set_compatibility(subject, "BACKWARD_TRANSITIVE")
    client.register_schema(subject, Schema(json.dumps(today), "AVRO"))
    old = AvroSerializer(client, json.dumps(today), conf={"auto.register.schemas": False})
    plain = BY_NOUN[noun](stream_id="s", session_id="e", seq=7, pts_us=8).as_dict()
    value = old(plain, context)

    broken = today | {"fields": [*today["fields"], {"name": "new", "type": "string"}]}
    with pytest.raises(SchemaRegistryError) as refused:
        client.register_schema(subject, Schema(json.dumps(broken), "AVRO"))
    assert refused.value.http_status_code == 409

    grown = today | {"fields": [*today["fields"], {"name": "new", "type": "string", "default": "none"}]}
    client.register_schema(subject, Schema(json.dumps(grown), "AVRO"))
    assert client.get_versions(subject) == [1, 2]
    read = AvroDeserializer(client, json.dumps(grown))(value, context)
    assert json.loads(json.dumps(read, default=str)) == json.loads(
        json.dumps(plain | {"new": "none"}, default=str)
    )
