"""Anybody reads what the platform wrote: a Kafka client, Avro and the registry's URL, nothing of ours."""

import io
import json
import shutil
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import fastavro
import httpx
import pytest
from confluent_kafka import Consumer
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext

from tests.route.played import Played
from tests.route.reopened import Log
from topics.catalog import CATALOG

pytestmark = [pytest.mark.slow, pytest.mark.kafka, pytest.mark.media, pytest.mark.timeout(900)]
EXAMPLE = Path(__file__).parents[2] / "examples/consume_highlights.py"
NOUNS = tuple(t.noun for t in CATALOG)


def kcat_bytes(*words: str) -> bytes:
    """What kcat writes."""
    done = subprocess.run(["kcat", *words], capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def kcat(*words: str) -> str:
    """What kcat prints."""
    return kcat_bytes(*words).decode()


def framed(data: bytes) -> list[bytes]:
    """Values that each come behind their length."""
    found = []
    while data:
        (size,) = struct.unpack(">i", data[:4])
        found.append(data[4 : 4 + size])
        data = data[4 + size :]
    return found


def test_the_example_prints_every_highlight(reopened: Log, played: Played, tmp_path: Path) -> None:
    wanted = [h["id"] for h in played.summary["highlights"]]
    assert wanted
    where = ["--kafka", reopened.connection.bootstrap, "--registry", reopened.connection.registry_url]
    done = subprocess.run(
        [sys.executable, str(EXAMPLE), *where, "--json", "-n", str(len(wanted)), "--seconds", "60"],
        capture_output=True, text=True, timeout=120, check=True, cwd=tmp_path,
    )  # fmt: skip
    printed: list[dict[str, Any]] = [json.loads(line) for line in done.stdout.splitlines()]
    assert [h["id"] for h in printed] == wanted
    assert all(h["reasons"] and h["title"] for h in printed)


def test_the_example_imports_nothing_of_ours() -> None:
    imported = [line for line in EXAMPLE.read_text().splitlines() if line.startswith(("import ", "from "))]
    ours = ("schemas", "topics", "processors", "connectors", "api", "deploy")
    assert imported
    assert not [line for line in imported if line.split()[1].startswith(ours)]


@pytest.mark.parametrize("noun", NOUNS)
def test_a_plain_avro_consumer_reads_every_topic(reopened: Log, noun: str) -> None:
    topic = f"framelog.{noun}"
    registry = SchemaRegistryClient({"url": reopened.connection.registry_url})
    deserialize = AvroDeserializer(registry)
    client = Consumer(
        {
            "bootstrap.servers": reopened.connection.bootstrap,
            "group.id": f"stranger-{noun}",
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
        }
    )
    client.subscribe([topic])
    got: list[Any] = []
    wanted = reopened.records(noun)
    try:
        while len(got) < len(wanted):
            message = client.poll(30)
            assert message is not None, f"{len(got)} of {len(wanted)} came"
            assert message.error() is None
            got.append(deserialize(message.value(), SerializationContext(topic, MessageField.VALUE)))
    finally:
        client.close()
        registry.close()
    assert [type(record).from_dict(plain) for plain, record in zip(got, wanted, strict=True)] == wanted


@pytest.mark.skipif(shutil.which("kcat") is None, reason="kcat is not installed")
def test_kcat_reads_the_highlights(reopened: Log) -> None:
    wanted = reopened.messages("highlights")
    read = ["-C", "-q", "-e", "-o", "beginning", "-b", reopened.connection.bootstrap, "-t", "framelog.highlights"]
    lines = kcat(*read, "-f", "%k %S\n").splitlines()
    assert lines == [f"{(m.key or b'').decode()} {len(m.value or b'')}" for m in wanted]


@pytest.mark.skipif(shutil.which("kcat") is None, reason="kcat is not installed")
def test_what_kcat_reads_an_avro_library_decodes_by_the_registrys_schema(reopened: Log) -> None:
    read = ["-C", "-q", "-e", "-o", "beginning", "-b", reopened.connection.bootstrap, "-t", "framelog.highlights"]
    values = framed(kcat_bytes(*read, "-f", "%R%s"))
    decoded = []
    for value in values:
        magic, schema_id = struct.unpack(">bi", value[:5])
        assert magic == 0
        said = httpx.get(f"{reopened.connection.registry_url}/schemas/ids/{schema_id}").raise_for_status().json()
        schema = fastavro.parse_schema(json.loads(said["schema"]))
        decoded.append(fastavro.schemaless_reader(io.BytesIO(value[5:]), schema, None))
    wanted = reopened.records("highlights")
    assert [type(record).from_dict(plain) for plain, record in zip(decoded, wanted, strict=True)] == wanted


@pytest.mark.skipif(shutil.which("kcat") is None, reason="kcat is not installed")
def test_kcat_decodes_the_highlights_by_the_registry(reopened: Log) -> None:
    if "avro" not in kcat("-V").lower():
        pytest.skip("this kcat was built without Avro (Debian's is): it can not decode, only count")
    read = ["-C", "-q", "-e", "-o", "beginning", "-b", reopened.connection.bootstrap, "-t", "framelog.highlights"]
    lines = kcat(*read, "-s", "value=avro", "-r", reopened.connection.registry_url).splitlines()
    assert [json.loads(line)["id"] for line in lines] == [r.id for r in reopened.records("highlights")]
