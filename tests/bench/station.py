"""The detections station as it runs, on Kafka, against a bare onnxruntime loop over the same pictures."""

import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import median
from time import perf_counter

from confluent_kafka import Producer

from deploy.embedded.kafka import KafkaNode
from deploy.embedded.registry import app
from schemas.records import Frame
from tests.bench.detections import TESTDATA, WEIGHTS, bare_loop
from tests.serving import serving
from topics import catalog
from topics.broker import prepare_log
from topics.connection import Connection
from topics.names import Names
from topics.read import read
from topics.registry import Serde

TARGET = 0.90
REPEATS = 12  # 71 pictures each: enough that the first and last batches do not count
ROUNDS = 3


def worker(connection: Connection, models: Path) -> subprocess.Popen[bytes]:
    """`framelog work detections` on the connection."""
    env = os.environ | {
        "FRAMELOG_KAFKA": connection.bootstrap,
        "FRAMELOG_REGISTRY": connection.registry_url,
        "FRAMELOG_PREFIX": connection.names.prefix,
        "FRAMELOG_PARTITIONS": str(connection.partitions),
        "FRAMELOG_MODELS": str(models),
        "FRAMELOG_DETECTIONS__WEIGHTS": WEIGHTS,
    }
    words = [sys.executable, "-m", "deploy.cli", "work", "detections"]
    return subprocess.Popen(words, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def frames_a_second(connection: Connection, images: list[bytes], models: Path) -> float:
    """Rate from the first record that comes out to the last, all frames being in the log already."""
    frames, found = connection.names.topic(catalog.FRAMES), connection.names.topic(catalog.DETECTIONS)
    producer = Producer(connection.producer())
    with Serde(connection) as serde:
        for n, image in enumerate(images):
            record = Frame(stream_id="cam", session_id="bench", seq=n, pts_us=n * 100_000, image=image)
            producer.produce(frames, serde.encode(record), b"cam")
            producer.poll(0)
    assert producer.flush(120) == 0
    process = worker(connection, models)
    times: list[float] = []
    try:
        for _ in read(connection, [found], follow=True):
            times.append(perf_counter())
            if len(times) == len(images):
                break
    finally:
        process.terminate()
        process.wait(60)
    # What came with the first batch had been worked on before the clock began.
    first = next(i for i, t in enumerate(times) if t - times[0] > 0.05)
    return (len(times) - first) / (times[-1] - times[first - 1])


def bench() -> Iterator[Mapping[str, object]]:
    """One row: frames a second by the clock; ours reads Kafka, decodes Avro and writes records besides."""
    models = Path(os.environ.get("FRAMELOG_MODELS", TESTDATA / "models"))
    paths = sorted((TESTDATA / "mot/TUD-Campus/img1").glob("*.jpg"))
    if not paths:
        return
    images = [p.read_bytes() for p in paths]
    ours, theirs = list[float](), list[float]()
    bare = bare_loop(models / WEIGHTS)
    with tempfile.TemporaryDirectory() as folder:
        node = KafkaNode(Path(folder) / "kafka", quick=True)
        node.prepare()
        with (Path(folder) / "kafka.log").open("wb") as log:
            broker = subprocess.Popen(node.command(), stdout=log, stderr=log)
        try:
            node.wait_ready(120)
            with serving(app(":memory:"), ws="none") as registry:
                for _ in range(ROUNDS):
                    names = Names(f"b-{secrets.token_hex(3)}")
                    connection = Connection(node.bootstrap, registry, names, partitions=1)
                    prepare_log(connection)
                    ours.append(frames_a_second(connection, images * REPEATS, models))
                    began = perf_counter()
                    for image in images * (REPEATS // 2):
                        bare(image)
                    theirs.append(len(images) * (REPEATS // 2) / (perf_counter() - began))
        finally:
            broker.terminate()
            broker.wait(60)
    mine, baseline = median(ours), median(theirs)
    yield {
        "what": f"detections station on Kafka, {WEIGHTS}, 640x480", "ours": round(mine, 1),
        "baseline": round(baseline, 1), "unit": "frames/s", "ratio": round(mine / baseline, 2), "target": TARGET,
    }  # fmt: skip


if __name__ == "__main__":
    for row in bench():
        print(row)
