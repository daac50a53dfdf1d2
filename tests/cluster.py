"""Brokers of one cluster on this machine, outside any platform: each to be killed, frozen and started again."""

import signal
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from confluent_kafka.admin import AdminClient

from deploy.embedded.kafka import KafkaNode, Member, kafka_id
from deploy.embedded.ports import free_port
from tests.fixtures_kafka import eventually


@dataclass
class Cluster:
    """Brokers 1, 2, 3; `leader` says which leads a partition."""

    folder: Path
    size: int = 3
    nodes: dict[int, KafkaNode] = field(default_factory=dict)
    running: "dict[int, subprocess.Popen[bytes]]" = field(default_factory=dict)

    def __enter__(self) -> "Cluster":
        voters = tuple((free_port(), kafka_id()) for _ in range(self.size))
        cluster = kafka_id()
        for number, (port, _) in enumerate(voters, 1):
            node = KafkaNode(
                self.folder / str(number), controller_port=port, quick=True, member=Member(cluster, number, voters)
            )
            node.prepare()
            self.nodes[number] = node
        for number in self.nodes:
            self.start(number, wait=False)
        for number, node in self.nodes.items():
            node.wait_ready(120, lambda n=number: self.running[n].poll() is None)  # type: ignore[misc]
        eventually(lambda: len(self.admin.list_topics(timeout=5).brokers) == self.size, 120)
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.running.values():
            process.kill()
            process.wait(30)

    @property
    def bootstrap(self) -> str:
        return ",".join(node.bootstrap for node in self.nodes.values())

    @property
    def admin(self) -> AdminClient:
        return AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 0})

    def start(self, number: int, *, wait: bool = True) -> None:
        with (self.folder / f"{number}.log").open("ab") as log:
            self.running[number] = subprocess.Popen(self.nodes[number].command(), stdout=log, stderr=log)
        if wait:
            self.nodes[number].wait_ready(120)

    def kill(self, number: int) -> None:
        self.running[number].send_signal(signal.SIGKILL)
        self.running[number].wait(30)

    def leader(self, topic: str, partition: int) -> int:
        return int(self.admin.list_topics(topic, timeout=20).topics[topic].partitions[partition].leader)

    def in_sync(self, topic: str) -> bool:
        """Whether every replica of a topic is where its leader is."""
        described = self.admin.list_topics(topic, timeout=20).topics[topic].partitions.values()
        return all(len(p.isrs) == len(p.replicas) == self.size for p in described)
