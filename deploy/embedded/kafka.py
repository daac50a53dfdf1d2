"""A real Apache Kafka: one KRaft node started from its jars, without docker. Its data survives `kill -9`."""

import os
import shutil
import subprocess
import time
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from deploy.embedded.jars import cache_folder, fetch_all, jars
from deploy.embedded.java import find_java
from deploy.embedded.ports import free_port, listening

LEAST_DISK_BYTES = 1 << 30
PROPERTIES = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
    "inter.broker.listener.name": "PLAINTEXT",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "4",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "share.coordinator.state.topic.num.partitions": "1",
    "group.initial.rebalance.delay.ms": "0",
    # Stations run with six-second sessions; the default lower bound is 6000 as well, said here to stand by it.
    "group.min.session.timeout.ms": "1000",
    "auto.create.topics.enable": "false",
    "message.max.bytes": "10600000",
    "replica.fetch.max.bytes": "10600000",
    # After kill -9 the first metadata then takes 3.7 s instead of 11.7.
    "broker.session.timeout.ms": "2000",
    "broker.heartbeat.interval.ms": "500",
    "log.cleaner.dedupe.buffer.size": "4194304",
    "log.cleaner.threads": "1",
    "log.segment.bytes": "134217728",
    "log.retention.check.interval.ms": "60000",
    "num.network.threads": "2",
    "num.io.threads": "4",
    "num.recovery.threads.per.data.dir": "1",
    "background.threads": "2",
}


class KafkaFault(Exception):
    """The node can not be prepared or does not get ready; the message says why and what to do."""


def kafka_id() -> str:
    """A new id of a cluster or folder. One that begins with a dash breaks the format tool's argument parser."""
    return "A" + urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")[1:]


@dataclass(frozen=True, slots=True)
class Member:
    """A node's place in a cluster: its number (from 1), and the controller port and folder id of each of all."""

    cluster_id: str
    number: int
    voters: tuple[tuple[int, str], ...]

    @property
    def properties(self) -> dict[str, str]:
        """What differs from a node that is alone: everything is kept three times, and acknowledged by two."""
        copies = str(min(3, len(self.voters)))
        enough = str(max(1, int(copies) - 1))
        return {
            "node.id": str(self.number),
            "controller.quorum.bootstrap.servers": ",".join(f"127.0.0.1:{port}" for port, _ in self.voters),
            "default.replication.factor": copies,
            "min.insync.replicas": enough,
            "offsets.topic.replication.factor": copies,
            "transaction.state.log.replication.factor": copies,
            "transaction.state.log.min.isr": enough,
            "share.coordinator.state.topic.replication.factor": copies,
            "share.coordinator.state.topic.min.isr": enough,
        }

    @property
    def format_words(self) -> list[str]:
        """How the format tool is told of the first controllers."""
        first = (f"{n}@127.0.0.1:{port}:{folder}" for n, (port, folder) in enumerate(self.voters, 1))
        return ["-t", self.cluster_id, "--initial-controllers", ",".join(first)]


