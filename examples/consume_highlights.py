"""Reads framelog's highlights with an ordinary Avro consumer: a broker, a registry, nothing of framelog's.

    pip install "confluent-kafka[avro,schemaregistry]"
    python examples/consume_highlights.py --kafka localhost:9092 --registry http://localhost:8081

Prints one line a highlight, or with --json the whole record. The schema comes from the registry.
"""

import argparse
import json
import time

from confluent_kafka import Consumer
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kafka", default="localhost:9092", help="bootstrap servers")
    parser.add_argument("--registry", default="http://localhost:8081", help="schema registry")
    parser.add_argument("--topic", default="framelog.highlights")
    parser.add_argument("--group", default="my-application", help="where you stand is kept under this name")
    parser.add_argument("-n", type=int, help="stop after so many highlights")
    parser.add_argument("--seconds", type=float, help="stop after so long")
    parser.add_argument("--json", action="store_true", help="print whole records")
    options = parser.parse_args()

    deserialize = AvroDeserializer(SchemaRegistryClient({"url": options.registry}))
    consumer = Consumer(
        {"bootstrap.servers": options.kafka, "group.id": options.group, "auto.offset.reset": "earliest"}
    )
    consumer.subscribe([options.topic])
    deadline = time.monotonic() + options.seconds if options.seconds else float("inf")
    last: dict[tuple[str, str], int] = {}
    count = 0
    try:
        while time.monotonic() < deadline and (options.n is None or count < options.n):
            message = consumer.poll(0.5)
            if message is None:
                continue
            if message.error():
                print(f"kafka: {message.error()}")
                continue
            highlight = deserialize(message.value(), SerializationContext(options.topic, MessageField.VALUE))
            # The one rule for readers: what is not above the last seq of its session is a repeat.
            session = highlight["stream_id"], highlight["session_id"]
            if highlight["seq"] <= last.get(session, -1):
                continue
            last[session] = highlight["seq"]
            if highlight["end"]:
                continue  # the session is over; this record carries nothing else
            count += 1
            if options.json:
                print(json.dumps(highlight), flush=True)
            else:
                at = f"{highlight['start_us'] / 1e6:8.2f} s … {highlight['end_us'] / 1e6:8.2f} s"
                print(
                    f"{highlight['stream_id']}  {at}  {highlight['score']:.2f}  {highlight['title']}", flush=True
                )
    except KeyboardInterrupt:
        pass
    finally:
        consumer.close()


if __name__ == "__main__":
    main()
