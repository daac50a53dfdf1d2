"""The broker as it is now: ends, rates and lags of all topics, looked at every few seconds by one thread."""

import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaException, TopicPartition
from confluent_kafka import admin as kafka_admin
from confluent_kafka.admin import AdminClient

from api.frames import words
from topics.connection import Connection
from topics.read import read

KAFKA: Any = kafka_admin  # it does not export by the book what its documentation names
PERIOD_S = 2.0
RATE_SPAN_S = 10.0
TIMEOUT_S = 5.0
SAMPLE = 5  # records of each partition that stand for the size of all
RESAMPLE = 1.5  # a topic is sampled again when it has grown by half
Place = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What one look found. `at_s` is monotonic; ends are offsets by (topic, partition)."""

    at_s: float = 0.0
    lows: Mapping[Place, int] = field(default_factory=dict)
    highs: Mapping[Place, int] = field(default_factory=dict)
    committed: Mapping[str, Mapping[Place, int]] = field(default_factory=dict)

    def topics(self) -> list[str]:
        """All topics of the installation."""
        return sorted({topic for topic, _ in self.highs})

    def partitions(self, topic: str) -> int:
        """How many partitions a topic has."""
        return sum(1 for name, _ in self.highs if name == topic)

    def records(self, topic: str) -> int:
        """Offsets between begin and end; after compaction fewer records are there."""
        return sum(high - self.lows.get(place, 0) for place, high in self.highs.items() if place[0] == topic)

    def end(self, topic: str) -> int:
        """Sum of the ends: how much was ever written."""
        return sum(high for place, high in self.highs.items() if place[0] == topic)

    def lag(self, group: str, topic: str) -> int | None:
        """Records that a group has not taken yet; None where it has committed nothing on the topic."""
        at = {p: o for p, o in self.committed.get(group, {}).items() if p[0] == topic and p in self.highs}
        if not at:
            return None
        return sum(max(0, self.highs[p] - max(o, self.lows.get(p, 0))) for p, o in at.items())

    def groups(self, topic: str) -> list[str]:
        """Groups that read a topic."""
        return sorted(g for g, at in self.committed.items() if any(place[0] == topic for place in at))


def rate_hz(history: list[Snapshot], topic: str) -> float:
    """Records a second between the first and the last look."""
    if len(history) < 2 or history[-1].at_s <= history[0].at_s:
        return 0.0
    said = history[-1].end(topic) - history[0].end(topic)
    return round(max(0, said) / (history[-1].at_s - history[0].at_s), 2)


class Gauge:
    """Looks every two seconds. `why` is empty while the broker answers; `since_s` is when that last changed."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._history: deque[Snapshot] = deque()
        self._retention: dict[str, int | None] = {}
        self._means: dict[str, float] = {}
        self._sampled: dict[str, int] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="gauge", daemon=True)
        self.why = "starting"
        self.since_s = time.time()

    def start(self) -> None:
        """Begins to look."""
        self._thread.start()

    def close(self) -> None:
        """Stops."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(10)

    @property
    def now(self) -> Snapshot:
        """The last look; empty before the first."""
        return self._history[-1] if self._history else Snapshot()

    def rate_hz(self, topic: str) -> float:
        """Records a second over the last ten seconds."""
        return rate_hz(list(self._history), topic)

    def retention_ms(self, topic: str) -> int | None:
        """As the broker has it; None for ever or unknown."""
        return self._retention.get(topic)

    def mean_bytes(self, topic: str) -> float | None:
        """Size of a record's value, over the last ones of each partition when last sampled; None: not known."""
        return self._means.get(topic)

    def _run(self) -> None:
        admin = None
        while not self._stop.is_set():
            try:
                admin = admin or AdminClient(self._connection.confluent())
                self._add(self._look(admin))
                self._note("")
                self._sample()
            except KafkaException as error:
                self._note(words(error))
            except Exception as error:  # noqa: BLE001 (readiness tells it; the thread must go on looking)
                self._note(f"{type(error).__name__}: {error}"[:200])
            self._stop.wait(PERIOD_S)

    def _note(self, why: str) -> None:
        if bool(why) != bool(self.why):
            self.since_s = time.time()
        self.why = why

    def _add(self, snapshot: Snapshot) -> None:
        self._history.append(snapshot)
        while len(self._history) > 2 and snapshot.at_s - self._history[0].at_s > RATE_SPAN_S:
            self._history.popleft()

    def _look(self, admin: AdminClient) -> Snapshot:
        prefix = f"{self._connection.names.prefix}."
        described = admin.list_topics(timeout=TIMEOUT_S).topics
        places = [
            TopicPartition(name, number)
            for name, topic in described.items() if name.startswith(prefix) for number in topic.partitions
        ]  # fmt: skip
        ends = []
        for spec in (KAFKA.OffsetSpec.earliest(), KAFKA.OffsetSpec.latest()):
            asked = admin.list_offsets(dict.fromkeys(places, spec), request_timeout=TIMEOUT_S) if places else {}
            ends.append({(tp.topic, tp.partition): future.result().offset for tp, future in asked.items()})
        self._look_at_retention(admin, {tp.topic for tp in places})
        return Snapshot(time.monotonic(), ends[0], ends[1], self._committed(admin, prefix))

    def _sample(self) -> None:
        """Looks at the last records of the topic that has grown most since its last sample: one topic a look,
        because a broker tells offsets and not bytes to an ordinary client.
        """
        grown = {
            t: self.now.end(t) / (1 + self._sampled.get(t, 0)) for t in self.now.topics() if self.now.records(t)
        }
        topic = max(grown, key=lambda t: grown[t], default=None)
        if topic is None or grown[topic] < RESAMPLE:
            return
        sizes = [len(m.value() or b"") for m in read(self._connection, [topic], last=SAMPLE)]
        self._sampled[topic] = self.now.end(topic)
        if sizes:
            self._means[topic] = sum(sizes) / len(sizes)

    def _committed(self, admin: AdminClient, prefix: str) -> dict[str, dict[Place, int]]:
        listed = admin.list_consumer_groups(request_timeout=TIMEOUT_S).result().valid
        at: dict[str, dict[Place, int]] = {}
        for group in sorted(g.group_id for g in listed if g.group_id.startswith(prefix)):
            asked = admin.list_consumer_group_offsets(
                [ConsumerGroupTopicPartitions(group)], request_timeout=TIMEOUT_S
            )
            found = asked[group].result().topic_partitions or []
            at[group] = {(tp.topic, tp.partition): tp.offset for tp in found if tp.offset >= 0}
        return {group: offsets for group, offsets in at.items() if offsets}

    def _look_at_retention(self, admin: AdminClient, topics: set[str]) -> None:
        new = [
            KAFKA.ConfigResource(KAFKA.ResourceType.TOPIC, name)
            for name in sorted(topics - self._retention.keys())
        ]
        if not new:
            return
        for resource, future in admin.describe_configs(new, request_timeout=TIMEOUT_S).items():
            config = future.result()
            kept_ms = int(config["retention.ms"].value)
            for_ever = kept_ms < 0 or config["cleanup.policy"].value == "compact"
            self._retention[resource.name] = None if for_ever else kept_ms