@dataclass(slots=True)
class KafkaNode:
    """One node on a folder, alone or one of several.

    `quick` leaves out the JVM's second compiler: the start takes half, and a clip of 95 s costs the broker 8.5 s
    of CPU instead of 11.7, the next one 5.4 instead of 8.5.
    """

    folder: Path
    port: int = field(default_factory=free_port)
    controller_port: int = field(default_factory=free_port)
    quick: bool = True
    member: Member | None = None

    @property
    def bootstrap(self) -> str:
        """Its address for clients."""
        return f"127.0.0.1:{self.port}"

    @property
    def _properties(self) -> Path:
        return self.folder / "server.properties"

    def prepare(self, on_bytes: Callable[[int, int], None] = lambda _done, _total: None) -> None:
        """Fetches jars, writes settings, formats the folder the first time; KafkaFault where that can not be."""
        classes = fetch_all(on_bytes)
        for port in (self.port, self.controller_port):
            if listening(port):
                raise KafkaFault(f"port {port} is in use: stop what listens there, or free it, and start again")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._properties.write_text(
                "\n".join(f"{key}={value}" for key, value in (PROPERTIES | self._addresses()).items()) + "\n"
            )
        except OSError as error:
            raise KafkaFault(f"can not write to {self.folder}: {error.strerror}") from error
        free = shutil.disk_usage(self.folder).free
        if free < LEAST_DISK_BYTES:
            raise KafkaFault(
                f"{free >> 20} MiB are free at {self.folder}, Kafka needs {LEAST_DISK_BYTES >> 20} at least"
            )
        if not (self.folder / "log/meta.properties").exists():
            self._format(classes)

    def _addresses(self) -> dict[str, str]:
        return {
            "listeners": f"PLAINTEXT://127.0.0.1:{self.port},CONTROLLER://127.0.0.1:{self.controller_port}",
            "advertised.listeners": f"PLAINTEXT://127.0.0.1:{self.port}",
            "controller.quorum.bootstrap.servers": f"127.0.0.1:{self.controller_port}",
            "log.dirs": str((self.folder / "log").resolve()),
        } | (self.member.properties if self.member is not None else {})

    def _java(self, classes: list[Path], *flags: str) -> list[str]:
        return [
            str(find_java()),
            "-XX:+UseSerialGC",
            "-XX:-UsePerfData",
            *flags,
            "-cp",
            ":".join(map(str, classes)),
        ]

    def _format(self, classes: list[Path]) -> None:
        words = self.member.format_words if self.member is not None else ["-t", kafka_id(), "--standalone"]
        done = subprocess.run(  # noqa: S603 (our own java)
            [*self._java(classes, "-Xmx256m", "-XX:TieredStopAtLevel=1"), "kafka.tools.StorageTool", "format",
             "-c", str(self._properties), *words],
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        if done.returncode:
            lines = (done.stderr or done.stdout).strip().splitlines()
            raise KafkaFault(f"Kafka's folder {self.folder} could not be formatted: {lines[-1] if lines else '?'}")

    def _archive(self) -> Path:
        """The class archive of this JVM and class path: another's would be passed over at each start."""
        java = find_java().resolve()
        made_of = f"{java} {java.stat().st_mtime_ns} {[jar.sha256 for jar in jars()]} {self.quick}"
        return cache_folder() / "kafka-4.3.1" / f"classes-{sha256(made_of.encode()).hexdigest()[:16]}.jsa"

    def command(self) -> list[str]:
        """The command line of the node's process."""
        quick = ["-XX:TieredStopAtLevel=1"] if self.quick else []
        flags = [
            "-Xms64m",
            "-Xmx512m",
            "-Djava.awt.headless=true",
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
        ]
        archive = self._archive()
        # The JVM checks that the archive fits itself and the class path, and goes on without it where it does not.
        sharing = [f"-XX:SharedArchiveFile={archive}", "-Xshare:auto", "-Xlog:cds=off", "-Xlog:cds+dynamic=off"]
        words = self._java(fetch_all(), *flags, *quick, *(sharing if archive.exists() else []))
        return [*words, "kafka.Kafka", str(self._properties)]

    def archive_classes(self) -> None:
        """Dumps the archive that halves later starts (4 s, 48 MB) unless it is there. The node must be down."""
        archive = self._archive()
        if archive.exists():
            return
        if not (self.folder / "log/meta.properties").exists():
            self.prepare()
        part = archive.with_suffix(f".{os.getpid()}.part")
        words = self.command()
        words[1:1] = [f"-XX:ArchiveClassesAtExit={part}", "-Xlog:cds=off", "-Xlog:cds+dynamic=off"]
        with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as node:  # noqa: S603
            try:
                self.wait_ready(60, lambda: node.poll() is None)
            finally:
                node.terminate()
                node.wait(60)
        if part.exists():
            part.replace(archive)

    def ready(self) -> bool:
        """Whether the node answers clients."""
        if not listening(self.port):
            return False
        try:
            quiet: dict[str, str | int | float | bool] = {"bootstrap.servers": self.bootstrap, "log_level": 0}
            return bool(AdminClient(quiet).list_topics(timeout=2).brokers)
        except KafkaException:
            return False

    def wait_ready(self, deadline_s: float, alive: Callable[[], bool] = lambda: True) -> None:
        """Returns when the node answers; KafkaFault after `deadline_s` seconds or as soon as it is not alive."""
        until = time.monotonic() + deadline_s
        while not self.ready():
            if not alive():
                raise KafkaFault(f"Kafka on {self.folder} ended before it was ready")
            if time.monotonic() > until:
                raise KafkaFault(f"Kafka on port {self.port} does not answer after {deadline_s:.0f} s")
            time.sleep(0.05)
