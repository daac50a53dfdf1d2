"""A worker of toy stations, for tests to kill: `toy_worker BOOTSTRAP PREFIX PARTITIONS STATION…`."""

import logging
import os
import random
import signal
import sys
import time
from collections.abc import Sequence
from typing import Any

from processors import shell, worker
from processors.offline import Core, decode_local, encode_local
from processors.place import Limits
from processors.station import Item
from processors.worker import run_worker
from schemas.records import Frame
from tests.processors.toys import Boxes, Chain
from topics.connection import Connection
from topics.names import Names

NAP_S = float(os.environ.get("TOY_NAP_S", "0"))
BUGS = float(os.environ.get("TOY_BUGS", "0"))
# Share of calls in which a core has a bug that is gone at the next try, as one of memory or of a library.
DICE = random.Random()


def perhaps_a_bug() -> None:
    if DICE.random() < BUGS:
        raise RuntimeError("a bug that comes and goes")


class Slow(Boxes):
    """Takes its time, so that there is something to be killed in the middle of."""

    def __call__(self, batch: Sequence[Item[Frame]]) -> Sequence[Any]:
        time.sleep(NAP_S * len(batch))
        perhaps_a_bug()
        return super().__call__(batch)


class SlowChain(Chain):
    """The same; and there is one record that it cannot bear."""

    def step(self, state: Any, item: Any) -> Any:
        time.sleep(NAP_S)
        perhaps_a_bug()
        if getattr(item.record, "image", b"") == b"bug":
            raise ZeroDivisionError("a bug of the core")
        return super().step(state, item)


def freeze_after_check(pid: int) -> None:
    """Freezes a broker once the worker has found its topics there and before it is in its group."""
    check = worker.check_topics

    def checked(connection: Connection, stations: Sequence[str]) -> None:
        check(connection, stations)
        os.kill(pid, signal.SIGSTOP)

    worker.check_topics = checked
    shell.RECOVER_S = 5.0


def main() -> int:
    if frozen := os.environ.get("TOY_FREEZE"):
        freeze_after_check(int(frozen))
    bootstrap, prefix, partitions, *stations = sys.argv[1:]
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    cores: dict[str, Core] = {"detections": Slow(), "streams": SlowChain()}
    connection = Connection(bootstrap, "", Names(prefix), partitions=int(partitions))
    limits = Limits(snapshot_s=0.5, bytes=int(os.environ.get("TOY_BYTES", 4 << 20)))
    instance = os.environ.get("TOY_INSTANCE", "")
    port = int(os.environ.get("TOY_METRICS_PORT", "0")) or None
    return run_worker(
        stations,
        cores,
        connection,
        encode=encode_local,
        decode=decode_local,
        limits=limits,
        instance=instance,
        metrics_port=port,
    )


if __name__ == "__main__":
    sys.exit(main())
