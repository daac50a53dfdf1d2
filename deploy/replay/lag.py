"""How far live is behind while a run works: that a replay leaves live alone is measured, not believed."""

import threading
from types import TracebackType
from typing import Self

from confluent_kafka import KafkaException

from topics.connection import Connection
from topics.lag import committed, lag_of
from topics.route import ROUTE

EVERY_S = 5.0


def lags(connection: Connection) -> dict[str, int]:
    """Records that each of live's stations has not taken yet; without those that have never run."""
    found = {}
    for edge in ROUTE:
        topics = [connection.names.topic(t) for t in edge.reads]
        at = committed(connection, edge.name, topics)
        if any(position is not None for position in at.values()):
            found[edge.name] = sum(lag_of(connection, at).values())
    return found


class LagWatch:
    """Looks at live's lag every few seconds, in a thread; `worst` is the most that each had."""

    def __init__(self, connection: Connection) -> None:
        self._connection, self._over = connection, threading.Event()
        self._thread = threading.Thread(target=self._look, name="lag", daemon=True)
        self.worst: dict[str, int] = {}

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join(EVERY_S)

    def _look(self) -> None:
        while not self._over.is_set():
            try:
                for station, lag in lags(self._connection).items():
                    self.worst[station] = max(lag, self.worst.get(station, 0))
            except KafkaException:  # a look that fails is made again
                pass
            self._over.wait(EVERY_S)
