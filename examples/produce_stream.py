"""Writes a webcam or a file into framelog with an ordinary Avro producer: nothing of framelog's.

    pip install "confluent-kafka[avro,schemaregistry]" opencv-python-headless
    python examples/produce_stream.py --source 0 --stream desk
    python examples/produce_stream.py --source film.mp4 --stream film --kafka localhost:9092

The contract for whoever writes frames:
  key        the stream's name in UTF-8, partitioner murmur2 (librdkafka's `murmur2_random`, Java's default)
  value      Avro in Confluent's wire format, schema of the subject `<topic>-value` (taken from the registry)
  session_id one unbroken run of the source: new at each start
  seq        0, 1, 2 … without holes in each topic and session, in order: so idempotence is on
  pts_us     stream time in microseconds from the session's start; never falls
  end        true on the last record of a session in each of the three topics, which carries nothing else;
             what you do not have (here: sound and coded packets) is one such record at seq 0
"""

import argparse
import json
import time
import uuid

import cv2
from confluent_kafka import Producer
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext


class Topic:
    """One topic: its schema from the registry, its seq."""

    def __init__(self, name, producer, registry, stream, session):
        self.name, self.producer, self.key = name, producer, stream.encode()
        schema = registry.get_latest_version(f"{name}-value").schema
        self.serialize = AvroSerializer(registry, schema.schema_str, conf={"auto.register.schemas": False})
        # Every field that has a default, at its default: the serializer wants all of them.
        fields = [f for f in json.loads(schema.schema_str)["fields"] if "default" in f]
        self.blank = {f["name"]: b"" if f["type"] == "bytes" else f["default"] for f in fields}
        self.ids = {"stream_id": stream, "session_id": session}
        self.seq = 0

    def say(self, fields):
        record = self.blank | self.ids | {"seq": self.seq} | fields
        value = self.serialize(record, SerializationContext(self.name, MessageField.VALUE))
        while True:
            try:
                self.producer.produce(self.name, value=value, key=self.key, on_delivery=failed)
                break
            except BufferError:  # the broker is slower than we are: wait for it
                self.producer.poll(0.5)
        self.producer.poll(0)
        self.seq += 1


def failed(error, message):
    if error is not None:
        raise SystemExit(f"the log did not take a record of {message.topic()}: {error}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", default="0", help="number of a webcam, or a file or URL that OpenCV opens")
    parser.add_argument("--stream", required=True, help="name of the stream")
    parser.add_argument("--kafka", default="localhost:9092", help="bootstrap servers")
    parser.add_argument("--registry", default="http://localhost:8081", help="schema registry")
    parser.add_argument("--prefix", default="framelog", help="first part of the topics' names")
    parser.add_argument("--fps", type=float, default=10.0, help="frames a second to send")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after so much stream time")
    options = parser.parse_args()

    video = cv2.VideoCapture(int(options.source) if options.source.isdigit() else options.source)
    if not video.isOpened():
        raise SystemExit(f"OpenCV cannot open {options.source}: is it a webcam's number or a video file?")
    producer = Producer(
        {
            "bootstrap.servers": options.kafka,
            "enable.idempotence": True,  # no repeats, no holes, in order
            "max.in.flight": 1,  # more, and librdkafka may call a refused first batch delivered
            "partitioner": "murmur2_random",
            "message.max.bytes": 4 << 20,
        }
    )
    registry = SchemaRegistryClient({"url": options.registry})
    session = str(uuid.uuid4())
    try:
        frames, audio, packets = (
            Topic(f"{options.prefix}.{noun}", producer, registry, options.stream, session)
            for noun in ("frames", "audio", "packets")
        )
    except Exception as error:  # noqa: BLE001 (its client raises whatever its HTTP library does)
        raise SystemExit(f"the schema registry at {options.registry} is of no use ({error}): is it up?") from None
    for silent in (audio, packets):
        silent.say({"pts_us": 0, "end": True})

    live = options.source.isdigit() or video.get(cv2.CAP_PROP_FRAME_COUNT) <= 0
    source_fps = video.get(cv2.CAP_PROP_FPS) or 25.0
    started, read, last_us, next_us = time.monotonic(), 0, 0, 0.0
    try:
        while video.grab():
            # A camera's time is the clock's; a file's is counted, so that it does not hang on our speed.
            passed_s = time.monotonic() - started if live else read / source_fps
            read += 1
            pts_us = int(passed_s * 1_000_000)
            if passed_s >= options.seconds:
                break
            if pts_us + 1000 < next_us:
                continue
            next_us += 1_000_000 / options.fps
            _, pixels = video.retrieve()
            _, image = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 85])
            last_us = max(last_us, pts_us)
            frames.say(
                {
                    "pts_us": last_us,
                    "captured_us": time.time_ns() // 1000,
                    "width_px": pixels.shape[1],
                    "height_px": pixels.shape[0],
                    "image": image.tobytes(),
                }
            )
            print(f"\r{frames.seq} frames, {last_us / 1e6:.1f} s", end="", flush=True)
    except KeyboardInterrupt:
        pass
    sent = frames.seq
    frames.say({"pts_us": last_us, "end": True})
    left = producer.flush(30)
    print(f"\r{sent} frames of stream {options.stream}, session {session}")
    if left:
        raise SystemExit(f"{left} records did not reach the log: is the broker up?")


if __name__ == "__main__":
    main()
